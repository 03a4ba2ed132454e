"""What the report is made from: every table of one cohort, read and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.benchmarks import read_benchmarks
from promoternets.formats.tables import read_table

_RANKING = (
    "promoter",
    "fold",
    "score",
    "rank",
    "se",
    "gene_id",
    "symbol",
    "chrom",
    "tss",
    "strand",
    "sites",
    "rung",
    "selected",
)
_PROMOTERS = (
    "promoter", "gene_id", "symbol", "chrom", "tss", "strand", "score", "se", "p_value", "fdr", "family_wise_p",
    "folds", "folds_trained", "folds_selected", "best_rank", "sites",
)  # fmt: skip
_NULL = ("promoters", "null_scores", "mean", "sd", "low", "high", "best_by_chance", "fdr_line", "movable")
_PAIRS = ("r2", "p_training", "p_marginal", "p_region", "p_haplotype", "p_corrected")
SECTION_START = '<section id="chromatin"'
MAKE_AGAIN = "Make it again with build_chromatin_report"
_SALIENCY = ("promoter", "symbol", "fold", "site", "rank", "distance", "method", "group", "value")


@dataclass(frozen=True)
class Inputs:
    """Tables of one cohort; the columns are those of the files of the same names (`null`: null_summary.tsv).

    `saliency`, `profile`, `truth`, `history`, `benchmarks` and `interactions` are None where there is nothing to show,
    `permutations`, `learning` and `repeats` where the reruns were not asked for; `interactions_said` and `reruns` are
    what these say, a sentence each. `chromatin` is the section about epigenomes (HTML made by `chromatin_page`) and
    `chromatin_line` what it says in one line.
    """

    cohort: str
    samples: pd.DataFrame
    excluded: pd.DataFrame
    promoters: pd.DataFrame
    filters: pd.DataFrame
    blocks: pd.DataFrame
    folds: pd.DataFrame
    ranking: pd.DataFrame
    metrics: pd.DataFrame
    comparisons: pd.DataFrame
    curves: pd.DataFrame
    promoter_ranking: pd.DataFrame
    null: pd.DataFrame
    saliency: pd.DataFrame | None = None
    profile: pd.DataFrame | None = None
    history: pd.DataFrame | None = None
    truth: pd.DataFrame | None = None
    benchmarks: pd.DataFrame | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    audit: tuple[str, ...] = ()
    permutations: pd.DataFrame | None = None
    learning: pd.DataFrame | None = None
    repeats: pd.DataFrame | None = None
    reruns: tuple[str, ...] = ()
    interactions: pd.DataFrame | None = None
    interactions_said: tuple[str, ...] = ()
    chromatin: str | None = None
    chromatin_line: str | None = None


def read_inputs(
    *,
    cohort: str,
    samples: Path,
    excluded: Path,
    promoters_summary: Path,
    filters: Path,
    blocks: Path,
    folds: Path,
    ranking: Path,
    promoter_ranking: Path,
    null_summary: Path,
    metrics: Path,
    comparisons: Path,
    curves: Path,
    saliency: Path | None = None,
    saliency_profile: Path | None = None,
    history: Sequence[Path] | None = None,
    truth: Path | None = None,
    settings: Path | None = None,
    audit_verdict: Path | None = None,
    permutation_test: Path | None = None,
    learning_curve: Path | None = None,
    repeated_folds: Path | None = None,
    rerun_sentences: Sequence[Path] | None = None,
    interactions: Path | None = None,
    interactions_summary: Path | None = None,
    benchmarks: Sequence[Path] | None = None,
    chromatin_section: Path | None = None,
    chromatin_summary: Path | None = None,
) -> Inputs:
    """Read every table of a cohort.

    Raises
    ------
    InputError
        When a file is missing, lacks a column or holds text where a number belongs.
    """
    estimate = {"value": "float64", "low": "float64", "high": "float64"}
    ranked = read_table(
        ranking,
        columns=_RANKING,
        what="ranking",
        dtypes={
            "score": "float64",
            "rank": "float64",
            "se": "float64",
            "tss": "int64",
            "sites": "float64",
            "rung": "float64",
            "selected": "float64",
        },
    )
    if ranked.empty:
        raise InputError("the ranking holds no promoter", where=ranking, fix="Rerun the ranking stage")
    return Inputs(
        cohort=cohort,
        samples=read_table(samples, columns=["sample", "phenotype"], what="sample table"),
        excluded=read_table(excluded, columns=["sample", "reason"], what="table of excluded people"),
        promoters=read_table(
            promoters_summary, columns=["item", "count"], what="promoter summary", dtypes={"count": "float64"}
        ),
        filters=read_table(
            filters,
            columns=["chrom", "filter", "records"],
            what="filter table",
            dtypes={"records": "float64"},
        ),
        blocks=read_table(
            blocks,
            columns=["promoter", "chrom", "sites_upstream", "sites_downstream", "width", "status"],
            what="block table",
            dtypes={
                "sites_upstream": "float64",
                "sites_downstream": "float64",
                "width": "float64",
                "distinct_share": "float64",
            },
        ),
        folds=read_table(folds, columns=["sample", "fold"], what="fold table"),
        ranking=_with_names(ranked),
        metrics=read_table(
            metrics,
            columns=["model", "fold", "seed", "metric", "value", "low", "high"],
            what="metrics",
            dtypes=estimate,
        ),
        comparisons=read_table(
            comparisons,
            columns=["model", "against", "metric", "difference", "low", "high"],
            what="comparisons",
            dtypes={"difference": "float64", "low": "float64", "high": "float64", "p_value": "float64"},
        ),
        curves=read_table(
            curves,
            columns=["model", "curve", "x", "y"],
            what="curves",
            dtypes={"x": "float64", "y": "float64", "people": "float64"},
        ),
        promoter_ranking=_with_names(
            read_table(
                promoter_ranking,
                columns=_PROMOTERS,
                what="ranking over all folds",
                dtypes={"tss": "int64"} | dict.fromkeys(_PROMOTERS[_PROMOTERS.index("score") :], "float64"),
            )
        ),
        null=read_table(
            null_summary,
            columns=["fold", *_NULL, "metric", "permuted_within"],
            what="table of the null",
            dtypes=dict.fromkeys(_NULL, "float64"),
        ),
        saliency=optional_table(
            saliency,
            _SALIENCY,
            "saliency table",
            {"rank": "int64", "distance": "float64", "value": "float64", "signed": "float64"},
        ),
        profile=optional_table(
            saliency_profile,
            ("method", "group", "rank", "value", "low", "high"),
            "saliency profile",
            {"rank": "int64", **estimate},
        ),
        history=_read_history(history or []),
        truth=optional_table(truth, ("gene_id", "effect"), "table of planted promoters", {"strength": "float64"}),
        benchmarks=read_benchmarks(benchmarks or []),
        settings=read_settings(settings),
        permutations=optional_table(
            permutation_test, ("model",), "permutation test", {"permutation": "int64", "auc": "float64"}
        ),
        learning=optional_table(
            learning_curve,
            ("model",),
            "learning curve",
            {
                "training_people": "float64",
                "auc": "float64",
                "low": "float64",
                "high": "float64",
                "extrapolated": "int64",
            },
        ),
        repeats=optional_table(
            repeated_folds,
            ("model", "repeat"),
            "table of repeated folds",
            {"auc": "float64", "low": "float64", "high": "float64"},
        ),
        reruns=tuple(
            line
            for path in rerun_sentences or []
            for line in _read_lines(path, "what the reruns say", "Run them again")
        ),
        audit=_read_lines(audit_verdict, "the audit's verdict", "Rerun the audit"),
        interactions=optional_table(
            interactions,
            ("fold", "symbol_1", "symbol_2", "site_1", "site_2", "kind", "verdict", *_PAIRS),
            "table of interactions",
            dict.fromkeys(_PAIRS, "float64"),
        ),
        interactions_said=_read_lines(
            interactions_summary, "the summary of interactions", "Rerun summarise_interactions"
        ),
        chromatin=_read_section(chromatin_section),
        chromatin_line=_first_line(chromatin_summary),
    )


def _read_section(path: Path | None) -> str | None:
    """Read the section about epigenomes: HTML that the chromatin report wrote, and nothing else."""
    if path is None:
        return None
    text = _text(path, "the chromatin section")
    if not text.startswith(SECTION_START):
        raise InputError("this is not the section that the chromatin report writes", where=path, fix=MAKE_AGAIN)
    return text


def _first_line(path: Path | None) -> str | None:
    return None if path is None else next(iter(_text(path, "the chromatin summary").splitlines()), None)


def _text(path: Path, what: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{what} cannot be read", where=path, fix=MAKE_AGAIN) from error


def optional_table(path: Path | None, columns: Sequence[str], what: str, dtypes: dict[str, str]) -> pd.DataFrame | None:
    """Read a table that need not be there; an empty one counts as absent."""
    if path is None:
        return None
    frame = read_table(path, columns=columns, what=what, dtypes=dtypes)
    return None if frame.empty else frame


def _with_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Fill a missing gene symbol with the gene id, a missing gene id with the promoter's name."""
    gene = frame["gene_id"].where(frame["gene_id"].notna(), frame["promoter"])
    return frame.assign(gene_id=gene, symbol=frame["symbol"].where(frame["symbol"].notna(), gene))


def _read_history(paths: Sequence[Path]) -> pd.DataFrame | None:
    """Read the training histories of all folds; the fold is a column or in the path as ``fold_<k>``."""
    frames = []
    for path in paths:
        numbers = {
            "epoch": "float64",
            "train_loss": "float64",
            "validation_loss": "float64",
            "validation_auc": "float64",
        }
        frame = read_table(
            path,
            columns=["seed", "epoch", "train_loss", "validation_loss"],
            what="training history",
            dtypes=numbers,
        )
        if "fold" not in frame:
            found = re.search(r"fold_([^/\\.]+)", str(path))
            frame.insert(0, "fold", found.group(1) if found else str(len(frames) + 1))
        frames.append(frame)
    frames = [frame for frame in frames if not frame.empty]
    return pd.concat(frames, ignore_index=True) if frames else None


def _read_lines(path: Path | None, what: str, fix: str) -> tuple[str, ...]:
    """Return the sentences of a text, one a line; none where there is no file."""
    if path is None:
        return ()
    try:
        return tuple(line for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{what} cannot be read", where=path, fix=fix) from error


def read_settings(path: Path | None) -> dict[str, Any]:
    """Return the record of settings; empty without a file."""
    if path is None:
        return {}
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("the settings cannot be read", where=path, fix="Rerun the report") from error
    except ValueError as error:
        raise InputError("the settings are not valid JSON", where=path, fix="Rerun the report") from error
    if not isinstance(found, dict):
        raise InputError("the settings are not a JSON object", where=path, fix="Rerun the report")
    return found
