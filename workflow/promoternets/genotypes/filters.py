"""Filters on a batch of biallelic sites, and the table that counts what each of them removed."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from promoternets.genotypes.hardy_weinberg import exact_p
from promoternets.genotypes.sites import ABSENT, MISSING, Calls

logger = logging.getLogger(__name__)

REMOVED = {
    "no_gt": "the record has no genotypes (GT)",
    "filter_not_pass": "FILTER is neither PASS nor '.'",
    "symbolic_or_star": "the alternate allele is not written in bases: <DEL>, *, breakends",
    "not_snv": "not a single-base change",
    "multiallelic": "the record has several alternate alleles",
    "not_in_all_files": "the site is not in all files of people",
    "duplicate": "position and alleles seen before; the first was kept",
    "call_rate": "too few people with a genotype",
    "monomorphic": "all called alleles are the same",
    "maf": "the rarer allele is too rare",
    "hwe_controls": "not in Hardy-Weinberg proportions",
}


@dataclass(frozen=True)
class Thresholds:
    """Limits of the filters: shares in 0..1, and a p-value; 0 switches a filter off.

    `keep_monomorphic` keeps sites at which all people are the same, which no learning needs but a prediction does.
    """

    min_call_rate: float = 0.0
    min_maf: float = 0.0
    min_hwe_p: float = 0.0
    keep_monomorphic: bool = False


@dataclass
class Counts:
    """What was read, removed and kept."""

    records: list[tuple[str, int]] = field(default_factory=list)  # file, records
    alleles: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    uncertain: int | None = None  # None where dosages are not rounded

    def table(self, chrom: str, notes: dict[str, str]) -> pd.DataFrame:
        """Return columns chrom, filter, records, note; `notes` replace the notes of some rows."""
        several = len(self.records) > 1
        read = "; ".join(f"{name}: {count:,}" for name, count in self.records) if several else ""
        rows = [
            (
                "records_read",
                sum(count for _, count in self.records),
                read or notes.get("records_read", "records of the file"),
            ),
            (
                "alleles_after_split",
                self.alleles,
                notes.get("alleles_after_split", "one for each alternate allele") + "; the rows below add up to this",
            ),
            *((name, self.removed[name], notes.get(name, note)) for name, note in REMOVED.items()),
            ("kept", self.kept, "sites in the genotype matrix"),
            (
                "half_calls",
                self.calls["half"],
                "genotypes with one allele missing, taken as missing (kept sites)",
            ),
            ("haploid_calls", self.calls["haploid"], "genotypes of one allele on X, Y or MT (kept sites)"),
            (
                "missing_calls",
                self.calls["missing"],
                "genotypes that are missing, half calls included (kept sites)",
            ),
        ]
        if self.uncertain is not None:
            rows.append(("uncertain_dosages", self.uncertain, notes["uncertain_dosages"]))
        table = pd.DataFrame(rows, columns=["filter", "records", "note"])
        table.insert(0, "chrom", chrom)
        return table


def tidy(calls: Calls, haploid_allowed: np.ndarray) -> np.ndarray:
    """Bring calls into the form of the store, in place; return the number of half calls of each site.

    A half call becomes missing in both alleles; a haploid call has -2 as its second allele and counts as phased; a
    single ``.`` where no haploid calls are expected becomes a missing diploid call.

    Parameters
    ----------
    calls : of shape (sites, people, 2) and (sites, people).
    haploid_allowed : bool, shape=(sites,): sites on X, Y or MT.

    Returns
    -------
    int64 array, shape=(sites,).
    """
    half_calls = np.zeros(len(haploid_allowed), dtype=np.int64)
    rows = np.flatnonzero(calls.alleles.min(axis=(1, 2), initial=0) < 0)
    if not rows.size:
        return half_calls
    first, second = calls.alleles[rows, :, 0], calls.alleles[rows, :, 1]
    absent = second == ABSENT
    if absent.any():
        calls.phased[rows] |= absent
        second[absent & (first == MISSING) & ~haploid_allowed[rows, None]] = MISSING
    half = ((first == MISSING) != (second == MISSING)) & ~absent
    first[half] = second[half] = MISSING
    calls.alleles[rows, :, 0], calls.alleles[rows, :, 1] = first, second
    half_calls[rows] = half.sum(axis=1)
    return half_calls


class Statistics(NamedTuple):
    """Per-site statistics over the people kept; arrays, shape=(sites,)."""

    call_rate: np.ndarray  # float
    frequency: np.ndarray  # of the alternate allele, float; nan where nobody is called
    hwe_p: np.ndarray  # float
    missing: np.ndarray  # people without a genotype
    haploid: np.ndarray  # people with a genotype of one allele


def statistics(alleles: np.ndarray, *, controls: np.ndarray | None, autosomal: np.ndarray) -> Statistics:
    """Return call rate, alternate allele frequency and Hardy-Weinberg p-value of each site.

    Parameters
    ----------
    alleles : int8, shape=(sites, people, 2), C-contiguous, in the form that `tidy` gives them.
    controls : bool, shape=(people,): whose genotypes are tested; None for no test.
    autosomal : bool, shape=(sites,): other sites are not tested, their p-value is nan.
    """
    sites, people, _ = alleles.shape
    pairs = alleles.view(np.uint16).reshape(sites, people)  # both alleles of a person as one number
    missing = haploid = absent = negative = np.zeros(sites, dtype=np.int64)
    if alleles.min(initial=0) < 0:
        negative, absent = _count(alleles < 0), _count(alleles == ABSENT)
        missing = _count(pairs == _pair(MISSING, MISSING))
        single = _count(pairs == _pair(MISSING, ABSENT))
        missing, haploid = missing + single, absent - single
    with np.errstate(invalid="ignore", divide="ignore"):
        frequency = _count(alleles == 1) / (2 * people - negative)
    p = np.full(sites, np.nan)
    if controls is not None and controls.any() and autosomal.any():
        heterozygous = (pairs == _pair(0, 1)) | (pairs == _pair(1, 0))
        genotypes = (pairs == _pair(0, 0), heterozygous, pairs == _pair(1, 1))
        tested = exact_p(*(_count(one if controls.all() else one & controls) for one in genotypes))
        p = np.where(autosomal, tested, np.nan)
    call_rate = (people - missing) / people if people else np.zeros(sites)
    return Statistics(call_rate, frequency, p, missing, haploid)


def _pair(first: int, second: int) -> int:
    return int(np.array([first, second], dtype=np.int8).view(np.uint16)[0])


def _count(mask: np.ndarray) -> np.ndarray:
    """Return the true values of each row; numpy counts row by row far faster than along an axis."""
    return np.fromiter(map(np.count_nonzero, mask), dtype=np.int64, count=len(mask))


def reasons(found: Statistics, limits: Thresholds) -> dict[str, np.ndarray]:
    """Return, in order, the sites (bool) that each filter removes; a site counts for the first it fails."""
    share = np.nan_to_num(found.frequency)
    failing = {
        "call_rate": found.call_rate < limits.min_call_rate,
        "monomorphic": ((share == 0) | (share == 1)) & (not limits.keep_monomorphic),
        "maf": np.minimum(share, 1 - share) < limits.min_maf,
        "hwe_controls": found.hwe_p < limits.min_hwe_p,
    }
    left = np.ones(len(share), dtype=bool)
    first = {}
    for name, fails in failing.items():
        first[name] = left & fails
        left &= ~fails
    return first
