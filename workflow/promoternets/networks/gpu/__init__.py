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
    scheme = sysconfig.get_default_scheme().replace("posix_local", "posix_prefix")  # both as Triton looks for them
    headers = Path(sysconfig.get_path("include", scheme))
    compilers = [os.environ["CC"]] if "CC" in os.environ else ["gcc", "clang"]
    found = {
        "Triton": find_spec("triton") is not None,
        "a C compiler": any(map(shutil.which, compilers)),
        "Python's header files": (headers / "Python.h").is_file(),
    }
    missing = [what for what, there in found.items() if not there]
    if missing:
        logger.warning(
            "%s not found (install gcc and python3-dev; Triton comes with a CUDA build of PyTorch): kernels for the "
            "GPU cannot be compiled, and PyTorch's own operations are used, which compute the same but take longer",
            " and ".join(missing),
        )
    return not missing
