"""Blocks: for each promoter the nearest sites upstream and downstream of its TSS."""
