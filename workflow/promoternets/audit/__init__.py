"""Audit: what of a model's score is genotype, and what could be batch, sex, ancestry or another confounder."""
