"""A cohort's trained ALS-Nets as one folder that predicts other people: no genotype and no name of anybody is in it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    selected: list[Path],
    weights: list[Path],
    models: list[Path],
    predictions: list[Path],
    samples: Path,
    folds: Path,
    cohort: str,
    build: str,
    preprocessing: str = "{}",
    bootstrap: int = 2000,
    seed: int = 42,
    model: Path,
) -> None:
    """Gather the networks of all folds with all that using them needs.

    Args:
        selected: store of each fold's sites (Zarr), in the order of the folds
        weights: trained weights of each fold (safetensors)
        models: their descriptions (JSON)
        predictions: probabilities of each fold's test people (TSV); calibration and AUC come from them
        samples: matched people (TSV: sample, phenotype 0/1)
        folds: folds (TSV: sample, fold, inner)
        cohort: what the training cohort is called
        build: genome build of the sites
        preprocessing: settings of genotypes and blocks, for the record (JSON)
        bootstrap: resamples of people behind the interval of the AUC
        seed: base seed
        model: folder to write: weights.safetensors and model.json
    """
    import json

    from promoternets.prediction.export import export_model

    export_model(
        folder=model,
        cohort=cohort,
        build=build,
        selected=selected,
        weights=weights,
        models=models,
        predictions=predictions,
        samples=samples,
        folds=folds,
        preprocessing=json.loads(preprocessing),
        bootstrap=bootstrap,
        seed=seed,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
