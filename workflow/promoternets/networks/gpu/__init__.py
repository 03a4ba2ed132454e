"""Kernels for a GPU, in Triton, which comes with PyTorch's CUDA builds and compiles them at their first use."""

from __future__ import annotations

import logging
import os
import shutil
import sysconfig
from functools import cache
from importlib.util import find_spec
from pathlib import Path

logger = logging.getLogger(__name__)


@cache
def can_compile() -> bool:
    """Return whether kernels can be compiled here; where not, say once why, and what serves instead."""
    missing = [
        what
        for what, there in {
            "Triton": find_spec("triton") is not None,
            "a C compiler": any(map(shutil.which, [os.environ.get("CC", "cc"), "gcc", "clang"])),
            "Python's header files": (Path(sysconfig.get_path("include")) / "Python.h").is_file(),
        }.items()
        if not there
    ]
    if missing:
        logger.warning(
            "%s not found (`conda install gcc_linux-64`, or gcc and python3-dev): kernels for the GPU cannot be "
            "compiled, and PyTorch's own operations are used, which give the same results but take longer",
            " and ".join(missing),
        )
    return not missing
