"""Which results tell of single people: genotypes, names of samples, what a model says of each. Their owner alone reads
them; a group does too where the configuration says so."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

# Relative to the folder of a cohort's results. A job's log may name the person whose data are wrong.
PERSONAL = (
    "samples.tsv", "samples_excluded.tsv", "folds.tsv", "genotypes/*.zarr", "blocks/*.zarr", "selected/*.zarr",
    "gwas/selected/*.zarr", "predictions/*/*.tsv", "offsets/*/*.tsv", "audit/components/*.tsv", "audit/left_out/*.tsv",
    "reruns/*/fold_*.tsv", "predict/predictions.tsv", "fine_tuning/samples.tsv",
    "fine_tuning/*/predictions.tsv", "simulated/*.trees", "simulated/*.vcf.gz", "simulated/*.tbi",
    "simulated/samples.tsv", "simulated/liability.tsv", "logs/*.log",
)  # fmt: skip
OWNER, GROUP = 0o077, 0o027  # what a file is made without: the rights of others, and of the group


def is_personal(path: str | Path) -> bool:
    """Return whether a result tells of single people."""
    return any(PurePath(path).match(f"results/*/{pattern}") for pattern in PERSONAL)


@contextmanager
def kept_personal(outputs: Iterable[str], *, with_group: bool = False) -> Iterator[None]:
    """Let whatever is written meanwhile be read by its owner only; at the end give those `outputs` their usual rights
    that tell of nobody. What a job leaves that failed stays its owner's."""
    usual = os.umask(0)
    os.umask(usual | (GROUP if with_group else OWNER))
    try:
        yield
    finally:
        os.umask(usual)
    for path in outputs:
        if not is_personal(path) and Path(path).exists():
            _open(Path(path), usual)


def _open(path: Path, umask: int) -> None:
    """Add to a file, or to a folder and all in it, the rights that a umask leaves; a folder keeps its setgid bit."""
    for one in [path, *(path.rglob("*") if path.is_dir() else ())]:
        one.chmod(one.stat().st_mode | (0o777 if one.is_dir() else 0o666) & ~umask)
