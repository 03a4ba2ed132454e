"""The learning curve: AUC against the number of people who train, and where it may lead."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from promoternets.resampled import over_folds, tested_per_trained
from promoternets.seeds import derive

logger = logging.getLogger(__name__)
BEYOND = (1.5, 2.0, 3.0, 5.0, 10.0)  # times the people there are
RESAMPLES = 200
FEWEST_SIZES = 3
EXPONENTS = (0.1, 1.5)


def learning_table(aucs: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return the measured points of each model's curve, and its extrapolation.

    The curve is an inverse power law, AUC = a - b n^-c with a in [0.5, 1], b >= 0 and c in [0.1, 1.5] (Figueroa et al.
    2012, BMC Med Inform Decis Mak 12:8). Intervals of measured points are those of the corrected resampled t-test over
    folds (`resampled.over_folds`), those of extrapolated ones come from curves fitted to resamples of folds and
    replicates, widened by what folds share (as `resampled.widened`). Extrapolation takes it that more people are like
    those there are, and that the curve keeps its form.

    Parameters
    ----------
    aucs : model, rerun, share, fold, training_people, test_people, auc (`measures.fold_aucs`).

    Returns
    -------
    DataFrame: model, training_people, auc, low, high, extrapolated (0/1). Without three sizes there is no
    extrapolation.
    """
    rows = []
    for model, part in aucs.dropna(subset=["auc"]).groupby("model", sort=True):
        sizes = part.groupby("share")
        for _, own in sizes:  # the mean of replicates, which share test people, stands for a fold
            folds = own.groupby("fold")[["auc", "training_people", "test_people"]].mean()
            found = over_folds(folds["auc"], folds["training_people"], folds["test_people"])
            rows.append((model, own["training_people"].mean(), found.mean, found.low, found.high, 0))
        if part["share"].nunique() < FEWEST_SIZES:
            logger.warning("%s: fewer than %d sizes: the curve is not extrapolated", model, FEWEST_SIZES)
            continue
        most = part.loc[part["share"] == part["share"].max(), "training_people"].mean()
        beyond = most * np.array(BEYOND)
        value = predicted(fit_curve(part), beyond)
        drawn = np.stack([predicted(fit_curve(own), beyond) for own in _resamples(part, seed, str(model))])
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        last = part[part["share"] == part["share"].max()].groupby("fold")[["training_people", "test_people"]].mean()
        wider = np.sqrt(1 + len(last) * tested_per_trained(last["training_people"], last["test_people"]).mean())
        low, high = np.clip([value - wider * (value - low), value + wider * (high - value)], 0, 1)
        rows += [(model, *numbers, 1) for numbers in zip(beyond, value, low, high, strict=True)]
    return pd.DataFrame(rows, columns=["model", "training_people", "auc", "low", "high", "extrapolated"])


def fit_curve(part: pd.DataFrame) -> np.ndarray:
    """Return a, b, c of AUC = a - b n^-c with n in units of the largest size, least squares over all points."""
    people = part["training_people"].to_numpy(float)
    scale = people.max()
    n, auc = people / scale, part["auc"].to_numpy(float)

    def error(parameters: np.ndarray) -> np.ndarray:
        a, b, c = parameters
        return a - b * n**-c - auc

    bounds = ([0.5, 0, EXPONENTS[0]], [1, 1, EXPONENTS[1]])
    starts = [(np.clip(auc.max() + 0.02, 0.501, 0.999), 0.02, exponent) for exponent in (0.3, 0.5, 1.0)]
    best = min((least_squares(error, start, bounds=bounds) for start in starts), key=lambda found: found.cost)
    return np.r_[best.x, scale]


def predicted(curve: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Return the AUC of a curve (`fit_curve`) at numbers of people."""
    a, b, c, scale = curve
    return a - b * (people / scale) ** -c


def learning_sentences(table: pd.DataFrame, names: dict[str, str]) -> str:
    """Return in words what more people may bring, a sentence a model."""
    lines = []
    for model, part in table.groupby("model"):
        measured, beyond = part[part["extrapolated"] == 0], part[part["extrapolated"] == 1]
        name, first, last = names.get(model, model), measured.iloc[0], measured.iloc[-1]
        line = (
            f"{name}: AUC {first['auc']:.3f} with {first['training_people']:,.0f} people in training, "
            f"{last['auc']:.3f} with {last['training_people']:,.0f}"
        )
        if len(beyond):
            twice = beyond.iloc[(beyond["training_people"] - 2 * last["training_people"]).abs().argmin()]
            line += (
                f"; extrapolated, not measured: {twice['auc']:.3f} [{twice['low']:.3f}, {twice['high']:.3f}] with "
                f"{twice['training_people']:,.0f}"
            )
        lines.append(line + ".")
    return "\n".join(lines) + "\n"


def _resamples(part: pd.DataFrame, seed: int, model: str):
    """Yield tables with folds drawn with replacement, and the replicates of a share and fold as well."""
    random = np.random.default_rng(derive(seed, "learning_curve", model))
    folds = part["fold"].unique()
    cells = {key: own for key, own in part.groupby(["fold", "share"])}
    for _ in range(RESAMPLES):
        chosen = random.choice(folds, len(folds))
        drawn = [
            own.iloc[random.integers(len(own), size=len(own))]
            for fold in chosen
            for (owner, _), own in cells.items()
            if owner == fold
        ]
        yield pd.concat(drawn)
