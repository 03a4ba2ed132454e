"""The promoter sites that an association study selects, laid out as the input of every classifier."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from promoternets.clumping import clump, filled
from promoternets.errors import InputError
from promoternets.formats import contigs
from promoternets.formats.associations import Associations
from promoternets.formats.block_store import BlockStore
from promoternets.formats.outer_fold import read_outer_fold
from promoternets.formats.selected_store import ABSENT, write_selected_store

logger = logging.getLogger(__name__)
FIRST_LOOK = 4  # times the sites wanted are clumped at first; twice as many when too few are left


def gather_gwas_sites(
    *,
    statistics: Path,
    block_stores: Sequence[Path],
    samples: Path,
    folds: Path,
    fold: int,
    selected: Path,
    stretches: int,
    r2: float = 0.8,
    distance: int = 250_000,
) -> None:
    """Write everybody's genotypes at the best promoter sites of a fold's association study.

    Of the sites of all promoters those with the largest |z| are taken, less those with a squared correlation of `r2`
    or more with a better one within `distance`, by the training people, until `stretches` blocks are full. In genome
    order they are cut into stretches of a block's length, which stand where promoters stand in the store that the
    Promoter-CNN's ranking makes; the last one ends in absent sites where sites are too few. Distances are 0.

    Memory: a few times the sites written, 2 bytes a person and site, and 4 bytes a training person and site.

    Raises
    ------
    InputError
        When the study is of another fold or lacks a site of the blocks, or no site is associated.
    """
    study = Associations.open(statistics).of_fold(fold)
    stores = [BlockStore.open(path) for path in block_stores]
    place = {name: number for number, name in enumerate(contigs.order(_contig(store) for store in stores))}
    stores.sort(key=lambda store: place[_contig(store)])
    people = read_outer_fold(stores[0].sample_ids, samples, folds, fold)
    strength = [np.abs(strengths_of(store, study)) for store in stores]
    wanted = stretches * (stores[0].upstream + stores[0].downstream)
    chosen = best_sites(stores, strength, people.training, wanted, r2=r2, distance=distance)
    if sum(map(len, chosen)) < wanted:
        logger.warning("only %d promoter sites could be selected, not %d", sum(map(len, chosen)), wanted)
    _write(selected, stores, chosen, fold)


def strengths_of(store: BlockStore, study: Associations) -> np.ndarray:
    """Return z of each site of a block store, float64 [sites], by the fit to all training people."""
    rows = study.rows_of(_contig(store))
    near = np.flatnonzero(np.isin(study.position[rows], store.positions)) + rows.start
    names = [
        f"{_contig(store)}:{study.position[row]}:{ref}:{alt}"
        for row, (ref, alt) in zip(near, study.alleles[near], strict=True)
    ]
    z = dict(zip(names, study.z(0)[near].tolist(), strict=True))
    absent = [name for name in store.site_ids if name not in z]
    if absent:
        raise InputError(f"it lacks {len(absent)} sites of {store.path}, {absent[0]} the first", where=study.path,
                         fix="Make it again with associate_sites")  # fmt: skip
    return np.array([z[name] for name in store.site_ids], dtype=np.float64)


def best_sites(
    stores: Sequence[BlockStore],
    strength: Sequence[np.ndarray],
    training: np.ndarray,
    wanted: int,
    *,
    r2: float,
    distance: int,
) -> list[np.ndarray]:
    """Return the rows of the best clumped sites in each store, ascending; `wanted` in all, or all there are."""
    everything = np.concatenate(strength)
    known = int(np.isfinite(everything).sum())
    if not known:
        raise InputError("no promoter site differs between the training people", fix="Look at the filters of genotypes")
    order = np.argsort(np.where(np.isfinite(everything), -everything, np.inf), kind="stable")[:known]
    look = min(FIRST_LOOK * wanted, known)
    starts = np.cumsum([0, *map(len, strength)])
    while True:
        kept = _clumped(stores, strength, training, np.sort(order[:look]), starts, r2=r2, distance=distance)
        if len(kept) >= wanted or look == known:
            break
        look = min(2 * look, known)
    best = np.sort(kept[np.argsort(-everything[kept], kind="stable")][:wanted])
    logger.info("%d of %d promoter sites selected, %d looked at, |z| from %.2f", len(best), len(everything), look,
                everything[best].min())  # fmt: skip
    return [best[(best >= start) & (best < end)] - start for start, end in zip(starts, starts[1:], strict=False)]


def _clumped(
    stores: Sequence[BlockStore],
    strength: Sequence[np.ndarray],
    training: np.ndarray,
    rows: np.ndarray,
    starts: np.ndarray,
    *,
    r2: float,
    distance: int,
) -> np.ndarray:
    """Return which of some sites (ascending, over all stores) clumping keeps."""
    kept = [np.empty(0, dtype=np.int64)]
    for number, store in enumerate(stores):
        own = rows[(rows >= starts[number]) & (rows < starts[number + 1])] - starts[number]
        if len(own):
            values, _ = filled(store.counts(own), training)
            chosen = clump(strength[number][own], store.positions[own], values, r2=r2, distance=distance)
            kept.append(own[chosen] + starts[number])
    return np.concatenate(kept)


def _write(path: Path, stores: Sequence[BlockStore], chosen: Sequence[np.ndarray], fold: int) -> None:
    """Lay the sites out in stretches and write them."""
    length = stores[0].upstream + stores[0].downstream
    count = sum(map(len, chosen))
    stretches = -(-count // length)
    people = len(stores[0].sample_ids)
    alleles = np.full((people, stretches * length, 2), ABSENT, dtype=np.int8)
    counts = np.full((people, stretches * length), ABSENT, dtype=stores[0].count_dtype)
    names = np.full(stretches * length, "", dtype=object)
    at = 0
    for store, rows in zip(stores, chosen, strict=True):
        here = slice(at, at + len(rows))
        alleles[:, here], counts[:, here] = store.genotypes(rows).swapaxes(0, 1), store.counts(rows).T
        names[here] = store.site_ids[rows]
        at += len(rows)
    ends = [min((number + 1) * length, count) for number in range(stretches)]
    write_selected_store(
        path,
        sample_ids=stores[0].sample_ids,
        genotype=counts.reshape(people, stretches, length),
        haplotype=alleles.reshape(people, stretches, length, 2),
        promoters=np.array([f"gwas_sites_{number * length + 1}-{end}" for number, end in enumerate(ends)], object),
        site_ids=names.reshape(stretches, length),
        distance=np.zeros((stretches, length), dtype=np.int32),
        fold=fold,
        upstream=stores[0].upstream,
        downstream=stores[0].downstream,
    )


def _contig(store: BlockStore) -> str:
    """Return the chromosome of a block store's sites; that of the first, as a store holds one chromosome."""
    return str(store.site_ids[0]).split(":", 1)[0] if len(store.positions) else ""
