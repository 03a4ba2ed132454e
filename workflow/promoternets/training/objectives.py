"""What a network is trained for: its loss, the score it gives, and the measure of a good one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from promoternets.training.measures import area_under_roc, correlation


@dataclass(frozen=True)
class Objective:
    """An objective; all functions work on all members of an ensemble at once.

    Attributes
    ----------
    name : for the record.
    losses : outputs [members, batch, outputs] and labels [members, batch] -> loss of each example [members, batch].
    scores : outputs -> one score per example [members, batch].
    measure : scores and labels [members, examples] -> [members]; higher is better.
    classes : whether labels are classes 0 and 1, which both parts must hold and which may be weighted.
    """

    name: str
    losses: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    scores: Callable[[torch.Tensor], torch.Tensor]
    measure: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    classes: bool

    def moved(self, outputs: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
        """Return outputs [members, batch, outputs] whose score is higher by offset [members, batch]."""
        before = torch.zeros_like(outputs[..., :-1])
        return outputs + torch.cat([before, offset.unsqueeze(-1)], dim=-1)


def _cross_entropy(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    if outputs.shape[-1] == 1:
        return functional.binary_cross_entropy_with_logits(outputs[..., 0], labels.float(), reduction="none")
    losses = functional.cross_entropy(outputs.flatten(0, 1), labels.flatten(), reduction="none")
    return losses.view_as(labels)


def _log_odds(outputs: torch.Tensor) -> torch.Tensor:
    return outputs[..., 0] if outputs.shape[-1] == 1 else outputs[..., 1] - outputs[..., 0]


def _squared_error(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return (outputs[..., 0] - labels).square()


# Networks end in two logits (0 first, then 1) or in the log-odds of 1.
CLASSIFICATION = Objective("classification", _cross_entropy, _log_odds, area_under_roc, classes=True)
REGRESSION = Objective("regression", _squared_error, lambda outputs: outputs[..., 0], correlation, classes=False)
