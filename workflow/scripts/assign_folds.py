"""Outer folds and inner parts of a cohort's people."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(*, samples: Path, folds: Path, outer: int = 5, inner: int = 5, seed: int = 42) -> None:
    """Write each person's outer fold and inner part, stratified by phenotype and batch, families together.

    Args:
        samples: table with sample, phenotype (0 or 1) and optionally family and batch
        folds: table to write: sample, fold (in which the person is tested), inner
        outer: number of outer folds
        inner: number of inner parts; of the training people, part 1 validates the ranking, part 2 early
            stopping
        seed: seed of the split; the order of the table does not matter
    """
    from promoternets.folds.assign import assign_folds

    assign_folds(samples=samples, folds=folds, count=outer, inner=inner, seed=seed)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
