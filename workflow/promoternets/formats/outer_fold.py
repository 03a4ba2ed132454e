"""Who trains, who validates and who is tested in one outer fold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from promoternets.errors import InputError
from promoternets.formats.tables import read_table

STOPPING_PART = 1  # the inner part whose training people decide when ALS-Net stops


@dataclass(frozen=True)
class OuterFold:
    """The people of one outer fold, as indices into `sample_ids`.

    Attributes
    ----------
    sample_ids : text [people], the order of the genotype store.
    labels : int64 [people], 1 case, 0 control.
    inner : int64 [people], each person's inner part (1..I).
    training, test : int64 indices; test people are seen by nothing that is fitted.
    fold_of : int64 [people], the outer fold in which each person is tested; None where only this one is known.
    """

    sample_ids: np.ndarray
    labels: np.ndarray
    inner: np.ndarray
    training: np.ndarray
    test: np.ndarray
    fold_of: np.ndarray | None = None

    def split_training(self, part: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the training people outside and inside an inner part: those who fit, and those who validate."""
        held = self.inner[self.training] == part
        return self.training[~held], self.training[held]

    def validation_rounds(self, rounds: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return who fits and who validates in each round of an inner cross-validation.

        The inner parts are dealt into `rounds` groups, and each group validates once; one round is a single
        hold-out of the first inner part.

        Raises
        ------
        InputError
            When there are fewer inner parts than rounds.
        """
        parts = int(self.inner.max())
        if rounds == 1:
            return [self.split_training(1)]
        if rounds > parts:
            raise InputError(f"{rounds} rounds of validation need as many inner parts, there are {parts}",
                             fix="Raise folds.inner or lower ranking.rounds")  # fmt: skip
        group = (self.inner[self.training] - 1) % rounds
        return [(self.training[group != number], self.training[group == number]) for number in range(rounds)]


def read_outer_fold(sample_ids: np.ndarray, samples: str | Path, folds: str | Path, fold: int) -> OuterFold:
    """Read one outer fold for the people of a genotype store.

    Parameters
    ----------
    sample_ids : text [people] of the store; every person of the store needs a row in both tables.
    samples : table with sample and phenotype (0/1).
    folds : table with sample, fold and inner.
    fold : which outer fold, from 1.

    Raises
    ------
    InputError
        When a person of the store is in neither table, or nobody is tested in that fold.
    """
    ids = [str(sample) for sample in sample_ids]
    people = read_table(
        samples, columns=["sample", "phenotype"], what="table of matched people", dtypes={"phenotype": "int64"}
    )
    parts = read_table(
        folds, columns=["sample", "fold", "inner"], what="table of folds", dtypes={"fold": "int64", "inner": "int64"}
    )
    for table, path in ((people, samples), (parts, folds)):
        absent = set(ids) - set(table["sample"])
        if absent:
            raise InputError(
                f"{len(absent)} people of the genotypes have no row, {min(absent)} for one",
                where=path,
                fix="Run the stages again from match_samples",
            )
    labels = people.set_index("sample")["phenotype"].loc[ids].to_numpy(np.int64, copy=True)
    parts = parts.set_index("sample").loc[ids]
    tested = parts["fold"].to_numpy() == fold
    if not tested.any():
        raise InputError(
            f"nobody is tested in fold {fold}", where=folds, fix=f"The folds are 1 to {parts['fold'].max()}"
        )
    return OuterFold(
        sample_ids=np.asarray(ids, dtype=object),
        labels=labels,
        inner=parts["inner"].to_numpy(np.int64),
        training=np.flatnonzero(~tested),
        test=np.flatnonzero(tested),
        fold_of=parts["fold"].to_numpy(np.int64),
    )
