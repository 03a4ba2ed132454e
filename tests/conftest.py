"""What every test may use: the library on the path, the scripts as modules or programs, the real data."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW = ROOT / "workflow"
sys.path.insert(0, str(WORKFLOW))
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # tiny work: a second thread only costs


def pytest_make_parametrize_id(val):
    """Name bytes by their length: they may hold the time, and both test processes must see the same names."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def script():
    """Return a function that imports a script of workflow/scripts by name."""

    def load(name: str):
        path = WORKFLOW / "scripts" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"script_{name}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def run_script():
    """Return a function that runs a script as a program and returns the finished process (text captured)."""

    def run(name: str, *arguments: object) -> subprocess.CompletedProcess:
        path = WORKFLOW / "scripts" / f"{name}.py"
        command = [sys.executable, str(path), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data beside the repository; skip where it is not."""
    folder = Path(os.environ.get("PROMOTERNETS_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set PROMOTERNETS_REAL_DATA to run these tests")
    return folder
