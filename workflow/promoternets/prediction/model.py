"""The portable model folder as a model: load it, and predict people from their genotypes.

>>> from promoternets.prediction.model import load_model
>>> model = load_model("results/mycohort/model")
>>> model.predict(counts, site_ids)  # int8 [people, sites], ["20:1234567:A:G", ...]
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors.torch import load_file
from scipy.special import expit, logit

from promoternets.errors import InputError
from promoternets.formats.model_folder import WEIGHTS, distinct_sites, read_description, refuse_other_build
from promoternets.networks.encoding import ABSENT
from promoternets.networks.saved import SavedNetworks, networks_of
from promoternets.prediction.matching import NOT_THERE, Ambiguous, Matching, alleles_of, counts_of, match_sites

logger = logging.getLogger(__name__)
MIN_COVERAGE = 0.8
LEAST_PROBABILITY = 1e-9  # log-odds of 0 and 1 are not numbers
AbsentSites = Literal["mean", "missing"]


@dataclass(frozen=True)
class Fold:
    """The networks of one outer fold.

    Attributes
    ----------
    networks : one per seed.
    index : int64 [promoters * sites], each place's row among `Model.site_ids`; -1 is padding.
    mean_count, frequency : float64 [promoters * sites], of the alternate allele among training people of the fold.
    """

    networks: SavedNetworks
    index: np.ndarray
    mean_count: np.ndarray
    frequency: np.ndarray

    def stored(
        self, alleles: np.ndarray, counts: np.ndarray, absent: AbsentSites, source: str | None = None
    ) -> np.ndarray:
        """Return what the networks read, or the `source` asked for, int8 [people, promoters * sites(, 2)].

        A site that the cohort lacks gets the training people's mean count, rounded (their more frequent allele on both
        haplotypes where haplotypes are read), or with `absent` missing the code of a genotype that was not called.
        """
        haplotypes = (source or self.networks.encoder.source) == "haplotype"
        chosen = (alleles if haplotypes else counts)[:, np.maximum(self.index, 0)]
        lacking = (counts[:1, np.maximum(self.index, 0)] == ABSENT)[0] & (self.index >= 0)
        typical = np.rint(self.frequency if haplotypes else self.mean_count)
        fill = np.nan_to_num(typical, nan=-1.0) if absent == "mean" else np.full(len(self.index), -1.0)
        fill = fill.astype(np.int8)[lacking]
        chosen[:, lacking] = fill[:, None] if haplotypes else fill
        chosen[:, self.index < 0] = ABSENT
        return chosen


@dataclass(frozen=True)
class Model:
    """An ensemble of ALS-Nets, ready to predict.

    Attributes
    ----------
    description : what ``model.json`` says.
    site_ids : every site that some fold reads, ``chrom:pos:ref:alt``.
    folds : networks of each outer fold.
    """

    description: dict[str, Any]
    site_ids: list[str]
    folds: list[Fold] = field(repr=False)

    def match(self, site_ids: Sequence[str], *, ambiguous: Ambiguous = "absent") -> Matching:
        """Find the model's sites among those of a cohort; see `matching.match_sites`."""
        return match_sites(self.site_ids, site_ids, ambiguous=ambiguous)

    def uncalibrated(
        self, calls: np.ndarray, matching: Matching, *, absent_sites: AbsentSites = "mean"
    ) -> list[np.ndarray]:
        """Return each fold's probabilities, float64 [seeds, people], as training would have written them.

        Parameters
        ----------
        calls : as for `predict`. matching : of the model's sites with the columns of `calls`.
        """
        alleles = alleles_of(calls, matching)
        if alleles.ndim == 2 and self.description["encoding"] == "haplotype":
            raise InputError(
                "the model reads haplotypes, but counts are given", fix="Give alleles, [people, sites, 2], phased"
            )
        counts = counts_of(alleles)
        return [fold.networks.probabilities(fold.stored(alleles, counts, absent_sites)) for fold in self.folds]

    def calibrated(self, probabilities: Sequence[np.ndarray]) -> np.ndarray:
        """Return calibrated probabilities, float64 [folds, people], of what `uncalibrated` gives.

        A fold's mean over seeds is calibrated, since that is what the calibration was fitted to: of each training
        person the mean over seeds of the one fold that had not seen them.
        """
        own = self.description["calibration"]
        mean = np.stack([fold.mean(0) for fold in probabilities]).clip(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
        return expit(own["slope"] * logit(mean) + own["intercept"])

    def predict(
        self,
        calls: np.ndarray,
        site_ids: Sequence[str],
        *,
        build: str | None = None,
        min_coverage: float = MIN_COVERAGE,
        ambiguous: Ambiguous = "absent",
        absent_sites: AbsentSites = "mean",
    ) -> np.ndarray:
        """Return each person's calibrated probability of being a case, float64 [people]: the mean over the folds.

        Parameters
        ----------
        calls : int8 [people, sites] counts of alternate alleles, -1 not called; or [people, sites, 2] the alleles of
            both haplotypes (0, 1, -1 not called, -2 no second one), which models of haplotypes need and X, Y, MT too.
        site_ids : ``chrom:pos:ref:alt`` of each column, with or without chr.
        build : genome build of the positions; compared with the model's if given.
        min_coverage : least share of the model's sites that must be there.
        ambiguous : swapped A/T and C/G sites are taken as absent, or flipped as others are.
        absent_sites : what stands for a site that is not there; see `Fold.stored`.

        Raises
        ------
        InputError
            When the build differs or fewer sites are there.
        """
        refuse_other_build(self.description, build, "the genotypes")
        matching = self.match(site_ids, ambiguous=ambiguous)
        refuse_low_coverage(matching, min_coverage)
        return self.calibrated(self.uncalibrated(calls, matching, absent_sites=absent_sites)).mean(0)


def refuse_low_coverage(matching: Matching, least: float, where: str | Path | None = None) -> None:
    """Raise InputError when fewer than the least share of a model's sites are found."""
    if matching.coverage < least:
        said = ", ".join(f"{count:,} {status}" for status, count in matching.counts().items())
        lacking = matching.counts()[NOT_THERE]
        raise InputError(
            f"{matching.coverage:.1%} of the model's {len(matching.status):,} sites are there, at least {least:.0%} "
            f"are needed ({said})",
            where=where,
            fix="Are these positions of the model's build? If so, give genotypes imputed or called at its sites"
            if lacking * 2 > len(matching.status)
            else "Look at the alleles: is this the same strand and reference? Or lower min_coverage, knowing the risk",
        )


def load_model(folder: str | Path) -> Model:
    """Read a portable model folder.

    Raises
    ------
    InputError
        When there is none, or it is torn or of another format.
    """
    description = read_description(folder)
    path = Path(folder) / WEIGHTS
    try:
        tensors = load_file(path)
    except Exception as error:  # safetensors' own error type
        raise InputError(f"cannot be read ({error})", where=path, fix="Copy the whole model folder again") from error
    site_ids = distinct_sites(description)
    place = {site: row for row, site in enumerate(site_ids)} | {"": -1}
    folds = []
    for plain in description["folds"]:
        prefix = f"fold_{plain['fold']}/"
        own = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
        index = np.array([place[site] for row in plain["sites"] for site in row], dtype=np.int64)
        if not {"mean_count", "frequency"} <= set(own):
            raise InputError(f"lacks the numbers of fold {plain['fold']}", where=path, fix="Copy the folder again")
        mean_count, frequency = (own.pop(name).double().numpy() for name in ("mean_count", "frequency"))
        shape = {"encoding": description["encoding"], "promoters": len(plain["sites"]), "sites": len(plain["sites"][0])}
        folds.append(Fold(networks_of(own, plain | shape), index, mean_count, frequency))
    return Model(description, site_ids, folds)
