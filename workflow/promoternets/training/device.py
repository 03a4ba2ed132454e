"""Where training runs: the GPU that was asked for, or the CPU that was asked for; never one instead of the other."""

from __future__ import annotations

import logging

import torch

from promoternets.errors import InputError

logger = logging.getLogger(__name__)


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
        logger.info("device: CPU, %d thread(s); %s", torch.get_num_threads(), build)
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise InputError(
            f"gpu={gpu} was asked for, but no CUDA device is visible ({build})",
            fix="Run on a node with a GPU and a CUDA build of PyTorch, or set gpu: 0 to train on the CPU",
        )
    logger.info("device: %s; %s", torch.cuda.get_device_name(0), build)
    return torch.device("cuda")
