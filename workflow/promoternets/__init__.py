"""promoternets: small neural networks that learn from promoters, and say honestly what they learned."""

__version__ = "0.1.0"
