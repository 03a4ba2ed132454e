"""What a site is, whatever file it comes from: its alleles, its calls, and why it is not kept."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from promoternets.errors import InputError
from promoternets.formats.contigs import LENGTHS, canonical

MISSING = -1
ABSENT = -2  # no second allele, for htslib and in the store: a haploid call
HAPLOID_CONTIGS = {"X", "Y", "MT"}
GREATEST_POSITION = (1 << 31) - 2
RECORD_FIX = "Mend that record or leave it out"
_BASES = frozenset("ACGTN")
_REFERENCE = re.compile("[ACGTNRYKMSWBDHV]+")  # references have a few bases of several meanings
_ALTERNATE = re.compile(
    r"[ACGTN]+|\*|<[^<>\s]+>"
    r"|\.[ACGTN]+|[ACGTN]+\."  # single breakends
    r"|[ACGTN.]*([\[\]])[^\[\]\s]+:\d+\1|([\[\]])[^\[\]\s]+:\d+\2[ACGTN.]*"
)


class Calls(NamedTuple):
    """The calls of some people at a site, or at several with an axis of sites before."""

    alleles: np.ndarray  # int, shape=(people, 2): 0, 1, -1 missing, -2 no second allele
    phased: np.ndarray  # bool, shape=(people,)
    # float32, shape=(people,): expected alternate alleles, nan where missing; where dosages are kept
    dosages: np.ndarray | None = None

    @classmethod
    def of(cls, columns: np.ndarray) -> Calls:
        """Return the calls of an int array, shape=(people, 3): two alleles, and 1 where they are phased."""
        return cls(columns[:, :2], columns[:, 2] == 1)


class Site(NamedTuple):
    """One alternate allele of one record; `reason` says why it is removed, None when it is not."""

    reference: str
    alternate: str
    name: str
    reason: str | None
    calls: Calls | None  # of the people of the file


AtPosition = tuple[str, int, Iterable[Site]]  # contig, position and sites there


@dataclass(frozen=True, slots=True)
class Batch:
    """Sites of one contig, ascending, each the one alternate allele of a record and written in bases.

    Parameters
    ----------
    CHROM : the contig. positions : int64, shape=(sites,). texts : reference, alternate and name of each.
    reasons : why each is removed, None where it is not. calls : with an axis of sites before.
    """

    CHROM: str
    positions: np.ndarray
    texts: Sequence[tuple[str, str, str]]
    reasons: Sequence[str | None]
    calls: Calls

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, rows: slice) -> Batch:
        calls = Calls(self.calls.alleles[rows], self.calls.phased[rows])
        return Batch(self.CHROM, self.positions[rows], self.texts[rows], self.reasons[rows], calls)

    def take(self, rows: np.ndarray) -> Batch:
        """Return the sites of some numbers, ascending."""
        if len(rows) == len(self):
            return self
        calls = Calls(self.calls.alleles[rows], self.calls.phased[rows])
        texts, reasons = ([column[row] for row in rows.tolist()] for column in (self.texts, self.reasons))
        return Batch(self.CHROM, self.positions[rows], texts, reasons, calls)

    def sites(self) -> Iterator[AtPosition]:
        """Yield contig, position and a site there, one by one, though several be at one position."""
        for row, (position, text, reason) in enumerate(
            zip(self.positions.tolist(), self.texts, self.reasons, strict=True)
        ):
            calls = None if reason else Calls(self.calls.alleles[row], self.calls.phased[row])
            yield self.CHROM, position, [Site(*text, reason, calls)]


@dataclass(frozen=True)
class Rules:
    """What is read of each record: FILTER, kinds of variants, how several alternate alleles and dosages are taken.

    With `positions`, by contig without chr, only records there are read, also those without an alternate allele; with
    `near`, only records in these stretches (first and last position, ascending and apart).
    """

    pass_only: bool = True
    variants: Literal["snv", "snv_indel"] = "snv_indel"
    multiallelic: Literal["split", "drop"] = "split"
    dosages: Literal["refuse", "round", "real"] = "refuse"
    max_dosage_error: float = 0.1
    positions: Mapping[str, frozenset[int]] | None = None
    near: Mapping[str, Sequence[tuple[int, int]]] | None = None

    def wanted(self, contig: str, position: int) -> bool:
        """Return whether records at a position are read."""
        if self.positions is not None:
            return position in self.positions.get(canonical(contig), ())
        if self.near is None:
            return True
        stretches = self.near.get(canonical(contig), ())
        place = bisect_right(stretches, (position, GREATEST_POSITION))
        return place > 0 and position <= stretches[place - 1][1]

    def wanted_of(self, contig: str, positions: np.ndarray) -> np.ndarray:
        """Return at which of some positions records are read, bool."""
        if self.everywhere:
            return np.ones(len(positions), dtype=bool)
        first, last = self._ends.get(contig) or self._ends.setdefault(contig, self._ends_of(contig))
        return positions <= last[np.searchsorted(first, positions, side="right")]

    @cached_property
    def _ends(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {}

    def _ends_of(self, contig: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the first position of each stretch of a contig, and the last of each, with none before them."""
        stretches = np.array(self.stretches(contig), dtype=np.int64).reshape(-1, 2)
        return stretches[:, 0], np.append(-1, stretches[:, 1])

    @property
    def everywhere(self) -> bool:
        """Return whether records are read wherever they lie."""
        return self.positions is None and self.near is None

    def stretches(self, contig: str) -> Sequence[tuple[int, int]] | None:
        """Return the stretches of a contig that the records read lie in; None for all of it."""
        if self.positions is not None:
            return merged((place, place) for place in sorted(self.positions.get(canonical(contig), ())))
        return None if self.near is None else self.near.get(canonical(contig), ())

    def keeps_dosages(self, contig: str) -> bool:
        """Return whether dosages of a contig are kept as they are, where they stand beside genotypes too."""
        return self.dosages == "real" and canonical(contig) not in HAPLOID_CONTIGS

    @property
    def reason_without_alternate(self) -> str | None:
        """Return why a record without an alternate allele is not a site, None where it is one."""
        return "monomorphic" if self.positions is None else None


def merged(stretches: Iterable[tuple[int, int]], gap: int = 0) -> list[tuple[int, int]]:
    """Return ascending stretches with those joined that overlap, or have at most `gap` positions between them."""
    found: list[tuple[int, int]] = []
    for first, last in stretches:
        if found and first <= found[-1][1] + gap + 1:
            first, last = found[-1][0], max(last, found.pop()[1])
        found.append((first, last))
    return found


@lru_cache(maxsize=65536)
def reason_of_alleles(reference: str, alternate: str, variants: str) -> str | None:
    """Return why an allele pair is not a site: ``symbolic_or_star``, ``not_snv``, or None when it is one.

    Symbolic is all that is not written in bases: ``<DEL>``, ``*``, breakends.
    """
    if not alternate or not _BASES.issuperset(alternate):
        return "symbolic_or_star"
    if variants == "snv" and not len(reference) == len(alternate) == 1:
        return "not_snv"
    return None


@lru_cache(maxsize=65536)
def wrong_alleles(reference: str, alternates: tuple[str, ...]) -> str | None:
    """Return what is wrong with a record's alleles (in capitals) by the VCF specification, None if nothing."""
    if not _REFERENCE.fullmatch(reference):
        return f"has REF {_short(reference)}, which is not bases"
    for number, alternate in enumerate(alternates):
        if not _ALTERNATE.fullmatch(alternate):
            return f"has ALT {_short(alternate)}, which is neither bases, *, <symbol> nor a breakend"
        if alternate == reference:
            return f"has ALT {_short(alternate)}, which is its REF too"
        if alternate in alternates[:number] and _BASES.issuperset(alternate):
            return f"has ALT {_short(alternate)} twice"
    return None


def _short(allele: str) -> str:
    return repr(allele if len(allele) <= 40 else allele[:37] + "...")


def reasons_of_record(reference: str, alternates: Sequence[str], rules: Rules) -> list[str | None]:
    """Return why each alternate allele of a record is not a site, None where it is one."""
    reasons = [reason_of_alleles(reference, alternate, rules.variants) for alternate in alternates]
    if len(alternates) > 1 and rules.multiallelic == "drop":
        return [reason or "multiallelic" for reason in reasons]
    return reasons


def calls_of_allele(calls: Calls, number: int) -> Calls:
    """Return calls of one alternate allele; the others count as reference, as in `bcftools norm`."""
    alleles = calls.alleles
    return Calls(np.where(alleles > 0, alleles == number, alleles), calls.phased)


def by_allele(calls: Calls, alternates: int, dosages: np.ndarray | None = None) -> list[Calls]:
    """Return calls of each of so many alternate alleles, of calls of a record.

    Dosages, float, shape=(people, alternates), are given with them.
    """
    own = [calls] if alternates == 1 else [calls_of_allele(calls, number) for number in range(1, alternates + 1)]
    if dosages is None:
        return own
    return [call._replace(dosages=column) for call, column in zip(own, dosages.T, strict=True)]


def rounded(dosages: np.ndarray, max_error: float) -> tuple[np.ndarray, np.ndarray]:
    """Return allele counts that dosages stand for, and which dosages were too uncertain.

    Parameters
    ----------
    dosages : float, any shape: expected alternate alleles, 0 to 2, nan where missing.
    max_error : greatest distance from a whole number.

    Returns
    -------
    counts : int8: the nearest whole number; -1 where missing or further than `max_error` from it.
    uncertain : bool: further than `max_error`.
    """
    with np.errstate(invalid="ignore"):
        nearest = np.rint(dosages)
        # dosages are kept with few digits, in a .pgen as multiples of 2^-14: the limit itself is not too far
        uncertain = np.abs(dosages - nearest) > max_error + 1e-4
    return np.where(uncertain | np.isnan(dosages), -1, np.nan_to_num(nearest)).astype(np.int8), uncertain


def unphased(counts: np.ndarray) -> np.ndarray:
    """Return calls of alternate allele counts (-1 missing), int8, shape=(..., 3), a heterozygote as 0/1."""
    calls = np.zeros((*counts.shape, 3), dtype=np.int8)
    calls[..., 0] = np.where(counts < 0, -1, counts == 2)
    calls[..., 1] = np.where(counts < 0, -1, counts > 0)
    return calls


def calls_of_dosages(dosages: np.ndarray, rules: Rules) -> tuple[list[Calls], int]:
    """Return calls that dosages, shape=(people, alternate alleles), stand for, and how many were too uncertain.

    Where `rules` keep dosages, each stands for the nearest call, however far, and is given with it.
    """
    kept = rules.dosages == "real"
    counts, uncertain = rounded(dosages, 0.5 if kept else rules.max_dosage_error)
    calls = [Calls.of(unphased(own)) for own in counts.T]
    if kept:
        calls = [call._replace(dosages=column) for call, column in zip(calls, dosages.T, strict=True)]
    return calls, int(np.count_nonzero(uncertain))


def no_such_allele(path: Path, contig: str, position: int) -> InputError:
    """Return the error for a call of an allele that the record does not list."""
    return InputError(
        f"a genotype at {contig}:{position:,} names an allele that the record does not have",
        where=path,
        fix="The record is broken: mend it or leave it out",
    )


def refuse_disagreeing(path: Path, contig: str, position: int, first: Site, again: Site) -> None:
    """Raise InputError where two records of the same alleles at one position have different genotypes."""
    both = [
        np.where((alleles == -1).any(axis=1, keepdims=True), -1, np.sort(alleles))
        for alleles in (first.calls.alleles, again.calls.alleles)
    ]
    if not np.array_equal(*both):
        raise InputError(
            f"two records of {contig}:{position:,} {first.reference}>{first.alternate} disagree about "
            f"{np.count_nonzero((both[0] != both[1]).any(axis=1)):,} people's genotypes",
            where=path,
            fix="Leave the wrong one out; `bcftools norm --rm-dup exact` keeps the first",
        )


def refuse_dosages(path: Path, contig: str, position: int, rules: Rules) -> None:
    """Raise InputError where dosages are not to be read, or cannot tell the genotypes of men.

    That is where no setting says how they become genotypes, and on contigs where men have one allele.
    """
    if rules.dosages == "refuse":
        raise InputError(
            f"there are dosages, not whole genotypes, at {contig}:{position:,}",
            where=path,
            fix="`genotypes: {dosages: round}` takes each for the nearest genotype, and those further from it than "
            "`max_dosage_error` as missing; `real` keeps them as they are",
        )
    if canonical(contig) in HAPLOID_CONTIGS:
        raise InputError(
            f"there are dosages at {contig}:{position:,}; on X, Y and MT a man's may count to 1 or to 2",
            where=path,
            fix="Leave that contig out (`chromosomes`), or give whole genotypes of it",
        )


class ContigEnds:
    """The last position of each contig, by the file's own header and by the genome build.

    Parameters
    ----------
    path : the file that positions come from. lengths : contig lengths of its header in bp, None where not given.
    build : GRCh37 or GRCh38; others have no lengths to compare with.

    Raises
    ------
    InputError
        When a length of the header is that of another build.
    """

    def __init__(self, path: Path, lengths: dict[str, int | None], build: str | None) -> None:
        self.path = path
        self.lengths = lengths
        self.build = build
        self._limits: dict[str, tuple[int, str]] = {}
        self._refuse_other_build()

    def _refuse_other_build(self) -> None:
        if self.build not in LENGTHS:
            return
        known = {name: length for name, length in self.lengths.items() if length}
        for name, length in known.items():
            for other, table in LENGTHS.items():
                if other != self.build and canonical(name) != "MT" and table.get(canonical(name)) == length:
                    raise InputError(
                        f"contig {name} is {length:,} bp long in the header, which is {other}, but the "
                        f"build is said to be {self.build}",
                        where=self.path,
                        fix=f"Set the build to {other}, with its annotation, or use a file of {self.build}",
                    )

    def limit(self, contig: str) -> tuple[int, str]:
        """Return the last position of a contig, and where it is known from."""
        if contig not in self._limits:
            ends = [(self.lengths.get(contig), "the header")]
            if self.build in LENGTHS:
                ends.append((LENGTHS[self.build].get(canonical(contig)), self.build))
            known = [(length, source) for length, source in ends if length]
            self._limits[contig] = min(known, default=(1 << 62, ""))
        return self._limits[contig]

    def refuse_beyond(self, contig: str, position: int) -> None:
        """Raise InputError where a position lies beyond the end of its contig."""
        length, source = self.limit(contig)
        if position > length:
            raise InputError(
                f"position {contig}:{position:,} lies beyond the end of the contig, {length:,} bp in "
                f"{source} (wrong build?)",
                where=self.path,
                fix="Set `build` to the genome build of the file, and use an annotation of that build",
            )


def reasons_of_vcf_record(
    contig: str,
    position: int,
    reference: str,
    alternates: Sequence[str],
    *,
    passed: bool,
    rules: Rules,
    ends: ContigEnds,
) -> list[str | None]:
    """Return why each alternate allele of a record is not a site, None where it is one; one reason without any.

    Raises
    ------
    InputError
        When the alleles or the position are none that the VCF specification knows, or lie beyond the contig's end.
    """
    wrong = wrong_alleles(reference, tuple(alternates))
    if wrong:
        raise InputError(f"the record at {contig}:{position:,} {wrong}", where=ends.path, fix=RECORD_FIX)
    if rules.pass_only and not passed:
        return ["filter_not_pass"] * max(1, len(alternates))
    reasons = reasons_of_record(reference, alternates, rules)
    if not all(reason == "symbolic_or_star" for reason in reasons):
        ends.refuse_beyond(contig, position)
        if position == 0:  # of a telomere, where only symbolic alleles can be
            raise InputError(
                f"a record has position {contig}:0, before the first base", where=ends.path, fix=RECORD_FIX
            )
    return reasons or [rules.reason_without_alternate]


def too_many_alleles(path: Path, who: str, alleles: int, contig: str, position: int) -> InputError:
    """Return the error for a call of more than two alleles."""
    return InputError(
        f"sample {who} has a call of {alleles} alleles at {contig}:{position:,}; only diploid calls (and haploid ones "
        "on X, Y and MT) can be coded",
        where=path,
        fix="Call genotypes again as diploid, or leave the record out",
    )


def impossible_dosages(path: Path, contig: str, position: int) -> InputError:
    """Return the error for dosages (DS) that are not expected counts of alternate alleles."""
    return InputError(
        f"the dosages (DS) at {contig}:{position:,} are not one between 0 and 2 for each alternate allele",
        where=path,
        fix="The record is broken: mend it or leave it out",
    )
