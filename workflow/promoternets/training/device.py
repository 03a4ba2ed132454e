"""Where training runs: the GPU that was asked for, or the CPU that was asked for; never one instead of the other."""

from __future__ import annotations

import ctypes
import logging
import sys

import torch

from promoternets.errors import InputError

logger = logging.getLogger(__name__)
MALLOC_TRIM_THRESHOLD, MALLOC_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
KEPT_BYTES, LARGEST_BLOCK = 2**30, 2**25  # the greatest block that glibc lets us name


def choose_device(gpu: int, threads: int = 1) -> torch.device:
    """Return the device for a job that was granted `gpu` GPUs and `threads` CPU threads.

    Raises
    ------
    InputError
        When a GPU was asked for and PyTorch sees none.
    """
    torch.set_num_threads(max(1, threads))
    build = f"PyTorch {torch.__version__}, built for CUDA {torch.version.cuda or 'none (a CPU build)'}"
    if gpu < 1:
        _keep_freed_memory()
        logger.info("device: CPU, %d thread(s); %s", torch.get_num_threads(), build)
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise InputError(
            f"gpu={gpu} was asked for, but no CUDA device is visible ({build})",
            fix="Run on a node with a GPU and a CUDA build of PyTorch, or set gpu: 0 to train on the CPU",
        )
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False  # numbers as on a CPU
    logger.info("device: %s; %s", torch.cuda.get_device_name(0), build)
    return torch.device("cuda")


def _keep_freed_memory() -> None:
    """Let the process keep up to a GiB that it has freed, where the C library is glibc.

    Every step of a small network takes and frees the same few megabytes. By default these go back to the system and
    come as new pages: AttentiveChrome then trains half as fast (`make bench ONLY=AttentiveChrome` without this).
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option is not None:
        set_option(MALLOC_TRIM_THRESHOLD, KEPT_BYTES)
        set_option(MALLOC_MMAP_THRESHOLD, LARGEST_BLOCK)
