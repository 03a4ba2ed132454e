"""The ensemble trainer: E independent copies of a small network, trained in one loop.

Parameters of all members are stacked along a first axis. On a GPU one call computes all of them, the network's own
(``side_by_side``) or a vectorised one, and training steps are replayed from a recording (`recording`; Adagrad's are
taken call by call). On a CPU a network computes a stack itself, if it knows how to (`Task.share`); of others a loop
over the members is a third faster than a vectorised call (measured), and only the optimiser works on the whole stack.
Members share nothing: starting weights, the order of the examples and what dropout leaves out come from each member's
own seed, alike on every device, the optimisers work element by element, and a member that stops early leaves the
stack. A member's result therefore does not depend on who shares the stack, up to the rounding of the last bit (vector
instructions and batched products round alike for all but the last few numbers of a stack). Who wants results that are
the same byte for byte puts the same members into the same stacks, as the ranking does for any number of shards.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

from promoternets.errors import InputError
from promoternets.formats.outputs import written
from promoternets.networks import draws
from promoternets.networks.tensors import save_tensors
from promoternets.progress import progress
from promoternets.seeds import derive
from promoternets.training.objectives import CLASSIFICATION, Objective
from promoternets.training.recording import Recording
from promoternets.training.settings import TrainingSettings

logger = logging.getLogger(__name__)
# Progress is saved after each epoch, but where that would take more than this share of the time.
SHARE_FOR_CHECKPOINTS = 0.05
EVALUATION_BATCH = 512
EVALUATED_ON_GPU = 2048  # people times members: 2 MB each in AttentiveChrome


@dataclass
class Member:
    """One trained network.

    Attributes
    ----------
    index : its place among the members asked for.
    best_epoch : the epoch (from 1) whose weights were kept; 0 where those of `Task.start` were never bettered.
    history : one row per epoch: (epoch, train_loss, validation_loss, validation measure: AUC or correlation).
    validation_scores : float32 [validation people], log-odds of being a case (or the number predicted), from the
        kept weights.
    weights : the kept parameters and buffers, on the CPU; None unless asked for.
    """

    index: int
    best_epoch: int
    history: list[tuple[int, float, float, float]]
    validation_scores: np.ndarray
    weights: dict[str, torch.Tensor] | None = None


@dataclass
class Task:
    """What the members learn from.

    Attributes
    ----------
    build : returns a fresh network; called under each member's own seed, where `initialise` is not given.
    seeds : one seed per member; its length is the number of members.
    inputs : given member indices, returns their stored inputs [members, people, ...], such as int8 genotypes.
    encode : turns stored inputs [members, batch, ...] into what the network takes.
    labels : [members, people] (or one row for all); whole numbers, 0 control, 1 case (int8 will do), or float32 where
        a number is predicted.
    training, validation : int64 indices of people; validation decides when to stop and which epoch to keep.
    objective : loss, score and measure.
    offset : float32 [people] or None; log-odds of being a case that are known beforehand, such as those of a model of
        confounders. The loss is that of the offset and the network's log-odds together, so that the network learns
        what the offset does not say (as an offset in a generalised linear model; McCullagh and Nelder 1989, 6.3.3).
        Scores are the network's alone.
    initialise : given a network and seeds int64 [members], returns the members' starting parameters, stacked, on the
        seeds' device (as `networks.initialisation.drawn_glorot_uniform`): faster than one network after another.
    start : a member's parameters and buffers each, to go on from those of trained networks in place of fresh ones; they
        stand as epoch 0, so that they are kept where no epoch is better in the validation people.
    learning : how the names of the parameters begin that learn; by default all do. A module none of whose parameters
        learns stays wholly as it is, with the running means of a normalisation.
    share : on a CPU, and without dropout, in place of `encode`: turns the stored inputs of a stack, and the numbers of
        all people trained on or validated, into what, indexed by people [members, batch], the network's ``stacked``
        takes (as `networks.stretches.Stretches`).

    People are the examples of whatever kind: in the chromatin branch they are genes.
    """

    build: Callable[[], nn.Module]
    seeds: Sequence[int]
    inputs: Callable[[Sequence[int]], torch.Tensor]
    encode: Callable[[torch.Tensor], torch.Tensor]
    labels: torch.Tensor
    training: np.ndarray
    validation: np.ndarray
    objective: Objective = CLASSIFICATION
    offset: torch.Tensor | None = None
    initialise: Callable[[nn.Module, torch.Tensor], dict[str, torch.Tensor]] | None = None
    start: Sequence[dict[str, torch.Tensor]] | None = None
    learning: tuple[str, ...] = ("",)
    share: Callable[[torch.Tensor, np.ndarray], Any] | None = None

    def network(self, index: int) -> nn.Module:
        """Return a member's network as it starts, on the CPU."""
        module = _seeded(self.build, self.seeds[index])
        if self.start is not None:
            module.load_state_dict(self.start[index])
        elif self.initialise is not None:
            drawn = self.initialise(module, torch.tensor([self.seeds[index]]))
            module.load_state_dict(module.state_dict() | {name: value[0] for name, value in drawn.items()})
        return module

    def networks(self, indices: Sequence[int], device: torch.device) -> tuple[dict, dict]:
        """Return parameters and buffers of members as they start, stacked; on the device, where drawn at once."""
        if self.start is None and self.initialise is not None:
            module = _seeded(self.build, 0).to(device)
            drawn = self.initialise(module, torch.tensor([self.seeds[index] for index in indices], device=device))
            buffers = {name: value.expand(len(indices), *value.shape).clone() for name, value in module.named_buffers()}
            return drawn, buffers
        return stack_module_state([self.network(index) for index in indices])  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        if self.start is not None and len(self.start) != len(self.seeds):
            raise ValueError(f"{len(self.seeds)} members, but {len(self.start)} to start from")
        if set(self.training) & set(self.validation):
            raise ValueError("a person is both in the training and in the validation part")
        if not self.objective.classes:
            return
        for name, part in (("training", self.training), ("validation", self.validation)):
            classes = self.labels[:, part]
            if len(part) == 0 or bool((classes == classes[:, :1]).all(1).any()):
                raise InputError(
                    f"the inner {name} part of {len(part)} people does not hold both cases and controls",
                    fix="Use fewer folds or more people",
                )


def centred_offset(
    log_odds: np.ndarray | None, training_labels: np.ndarray, settings: TrainingSettings
) -> torch.Tensor | None:
    """Return log-odds, float [people], as an offset of a task; None stays None.

    Where cases and controls are weighed to count the same, the share of cases among training people is taken out, as
    it is out of what the network learns.
    """
    if log_odds is None:
        return None
    share = float(training_labels.mean()) if settings.class_weights else 0.5
    return torch.from_numpy(log_odds - np.log(share / (1 - share))).float()


def train_ensemble(
    task: Task,
    settings: TrainingSettings,
    *,
    device: torch.device,
    members_at_once: int,
    keep_weights: bool = True,
    checkpoint: Path | None = None,
    what: str = "training",
) -> list[Member]:
    """Train every member of `task` and return them in order.

    Parameters
    ----------
    members_at_once : size of the stack; changes memory and speed, not results.
    keep_weights : whether to return the weights too.
    checkpoint : a file to save progress in and to resume from. It is replaced by a whole one after each epoch, or less
        often where that would take more than a twentieth of the time, and at the end: a run that is killed loses what
        came after. Who calls removes it, when the results are safe. A checkpoint that cannot be read, of another task
        or of other settings is ignored with a warning.
    what : what the progress is called.
    """
    members: list[Member] = []
    total = len(task.seeds)
    of_task = "" if checkpoint is None else _fingerprint(task, settings, keep_weights, members_at_once)
    store = _CheckpointFile(checkpoint, of_task)
    members, running = store.load()
    if len(members) == total:
        return members
    starts = range(len(members), total, members_at_once)
    for start in progress(starts, what=what, unit="stacks of networks"):
        indices = list(range(start, min(start + members_at_once, total)))
        try:
            stack = _Stack(task, settings, indices, device, keep_weights)
            if running is not None:
                stack.restore(running)
                running = None
            while stack.active:
                stack.run_epoch()
                store.save(members, stack)
        except torch.OutOfMemoryError as error:
            raise _no_memory(len(indices), device) from error
        members += stack.finished()
        del stack  # its memory, before the next takes its own
        store.save(members, None)
    store.save(members, None, anyway=True)
    return members


@dataclass
class _Stack:
    """The members that train side by side now."""

    task: Task
    settings: TrainingSettings
    indices: list[int]
    device: torch.device
    keep_weights: bool
    epoch: int = 0
    active: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.active = list(self.indices)
        self.skeleton = _seeded(self.task.build, 0).to("meta")
        self._load(*self.task.networks(self.active, self.device))
        self.best = {name: value.detach().clone() for name, value in self._state().items()} if self.keep_weights else {}
        self.best_so_far = {index: float("inf") for index in self.indices}
        self.best_epoch = dict.fromkeys(self.indices, 0)
        self.history: dict[int, list[tuple[int, float, float, float]]] = {index: [] for index in self.indices}
        self.scores: dict[int, torch.Tensor] = {}
        self.kept: dict[int, dict[str, torch.Tensor]] = {}
        self._read_inputs()
        if self.task.start is not None:
            _, train_loss = self.predict(self.task.training)
            self._validate(train_loss)

    def _load(self, parameters: dict, buffers: dict) -> None:
        self.parameters = {
            name: value.detach().to(self.device).requires_grad_(name.startswith(self.task.learning))
            for name, value in parameters.items()
        }
        self.buffers = {name: value.detach().to(self.device) for name, value in buffers.items()}
        self.optimiser = self.settings.build_optimiser([one for one in self.parameters.values() if one.requires_grad])
        self.total = torch.zeros(len(self.active), device=self.device)
        self.number = torch.zeros((), dtype=torch.int64, device=self.device)
        seeds = [derive(self.task.seeds[index], "drop") for index in self.active]
        self.drop_seeds = torch.tensor(seeds, device=self.device)
        self.recording = Recording() if self.device.type == "cuda" and self.settings.recordable else None

    def _state(self) -> dict[str, torch.Tensor]:
        return {**self.parameters, **self.buffers}

    def _read_inputs(self) -> None:
        self.inputs = self.task.inputs(self.active).to(self.device)
        self._prepare()

    def _prepare(self) -> None:
        """Make what is worked out from the inputs and labels of the active members."""
        shares = self.task.share is not None and self.device.type == "cpu" and not self._drops()
        people = np.concatenate([self.task.training, self.task.validation])
        self.shared = self.task.share(self.inputs, people) if shares else None
        labels = self.task.labels
        labels = (labels.expand(len(self.active), -1) if len(labels) == 1 else labels[self.active]).to(self.device)
        self.labels = labels.long() if self.task.objective.classes else labels
        self.offset = None if self.task.offset is None else self.task.offset.to(self.device)
        self.guessing = float("inf")
        self.class_weights = None
        if self.settings.class_weights and self.task.objective.classes:
            training = self.labels[:, torch.as_tensor(self.task.training, device=self.device)]
            cases = training.double().mean(1)
            self.class_weights = torch.stack([0.5 / (1 - cases), 0.5 / cases], dim=1).float()
        if self.settings.start > 0:
            self.guessing = self._loss_of_guessing()

    def _drops(self) -> bool:
        return bool(self.settings.site_dropout or self.settings.unit_dropout)

    def _loss_of_guessing(self) -> float:
        """Return the loss of a network that says the same of everybody."""
        training = torch.as_tensor(self.task.training, device=self.device)
        if self.offset is not None:
            people = training.expand(len(self.active), -1)
            nothing = torch.zeros((*people.shape, 1), device=self.device)
            return float(self._losses(nothing, people).mean())
        labels = self.labels[:, training].double()
        if not self.task.objective.classes:
            return float(labels.var(1, correction=0).mean())
        share = 0.5 if self.settings.class_weights else float(labels.mean())
        return -np.log(share**share * (1 - share) ** (1 - share))

    def _forward(self, people: torch.Tensor, drop: torch.Tensor | None = None) -> torch.Tensor:
        """Return outputs [members, batch, outputs] for people [members, batch].

        drop : seeds int64 [members], to drop sites of the input and units of the network while training.
        """
        if self.shared is not None:
            return self.skeleton.stacked(self.parameters, self.buffers, self.shared[people])
        rows = torch.arange(len(self.active), device=self.device)[:, None]
        encoded = self.task.encode(self.inputs[rows, people])
        given = [encoded]
        if drop is not None and self.settings.site_dropout:
            given = [encoded * _kept(drop, (encoded.shape[1], 1, encoded.shape[-1]), self.settings.site_dropout)]
        if drop is not None and self.settings.unit_dropout:
            units = (encoded.shape[1], self.skeleton.droppable)
            given.append(_kept(draws.derived(drop, 0), units, self.settings.unit_dropout))

        def one(parameters: dict, buffers: dict, *x: torch.Tensor) -> torch.Tensor:
            return functional_call(self.skeleton, (parameters, buffers), x)

        if self.device.type != "cpu":
            if hasattr(self.skeleton, "side_by_side"):
                return self.skeleton.side_by_side(self.parameters, self.buffers, *given)
            return vmap(one)(self.parameters, self.buffers, *given)
        stacks = [_members(part, len(self.active)) for part in (self.parameters, self.buffers)]
        outputs = [one(*member) for member in zip(*stacks, *given, strict=True)]
        return torch.stack(outputs)

    def _losses(self, outputs: torch.Tensor, people: torch.Tensor) -> torch.Tensor:
        """Return each member's mean loss over people [members, batch], class-weighted if so set: [members]."""
        labels = self.labels.gather(1, people)
        if self.offset is not None:
            outputs = self.task.objective.moved(outputs, self.offset[people])
        losses = self.task.objective.losses(outputs, labels)
        if self.class_weights is None:
            return losses.mean(1)
        weights = self.class_weights.gather(1, labels)
        return (losses * weights).sum(1) / weights.sum(1)

    def run_epoch(self) -> None:
        """Train one epoch, validate, keep the best weights, and let go of members that are done."""
        self.epoch += 1
        self._validate(self._train())
        self._drop([index for index in self.active if self._done(index)])

    def _validate(self, train_loss: torch.Tensor) -> None:
        """Note how good the members are now, and keep the weights of those that were never better."""
        scores, loss = self.predict(self.task.validation)
        labels = self.labels[:, torch.as_tensor(self.task.validation, device=self.device)]
        measure = self.task.objective.measure(scores, labels)
        rows = torch.stack([train_loss.double(), loss.double(), measure]).T.tolist()
        if not np.isfinite(rows).all():
            raise InputError(
                f"training diverged in epoch {self.epoch} (the loss is not a finite number)",
                fix="Lower the learning rate",
            )
        better = []
        for row, index in enumerate(self.active):
            self.history[index].append((self.epoch, *rows[row]))
            if self._better(index, *rows[row]):
                better.append(row)
                self.best_epoch[index] = self.epoch
        for row, score in zip(better, scores[better].float().cpu(), strict=True):
            self.scores[self.active[row]] = score.clone()
        self._keep_best(better)

    def _better(self, index: int, _: float, loss: float, measure: float) -> bool:
        """Whether this epoch's weights are to be kept rather than those kept so far, and note it."""
        if self.settings.keep == "last":
            return True
        reached = loss if self.settings.keep == "loss" else -measure
        better = reached < self.best_so_far[index] or (
            self.settings.keep == "measure" and reached == self.best_so_far[index]
        )
        if better:
            self.best_so_far[index] = reached
        return better

    def _train(self) -> torch.Tensor:
        self.skeleton.train()
        for name, module in self.skeleton.named_modules():
            own = [f"{name}.{parameter}" for parameter, _ in module.named_parameters(recurse=False)]
            if own and not any(parameter.startswith(self.task.learning) for parameter in own):
                module.eval()
        order = torch.stack([self._order(index) for index in self.active]).to(self.device)
        batches = order.tensor_split(-(-order.shape[1] // self.settings.batch_size), dim=1)
        self.total.zero_()
        for number, people in enumerate(batches, start=(self.epoch - 1) * len(batches)):
            self.number.fill_(number)
            if self.settings.optimiser == "sgd":  # Adagrad knows its decay
                self._set_rate(self.settings.learning_rate / (1 + self.settings.learning_rate_decay * number))
            if self.recording is None:
                self._step(people)
            else:
                self.recording.take(self._step, people)
        return self.total / len(batches)

    def _step(self, people: torch.Tensor) -> None:
        """Learn from people [members, batch]."""
        drop = draws.derived(self.drop_seeds, self.number) if self._drops() else None
        losses = self._losses(self._forward(people, drop), people)
        self.optimiser.zero_grad(set_to_none=True)
        losses.sum().backward()
        if self.settings.clip_norm is not None:
            self._clip(self.settings.clip_norm)
        self.optimiser.step()
        self.total += losses.detach()

    def _set_rate(self, rate: float) -> None:
        group = self.optimiser.param_groups[0]
        if torch.is_tensor(group["lr"]):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate

    def _clip(self, limit: float) -> None:
        """Scale each member's gradient down to a norm of at most `limit`."""
        gradients = [value.grad for value in self.parameters.values() if value.grad is not None]
        squares = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients]).sum(0)
        factor = (limit / (squares.sqrt() + 1e-6)).clamp_max(1)
        for gradient in gradients:
            gradient *= factor.view(-1, *[1] * (gradient.dim() - 1))

    def _order(self, index: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(derive(self.task.seeds[index], "order", self.epoch))
        return torch.as_tensor(self.task.training)[torch.randperm(len(self.task.training), generator=generator)]

    @torch.no_grad()
    def predict(self, people: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores [members, people], such as log-odds of being a case, and the mean loss [members]."""
        self.skeleton.eval()
        parts = []
        size = EVALUATION_BATCH
        if self.device.type != "cpu":
            size = max(self.settings.batch_size, EVALUATED_ON_GPU // len(self.active))
        for part in torch.as_tensor(people, device=self.device).split(size):
            parts.append(self._forward(part.expand(len(self.active), -1)))
        outputs = torch.cat(parts, dim=1)
        everybody = torch.as_tensor(people, device=self.device).expand(len(self.active), -1)
        return self.task.objective.scores(outputs), self._losses(outputs, everybody)

    def _keep_best(self, rows: list[int]) -> None:
        state = self._state()
        for name, value in self.best.items() if rows else ():
            value[rows] = state[name].detach()[rows]

    def _done(self, index: int) -> bool:
        if self.epoch >= self.settings.epochs or self.settings.patience is None:
            return self.epoch >= self.settings.epochs
        learning = [row[0] for row in self.history[index] if row[1] <= (1 - self.settings.start) * self.guessing]
        since = max(self.best_epoch[index], learning[0]) if learning else self.epoch
        return self.epoch - since >= self.settings.patience

    def _drop(self, done: list[int]) -> None:
        """Take members out of the stack: their weights, the optimiser's memory of them, and their inputs."""
        if not done:
            return
        for row, index in enumerate(self.active):
            if index in done and self.keep_weights:
                self.kept[index] = {name: value[row].cpu().clone() for name, value in self.best.items()}
        stay = [row for row, index in enumerate(self.active) if index not in done]
        self.active = [self.active[row] for row in stay]
        if self.active:
            self._select(stay)
            alike = self.inputs.stride(0) == 0  # all members have the same, kept once
            self.inputs = self.inputs[: len(stay)] if alike else self.inputs[stay]
            self._prepare()

    def _select(self, rows: list[int]) -> None:
        memory = [self.optimiser.state[value] for value in self.parameters.values()]
        parameters = {name: value.detach()[rows] for name, value in self.parameters.items()}
        self._load(parameters, {name: value[rows] for name, value in self.buffers.items()})
        self.best = {name: value[rows] for name, value in self.best.items()}
        for value, state in zip(self.parameters.values(), memory, strict=True):
            self.optimiser.state[value] = {
                key: entry[rows] if torch.is_tensor(entry) and entry.dim() else entry for key, entry in state.items()
            }

    def finished(self) -> list[Member]:
        """Return the members in order, when none is active any more."""
        return [
            Member(index, self.best_epoch[index], self.history[index], self.scores[index].numpy(), self.kept.get(index))
            for index in self.indices
        ]

    def snapshot(self) -> tuple[dict[str, torch.Tensor], dict]:
        """Return all tensors and all plain values that `restore` needs."""
        tensors = {f"state/{name}": value.detach() for name, value in self._state().items()}
        tensors |= {f"best/{name}": value for name, value in self.best.items()}
        for name, value in self.parameters.items():
            for key, entry in self.optimiser.state[value].items():
                tensors[f"optimiser/{name}/{key}"] = torch.as_tensor(entry)
        tensors |= {f"scores/{index}": value for index, value in self.scores.items()}
        for index, weights in self.kept.items():
            tensors |= {f"kept/{index}/{name}": value for name, value in weights.items()}
        plain = {"epoch": self.epoch, "active": self.active, "best_so_far": self.best_so_far,
                 "best_epoch": self.best_epoch, "history": self.history}  # fmt: skip
        return tensors, plain

    def restore(self, saved: tuple[dict[str, torch.Tensor], dict]) -> None:
        """Continue from a snapshot."""
        tensors, plain = saved
        self.epoch, self.active = plain["epoch"], plain["active"]
        self.best_so_far = {int(index): value for index, value in plain["best_so_far"].items()}
        self.best_epoch = {int(index): value for index, value in plain["best_epoch"].items()}
        self.history = {int(index): [tuple(row) for row in rows] for index, rows in plain["history"].items()}
        names, buffers = list(self.parameters), list(self.buffers)
        self._load({name: tensors[f"state/{name}"] for name in names}, {n: tensors[f"state/{n}"] for n in buffers})
        self.best = {name: tensors[f"best/{name}"].to(self.device) for name in self.best}
        for name, value in self.parameters.items():
            prefix = f"optimiser/{name}/"
            found = {key[len(prefix) :]: entry for key, entry in tensors.items() if key.startswith(prefix)}
            if found:
                self.optimiser.state[value] = {
                    key: entry.to(self.device) if self.recording is not None or entry.dim() else entry
                    for key, entry in found.items()
                }
        for key, value in tensors.items():
            kind, _, rest = key.partition("/")
            if kind == "scores":
                self.scores[int(rest)] = value
            elif kind == "kept":
                index, _, name = rest.partition("/")
                self.kept.setdefault(int(index), {})[name] = value
        self._read_inputs()


class _CheckpointFile:
    """Progress on disk: finished members, and the stack that was training."""

    def __init__(self, path: Path | None, fingerprint: str) -> None:
        self.path, self.fingerprint = path, fingerprint
        self.due = 0.0

    def save(self, members: list[Member], stack: _Stack | None, *, anyway: bool = False) -> None:
        began = time.monotonic()
        if self.path is None or (began < self.due and not anyway):
            return
        tensors, plain = ({}, None) if stack is None else stack.snapshot()
        for member in members:
            tensors[f"member/{member.index}/scores"] = torch.from_numpy(member.validation_scores)
            for name, value in (member.weights or {}).items():
                tensors[f"member/{member.index}/weights/{name}"] = value
        rows = [{"index": m.index, "best_epoch": m.best_epoch, "history": m.history} for m in members]
        header = {"fingerprint": self.fingerprint, "members": json.dumps(rows), "stack": json.dumps(plain)}
        with written(self.path) as partial:
            save_tensors({name: value.cpu() for name, value in tensors.items()}, partial, metadata=header)
            with partial.open("rb") as file:
                os.fsync(file.fileno())  # nothing tells zeros that a power cut left from weights
        ended = time.monotonic()
        self.due = ended + (ended - began) / SHARE_FOR_CHECKPOINTS

    def load(self) -> tuple[list[Member], tuple[dict[str, torch.Tensor], dict] | None]:
        if self.path is None or not self.path.is_file():
            return [], None
        try:
            with safe_open(self.path, framework="pt") as file:
                header = file.metadata()
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except Exception as error:  # a torn file: begin again rather than stop
            logger.warning("%s: the checkpoint cannot be read (%s); training starts anew", self.path, error)
            return [], None
        if header.get("fingerprint") != self.fingerprint:
            logger.warning("%s: the checkpoint is of another run; training starts anew", self.path)
            return [], None
        members = []
        for row in json.loads(header["members"]):
            prefix = f"member/{row['index']}/"
            weights = {
                name[len(prefix) + 8 :]: value
                for name, value in tensors.items()
                if name.startswith(prefix + "weights/")
            }
            history = [tuple(entry) for entry in row["history"]]
            scores = tensors[prefix + "scores"].numpy()
            members.append(Member(row["index"], row["best_epoch"], history, scores, weights or None))
        plain = json.loads(header["stack"])
        logger.info("resuming: %d members done, epoch %s of the next", len(members), plain["epoch"] if plain else 0)
        return members, None if plain is None else (tensors, plain)


def _no_memory(members: int, device: torch.device) -> InputError:
    free, whole = torch.cuda.mem_get_info(device)
    left = (free + torch.cuda.memory_reserved(device)) / 2**30
    return InputError(
        f"the GPU does not hold {members:,} networks side by side: other jobs left {left:.1f} of its "
        f"{whole / 2**30:.1f} GiB",
        fix="Lower ranking.memory_mb (Promoter-CNNs), als_net.seeds or chromatin.training.together, or train where "
        "no other job uses the GPU",
    )


def _kept(seeds: torch.Tensor, shape: tuple[int, ...], share: float) -> torch.Tensor:
    """Return what dropout multiplies with [members, *shape]: 0, or what keeps the mean."""
    return (draws.uniform(seeds, shape) >= share) / (1 - share)


def _members(stacked: dict[str, torch.Tensor], members: int) -> list[dict[str, torch.Tensor]]:
    """Return each member's tensors, as views of the stack."""
    if members == 1:  # gradients of a squeezed view are not copied
        return [{name: value.squeeze(0) for name, value in stacked.items()}]
    parts = {name: value.unbind(0) for name, value in stacked.items()}
    return [{name: part[member] for name, part in parts.items()} for member in range(members)]


def _seeded(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % 2**63)
        return build()


def _fingerprint(task: Task, settings: TrainingSettings, keep_weights: bool, members_at_once: int) -> str:
    """Return a digest of everything a result depends on: settings, people, labels, genotypes, encoding, network."""
    parts = [
        settings.as_dict(),
        task.objective.name,
        list(task.seeds),
        task.training.tolist(),
        task.validation.tolist(),
    ]
    digest = hashlib.sha256(json.dumps([parts, keep_weights, members_at_once]).encode())
    digest.update(task.labels.cpu().numpy().tobytes())
    digest.update(b"" if task.offset is None else task.offset.cpu().numpy().tobytes())
    for index in range(len(task.seeds)):
        digest.update(task.inputs([index]).cpu().contiguous().numpy().tobytes())
    few = task.inputs([0])[:, :4]
    digest.update(task.encode(few).cpu().numpy().tobytes())
    digest.update(json.dumps(task.learning).encode())
    for index in range(len(task.seeds) if task.start is not None else 1):
        for name, value in task.network(index).state_dict().items():
            digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()
