"""Baselines: standard classifiers on the sites that ALS-Net sees, and on the covariates alone."""
