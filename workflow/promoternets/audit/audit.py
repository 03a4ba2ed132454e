"""The audit of a cohort: every check as a row, red flags, and a verdict in words.

Table `audit.tsv`: check, stratum, model, metric, value, low, high, flag. `low` and `high` are 95% percentile bootstrap
intervals over people or families, with the same draws for all rows and the fitted models held fixed; NA where there is
none. Checks:

* `classes` (model NA): cases and controls of each stratum
* `overall`: AUC over pairs of the same fold, as all AUCs here
* `model_minus_confounders`: paired difference of AUC to `covariates` and `covariates_pcs`
* `increment`: AUC of confounders and model together, its gain over the confounders, and a likelihood ratio
* `within_strata`: AUC among people of one stratum, and pooled over the pairs of all strata (stratum `batch`)
* `stratum_left_out`: AUC of logistic regression, without covariates, among people whose stratum it was not trained on
* `score_predicts_stratum`: among controls, how well the score tells one stratum from the others; the p-value is of
  equal scores in all strata (Kruskal and Wallis 1952)
* `score_by_stratum`: quartiles of the probability of cases and of controls

Flags, NA where all is well, are the keys of `FLAGS`; of numbers that rest on few people the flag says that they are
withheld (`few_people`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from promoternets.audit.few_people import withhold
from promoternets.audit.joint import likelihood_ratio
from promoternets.audit.measures import (
    EVERYBODY,
    INCREMENT,
    LEFT_OUT,
    OVERALL,
    PREDICTS,
    WITHIN,
    Key,
    differences,
    measure,
    resampled,
)  # fmt: skip
from promoternets.audit.people import Audited, read_audited
from promoternets.audit.verdict import verdict_text
from promoternets.bootstrap import chunk_size, interval, resample_weights
from promoternets.errors import InputError
from promoternets.formats.outputs import written
from promoternets.formats.strata import Strata
from promoternets.formats.tables import write_table
from promoternets.progress import progress

logger = logging.getLogger(__name__)
COLUMNS = [*Key._fields, "value", "low", "high", "flag"]
FEWEST_RESAMPLES = 100
TELLS = 0.01  # p-value under which a score is said to tell the strata
FLAGS = {
    "one_class": "a stratum has people of one class only",
    "confounders_as_good": "confounders alone do as well: the difference is not above 0",
    "adds_nothing": "the model adds nothing to the confounders: the gain is not above 0",
    "gone_within_strata": "the model predicts overall, but is not shown to within strata",
    "gone_when_left_out": "the model predicts overall, but is not shown to where it was not trained on the stratum",
    "cannot_be_left_out": "too little is left to train on, or to test with, without the stratum",
    "score_tells_stratum": "among controls the score tells the stratum",
}


def audit_confounders(
    *,
    predictions: Sequence[Path],
    left_out: Sequence[Path],
    samples: Path,
    audit: Path,
    verdict: Path,
    strata: Sequence[str] | None = None,
    min_cell: int = 10,
    bootstrap: int = 2000,
    seed: int = 42,
) -> None:
    """Audit all models of a cohort; write the table and the verdict.

    Parameters
    ----------
    predictions : out-of-fold predictions of every model, confounder models among them.
    left_out : predictions of `leave_strata_out` in every fold.
    samples : table with sample, phenotype and covariates.
    audit, verdict : written: the table, and a few sentences of plain text.
    strata : columns of strata, see `formats.strata.read_strata`.
    min_cell : the fewest cases, and controls, of a stratum whose numbers are written; 0 for all.
    bootstrap, seed : resamples of people or families, and their seed.

    Raises
    ------
    InputError
        As `people.read_audited`, and when fewer than 100 resamples are asked for.
    """
    if bootstrap < FEWEST_RESAMPLES:
        raise InputError(
            f"{bootstrap} bootstrap resamples are too few for an interval", fix=f"Use at least {FEWEST_RESAMPLES}"
        )
    audited = read_audited(predictions=predictions, left_out=left_out, samples=samples, strata=strata)
    table = withhold(audit_table(audited, bootstrap=bootstrap, seed=seed), min_cell)
    write_table(table, audit)
    text = verdict_text(table, first=audited.first, strata=[one.column for one in audited.strata])
    with written(verdict) as partial:
        partial.write_text(text)
    for line in text.splitlines():
        logger.info("%s", line)


def audit_table(audited: Audited, *, bootstrap: int, seed: int) -> pd.DataFrame:
    """Return every row of the audit: check, stratum, model, metric, value, low, high, flag."""
    total = -(-bootstrap // chunk_size(len(audited.case)))
    chunks = progress(
        resample_weights(audited.cluster, bootstrap, seed), total=total, what="bootstrap", unit="chunks of resamples"
    )

    def every(weights: np.ndarray) -> dict[Key, np.ndarray]:
        measured = measure(audited, weights)
        return measured | differences(measured, audited.models, audited.confounders)

    value, drawn = resampled(every, len(audited.case), chunks)
    low, high = interval(np.stack([drawn[key] for key in value]))
    rows = [(*key, value[key], low[number], high[number]) for number, key in enumerate(value)]
    rows += [(*key, number, np.nan, np.nan) for key, number in _without_interval(audited)]
    table = pd.DataFrame(rows, columns=COLUMNS[:-1])
    table["flag"] = _flags(table, audited)
    return table.sort_values("check", key=lambda checks: checks.map(ORDER), kind="stable").reset_index(drop=True)


ORDER = {
    name: number
    for number, name in enumerate(
        ["classes", OVERALL, "model_minus_confounders", INCREMENT, WITHIN, LEFT_OUT, PREDICTS, "score_by_stratum"]
    )
}


def _without_interval(audited: Audited) -> Iterator[tuple[Key, float]]:
    for strata in audited.strata:
        for number in range(len(strata.levels)):
            inside = strata.level == number
            for name, who in (("cases", audited.case), ("controls", ~audited.case)):
                yield Key("classes", strata.name(number), "NA", name), float((who & inside).sum())
        for model, score in audited.score.items():
            yield Key(PREDICTS, strata.column, model, "p_value"), equal_scores_p(audited, score, strata)
            yield from _quartiles(audited, model, score, strata)
    for model in audited.models:
        for against in audited.confounders:
            test = likelihood_ratio(audited.score[against], audited.score[model], audited.case, audited.fold)
            for name, number in (("coefficient", test.coefficient), ("p_value", test.p_value)):
                yield Key(INCREMENT, EVERYBODY, model, f"{name}_over_{against}"), number


def equal_scores_p(audited: Audited, score: np.ndarray, strata: Strata) -> float:
    """Return the p-value of equal scores of controls in all strata, by ranks within folds; NaN without two strata."""
    controls = ~audited.case & (strata.level >= 0)
    place = pd.Series(score[controls]).groupby(audited.fold[controls]).rank(pct=True).to_numpy()
    groups = [place[strata.level[controls] == number] for number in range(len(strata.levels))]
    groups = [group for group in groups if len(group)]
    if len(groups) < 2 or len(np.unique(score[controls])) < 2:
        return np.nan
    return float(stats.kruskal(*groups).pvalue)


def _quartiles(audited: Audited, model: str, score: np.ndarray, strata: Strata) -> Iterator[tuple[Key, float]]:
    for number in range(len(strata.levels)):
        for name, who in (("cases", audited.case), ("controls", ~audited.case)):
            own = score[who & (strata.level == number)]
            for quartile, share in (("q25", 0.25), ("median", 0.5), ("q75", 0.75)):
                value = float(np.quantile(own, share)) if len(own) else np.nan
                yield Key("score_by_stratum", strata.name(number), model, f"{quartile}_{name}"), value


def _flags(table: pd.DataFrame, audited: Audited) -> pd.Series:
    """Return the flag of each row, or None."""
    overall = table[table["check"] == OVERALL].set_index("model")["low"]
    predicts = set(overall.index[overall > 0.5])
    genotype, columns = table["model"].isin(audited.models), {one.column for one in audited.strata}
    pooled, at = table["stratum"].isin(columns), table["check"]
    not_above = {level: ~(table["low"] > level) for level in (0, 0.5)}
    lost = genotype & pooled & table["model"].isin(predicts) & table["value"].notna() & not_above[0.5]
    rules = {
        "one_class": (at == "classes") & (table["value"] == 0),
        "confounders_as_good": (at == "model_minus_confounders") & not_above[0],
        "adds_nothing": (at == INCREMENT) & table["metric"].str.startswith("auc_gain_over_") & not_above[0],
        "gone_within_strata": (at == WITHIN) & lost,
        "gone_when_left_out": (at == LEFT_OUT) & lost,
        "cannot_be_left_out": (at == LEFT_OUT) & table["value"].isna(),
        "score_tells_stratum": (at == PREDICTS) & genotype & (table["metric"] == "p_value") & (table["value"] < TELLS),
    }
    flags = pd.Series(None, index=table.index, dtype=object)
    for name, rows in rules.items():
        flags[rows] = name
    return flags
