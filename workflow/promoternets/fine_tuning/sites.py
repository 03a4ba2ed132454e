"""The sites of a fold of a model in another cohort's people, as the networks of that fold are given them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from promoternets.prediction.matching import Matching, alleles_of, counts_of
from promoternets.prediction.model import AbsentSites, Fold


@dataclass(frozen=True)
class ModelSites:
    """What a classifier asks of the sites of one fold (`formats.selected_store.SelectedSites`).

    Attributes
    ----------
    fold : the outer fold of these people, not of the model's.
    promoters : text [promoters]. site_ids : text [promoters, sites], empty where a place is padding.
    genotype : int8 [people, promoters * sites]. haplotype : int8 [people, promoters * sites, 2].
    """

    fold: int
    promoters: np.ndarray
    site_ids: np.ndarray
    genotype: np.ndarray
    haplotype: np.ndarray

    def flat(self, source: str = "genotype") -> np.ndarray:
        """Return a source with sites of all promoters side by side, int8 [people, promoters * sites(, 2)]."""
        return self.haplotype if source == "haplotype" else self.genotype


def model_sites(
    own: Fold, entry: dict, calls: np.ndarray, matching: Matching, *, absent_sites: AbsentSites, fold: int
) -> ModelSites:
    """Return the sites that a fold of a model reads.

    Parameters
    ----------
    own, entry : the model's fold, and what the model's description says of it.
    calls : int8 [people, cohort sites, 2], alleles. matching : of the model's sites with them.
    absent_sites : what stands for a site the cohort lacks, see `Fold.stored`; it is the same for everybody.
    fold : number of the people's outer fold.
    """
    alleles = alleles_of(calls, matching)
    counts = counts_of(alleles)
    read = {source: own.stored(alleles, counts, absent_sites, source) for source in ("genotype", "haplotype")}
    return ModelSites(fold, np.array(entry["promoter_ids"], object), np.array(entry["sites"], object), **read)
