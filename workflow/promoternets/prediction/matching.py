"""Which column of other people's genotypes stands for each site of a model, and whether its alleles are swapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from promoternets.errors import InputError
from promoternets.formats.model_folder import ANY_ALLELE, taken_apart
from promoternets.formats.variant_store import ABSENT, alternate_counts

MATCHED, FLIPPED, AMBIGUOUS, MISMATCHED, NOT_THERE = STATUSES = (
    "matched", "flipped", "ambiguous", "mismatched", "absent",
)  # fmt: skip
PAIRED = {frozenset("AT"), frozenset("CG")}
Ambiguous = Literal["absent", "flip"]


@dataclass(frozen=True)
class Matching:
    """How a model's sites are found among those of a cohort.

    Attributes
    ----------
    status : text [sites], one of `STATUSES`; matched and flipped sites are read, the others are not.
    column : int64 [sites], which of the cohort's sites is read; -1 for none.
    flipped : bool [sites], whether it counts the model's reference allele.
    """

    status: np.ndarray
    column: np.ndarray
    flipped: np.ndarray

    @property
    def found(self) -> np.ndarray:
        """Whether a site is read, bool [sites]."""
        return self.column >= 0

    @property
    def coverage(self) -> float:
        """Share of the model's sites that are read; 0 where there are none."""
        return float(self.found.mean()) if self.found.size else 0.0

    def counts(self, where: np.ndarray | slice = slice(None)) -> dict[str, int]:
        """Return how many sites have each status, those at `where` only if given."""
        return {status: int((self.status[where] == status).sum()) for status in STATUSES}


def match_sites(model: Sequence[str], cohort: Sequence[str], *, ambiguous: Ambiguous = "absent") -> Matching:
    """Find each site of a model among those of a cohort, both as ``chrom:pos:ref:alt``.

    ============  ======================================================================================
    status        the cohort has, at the position
    ============  ======================================================================================
    matched       the same alleles; or the model's reference allele in everybody (alternate ``.``)
    flipped       reference and alternate swapped; or the model's alternate in everybody
    ambiguous     A/T or C/G swapped: another reference, or the other strand? Left unread unless `ambiguous` is flip
    mismatched    other alleles only
    absent        nothing
    ============  ======================================================================================

    ``chr20`` and ``20`` are the same. An exact match goes before a swapped one, and both before ``.``. Insertions
    and deletions are compared as they are written.

    Raises
    ------
    InputError
        When a site is not of that form, or the cohort has one twice.
    """
    place: dict[tuple[str, int, str, str], int] = {}
    for number, site in enumerate(cohort):
        if place.setdefault(taken_apart(site), number) != number:
            raise InputError(f"site {site} is there twice", fix="Keep one column a site")
    taken = {key[:2] for key in place}
    rows = [_found(taken_apart(site), place, taken, ambiguous) for site in model]
    status, column = [row[0] for row in rows], [row[1] for row in rows]
    flipped = [row[2] for row in rows]
    return Matching(np.array(status, object), np.array(column, np.int64), np.array(flipped, bool))


def _found(
    site: tuple[str, int, str, str], place: dict, taken: set[tuple[str, int]], ambiguous: Ambiguous
) -> tuple[str, int, bool]:
    """Return status, column and whether it is flipped."""
    contig, position, reference, alternate = site
    paired = frozenset((reference, alternate)) in PAIRED
    for alleles, flipped in (
        ((reference, alternate), False),
        ((alternate, reference), True),
        ((reference, ANY_ALLELE), False),
        ((alternate, ANY_ALLELE), True),
    ):
        column = place.get((contig, position, *alleles))
        if column is None:
            continue
        if flipped and paired and ambiguous == "absent":
            return AMBIGUOUS, -1, False
        return (FLIPPED if flipped else MATCHED), column, flipped
    return (MISMATCHED if (contig, position) in taken else NOT_THERE), -1, False


def alleles_of(calls: np.ndarray, matching: Matching) -> np.ndarray:
    """Return the model's sites of each person, int8 [people, sites(, 2)], as the model counts alleles.

    Parameters
    ----------
    calls : int8 [people, cohort sites] counts of alternate alleles, -1 not called; or [people, cohort sites, 2] the
        alleles of both haplotypes, 0 or 1, -1 not called, -2 no second one (haploid).

    Returns
    -------
    Of the same kind, flipped where alleles are swapped: count c becomes 2 - c, allele a becomes 1 - a. Sites that are
    not read have -2.
    """
    chosen = np.asarray(calls)[:, np.maximum(matching.column, 0)].astype(np.int8)
    flipped, most = matching.flipped, np.int8(1 if chosen.ndim == 3 else 2)
    part = chosen[:, flipped]
    chosen[:, flipped] = np.where(part >= 0, most - part, part)
    chosen[:, ~matching.found] = ABSENT
    return chosen


def counts_of(alleles: np.ndarray) -> np.ndarray:
    """Return counts, int8 [people, sites], of what `alleles_of` gives; -2 stays for sites that are not read."""
    if alleles.ndim == 2:
        return alleles
    return np.where(alleles[..., 0] == ABSENT, np.int8(ABSENT), alternate_counts(alleles.copy()))
