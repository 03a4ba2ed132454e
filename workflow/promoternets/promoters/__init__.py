"""Promoters: from a gene annotation to one row per transcription start site (TSS)."""
