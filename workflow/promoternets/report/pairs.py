"""The pairs of sites claimed to interact, as a table of the report."""

from __future__ import annotations

from promoternets.report.inputs import Inputs
from promoternets.report.pieces import Cell, Table, number_cell
from promoternets.report.words import decimal, p_value, plural, safe_text

MOST_PAIRS = 15
INTERACTION, ALL_FOLDS = "interaction", "all"  # as summarise_interactions writes them
NOT_APPLICABLE = "–"


def interactions_table(inputs: Inputs) -> Table | None:
    """Return the claimed pairs that come nearest to an interaction, the least p-value after both sites first."""
    pairs = inputs.interactions
    if pairs is None:
        return None
    shown = pairs.sort_values("p_marginal", kind="stable").head(MOST_PAIRS)
    rows = [
        [
            Cell(safe_text(_promoters(row), 40), f"{safe_text(row.site_1, 40)}, {safe_text(row.site_2, 40)}"),
            Cell("all together" if row.fold == ALL_FOLDS else safe_text(row.fold, 8)),
            number_cell(decimal(row.r2, 2)),
            *[number_cell(_p(getattr(row, name))) for name in ("p_training", "p_marginal", "p_region", "p_haplotype")],
            Cell(safe_text(row.verdict, 40), strong=row.verdict == INTERACTION),
        ]
        for row in shown.itertuples()
    ]
    return Table(
        f"{len(shown)} of {plural(len(pairs), 'row')}, the least p-value after both sites first. Each pair was chosen "
        "among all pairs of selected sites in training people (p in training is therefore no evidence) and tested in "
        "people not seen: after both sites; also after what the sites of both promoters say additively of the "
        "phenotype and of the product; also after the haplotype that carries both alleles, where the sites share a "
        "chromosome. An interaction must pass all of them, corrected for the pairs of all folds. "
        "Folds all together: different people, but scans that share people, "
        "so these p-values are too small and are corrected for all pairs scanned.",
        ["Promoters and sites", "Fold", "r²", "p in training", "p after sites", "after region", "after haplotype",
         "Verdict"],
        rows,
    )  # fmt: skip


def _promoters(row: object) -> str:
    return f"within {row.symbol_1}" if row.kind == "within" else f"{row.symbol_1} with {row.symbol_2}"


def _p(value: float) -> str:
    return NOT_APPLICABLE if value != value else p_value(value)
