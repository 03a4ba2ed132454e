"""Repeated outer folds of a cohort: the table, the figure, how steady the models are in words."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(*, predictions: list[Path], repeated_folds: Path, figure: Path, sentences: Path) -> None:
    """Bring together the AUCs of several partitions of the people into folds.

    Args:
        predictions: predictions of rerun_fold.py with other partitions, one table a fold
        repeated_folds: table to write (TSV: model, repeat, folds, auc, se, low, high)
        figure: drawing to write (SVG)
        sentences: the outcome in words to write (text)
    """
    from promoternets.formats.outputs import written
    from promoternets.formats.tables import write_table
    from promoternets.report.rerun_figures import draw_repeats, rerun_name
    from promoternets.report.style import to_svg
    from promoternets.reruns.measures import fold_aucs, read_reruns
    from promoternets.reruns.repeated_folds import repeats_sentences, repeats_table

    table = repeats_table(fold_aucs(read_reruns(predictions)))
    text = repeats_sentences(table, {model: rerun_name(model) for model in table["model"].unique()})
    write_table(table, repeated_folds)
    with written(figure) as partial:
        partial.write_text(to_svg(draw_repeats(table), "repeats", "AUC of each partition into folds"))
    with written(sentences) as partial:
        partial.write_text(text)
    print(text, end="")


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
