"""Measures computed for all members of an ensemble at once, and their standard errors."""

from __future__ import annotations

import numpy as np
import torch


def area_under_roc(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the area under the ROC curve of each member; equal scores of a case and a control count half.

    scores: float [members, people]; labels: int [members, people], 0 or 1, the same people of each class for
    all members or not. Returns float64 [members]; nan where a member has one class only.
    """
    scores, cases = scores.double().contiguous(), labels.double()
    ordered = scores.sort(1).values
    ranks = torch.searchsorted(ordered, scores) + torch.searchsorted(ordered, scores, right=True) + 1  # twice the rank
    number = cases.sum(1)
    above = (ranks * cases).sum(1) - number * (number + 1)  # twice the number of controls that cases are above
    return above / (2 * number * (labels.shape[1] - number))


def area_standard_error(area: float, cases: int, controls: int) -> float:
    """Return the standard error of an AUC after Hanley and McNeil (Radiology 1982;143:29-36)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (cases - 1) * (q1 - area**2) + (controls - 1) * (q2 - area**2)
    return float((variance / (cases * controls)) ** 0.5)


def correlation(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return Pearson's correlation of each member, float64 [members] from [members, examples]; 0 without spread."""
    pair = [value.double() - value.double().mean(1, keepdim=True) for value in (scores, labels)]
    spread = (pair[0].square().sum(1) * pair[1].square().sum(1)).sqrt()
    return (pair[0] * pair[1]).sum(1) / spread.clamp_min(1e-300)


def accuracy(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the share of people on the right side of 0 log-odds: float64 [members] from [members, people]."""
    return ((scores > 0).long() == labels).double().mean(1)


def balanced_accuracy(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean of sensitivity and specificity at 0 log-odds: float64 [members] from [members, people]."""
    right = ((scores > 0).long() == labels).double()
    cases = labels.double()
    return ((right * cases).sum(1) / cases.sum(1) + (right * (1 - cases)).sum(1) / (1 - cases).sum(1)) / 2


def within_strata(scores: torch.Tensor, labels: torch.Tensor, stratum: torch.Tensor) -> torch.Tensor:
    """Return the AUC over pairs of a case and a control of the same stratum: float64 [members].

    The mean of the strata's AUCs, weighted by their numbers of pairs. stratum: int [people]. NaN without a pair.
    """
    right, pairs = (torch.zeros(len(scores), dtype=torch.float64) for _ in range(2))
    for number in stratum.unique():
        here = stratum == number
        own = labels[:, here]
        cases = own.sum(1)
        mixed = (cases > 0) & (cases < own.shape[1])
        here_pairs = (cases * (own.shape[1] - cases)).double()
        if mixed.any():
            right[mixed] += area_under_roc(scores[mixed][:, here], own[mixed]) * here_pairs[mixed]
        pairs += here_pairs
    return right / torch.where(pairs > 0, pairs, torch.nan)


SCORES = {"auc": area_under_roc, "accuracy": accuracy, "balanced_accuracy": balanced_accuracy}
WITHIN = "within_strata_auc"


def standard_error(metric: str, value: float, cases: int, controls: int) -> float:
    """Return the standard error of a score on that many validation people (binomial for the accuracies)."""
    if metric == "auc":
        return area_standard_error(value, cases, controls)
    people = cases + controls if metric == "accuracy" else 2 * min(cases, controls)
    return float((value * (1 - value) / people) ** 0.5)


def within_strata_standard_error(value: float, labels: np.ndarray, stratum: np.ndarray) -> float:
    """Return the standard error of an AUC pooled over strata, each taken to have that AUC (Hanley and McNeil)."""
    sizes = [(int(own.sum()), int((1 - own).sum())) for own in (labels[stratum == one] for one in np.unique(stratum))]
    pairs = np.array([cases * controls for cases, controls in sizes], dtype=float)
    errors = [area_standard_error(value, *size) if min(size) else 0.0 for size in sizes]
    return float(np.sqrt(((pairs * errors) ** 2).sum()) / pairs.sum()) if pairs.sum() else float("nan")
