"""The verdict: what the numbers say in plain words, and never more than they say.

The rule behind every word: a claim is made only where a 95% interval excludes the value of no effect
(0.5 for an AUC, 0 for a paired difference). Where it does not, it says that these people cannot tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from promoternets.report.words import (
    LINEAR_MODELS,
    decimal,
    full_model_name,
    in_sentence,
    interval,
    is_missing,
)

MAIN_MODEL = "als_net"
COVARIATES = "covariates"
SMALL_DIFFERENCE = 0.02  # of an AUC: below it two models are called about as good when the interval includes 0
STRENGTH = ((0.6, "slightly"), (0.7, "weakly"), (0.8, "moderately well"), (0.9, "well"), (1.01, "very well"))


@dataclass(frozen=True)
class Estimate:
    """A value with its 95% interval; the bounds are None where there is none."""

    value: float
    low: float | None
    high: float | None

    @classmethod
    def of(cls, value: float, low: float, high: float) -> Estimate:
        """Make one from table cells, where a missing bound is NaN."""
        return cls(float(value), None if is_missing(low) else float(low), None if is_missing(high) else float(high))

    def against(self, nothing: float) -> str:
        """Return where the interval lies relative to the value of no effect: above, below or unclear."""
        if self.low is None or self.high is None:
            return "unclear"
        if self.low > nothing:
            return "above"
        return "below" if self.high < nothing else "unclear"

    def text(self, *, signed: bool = False) -> str:
        """Write it as ``0.873 [0.841, 0.902]``."""
        return interval(self.value, self.low, self.high, signed=signed)


@dataclass(frozen=True)
class Verdict:
    """The headline and the sentences under it, with the numbers they came from."""

    headline: str
    predicts: str
    covariates: str
    linear: str
    auc: Estimate | None
    covariates_auc: Estimate | None
    over_covariates: Estimate | None
    best_linear: str | None
    over_linear: Estimate | None


def pooled(metrics: pd.DataFrame, model: str, metric: str = "auc") -> Estimate | None:
    """Return a model's pooled out-of-fold value (fold and seed ``all``), or None when there is none."""
    chosen = metrics[
        (metrics["model"] == model)
        & (metrics["metric"] == metric)
        & (metrics["fold"].astype(str) == "all")
        & (metrics["seed"].astype(str) == "all")
    ].dropna(subset=["value"])
    if chosen.empty:
        return None
    row = chosen.iloc[0]
    return Estimate.of(row["value"], row["low"], row["high"])


def evidence(metrics: pd.DataFrame, model: str) -> Estimate | None:
    """Return the AUC by which a model is said to predict, or None when there is none.

    It is the one within folds whose interval allows for the fits (`auc_over_fits`); in a table without it the
    pooled AUC, whose interval holds the fits fixed, as `judge` then says.
    """
    return pooled(metrics, model, "auc_over_fits") or pooled(metrics, model)


def difference(comparisons: pd.DataFrame, against: str, metric: str = "auc") -> Estimate | None:
    """Return the paired difference ALS-Net minus another model, or None when it was not computed."""
    chosen = comparisons[
        (comparisons["model"] == MAIN_MODEL) & (comparisons["against"] == against) & (comparisons["metric"] == metric)
    ].dropna(subset=["difference"])
    if chosen.empty:
        return None
    row = chosen.iloc[0]
    return Estimate.of(row["difference"], row["low"], row["high"])


def best_of(metrics: pd.DataFrame, models: tuple[str, ...]) -> str | None:
    """Return the model with the highest pooled AUC, or None when none has one."""
    found = {model: estimate.value for model in models if (estimate := pooled(metrics, model))}
    return max(found, key=lambda model: found[model]) if found else None


def judge(metrics: pd.DataFrame, comparisons: pd.DataFrame, *, has_covariates: bool = True) -> Verdict:
    """Return the verdict on a cohort.

    Parameters
    ----------
    metrics : columns model, fold, seed, metric, value, low, high.
    comparisons : columns model, against, metric, difference, low, high; ALS-Net minus the other model.
    has_covariates : whether the sample table has any; without, a covariates-only model is no check.
    """
    auc = pooled(metrics, MAIN_MODEL)
    covariates_auc = pooled(metrics, COVARIATES) if has_covariates else None
    over_covariates = difference(comparisons, COVARIATES) if covariates_auc else None
    best_linear = best_of(metrics, LINEAR_MODELS)
    over_linear = difference(comparisons, best_linear) if best_linear else None
    return Verdict(
        headline=_headline(metrics, auc, covariates_auc, over_covariates, best_linear, over_linear),
        predicts=_predicts(auc, pooled(metrics, MAIN_MODEL, "auc_over_fits")),
        covariates=_covariates(covariates_auc, over_covariates),
        linear=_linear(metrics, best_linear, over_linear),
        auc=auc,
        covariates_auc=covariates_auc,
        over_covariates=over_covariates,
        best_linear=best_linear,
        over_linear=over_linear,
    )


def _strength(auc: float) -> str:
    return next(word for limit, word in STRENGTH if auc < limit)


def _headline(
    metrics: pd.DataFrame,
    auc: Estimate | None,
    covariates_auc: Estimate | None,
    over_covariates: Estimate | None,
    best_linear: str | None,
    over_linear: Estimate | None,
) -> str:
    if auc is None:
        return "ALS-Net has no result here, so this report cannot say whether it predicts."
    side = (evidence(metrics, MAIN_MODEL) or auc).against(0.5)
    if side == "below":
        return "ALS-Net does worse than chance: check the labels and the folds before reading on."
    if side == "unclear":
        return _no_evidence(metrics, covariates_auc)
    sentence = f"ALS-Net separates cases from controls {_strength(auc.value)}"
    return (
        sentence
        + _against_covariates(auc, covariates_auc, over_covariates)
        + _against_linear(best_linear, over_linear)
        + "."
    )


def _against_covariates(auc: Estimate, covariates_auc: Estimate | None, over: Estimate | None) -> str:
    if covariates_auc is None:
        return ", with no covariates to check it against"
    if over is None:
        return ", but was not compared with the covariates alone"
    if over.against(0) == "above":
        return ", and better than the covariates alone"
    if over.against(0) == "below":
        return ", but the covariates alone do better"
    if covariates_auc.value >= auc.value:
        return ", but the covariates alone do as well"
    return ", but is not shown to beat the covariates alone"


def _against_linear(best_linear: str | None, over: Estimate | None) -> str:
    if best_linear is None or over is None:
        return ""
    name = in_sentence(best_linear)
    if over.against(0) == "above":
        return f"; it beats {name}"
    if over.against(0) == "below":
        return f"; {name} does better"
    if abs(over.value) <= SMALL_DIFFERENCE:
        return f"; {name} does about as well"
    return f"; these people cannot tell it from {name}"


def _no_evidence(metrics: pd.DataFrame, covariates_auc: Estimate | None) -> str:
    sentence = "No evidence that ALS-Net tells cases from controls"
    others = [model for model in metrics["model"].unique() if model not in (MAIN_MODEL, COVARIATES)]
    better = [model for model in others if (found := evidence(metrics, model)) and found.against(0.5) == "above"]
    if best := best_of(metrics, tuple(better)):
        return f"{sentence}, though {in_sentence(best)} does."
    if covariates_auc and (evidence(metrics, COVARIATES) or covariates_auc).against(0.5) == "above":
        return f"{sentence}; the covariates alone do."
    return sentence + "."


def _predicts(auc: Estimate | None, over_fits: Estimate | None) -> str:
    if auc is None:
        return "No pooled AUC of ALS-Net was found in the metrics."
    meaning = {
        "above": "The interval lies above 0.5, the value of guessing.",
        "below": "The interval lies below 0.5, the value of guessing: "
        "a swapped label or an unlucky split, not a finding.",
        "unclear": "The interval includes 0.5, the value of guessing: these people give no evidence of prediction.",
    }[(over_fits or auc).against(0.5)]
    if (over_fits or auc).low is None:
        meaning = "There is no interval, so chance cannot be excluded."
    fits = (
        f"Allowing for what other training people would change, within folds, it is {over_fits.text()}."
        if over_fits
        else "Its interval takes the fitted models as they are, so it is too narrow."
    )
    return f"AUC {auc.text()} on people not used for training. {fits} {meaning}"


def _covariates(covariates: Estimate | None, over: Estimate | None) -> str:
    if covariates is None:
        return (
            "No covariates-only model was run: the sample table "
            "has no covariates. Whether batch, sex or ancestry "
            "would predict as well is not known."
        )
    sentence = f"The covariates alone, without any genotype, reach {covariates.text()}. "
    if over is None:
        return sentence + "The paired difference was not computed."
    meaning = {
        "above": "ALS-Net does better",
        "below": "The covariates do better: do not read the genotype result as a finding",
        "unclear": "The interval includes 0, so ALS-Net is not shown to know more than the covariates do",
    }[over.against(0)]
    caution = ""
    if covariates.against(0.5) == "above" and over.against(0) == "above":
        caution = " The covariates do predict the label, so part of what any model learns here may be them."
    return f"{sentence}Paired difference {over.text(signed=True)}. {meaning}.{caution}"


def _linear(metrics: pd.DataFrame, best: str | None, over: Estimate | None) -> str:
    if best is None:
        return "No linear baseline was run, so whether a network is needed is not known."
    found = pooled(metrics, best)
    name = full_model_name(best)
    sentence = f"{name}, the best linear model here, reaches {found.text() if found else decimal(None)}. "
    if over is None:
        return sentence + "The paired difference was not computed."
    meaning = {
        "above": "The network finds something a linear model does not",
        "below": "The linear model is better: the network is not worth its complexity here",
        "unclear": "The interval includes 0, so these people cannot tell "
        "the two apart, and the linear model is the simpler one",
    }[over.against(0)]
    return f"{sentence}Paired difference {over.text(signed=True)}. {meaning}."
