"""Disks that are full and folders that may not be written to: one clear error, earlier results as they were."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from vcf_files import record, text, write

from promoternets.errors import InputError
from promoternets.formats.associations import Piece, write_associations
from promoternets.formats.outputs import written
from promoternets.formats.tables import write_table
from promoternets.formats.variant_store import write_variant_store
from promoternets.networks.tensors import save_tensors
from promoternets.simulation.epigenome_files import write_bigwig
from promoternets.simulation.genes import Gene, write_gtf

KIB = 200
NOISE = np.random.default_rng(1).integers(0, 2**31, 200_000)
GENES = [Gene(f"ENSG{n}", f"G{n}", "chr1", 9000 * n, 9000 * n + 99, 9000 * n, "+") for n in range(1, 10)]
CAPABILITIES = {"dac_override": 1, "dac_read_search": 2}  # by which root may write anywhere
DROP_FROM_BOUNDING_SET = 24  # of prctl


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory):
    """A disk of 200 KiB; skip where none may be mounted."""
    folder = tmp_path_factory.mktemp("disk")
    asked = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={KIB}k", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if asked.returncode:
        pytest.skip(f"no small disk can be mounted here ({asked.stderr.strip()}): it takes root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # a library may have left a file open


def tensors(path):
    with written(path) as partial:
        save_tensors({"a": torch.from_numpy(NOISE)}, partial)


def associations(path):
    n = 50_000
    values = NOISE[:n] / 7
    piece = Piece("chr1", NOISE[:n].astype(np.int32), np.full((n, 2), "A"), values, values[None], values, values[None],
                  values)  # fmt: skip
    write_associations(path.with_suffix(".tsv.gz"), path, [piece], fold=1, rounds=0)


def variants(path):
    with written(path) as partial:
        write_variant_store(
            partial, sample_ids=[f"s{n}" for n in range(1000)], contig="1", positions=np.arange(2000) + 1,
            alleles=[("A", "C")] * 2000, call_genotype=NOISE[np.arange(4_000_000) % 199_999] % 2,
        )  # fmt: skip


def bigwig(path):
    steps = NOISE[: 9 * 320].reshape(9, 320) / 7
    write_bigwig(path, steps, covered=steps >= 0, genes=GENES, lengths={"chr1": 10**6})


WRITERS = {
    "table": lambda path: write_table(pd.DataFrame({"a": NOISE}), path),
    "associations": associations,
    "genotypes": variants,
    "weights": tensors,
    "bigWig": bigwig,
    "GTF": lambda path: write_gtf(
        (Gene(f"ENSG{n}", str(n), "chr1", 1, 2, 1, "+") for n in NOISE[:20_000].tolist()), path
    ),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_is_said_and_the_earlier_result_stays(small_disk, kind):
    target = small_disk / "result.x"
    target.write_text("earlier")
    with pytest.raises(InputError, match=r"result\.\S+: cannot be written \(.+\)\. Free some space"):
        WRITERS[kind](target)
    assert [entry.name for entry in small_disk.iterdir()] == ["result.x"] and target.read_text() == "earlier"
    target.unlink()


@pytest.mark.parametrize("kind", WRITERS)
def test_with_room_the_same_is_written(tmp_path, kind):
    WRITERS[kind](tmp_path / "result.x")
    assert (tmp_path / "result.x").exists()


def obey_permissions() -> None:
    """Take from root, for what is started next, the right to write where the permissions say no."""
    libc = ctypes.CDLL(None, use_errno=True)
    for number in CAPABILITIES.values() if os.getuid() == 0 else ():
        if libc.prctl(DROP_FROM_BOUNDING_SET, number, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "a capability cannot be dropped")


def parsed(folder: Path, genotypes: Path) -> subprocess.CompletedProcess:
    """Run parse_genotypes.py on a small file."""
    vcf = folder / "a.vcf.gz"
    if not vcf.exists():
        write(vcf, text([record("1", 7 + n, "A>C", "0/0 0/1 1/1") for n in range(50)]))
    script = Path(__file__).resolve().parents[2] / "workflow" / "scripts" / "parse_genotypes.py"
    return subprocess.run(
        [sys.executable, str(script), "--vcf", str(vcf), "--genotypes", str(genotypes)],
        capture_output=True, text=True, preexec_fn=obey_permissions,
    )  # fmt: skip


def refused(done: subprocess.CompletedProcess) -> bool:
    return done.returncode == 2 and "cannot be written (" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("how", ["permissions", "mount"])
def test_results_that_may_not_be_written_to_stay_as_they_are(tmp_path, how):
    results = tmp_path / "results"
    assert parsed(tmp_path, results / "g.zarr").returncode == 0
    before = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    mount = ["mount", "--bind", "-o", "ro", str(results), str(results)]
    if how == "permissions":
        results.chmod(0o555)
    elif subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no folder can be mounted read-only here: it takes root")
    try:
        for name in ("g.zarr", "other.zarr", "new/g.zarr"):
            assert refused(parsed(tmp_path, results / name)), name
    finally:
        if how == "mount":
            subprocess.run(["umount", str(results)], check=True)
    assert {path: path.read_bytes() for path in results.rglob("*") if path.is_file()} == before
