"""Which genes train, validate and test: by chromosome, at random, or as published."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.contigs import canonical, order
from promoternets.formats.gene_table import PARTS
from promoternets.seeds import derive

Split = Literal["chromosome", "random", "published"]
FEWEST = 2  # genes a part needs: one expressed, one not
ORDERS_TRIED = 200  # of the chromosomes; the assignment nearest to the shares is taken


def split_genes(
    genes: pd.DataFrame,
    *,
    split: Split,
    test_chromosomes: Sequence[str] | None = None,
    valid_chromosomes: Sequence[str] | None = None,
    train_share: float = 0.6,
    valid_share: float = 0.2,
    seed: int = 42,
    where: Path | None = None,
) -> np.ndarray:
    """Return each gene's part, text [genes]: train, valid or test.

    Parameters
    ----------
    genes : gene_id and chrom; the result does not depend on the order of the rows.
    split : ``chromosome``: all genes of a chromosome in one part, so that neighbours, which share signal, are never
        on both sides; ``random``: seeded; ``published``: genes sorted by identifier and cut into thirds
        (DeepChrome: 19,802 into 6,601, 6,601 and 6,600), neighbours on both sides.
    test_chromosomes, valid_chromosomes : for ``chromosome``; what is not given is chosen by `assign_chromosomes`.
    train_share, valid_share : of the genes, for ``chromosome`` (as near as whole chromosomes come) and ``random``;
        the rest tests.
    where : the file an error is about.

    Raises
    ------
    InputError
        When shares leave a part empty, a chromosome is unknown or in two parts, or genes or chromosomes are too few.
    """
    test_share = 1 - train_share - valid_share
    if min(train_share, valid_share, test_share) <= 0:
        raise InputError(
            f"shares {train_share:g} (train) and {valid_share:g} (valid) leave {test_share:g} to test",
            fix="Each part needs a share above 0, and together they are 1",
        )
    if split != "chromosome" and (test_chromosomes or valid_chromosomes):
        raise InputError(f"chromosomes are given for a {split} split", fix="Use split: chromosome, or leave them out")
    shares = (train_share, valid_share, test_share)
    if split == "published":
        parts = _in_order(genes["gene_id"].to_numpy(dtype=object), _thirds(len(genes)))
    elif split == "random":
        counts = _rounded(len(genes), shares)
        drawn = np.empty(len(genes), dtype=np.int64)
        by_name = np.argsort(genes["gene_id"].to_numpy(dtype=object), kind="stable")
        drawn[by_name] = np.random.default_rng(derive(seed, "split of genes")).permutation(len(genes))
        parts = _in_order(drawn, counts)
    else:
        names = genes["chrom"].map(canonical)
        part_of = _chosen_chromosomes(names, test_chromosomes, valid_chromosomes, shares, seed, where)
        parts = names.map(part_of).to_numpy(dtype=object)
    _refuse_small_parts(parts, split, where)
    return parts


def _in_order(keys: np.ndarray, counts: Sequence[int]) -> np.ndarray:
    """Cut the genes, sorted by `keys`, into parts of these sizes."""
    parts = np.empty(len(keys), dtype=object)
    parts[np.argsort(keys, kind="stable")] = np.repeat(np.array(PARTS, dtype=object), counts)
    return parts


def _thirds(genes: int) -> tuple[int, int, int]:
    first = math.ceil(genes / 3)
    second = math.ceil((genes - first) / 2)
    return first, second, genes - first - second


def _rounded(genes: int, shares: Sequence[float]) -> tuple[int, int, int]:
    edges = [round(genes * share) for share in np.cumsum(shares[:2])]
    return edges[0], edges[1] - edges[0], genes - edges[1]


def _chosen_chromosomes(
    names: pd.Series,
    test: Sequence[str] | None,
    valid: Sequence[str] | None,
    shares: Sequence[float],
    seed: int,
    where: Path | None,
) -> dict[str, str]:
    """Return the part of each chromosome: those the user fixed, the rest assigned."""
    counts = names.value_counts()
    given = {"test": [canonical(str(name)) for name in test or []], "valid": [canonical(str(n)) for n in valid or []]}
    asked = [*given["test"], *given["valid"]]
    unknown = [name for name in asked if name not in counts.index]
    if unknown:
        raise InputError(
            f"no gene lies on chromosome {', '.join(order(set(unknown)))}; there are {', '.join(order(counts.index))}",
            where=where, fix="Correct the test or validation chromosomes",
        )  # fmt: skip
    twice = sorted({name for name in asked if asked.count(name) > 1})
    if twice:
        raise InputError(f"chromosome {twice[0]} is given more than once for test and validation",
                         fix="A chromosome belongs to one part")  # fmt: skip
    fixed = {name: part for part, chosen in given.items() for name in chosen}
    open_parts = [part for part in PARTS if part == "train" or not given[part]]
    free = {name: int(counts[name]) for name in order(counts.index) if name not in fixed}
    if len(free) < len(open_parts):
        raise InputError(
            f"genes lie on {len(counts)} chromosome(s) ({', '.join(order(counts.index))}), too few to give each of "
            "train, valid and test its own",
            where=where,
            fix="Split at random (chromatin: split: {by: random}), or give genes of more chromosomes",
        )
    weights = {part: share for part, share in zip(PARTS, shares, strict=True) if part in open_parts}
    return fixed | assign_chromosomes(free, weights, seed)


def assign_chromosomes(counts: dict[str, int], shares: dict[str, float], seed: int) -> dict[str, str]:
    """Return the part of each chromosome so that the parts' genes come near the shares.

    Chromosomes are taken in a shuffled order and each goes to the part that lacks most; of 200 seeded orders the
    one whose parts come nearest to the shares is kept. The same for the same seed, on every machine.

    Parameters
    ----------
    counts : genes of each chromosome, at least as many chromosomes as parts.
    shares : relative size of each part.
    """
    names = order(counts)
    sizes = np.array([counts[name] for name in names])
    parts = list(shares)
    wanted = np.array([shares[part] for part in parts])
    wanted = wanted / wanted.sum() * sizes.sum()
    generator = np.random.default_rng(derive(seed, "split of chromosomes"))
    best: tuple[float, np.ndarray] | None = None
    for _ in range(ORDERS_TRIED):
        chosen = np.zeros(len(names), dtype=int)
        lacking = wanted.copy()
        shuffled = generator.permutation(len(names))
        for place, chromosome in enumerate(shuffled):
            empty = np.flatnonzero(lacking == wanted)
            must_fill = len(names) - place <= len(empty)
            part = int(empty[np.argmax(lacking[empty])]) if must_fill else int(np.argmax(lacking))
            chosen[chromosome] = part
            lacking[part] -= sizes[chromosome]
        distance = float(np.abs(lacking).sum())
        if best is None or distance < best[0]:
            best = distance, chosen
    return {name: parts[part] for name, part in zip(names, best[1], strict=True)}


def _refuse_small_parts(parts: np.ndarray, split: str, where: Path | None) -> None:
    sizes = {part: int((parts == part).sum()) for part in PARTS}
    if min(sizes.values()) < FEWEST:
        shown = ", ".join(f"{part} {count}" for part, count in sizes.items())
        raise InputError(
            f"{len(parts)} genes are too few for a {split} split: {shown}; each part needs {FEWEST} or more",
            where=where,
            fix="Use more genes, or another split",
        )
