"""What confounders say of everybody in one outer fold, for networks that learn on top of it."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    samples: Path,
    folds: Path,
    fold: int,
    model: Literal["covariates", "covariates_pcs"],
    offsets: Path,
    components: Path | None = None,
) -> None:
    """Write the log-odds of being a case that confounders give everybody, each person's from a fit without them.

    Args:
        samples: the cohort's samples.tsv (sample, phenotype 1 or 0, optional family, covariates)
        folds: folds.tsv (sample, fold, inner)
        fold: the outer fold, from 1
        model: covariates, or covariates_pcs for the principal components of genotypes as well
        offsets: table to write (TSV: sample, log_odds)
        components: principal components of this fold (TSV of project_components.py); needed for covariates_pcs
    """
    from promoternets.baselines.offsets import offset_confounders

    offset_confounders(samples=samples, folds=folds, fold=fold, model=model, offsets=offsets, components=components)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
