"""Folds: who is tested when, and the inner parts that validate."""
