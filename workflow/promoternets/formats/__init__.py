"""Files between stages: how each is written, read and checked."""
