"""The permutation test of a cohort: its table, its figure, its outcome in words."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(
    *,
    predictions: list[Path],
    promoters: list[Path],
    permutation_test: Path,
    p_values: Path,
    figure: Path,
    sentences: Path,
) -> None:
    """Compare what selection and training reach with what they reach when labels mean nothing.

    Args:
        predictions: predictions of rerun_fold.py with permuted labels, one table a fold
        promoters: rankings of rerun_fold.py, one table a fold
        permutation_test: table to write (TSV: model, permutation (0: labels as they are), auc)
        p_values: table to write (TSV: model, permutations, auc, null_mean, null_low, null_high, p_value)
        figure: drawing to write (SVG)
        sentences: the outcome in words to write (text)
    """
    from promoternets.formats.outputs import written
    from promoternets.formats.tables import write_table
    from promoternets.report.rerun_figures import draw_permutations, rerun_name
    from promoternets.report.style import to_svg
    from promoternets.reruns.permutation_test import permutation_p_values, permutation_sentences, permutation_table

    table = permutation_table(predictions, promoters)
    summary = permutation_p_values(table)
    text = permutation_sentences(summary, {model: rerun_name(model) for model in summary["model"]})
    write_table(table, permutation_test)
    write_table(summary, p_values)
    with written(figure) as partial:
        partial.write_text(to_svg(draw_permutations(table), "permutations", "AUC with permuted labels"))
    with written(sentences) as partial:
        partial.write_text(text)
    print(text, end="")


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
