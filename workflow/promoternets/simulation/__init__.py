"""Cohorts and epigenomes with a planted truth: haplotypes, genes, labels and VCF; histone marks and expression."""
