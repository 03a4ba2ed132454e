"""The manifest of a run: what went in, what came out, how; and the check of results against it."""
