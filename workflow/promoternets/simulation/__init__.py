"""Cohorts with a planted truth: haplotypes, genes, case/control labels and the VCF of the people drawn."""
