"""The interactions of a cohort: all folds' pairs, pairs of promoters over folds, and what to say of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

from promoternets.formats.tables import read_table
from promoternets.interactions.verdicts import (
    COLUMNS,
    INSEPARABLE,
    INTERACTION,
    MODELS,
    NOT_CONFIRMED,
    NUMBERS,
    TAGGING,
    with_verdicts,
)

ALL = "all"  # the fold of a row that combines folds
MOST_NAMED = 5


def read_folds(tables: Sequence[Path]) -> pd.DataFrame:
    """Return the tables of all folds as one, columns as `verdicts.COLUMNS`, the fold as text.

    P-values are corrected, and verdicts given, once more for the pairs of all folds, where a fold's own table corrects
    for those of the fold.
    """
    parts = [read_table(path, columns=COLUMNS, what="table of interactions", dtypes=NUMBERS) for path in tables]
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return with_verdicts(table) if len(table) else table


def pairs_over_folds(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each pair of promoters claimed in two folds or more, fold `all`.

    The z-values of a model's test, each positive where it points as in training people, are summed over folds
    (Stouffer et al. 1949): people of different folds are different people. Of several pairs of sites in one fold that
    with the smallest training p-value counts, so that no test decides what is combined; the row has the sites of the
    fold with the smallest of all. Scans of different folds share people, and each has seen the others' test people:
    that a pair is claimed twice already says something of them, which makes these p-values too small: without any
    effect 11 % of them are below 0.05. Hence they are corrected for all pairs scanned, not for those claimed.

    In these rows the columns ``effect_*`` hold the summed z, ``effect_training`` is 1, and p-values are one-sided.
    """
    best = table.sort_values("p_training", kind="stable").drop_duplicates(["fold", "promoter_1", "promoter_2", "kind"])
    rows = [
        _combined(part) for _, part in best.groupby(["promoter_1", "promoter_2", "kind"], sort=False) if len(part) > 1
    ]
    combined = pd.DataFrame(rows, columns=COLUMNS)
    if combined.empty:
        return combined
    tests = 2 * combined["scanned"].to_numpy()  # either direction of every pair
    return with_verdicts(combined, lambda p: np.minimum(1.0, tests * np.nan_to_num(p, nan=1.0)))


def _combined(part: pd.DataFrame) -> dict[str, object]:
    first = part.iloc[0]
    row: dict[str, object] = {name: first[name] for name in COLUMNS}
    row |= {
        "fold": ALL,
        "people": int(part["people"].sum()),
        "scanned": int(part["scanned"].max()),
        "effect_training": 1.0,
    }
    way = np.sign(part["effect_training"].to_numpy())
    for model in MODELS:
        signed = way * part[f"effect_{model}"].to_numpy()
        z = np.array([_z(p, sign) for p, sign in zip(part[f"p_{model}"], signed, strict=True)])
        together = z.sum() / np.sqrt(len(z))  # NaN where a fold has no test: then there is none over folds
        row[f"effect_{model}"] = together
        row[f"p_{model}"] = NormalDist().cdf(-together) if np.isfinite(together) else np.nan
        row[f"left_{model}"] = part[f"left_{model}"].mean()
    return row


def _z(p_value: float, sign: float) -> float:
    if np.isnan(p_value):
        return np.nan
    return -NormalDist().inv_cdf(max(p_value, 1e-300) / 2) * (1 if sign >= 0 else -1)


def with_symbols(table: pd.DataFrame, blocks: Path) -> pd.DataFrame:
    """Return the table with symbol_1 and symbol_2 after the promoters; the promoter's name where it has none."""
    symbol = read_table(blocks, columns=["promoter", "symbol"], what="table of blocks").set_index("promoter")["symbol"]
    table = table.copy()
    for number in (1, 2):
        name = table[f"promoter_{number}"]
        table.insert(2 + number, f"symbol_{number}", name.map(symbol).fillna(name))
    return table


def sentences(table: pd.DataFrame) -> list[str]:
    """Return what the table says, in one to three sentences.

    table : all folds' rows and those over folds, with symbols.
    """
    each = table[table["fold"] != ALL]
    if each.empty:
        return ["No pair of sites was common enough to be looked at for an interaction."]
    found = each[each["verdict"] == INTERACTION]
    others = {
        TAGGING: "explained by joint tagging",
        INSEPARABLE: "not to be told from joint tagging",
        NOT_CONFIRMED: "not confirmed in people not seen",
    }
    counts = [_counted(each, name, words) for name, words in others.items()]
    rest = _joined([words for words in counts if words])
    claimed = f"{len(each)} {'pair' if len(each) == 1 else 'pairs'} claimed in training people"
    if found.empty:
        lines = [f"No pair of sites is shown to interact: of {claimed} {rest}."]
    else:
        shown = f"{len(found)} {'is' if len(found) == 1 else 'are'} shown to interact in people not seen"
        lines = [f"Of {claimed} {shown} ({_named(found)}){', ' + rest if rest else ''}."]
    return lines + _over_folds_sentence(table[table["fold"] == ALL])


def _over_folds_sentence(combined: pd.DataFrame) -> list[str]:
    if combined.empty:
        return []
    found = combined[combined["verdict"] == INTERACTION]
    number = len(combined)
    claimed = f"{number} {'pair' if number == 1 else 'pairs'} of promoters claimed in two folds or more"
    caution = "corrected for all pairs scanned, since the scans of different folds share people"
    if found.empty:
        tagged = int((combined["verdict"] == TAGGING).sum())
        also = f", and {tagged} {'is' if tagged == 1 else 'are'} explained by joint tagging" if tagged else ""
        return [f"Folds taken together, none of {claimed} is shown to interact{also}."]
    interact = "interacts" if len(found) == 1 else "interact"
    return [f"Folds taken together, {len(found)} of {claimed} {interact} ({_named(found)}), {caution}."]


def _counted(table: pd.DataFrame, name: str, words: str) -> str:
    number = int((table["verdict"] == name).sum())
    return f"{number} {'is' if number == 1 else 'are'} {words}" if number else ""


def _named(table: pd.DataFrame) -> str:
    names = [
        f"within {row.symbol_1}" if row.promoter_1 == row.promoter_2 else f"{row.symbol_1} with {row.symbol_2}"
        for row in table.itertuples()
    ]
    names = list(dict.fromkeys(names))
    return ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")


def _joined(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
