"""Interactions of two sites: pairs claimed in training people, and whether joint tagging explains them in others."""
