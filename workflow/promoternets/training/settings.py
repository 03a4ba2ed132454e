"""How a network is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import torch

Optimiser = Literal["sgd", "adagrad", "adamw"]
Keep = Literal["loss", "measure", "last"]


@dataclass(frozen=True)
class TrainingSettings:
    """How each member of an ensemble is trained.

    Attributes
    ----------
    optimiser : "sgd" (no momentum), "adagrad" or "adamw".
    learning_rate : step size.
    learning_rate_decay : Adagrad and SGD: the rate at step t is learning_rate / (1 + decay * (t - 1)).
    weight_decay : AdamW's decoupled weight decay (0 for none).
    site_dropout : share of sites that are set to zero in each person's input at each training step, the others
        scaled up to keep the mean (Srivastava et al. 2014, at the input only); 0 for none.
    unit_dropout : share of the features set to zero where the network says that dropout acts (its ``droppable``);
        0 for none.
    clip_norm : greatest norm of a member's gradient, which is scaled down to it; None for no limit.
    epochs : passes over the training people, at most.
    patience : stop a member after this many epochs without a better one, by what `keep` looks at (the validation
        loss, or measure); None trains all epochs.
    start : patience counts from the epoch in which the training loss is this share below that of guessing; deep
        networks may stay on a plateau for many epochs before they learn anything. 0 counts from the first epoch.
    batch_size : people per step; the people are split into equal batches no larger than this.
    class_weights : weigh cases and controls so that both classes count the same.
    keep : which weights are kept: those of the epoch with the lowest validation loss ("loss"), of the last epoch
        with the highest validation measure ("measure": AUC or correlation), or of the last epoch ("last").
    """

    optimiser: Optimiser = "adamw"
    learning_rate: float = 1e-3
    learning_rate_decay: float = 0.0
    weight_decay: float = 0.0
    site_dropout: float = 0.0
    unit_dropout: float = 0.0
    clip_norm: float | None = None
    epochs: int = 50
    patience: int | None = 5
    start: float = 0.0
    batch_size: int = 64
    class_weights: bool = True
    keep: Keep = "loss"

    def changed(self, **given: Any) -> TrainingSettings:
        """Return a copy with the values that are not None."""
        return replace(self, **{name: value for name, value in given.items() if value is not None})

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)

    def build_optimiser(self, parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
        """Return the optimiser; all three work element by element, so stacked members stay independent.

        On a GPU a step of "sgd" or "adamw" can be recorded and replayed; "adagrad" counts its steps on the CPU.
        """
        on_gpu = parameters[0].is_cuda
        if self.optimiser == "sgd":
            rate = torch.tensor(self.learning_rate, device="cuda") if on_gpu else self.learning_rate
            return torch.optim.SGD(parameters, lr=rate, fused=True)
        if self.optimiser == "adagrad":
            return torch.optim.Adagrad(
                parameters, lr=self.learning_rate, lr_decay=self.learning_rate_decay, eps=1e-7,
                fused=not on_gpu, foreach=on_gpu,
            )  # fmt: skip
        # A bias in front of batch normalisation has no true gradient; with PyTorch's eps of 1e-8 Adam would take
        # full steps along its rounding noise.
        return torch.optim.AdamW(
            parameters, lr=self.learning_rate, weight_decay=self.weight_decay, eps=1e-6, fused=True, capturable=on_gpu
        )

    @property
    def recordable(self) -> bool:
        """Whether a GPU can record a step once and replay it."""
        return self.optimiser != "adagrad"
