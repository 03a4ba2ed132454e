"""Training: many independent copies of a small network in one loop."""
