"""What of the models' scores is genotype, and what a confounder could explain."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    predictions: list[Path],
    left_out: list[Path],
    samples: Path,
    audit: Path,
    verdict: Path,
    strata: list[str] | None = None,
    min_cell: int = 10,
    bootstrap: int = 2000,
    seed: int = 42,
) -> None:
    """Audit the models of a cohort for confounding: AUC within batches, without a batch, against confounders
    alone and beside them; how well scores tell the batch.

    Args:
        predictions: out-of-fold predictions, one table a model and fold; with covariates or covariates_pcs
        left_out: tables of leave_strata_out.py, one a fold
        samples: the cohort's samples.tsv (sample, phenotype 1 or 0, optional family, covariates)
        audit: written: check, stratum, model, metric, value, low, high, flag (TSV)
        verdict: written: what the genotype adds over the confounders, and red flags, in plain words
        strata: columns of samples.tsv whose values are strata; batch, or every categorical covariate, when absent
        min_cell: the fewest cases, and controls, of a stratum whose numbers are written; 0 for all
        bootstrap: number of resamples of people, or of families where samples.tsv has that column
        seed: of the resampling
    """
    from promoternets.audit.audit import audit_confounders

    audit_confounders(
        predictions=predictions,
        left_out=left_out,
        samples=samples,
        audit=audit,
        verdict=verdict,
        strata=strata,
        min_cell=min_cell,
        bootstrap=bootstrap,
        seed=seed,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
