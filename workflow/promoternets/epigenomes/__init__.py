"""Epigenomes: which genes have expression and a promoter, who trains and who is tested, and which are expressed."""
