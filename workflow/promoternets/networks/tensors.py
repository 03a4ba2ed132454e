"""Tensors as safetensors, written with the errors that other files are written with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from promoternets.formats.outputs import library_writes


def save_tensors(tensors: Mapping[str, torch.Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write named tensors of the CPU to a safetensors file.

    Raises
    ------
    OSError
        When the file cannot be written; safetensors itself raises no OSError then.
    """
    with library_writes(path, SafetensorError):
        save_file({name: value.contiguous() for name, value in tensors.items()}, path, metadata=metadata)
