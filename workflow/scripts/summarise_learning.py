"""The learning curve of a cohort: its table, its figure, what more people may bring in words."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(*, predictions: list[Path], learning_curve: Path, figure: Path, sentences: Path, seed: int = 42) -> None:
    """Set AUC against the number of people in training, and extrapolate.

    Args:
        predictions: predictions of rerun_fold.py with subsampled training people, one table a fold
        learning_curve: table to write (TSV: model, training_people, auc, low, high, extrapolated 0/1)
        figure: drawing to write (SVG)
        sentences: the outcome in words to write (text)
        seed: of the resamples behind the extrapolation's intervals
    """
    from promoternets.formats.outputs import written
    from promoternets.formats.tables import write_table
    from promoternets.report.rerun_figures import draw_learning_curve, rerun_name
    from promoternets.report.style import to_svg
    from promoternets.reruns.learning_curve import learning_sentences, learning_table
    from promoternets.reruns.measures import fold_aucs, read_reruns

    table = learning_table(fold_aucs(read_reruns(predictions)), seed=seed)
    text = learning_sentences(table, {model: rerun_name(model) for model in table["model"].unique()})
    write_table(table, learning_curve)
    with written(figure) as partial:
        partial.write_text(to_svg(draw_learning_curve(table), "learning", "AUC against the number of training people"))
    with written(sentences) as partial:
        partial.write_text(text)
    print(text, end="")


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
