"""Filters on a batch of biallelic sites, and the table that counts what each of them removed."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from promoternets.genotypes.hardy_weinberg import exact_p

logger = logging.getLogger(__name__)
MISSING, ABSENT = -1, -2

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


class Calls(NamedTuple):
    """Calls of a batch of sites: two int8 alleles and phase, each of shape=(sites, people)."""

    first: np.ndarray
    second: np.ndarray
    phased: np.ndarray


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
            ("records_read", sum(count for _, count in self.records), read or "records of the file"),
            (
                "alleles_after_split",
                self.alleles,
                "one for each alternate allele; the rows below add up to this",
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


def tidy(raw: np.ndarray, haploid_allowed: np.ndarray) -> tuple[Calls, np.ndarray]:
    """Return calls in the form of the store, and which of them were half calls.

    Parameters
    ----------
    raw : int8, shape=(sites, people, 3): two alleles (-1 missing, -2 absent) and phased.
    haploid_allowed : bool, shape=(sites,): sites on X, Y or MT.

    Returns
    -------
    calls : a half call is missing in both alleles; a haploid call has -2 as its second allele and counts as
        phased; a single ``.`` where no haploid calls are expected is a missing diploid call.
    half : bool, shape=(sites, people).
    """
    first, second = np.ascontiguousarray(raw[:, :, 0]), np.ascontiguousarray(raw[:, :, 1])
    phased = raw[:, :, 2] == 1
    absent = second == ABSENT
    if absent.any():
        phased |= absent
        diploid = ~haploid_allowed[:, None]
        second[absent & (first == MISSING) & diploid] = MISSING
    half = (first == MISSING) != (second == MISSING)
    if absent.any():
        half &= ~absent
    if half.any():
        first[half] = MISSING
        second[half] = MISSING
    return Calls(first, second, phased), half


class Statistics(NamedTuple):
    """Per-site statistics over the people kept; float arrays, shape=(sites,)."""

    call_rate: np.ndarray
    frequency: np.ndarray  # of the alternate allele; nan where nobody is called
    hwe_p: np.ndarray


def statistics(calls: Calls, *, controls: np.ndarray | None, autosomal: np.ndarray) -> Statistics:
    """Return call rate, alternate allele frequency and Hardy-Weinberg p-value of each site.

    Parameters
    ----------
    calls : calls of the batch.
    controls : bool, shape=(people,): whose genotypes are tested; None for no test.
    autosomal : bool, shape=(sites,): other sites are not tested, their p-value is nan.
    """
    first, second, _ = calls
    people = first.shape[1]
    one, two = first > 0, second > 0
    called = _count(first >= 0)
    alleles = called + _count(second >= 0)
    alternate = _count(one) + _count(two)
    with np.errstate(invalid="ignore", divide="ignore"):
        frequency = alternate / alleles
    p = np.full(len(first), np.nan)
    if controls is not None and controls.any() and autosomal.any():
        rows = slice(None) if controls.all() else controls
        diploid = _count((second >= 0)[:, rows])
        both, either = _count((one & two)[:, rows]), _count((one | two)[:, rows])
        tested = exact_p(diploid - either, either - both, both)
        p = np.where(autosomal, tested, np.nan)
    return Statistics(called / people if people else np.zeros(len(first)), frequency, p)


def _count(mask: np.ndarray) -> np.ndarray:
    return np.count_nonzero(mask, axis=1)


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
