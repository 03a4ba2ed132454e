"""Chromatin: networks that read histone marks, and what they attend to."""
