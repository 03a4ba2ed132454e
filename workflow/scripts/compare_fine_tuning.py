"""Whether fine-tuning helped: three models on the same people left out."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    cohort: str,
    predictions: list[Path],
    samples: Path,
    comparison: Path,
    summary: Path,
    bootstrap: int = 2000,
    seed: int = 42,
) -> None:
    """Compare the fine-tuned model with the model unchanged and with networks trained anew.

    Args:
        cohort: what the people are called
        predictions: probabilities of each fold's test people by all models (TSV)
        samples: people of known phenotype (TSV: sample, phenotype 0/1, perhaps family)
        comparison: AUC of each model and paired differences, with 95% intervals, to write (TSV)
        summary: the same in words, to write
        bootstrap: resamples behind the intervals
        seed: seed of the resamples
    """
    from promoternets.fine_tuning.export import compare_fine_tuning

    compare_fine_tuning(
        predictions=predictions,
        samples=samples,
        cohort=cohort,
        comparison=comparison,
        summary=summary,
        bootstrap=bootstrap,
        seed=seed,
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
