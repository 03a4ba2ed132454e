"""A model fine-tuned on one outer fold of another cohort, beside it unchanged and networks trained anew."""

import sys
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    model: Path,
    genotypes: list[Path],
    samples: Path,
    folds: Path,
    fold: int,
    cohort: str,
    build: str,
    weights: Path,
    description: Path,
    history: Path,
    predictions: Path,
    layers: Literal["head", "all"] = "all",
    epochs: int = 15,
    patience: int = 4,
    learning_rate: float = 5e-5,
    scratch: str,
    min_coverage: float = 0.8,
    ambiguous: Literal["absent", "flip"] = "absent",
    absent_sites: Literal["mean", "missing"] = "mean",
    seed: int = 42,
    gpu: int = 0,
    threads: int = 1,
    checkpoints: Path | None = None,
) -> None:
    """Train a model further on the training people of a fold and predict the people left out.

    Args:
        model: model folder of export_model.py
        genotypes: stores of parse_genotypes.py --model (Zarr), one a chromosome
        samples: people of known phenotype (TSV: sample, phenotype 0/1)
        folds: their folds (TSV: sample, fold, inner)
        fold: the outer fold whose people are tested, from 1
        cohort: what these people are called
        build: genome build of their positions; another than the model's is an error
        weights: fine-tuned weights to write (safetensors)
        description: what the model folder will say of this fold, to write (JSON)
        history: losses per fold of the model, seed and epoch to write (TSV); epoch 0 is the network unchanged
        predictions: probabilities of the test people by the three models to write (TSV)
        layers: all deep layers learn, or the dense ones at the end (head)
        epochs: passes over the training people, at most
        patience: stop after so many epochs without a lower validation loss
        learning_rate: step size
        scratch: settings of ALS-Net (JSON) for the networks of the model's sites that start anew
        min_coverage: least share of the model's sites that must be there
        ambiguous: swapped A/T and C/G sites are absent, or flipped as others are
        absent_sites: what stands for a site that is not there, the model's training people's rounded mean or no call
        seed: base seed
        gpu: 1 to train on a GPU (an error if there is none), 0 for the CPU
        threads: CPU threads; 1 is usually fastest
        checkpoints: folder to save progress in and to resume from; removed at the end
    """
    import json

    from promoternets.fine_tuning.train import fine_tune_fold
    from promoternets.formats.outputs import remove
    from promoternets.training.device import choose_device

    fine_tune_fold(
        model=model,
        genotypes=genotypes,
        samples=samples,
        folds=folds,
        fold=fold,
        cohort=cohort,
        build=build,
        weights=weights,
        description=description,
        history=history,
        predictions=predictions,
        layers=layers,
        epochs=epochs,
        patience=patience,
        learning_rate=learning_rate,
        scratch=json.loads(scratch),
        device=choose_device(gpu, threads),
        min_coverage=min_coverage,
        ambiguous=ambiguous,
        absent_sites=absent_sites,
        seed=seed,
        checkpoints=checkpoints,
    )
    if checkpoints is not None:
        remove(checkpoints)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
