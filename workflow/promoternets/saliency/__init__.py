"""Saliency: how much each site moves the prediction of people the networks never saw."""
