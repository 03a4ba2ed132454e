"""Another cohort's people, predicted by a portable model: who gets which probability, and on how much of the model."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.model_folder import refuse_other_build
from promoternets.formats.tables import read_table, write_table
from promoternets.formats.variant_store import VariantStore
from promoternets.prediction.matching import FLIPPED, MATCHED, STATUSES, Ambiguous, Matching, alleles_of, counts_of
from promoternets.prediction.model import AbsentSites, Model, load_model, refuse_low_coverage

logger = logging.getLogger(__name__)
FAR = 0.25  # a difference of allele frequencies that two cohorts of one ancestry seldom have
FILLED = {
    "mean": "the mean count among the people who trained each fold's networks, rounded",
    "missing": "a genotype that was not called",
}


class Genotypes(NamedTuple):
    """People's genotypes: text [people], text [sites], int8 [people, sites, 2] alleles, bool [people, sites]."""

    people: np.ndarray
    site_ids: list[str]
    alleles: np.ndarray
    phased: np.ndarray


def predict_cohort(
    *,
    model: Path,
    genotypes: Sequence[Path],
    samples: Path,
    cohort: str,
    build: str,
    predictions: Path,
    coverage: Path,
    sites: Path,
    summary: Path,
    min_coverage: float = 0.8,
    ambiguous: Ambiguous = "absent",
    absent_sites: AbsentSites = "mean",
) -> None:
    """Predict the people of a cohort, and write who, how, on which sites, and a summary in words.

    Parameters
    ----------
    model : portable model folder. genotypes : variant stores with the model's positions, one a chromosome.
    samples : table of the people: sample, and phenotype where it is known.
    cohort, build : what to call the people, and the genome build of their positions.
    predictions, coverage, sites, summary : to write, see `predictions_table`, `coverage_table`, `sites_table`, `words`.
    min_coverage, ambiguous, absent_sites : as for `model.Model.predict`.

    Raises
    ------
    InputError
        When the build differs, too few of the model's sites are there, or the stores hold other people.
    """
    loaded = load_model(model)
    refuse_other_build(loaded.description, build, model)
    read = read_genotypes(genotypes)
    people = read_table(samples, columns=["sample", "phenotype"], what="sample table", dtypes={"phenotype": "float64"})
    if people["sample"].tolist() != read.people.tolist():
        raise InputError("names other people than the genotypes", where=samples, fix="Parse the genotypes again")
    matching = loaded.match(read.site_ids, ambiguous=ambiguous)
    refuse_low_coverage(matching, min_coverage, where=cohort)
    _warn_unphased(loaded, read, matching)
    raw = loaded.uncalibrated(read.alleles, matching, absent_sites=absent_sites)
    found = sites_table(loaded, matching, read)
    tables = {
        predictions: predictions_table(loaded, raw, people, matching, read),
        coverage: coverage_table(loaded, matching),
        sites: found,
    }
    text = words(loaded, cohort, matching, tables[predictions], found, ambiguous, absent_sites)
    for path, table in tables.items():
        write_table(table, path)
    summary.parent.mkdir(parents=True, exist_ok=True)
    summary.write_text(text, encoding="utf-8")
    logger.info(text.strip())


def read_genotypes(stores: Sequence[Path]) -> Genotypes:
    """Read variant stores of the same people, side by side.

    Raises
    ------
    InputError
        When they hold different people.
    """
    parts = [VariantStore.open(path) for path in stores]
    for part in parts[1:]:
        if part.sample_ids.tolist() != parts[0].sample_ids.tolist():
            raise InputError("holds other people than the first store", where=part.path, fix="Parse all again")
    site_ids = [
        f"{part.contigs[contig]}:{position}:{reference}:{alternate}"
        for part in parts
        for contig, position, (reference, alternate) in zip(
            part.variant_contigs, part.positions, part.alleles, strict=True
        )
    ]
    alleles = np.concatenate([part.genotypes(slice(None)) for part in parts]).swapaxes(0, 1)
    phased = np.concatenate([part.phased(slice(None)) for part in parts]).T
    return Genotypes(parts[0].sample_ids, site_ids, alleles, phased)


def predictions_table(
    model: Model, raw: Sequence[np.ndarray], people: pd.DataFrame, matching: Matching, read: Genotypes
) -> pd.DataFrame:
    """Return a row per person: sample, phenotype, probability, uncalibrated, spread, call_rate.

    `probability` is calibrated, the mean over folds; `uncalibrated` the mean over folds and seeds; `spread` the
    standard deviation of the folds' calibrated probabilities; `call_rate` the share of the sites read that are called.
    """
    calibrated = model.calibrated(raw)
    counts = counts_of(alleles_of(read.alleles, matching))[:, matching.found]
    return pd.DataFrame(
        {
            "sample": people["sample"],
            "phenotype": people["phenotype"].astype("Int64"),
            "probability": calibrated.mean(0),
            "uncalibrated": np.stack([fold.mean(0) for fold in raw]).mean(0),
            "spread": calibrated.std(0),
            "call_rate": (counts >= 0).mean(1) if counts.shape[1] else np.zeros(len(counts)),
        }
    )


def coverage_table(model: Model, matching: Matching) -> pd.DataFrame:
    """Return how much of the model there is, over all, by fold and by promoter.

    Columns: part (all, fold or promoter), name, sites, one for each status of `matching.match_sites`, coverage.
    """
    place = {site: row for row, site in enumerate(model.site_ids)}
    groups: dict[tuple[str, str], set[int]] = {("all", "all"): set(range(len(model.site_ids)))}
    promoters: dict[tuple[str, str], set[int]] = {}
    for fold in model.description["folds"]:
        own: set[int] = set()
        for promoter, row in zip(fold["promoter_ids"], fold["sites"], strict=True):
            rows = {place[site] for site in row if site}
            promoters.setdefault(("promoter", promoter), set()).update(rows)
            own |= rows
        groups["fold", str(fold["fold"])] = own
    table = []
    for (part, name), rows in (groups | dict(sorted(promoters.items()))).items():
        where = np.array(sorted(rows), dtype=np.int64)
        counts = matching.counts(where)
        share = (counts[MATCHED] + counts[FLIPPED]) / len(where) if len(where) else np.nan
        table.append((part, name, len(where), *counts.values(), share))
    return pd.DataFrame(table, columns=["part", "name", "sites", *STATUSES, "coverage"])


def sites_table(model: Model, matching: Matching, read: Genotypes) -> pd.DataFrame:
    """Return a row per site of the model: site, status, training_frequency, frequency, call_rate.

    Frequencies are those of the model's alternate allele, among training people (mean over folds) and in the cohort.
    """
    sums, folds = np.zeros(len(model.site_ids)), np.zeros(len(model.site_ids))
    for fold in model.folds:
        present = (fold.index >= 0) & np.isfinite(fold.frequency)
        own = pd.Series(fold.frequency[present]).groupby(fold.index[present]).first()
        sums[own.index] += own.to_numpy()
        folds[own.index] += 1
    alleles = alleles_of(read.alleles, matching)
    called = alleles >= 0
    with np.errstate(invalid="ignore"):
        training = sums / folds
        frequency = np.where(called, alleles, 0).sum((0, 2)) / called.sum((0, 2))
    return pd.DataFrame(
        {
            "site": model.site_ids,
            "status": matching.status,
            "training_frequency": training,
            "frequency": frequency,
            "call_rate": np.where(matching.found, called[..., 0].mean(0), np.nan),
        }
    )


def words(
    model: Model,
    cohort: str,
    matching: Matching,
    predicted: pd.DataFrame,
    sites: pd.DataFrame,
    ambiguous: str,
    absent_sites: str,
) -> str:
    """Return what was done and what to mind, one sentence a line."""
    counts, trained, calibration = (
        matching.counts(), model.description["training_summary"], model.description["calibration"],
    )  # fmt: skip
    both = sites.dropna(subset=["training_frequency", "frequency"])
    apart = (both["training_frequency"] - both["frequency"]).abs() > FAR
    auc = trained["auc"]
    left = "flipped as others are" if ambiguous == "flip" else "taken as absent"
    lines = [
        f"{len(predicted):,} people of {cohort} are predicted by the model of {model.description['cohort']} "
        f"({model.description['build']}): {trained['people']:,} people, {trained['cases']:,} cases, "
        f"{trained['networks']} networks of {trained['folds']} folds, AUC {auc['value']:.3f} "
        f"[{auc['low']:.3f}, {auc['high']:.3f}] in people left out.",
        f"{matching.coverage:.1%} of its {len(matching.status):,} sites are read: {counts['matched']:,} with the same "
        f"alleles, {counts['flipped']:,} with swapped alleles, flipped.",
        f"Not read are {counts['absent']:,} sites that are not there, {counts['mismatched']:,} with other alleles, and "
        f"{counts['ambiguous']:,} swapped A/T or C/G sites (such sites are {left}). In their place stands "
        f"{FILLED[absent_sites]}.",
        f"Calls are there for {predicted['call_rate'].mean():.1%} of the sites read, in the person with fewest for "
        f"{predicted['call_rate'].min():.1%}; genotypes that are not called enter as such, as in training.",
        f"Allele frequencies differ by more than {FAR} from those of the training people at {int(apart.sum()):,} of "
        f"{len(both):,} sites.",
        f"Probabilities are calibrated (Platt, on predictions of people left out) to a cohort with "
        f"{calibration['share_of_cases']:.0%} cases.",
        *model.description["limits"],
    ]
    return "\n".join(lines) + "\n"


def _warn_unphased(model: Model, read: Genotypes, matching: Matching) -> None:
    """Say how many heterozygous genotypes are not phased, where the model reads haplotypes."""
    if model.description["encoding"] != "haplotype":
        return
    columns = matching.column[matching.found]
    alleles = read.alleles[:, columns]
    mixed = (alleles >= 0).all(-1) & (alleles[..., 0] != alleles[..., 1])
    unphased = int((mixed & ~read.phased[:, columns]).sum())
    if unphased:
        logger.warning("the model reads haplotypes, but %s heterozygous genotypes are not phased", f"{unphased:,}")
