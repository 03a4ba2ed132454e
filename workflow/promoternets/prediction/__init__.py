"""Prediction: a cohort's trained networks as a folder that travels, and its use on other people."""
