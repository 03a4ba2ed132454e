"""Bins: histone-mark signal around each TSS, from bigWig, from BAM, or from the published CSV files."""
