"""Which reruns there are: the people, labels and parts of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.folds.assign import partition
from promoternets.formats.outer_fold import OuterFold
from promoternets.permutations import movable, permutation_cells, permuted, validating_parts
from promoternets.seeds import derive

KINDS = ("permuted", "subsampled", "repeated")
FEWEST_OF_A_CLASS = 10  # training people of either class in a subsample


@dataclass(frozen=True)
class Rerun:
    """One rerun of an outer fold.

    Attributes
    ----------
    number : from 0.
    people : who trains and who is tested, with which labels.
    share : of the fold's training people.
    """

    number: int
    people: OuterFold
    share: float = 1.0


def permuted_reruns(people: OuterFold, stratum: np.ndarray, *, permutations: int, seed: int) -> list[Rerun]:
    """Return a rerun with the labels as they are (number 0), then `permutations` with labels permuted within strata.

    A permutation moves the labels of the whole cohort, those of test people too, and is the same in all folds.

    Raises
    ------
    InputError
        When no label can change places.
    """
    cells = permutation_cells(stratum, people.fold_of, people.inner)
    if not movable(people.labels, cells):
        raise InputError(
            "every stratum holds cases only or controls only: labels cannot be permuted within strata",
            fix="Name other columns in audit.strata",
        )
    numbers, parts = range(1, permutations + 1), validating_parts(people.fold_of, people.inner)
    moved = [replace(people, labels=permuted(people.labels, cells, parts, seed, "rerun", number)) for number in numbers]
    return [Rerun(0, people), *(Rerun(number, own) for number, own in zip(numbers, moved, strict=True))]


def subsampled_reruns(people: OuterFold, *, shares: Sequence[float], replicates: int, seed: int) -> list[Rerun]:
    """Return reruns with shares of the fold's training people; all of them once, smaller shares `replicates` times.

    Cases and controls of each inner part keep their proportions. Test people stay the same.

    Raises
    ------
    InputError
        When a share leaves fewer than 10 training people of either class.
    """
    labels, inner = people.labels[people.training], people.inner[people.training]
    reruns: list[Rerun] = []
    for share in sorted(shares):
        for replicate in range(1 if share == 1 else replicates):
            random = np.random.default_rng(derive(seed, "subsample", share, replicate))
            kept = np.zeros(len(labels), dtype=bool)
            for cell in np.unique(np.stack([labels, inner]), axis=1).T:
                members = np.flatnonzero((labels == cell[0]) & (inner == cell[1]))
                kept[random.permutation(members)[: max(1, round(share * len(members)))]] = True
            if np.bincount(labels[kept], minlength=2).min() < FEWEST_OF_A_CLASS:
                raise InputError(
                    f"a share of {share:g} leaves fewer than {FEWEST_OF_A_CLASS} cases or controls to train on",
                    fix="Leave that share out of reruns.shares",
                )
            reruns.append(Rerun(len(reruns), replace(people, training=people.training[kept]), share))
    return reruns


def repeated_reruns(table: pd.DataFrame, sample_ids: np.ndarray, fold: int, *, repeats: int, seed: int) -> list[Rerun]:
    """Return reruns of an outer fold with other partitions into as many folds and inner parts.

    Parameters
    ----------
    table : sample, phenotype, fold, inner and, for stratification, batch and family; text, as read from the tables.
    sample_ids : text [people], the order of the genotype stores.
    """
    count, inner = (int(table[name].astype(int).max()) for name in ("fold", "inner"))
    people = table.drop(columns=["fold", "inner"])
    reruns = []
    for number in range(repeats):
        parts = partition(people, count=count, inner=inner, seed=derive(seed, "repeat", number))
        parts = parts.set_index("sample").loc[list(sample_ids)]
        tested = (parts["fold"] == fold).to_numpy()
        labels = people.set_index("sample")["phenotype"].loc[list(sample_ids)].to_numpy(np.int64)
        reruns.append(
            Rerun(
                number,
                OuterFold(
                    np.asarray(sample_ids, dtype=object),
                    labels,
                    parts["inner"].to_numpy(np.int64),
                    np.flatnonzero(~tested),
                    np.flatnonzero(tested),
                    parts["fold"].to_numpy(np.int64),
                ),
            )
        )
    return reruns


def together(reruns: Sequence[Rerun]) -> list[list[Rerun]]:
    """Return reruns in groups that train and test the same people, which can share an ensemble."""
    groups: dict[bytes, list[Rerun]] = {}
    for rerun in reruns:
        people = rerun.people
        key = b"|".join(part.tobytes() for part in (people.training, people.test, people.inner))
        groups.setdefault(key, []).append(rerun)
    return list(groups.values())
