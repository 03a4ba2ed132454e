"""A run that is killed, or whose disk is full, goes on where it was and ends as if nothing had happened.

The long form of the kills is `python tests/benchmarks/kills.py --kills 50`.
"""

import importlib
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from promoternets.formats.outputs import remove

from .conftest import TINY, Workflow

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
kills = importlib.import_module("kills")

pytestmark = pytest.mark.slow
LIFETIMES = (2.0, 9.0, 13.0, 9.0)  # seconds; Snakemake needs some five to start its first job


@pytest.fixture
def simulated(finished, tmp_path):
    """The finished run of which only the simulated cohort is left."""
    shutil.copytree(finished.folder, tmp_path / "run", copy_function=shutil.copy2)
    for path in (tmp_path / "run/results/tiny").iterdir():
        if path.name != "simulated":
            remove(path)
    return tmp_path / "run"


def test_a_run_that_is_killed_again_and_again_ends_like_an_undisturbed_one(finished, simulated):
    """From the VCF to ALS-Net; the third time one job alone is killed, else Snakemake and all of its jobs."""
    run = kills.Run(finished.tree, simulated, config=TINY, targets=("als_net",))
    chance, killed = random.Random(3), []
    for number, lifetime in enumerate(LIFETIMES):
        killed.append(run.disturb(lifetime, chance if number == 2 else None))
        assert killed[-1] is not None, "it was killed before its end"
    assert killed[2].alone and any(one.jobs for one in killed), "jobs ran when it was killed"
    run.finish()
    assert Workflow(finished.tree, simulated).planned("als_net") == {}
    found = list(kills.differences(finished.folder, simulated))
    assert not [sentence for sentence in found if not sentence.endswith(" is missing")]
    assert "tiny/predictions/als_net/fold_2.tsv is missing" not in found


def test_a_run_whose_disk_is_full_says_so_keeps_what_it_has_and_goes_on_with_room(finished, tmp_path):
    made = finished.folder / "results/tiny"
    disk = tmp_path / "disk"
    disk.mkdir()
    room = sum((made / f"simulated/chr{number}.trees").stat().st_size for number in (1, 2)) // 1024 - 10
    asked = ["mount", "-t", "tmpfs", "-o", f"size={room}k", "tmpfs", str(disk)]
    if subprocess.run(asked, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here: it takes root")
    try:
        workflow = Workflow(finished.tree, disk)
        full = workflow.run("promoters", "--cores", "1", check=False)
        assert full.returncode == 1 and "Traceback" not in full.stderr
        assert "cannot be written (No space left on device). Free some space" in full.stderr
        left = [path for path in (disk / "results").rglob("*") if path.is_file() and path.parent.name == "simulated"]
        assert len(left) == 1 and kills.same(left[0], made / "simulated" / left[0].name)
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        workflow.run("promoters", "--cores", "1")
        assert (disk / "results/tiny/promoters.tsv").read_bytes() == (made / "promoters.tsv").read_bytes()
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
