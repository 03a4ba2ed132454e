"""Outer folds and inner parts of a cohort: stratified, families together, seeded."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from promoternets.errors import InputError
from promoternets.formats.tables import read_table, write_table
from promoternets.seeds import derive

logger = logging.getLogger(__name__)

ATTEMPTS = 50  # partitions tried until each part has both classes; only tiny cohorts need more than one
VALIDATION_PARTS = (1, 2)  # part 1 stops ALS-Net; each of two rounds of the ranking validates on one of these and more
CLASSES = {"1": "cases", "0": "controls"}


def assign_folds(*, samples: Path, folds: Path, count: int = 5, inner: int = 5, seed: int = 42) -> None:
    """Write the outer fold and the inner part of each person of a cohort.

    Parameters
    ----------
    samples : table with sample, phenotype (1 case, 0 control) and optionally family and batch.
    folds : output TSV (sample, fold (1 to `count`), inner (1 to `inner`)), in the order of `samples`.

    Raises
    ------
    InputError
        When a sample occurs twice, the phenotype is not 0 and 1, or people or families are too few.
    """
    people = read_table(samples, columns=["sample", "phenotype"], what="table of samples")
    result = partition(people, count=count, inner=inner, seed=seed, where=samples)
    for column, what in (("fold", "outer folds"), ("inner", "inner parts")):
        sizes = pd.crosstab(result[column], people["phenotype"].map(CLASSES))
        shown = ", ".join(f"{row.cases}+{row.controls}" for row in sizes.itertuples())
        logger.info("%s (cases+controls): %s", what, shown)
    write_table(result, folds)


def partition(people: pd.DataFrame, *, count: int, inner: int, seed: int, where: Path | None = None) -> pd.DataFrame:
    """Return sample, fold and inner for each row of `people`; no matter in which order the rows are.

    Folds are stratified by phenotype and, where there is such a column, batch. The inner parts are a second
    partition of the same kind, stratified by outer fold as well, so that each part has its share of each
    fold's training people. A family (column ``family``; people without one are on their own) is never split.

    Raises
    ------
    InputError
        As in `assign_folds`.
    """
    _check(people, count, inner, where)
    by_name = people.sort_values("sample", kind="stable")
    phenotype = by_name["phenotype"].to_numpy(dtype=str)
    families = family_codes(by_name)
    _check_families(phenotype, families, count, inner, where)
    batch = [by_name["batch"].fillna("NA").to_numpy(dtype=str)] if "batch" in by_name else []
    for attempt in range(ATTEMPTS):
        fold = split([phenotype, *batch], families, count, derive(seed, "folds", attempt))
        part = split([phenotype, fold.astype(str), *batch], families, inner, derive(seed, "inner", attempt))
        if _both_classes(phenotype, fold, part, count, inner):
            break
    else:
        raise InputError(
            f"{_counted(phenotype, families)} cannot be cut into {count} outer folds and {inner} inner parts "
            "with both cases and controls in each",
            where=where,
            fix="Use fewer folds; large families that hold most cases also cause this",
        )
    result = pd.DataFrame({"sample": by_name["sample"], "fold": fold, "inner": part}, index=by_name.index)
    return result.loc[people.index].reset_index(drop=True)


def split(keys: Sequence[np.ndarray], families: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return a part from 1 to `count` for each person.

    Parameters
    ----------
    keys : text arrays [people] to stratify by, the most important first.
    families : int [people]; those of one family get the same part.
    """
    strata = merge_small(keys, count)
    people = np.zeros((len(strata), 1))
    if len(np.unique(families)) == len(families):
        cuts = StratifiedKFold(count, shuffle=True, random_state=seed % 2**32).split(people, strata)
    else:
        grouped = StratifiedGroupKFold(count, shuffle=True, random_state=seed % 2**32)
        cuts = grouped.split(people, strata, families)
    part = np.zeros(len(strata), dtype=np.int64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        for number, (_, tested) in enumerate(cuts, start=1):
            part[tested] = number
    return part


def merge_small(keys: Sequence[np.ndarray], fewest: int) -> np.ndarray:
    """Return strata, text [people]: the combinations of `keys`; those of fewer than `fewest` people joined.

    People of a small combination are joined with the others of small combinations that agree in all but the
    last key, and so on up to the first key alone, which is never given up.
    """
    strata = np.full(len(keys[0]), "", dtype=object)
    open_people = np.ones(len(keys[0]), dtype=bool)
    for length in range(len(keys), 0, -1):
        combined = np.array(["\x1f".join(values) for values in zip(*keys[:length], strict=True)], dtype=object)
        _, code, number = np.unique(combined[open_people].astype(str), return_inverse=True, return_counts=True)
        large = number[code] >= fewest if length > 1 else np.ones(len(code), dtype=bool)
        chosen = np.flatnonzero(open_people)[large]
        strata[chosen] = [f"{length}\x1f{text}" for text in combined[chosen]]
        open_people[chosen] = False
    return strata.astype(str)


def family_codes(people: pd.DataFrame) -> np.ndarray:
    """Return a number for each person's family, int [people]; people without one get their own."""
    if "family" not in people:
        return np.arange(len(people))
    named = people["family"].notna().to_numpy()
    labels = np.where(named, "family\x1f" + people["family"].astype(str), "person\x1f" + people["sample"].astype(str))
    return np.unique(labels.astype(str), return_inverse=True)[1]


def _both_classes(phenotype: np.ndarray, fold: np.ndarray, part: np.ndarray, count: int, inner: int) -> bool:
    """Return whether each fold, and each validating part of its training people, has cases and controls."""

    def both(chosen: np.ndarray) -> bool:
        return len(np.unique(phenotype[chosen])) == 2

    if set(fold) != set(range(1, count + 1)) or set(part) != set(range(1, inner + 1)):
        return False  # a family larger than a fold can leave another fold empty
    return all(
        both(fold == number) and all(both((fold != number) & (part == validation)) for validation in VALIDATION_PARTS)
        for number in range(1, count + 1)
    )


def _check(people: pd.DataFrame, count: int, inner: int, where: Path | None) -> None:
    if count < 2 or inner < 2:
        raise InputError(
            f"{min(count, inner)} folds cannot be made", fix="Give at least 2 outer folds and 2 inner parts"
        )
    for column in ("sample", "phenotype"):
        if people[column].isna().any():
            row = int(people[column].isna().to_numpy().argmax())
            raise InputError(
                f"row {row + 1} of the samples has no {column}",
                where=where,
                fix="Make the table again with match_samples",
            )
    doubled = people.loc[people["sample"].duplicated(), "sample"]
    if len(doubled):
        raise InputError(f"sample {doubled.iloc[0]} occurs twice", where=where, fix="Give each person one row")
    found = sorted(people["phenotype"].unique())
    if found != ["0", "1"]:
        raise InputError(
            f"the phenotype must be 0 (control) and 1 (case), both present; found: {', '.join(found[:5]) or 'nothing'}",
            where=where,
            fix="Make the table with match_samples, which knows which value is a case",
        )


def _counted(phenotype: np.ndarray, families: np.ndarray) -> str:
    parts = []
    for value, name in CLASSES.items():
        people, groups = np.sum(phenotype == value), len(np.unique(families[phenotype == value]))
        parts.append(f"{people} {name}" + (f" in {groups} families" if groups < people else ""))
    return " and ".join(parts)


def _check_families(phenotype: np.ndarray, families: np.ndarray, count: int, inner: int, where: Path | None) -> None:
    """Raise InputError when a class has fewer families (or single people) than parts are asked for."""
    most = max(count, inner)
    for value in CLASSES:
        groups = len(np.unique(families[phenotype == value]))
        if groups < most:
            kind = f"{count} outer folds" if groups < count else f"{inner} inner parts"
            raise InputError(
                f"{_counted(phenotype, families)} are too few for {kind}: each needs a case and a control of its own",
                where=where,
                fix=f"Use at most {groups} folds" if groups > 1 else "Add people",
            )
