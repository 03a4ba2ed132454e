"""People of another cohort, predicted by a portable model."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    genotypes: list[Path],
    model: Path,
    samples: Path,
    cohort: str,
    build: str,
    min_coverage: float = 0.8,
    ambiguous: Literal["absent", "flip"] = "absent",
    absent_sites: Literal["mean", "missing"] = "mean",
    predictions: Path,
    coverage: Path,
    sites: Path,
    summary: Path,
    threads: int = 1,
) -> None:
    """Predict people by the networks of a model folder; refuse where too little of the model is there.

    Args:
        genotypes: stores of parse_genotypes.py --model (Zarr), one a chromosome
        model: model folder of export_model.py
        samples: matched people (TSV: sample, phenotype 0/1 or NA)
        cohort: what these people are called
        build: genome build of their positions; another than the model's is an error
        min_coverage: least share of the model's sites that must be there
        ambiguous: swapped A/T and C/G sites are absent, or flipped as others are
        absent_sites: what stands for a site that is not there, the training people's rounded mean or no call
        predictions: calibrated probabilities to write (TSV)
        coverage: sites found and not found, by promoter, to write (TSV)
        sites: each site of the model, what became of it and its frequencies, to write (TSV)
        summary: the same in words, to write
        threads: CPU threads
    """
    from promoternets.prediction.predict import predict_cohort
    from promoternets.training.device import choose_device

    choose_device(0, threads)
    predict_cohort(
        model=model,
        genotypes=genotypes,
        samples=samples,
        cohort=cohort,
        build=build,
        predictions=predictions,
        coverage=coverage,
        sites=sites,
        summary=summary,
        min_coverage=min_coverage,
        ambiguous=ambiguous,
        absent_sites=absent_sites,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
