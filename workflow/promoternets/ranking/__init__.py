"""Ranking: every promoter scored by a Promoter-CNN inside each outer training part, the best ones selected."""
