"""Evaluation: how well each model predicts people it has not seen, with intervals and paired comparisons."""
