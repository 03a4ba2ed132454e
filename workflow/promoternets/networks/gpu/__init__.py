"""Kernels for a GPU, in Triton, which comes with PyTorch's CUDA builds: import them where a tensor is on a GPU."""
