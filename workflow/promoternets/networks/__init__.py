"""The networks: one module each, plain PyTorch, one member at a time (the trainer stacks them)."""
