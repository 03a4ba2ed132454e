"""Whether a scenario shows over all its replicates what the issue asks: rows must_be_seen, seen, passed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

TOO_FEW, TOO_MANY = 0.1, 0.05  # at these chances the counts for 20 replicates are 18 and 3, those of the issue
CHANCE = 0.05  # of an interval that misses, and of a false promoter, when all is well
NET_AUC, LINEAR_AUC = "auc:als_net", "auc_best_linear"


class Line(NamedTuple):
    """One statement about a scenario; passed is None where the replicates cannot tell."""

    must_be_seen: str
    seen: str
    passed: bool | None


def below(count: int, replicates: int, chance: float) -> float:
    """Return the probability that fewer than `count` of the replicates have what each has with some chance."""
    return sum(
        math.comb(replicates, k) * chance**k * (1 - chance) ** (replicates - k)
        for k in range(min(count, replicates + 1))
    )


def fewest_covering(replicates: int) -> int:
    """Return the greatest number that honest 95% intervals miss with a probability of at most `TOO_FEW`."""
    return max(k for k in range(replicates + 1) if below(k, replicates, 1 - CHANCE) <= TOO_FEW)


def most_false(replicates: int) -> int:
    """Return the least number that an honest 5% error rate exceeds with a probability of at most `TOO_MANY`."""
    return min(k for k in range(replicates + 1) if 1 - below(k + 1, replicates, CHANCE) <= TOO_MANY)


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Return scenario, must_be_seen, seen, passed of a table scenario, replicate, quantity, value, ..., passed."""
    lines = [
        (scenario, *line)
        for scenario, rows in table.groupby("scenario", sort=False)
        for line in JUDGES[str(scenario)](rows)
    ]
    return pd.DataFrame(lines, columns=["scenario", *Line._fields])


def _of(rows: pd.DataFrame, quantity: str) -> pd.DataFrame:
    return rows[rows["quantity"] == quantity]


def _holding(rows: pd.DataFrame, quantity: str, name: str) -> Line:
    own = _of(rows, quantity)
    held, needed = int((own["passed"] == True).sum()), fewest_covering(len(own))  # noqa: E712  (None is not False)
    return Line(
        f"AUC interval of {name} covers 0.5 in at least {needed} of {len(own)}",
        f"{held} of {len(own)} intervals hold 0.5; mean AUC {own['value'].mean():.3f}",
        held >= needed,
    )


def _null(rows: pd.DataFrame) -> list[Line]:
    own = _of(rows, "false_promoters")
    known = own[own["value"].notna()]
    most, wrong = most_false(len(own)), int((known["value"] > 0).sum())
    asked = f"family-wise false promoters at 5% in at most {most} of {len(own)}"
    if len(known) < len(own):
        seen = f"{len(own) - len(known)} of {len(own)} replicates have no promoter_ranking.tsv"
        false = Line(asked, seen, None)
    else:
        false = Line(asked, f"{wrong} of {len(own)} with a false promoter", wrong <= most)
    return [_holding(rows, NET_AUC, "ALS-Net"), _holding(rows, LINEAR_AUC, "the best linear model"), false]


def _batch(rows: pd.DataFrame) -> list[Line]:
    flags = _of(rows, "red_flags")
    raised = int((flags["value"] > 0).sum())
    own = rows[rows["quantity"].str.startswith("flag:")].groupby("quantity", sort=False)["value"].sum()
    named = ", ".join(f"{name.removeprefix('flag:')} {count:.0f}" for name, count in own.items() if count)
    seen = f"{raised} of {len(flags)} with a red flag ({named}); ALS-Net over all people {_mean(rows, NET_AUC):.3f}"
    return [
        Line("the red flag in every replicate", seen, raised == len(flags)),
        _holding(rows, "auc_within_batch", "ALS-Net within batches"),
    ]


def _additive(rows: pd.DataFrame) -> list[Line]:
    own = _of(rows, "als_net_minus_best_linear")
    seen = (
        f"mean difference {own['value'].mean():+.3f} "
        f"({_mean(rows, NET_AUC):.3f} against {_mean(rows, LINEAR_AUC):.3f}); "
        f"{int(own['passed'].sum())} of {len(own)} replicates not further below"
    )
    asked = "ALS-Net no more than 0.01 AUC below the best linear rival, mean over replicates"
    return [Line(asked, seen, bool(own["value"].mean() >= -0.01))]


def _epistatic(rows: pd.DataFrame) -> list[Line]:
    own = _of(rows, "als_net_minus_best_linear")
    above = int(own["passed"].sum())
    return [
        _found(rows, "inside", "promoters that hold an interacting pair"),
        _found(rows, "across", "promoters that share an interacting pair"),
        Line(
            "ALS-Net above the best linear rival, paired test significant, in every replicate",
            f"{above} of {len(own)} significantly above; mean difference {own['value'].mean():+.3f} "
            f"({_mean(rows, NET_AUC):.3f} against {_mean(rows, LINEAR_AUC):.3f})",
            above == len(own),
        ),
    ]


def _found(rows: pd.DataFrame, name: str, what: str) -> Line:
    found = _of(rows, f"planted_{name}_selected")
    return Line(
        f"{what} found: at least 75% selected, mean over folds, in every replicate",
        f"{int(found['passed'].sum())} of {len(found)}; mean share {found['value'].mean():.2f}, "
        f"mean rank {_mean(rows, f'planted_{name}_rank'):.1f}",
        bool(found["passed"].all()),
    )


def _mixed(rows: pd.DataFrame) -> list[Line]:
    own = _of(rows, "ordered_as_planted")
    means = {
        kind: " / ".join(f"{_mean(rows, f'{kind}_{name}'):.3f}" for name in ("covariates", "genotype", "joint"))
        for kind in ("found", "planted")
    }
    ordered = int(own["value"].sum())
    seen = f"{ordered} of {len(own)} in the planted order; mean AUC {means['found']} where planted {means['planted']}"
    asked = "covariates alone, genotype within batches, and both together are ordered as planted"
    return [Line(asked, seen, ordered == len(own))]


def _mean(rows: pd.DataFrame, quantity: str) -> float:
    return float(_of(rows, quantity)["value"].mean())


JUDGES: dict[str, Callable[[pd.DataFrame], list[Line]]] = {
    "null": _null,
    "batch": _batch,
    "additive": _additive,
    "epistatic": _epistatic,
    "mixed": _mixed,
}


def markdown(summary: pd.DataFrame) -> str:
    """Return the summary as a Markdown table."""
    words = {True: "yes", False: "**no**", None: "not known"}
    lines = ["| cohort | must be seen | seen | passed |", "|---|---|---|---|"]
    lines += [
        f"| {row.scenario} | {row.must_be_seen} | {row.seen} | {words[row.passed]} |" for row in summary.itertuples()
    ]
    return "\n".join(lines)
