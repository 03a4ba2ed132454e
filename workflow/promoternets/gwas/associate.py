"""The association study of one outer fold: every filtered site, among its training people alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from promoternets.errors import InputError
from promoternets.formats import contigs
from promoternets.formats.associations import Piece, write_associations
from promoternets.formats.covariate_columns import read_covariates
from promoternets.formats.outer_fold import OuterFold, read_outer_fold
from promoternets.formats.variant_store import VariantStore
from promoternets.gwas.null_model import fit_null_model
from promoternets.gwas.score_test import ScoreTest
from promoternets.progress import progress

logger = logging.getLogger(__name__)
MOST_ROUNDS = 5  # where the number of rounds is not given
SITES_AT_ONCE = 10_000
BYTES_AT_ONCE = 512 * 2**20


def associate_sites(
    *,
    genotypes: Sequence[Path],
    samples: Path,
    folds: Path,
    fold: int,
    associations: Path,
    statistics: Path,
    components: Path | None = None,
    rounds: int | None = None,
) -> None:
    """Test each site's additive effect on the phenotype, given covariates, among the training people of a fold.

    Covariates are those of the sample table and the principal components. The same is done among those who fit in
    each of `rounds` rounds of the inner cross-validation; None is as many as there are inner parts, at most 5. The
    components were fitted on all training people, without phenotypes, in every round.

    Memory: 10,000 sites of everybody as calls (2 bytes each), at most 512 MB; 200 MB of numbers; no more for more
    sites.

    Raises
    ------
    InputError
        As `VariantStore.open`, `read_outer_fold`, `read_covariates` and `fit_null_model`; when stores are of different
        people, or there are fewer inner parts than rounds.
    """
    stores = [VariantStore.open(path) for path in genotypes]
    stores = [stores[at] for at in _genome_order([store.contig for store in stores])]
    sample_ids = stores[0].sample_ids
    for store in stores[1:]:
        if not np.array_equal(store.sample_ids, sample_ids):
            raise InputError(f"its people are not those of {stores[0].path}", where=store.path,
                             fix="Make all genotype stores again with parse_genotypes")  # fmt: skip
    people = read_outer_fold(sample_ids, samples, folds, fold)
    test, count = score_test_of(people, samples, components, rounds)
    pieces = _pieces(stores, people, test)
    sites = write_associations(associations, statistics, pieces, fold=fold, rounds=count)
    logger.info("fold %d: %d sites tested among %d people and in %d rounds", fold, sites, len(people.training), count)


def score_test_of(
    people: OuterFold, samples: Path, components: Path | None, rounds: int | None
) -> tuple[ScoreTest, int]:
    """Return the test among all training people and in each round, and the number of rounds."""
    parts = int(people.inner.max())
    count = min(MOST_ROUNDS, parts) if rounds is None else rounds
    if count < 2:
        raise InputError("a threshold needs at least 2 inner parts to be chosen", fix="Raise folds.inner")
    covariates = read_covariates(samples, people.sample_ids, components)
    case = people.labels == 1
    groups = [people.training, *(fitting for fitting, _ in people.validation_rounds(count))]
    return ScoreTest([fit_null_model(covariates, case, group) for group in groups], people.training), count


def _pieces(stores: Sequence[VariantStore], people: OuterFold, test: ScoreTest) -> Iterator[Piece]:
    step = max(1, min(SITES_AT_ONCE, BYTES_AT_ONCE // (2 * len(people.sample_ids))))
    parts = [(store, start) for store in stores for start in range(0, len(store), step)]
    for store, start in progress(parts, total=len(parts), what="sites tested", unit="chunks"):
        rows = slice(start, min(start + step, len(store)))
        found = test.test(store.counts(rows)[:, people.training])
        yield Piece(
            chrom=store.contig,
            position=store.positions[rows],
            alleles=store.alleles[rows],
            frequency=found.mean[0] / 2,
            effect=found.effect,
            se=found.se[0],
            z=found.z,
            p=found.p[0],
        )


def _genome_order(names: Sequence[str]) -> list[int]:
    place = {name: number for number, name in enumerate(contigs.order(names))}
    return sorted(range(len(names)), key=lambda at: place[names[at]])
