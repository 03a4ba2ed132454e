"""Which sites make up a block: the nearest to the TSS by rank, oriented along the transcript."""

from __future__ import annotations

import numpy as np

ABSENT = -1


def nearest_sites(
    positions: np.ndarray,
    tss: np.ndarray,
    plus: np.ndarray,
    *,
    upstream: int,
    downstream: int,
    max_distance: int | None,
    oriented: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sites of each promoter's block and their distances.

    Columns run 5' to 3': column 0 is the farthest upstream site, column ``upstream - 1`` the nearest, column
    ``upstream`` the first downstream. A site on the TSS is downstream. Sites farther than `max_distance` are
    absent, so padding is at the two ends. Sites of one position stay in genome order: as stored in blocks on
    the plus strand, reversed with everything else on the minus strand. With ``oriented=False`` blocks on the
    minus strand run in genome order too: their downstream sites come first.

    Parameters
    ----------
    positions : int [sites], sorted, 1-based
    tss : int [promoters], 1-based
    plus : bool [promoters], whether on the plus strand

    Returns
    -------
    (site, distance) : int32 [promoters, upstream + downstream]; the index into `positions` or -1, and the
        signed bp along the transcript (negative upstream), 0 where absent.
    """
    sign = np.where(plus, 1, -1)
    first = np.where(plus, np.searchsorted(positions, tss, "left"), np.searchsorted(positions, tss, "right") - 1)
    steps = np.arange(-upstream, downstream)
    site, distance = _at(positions, tss, sign, first[:, None] + sign[:, None] * steps)
    if max_distance is not None:
        far = np.abs(distance) > max_distance
        site[far], distance[far] = ABSENT, 0
    if not oriented:
        site, distance = (np.where(plus[:, None], array, array[:, ::-1]) for array in (site, distance))
    return site, distance


def published_sites(
    positions: np.ndarray, tss: np.ndarray, plus: np.ndarray, *, upstream: int, downstream: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return blocks as the published system cut them; arguments and result as in `nearest_sites`.

    No limit of distance, and genome order on both strands. It compared a site's 1-based position with UCSC's
    0-based txStart: on the plus strand 55 sites with POS <= txStart, so before the TSS, and 9 from the TSS
    on; on the minus strand, with txEnd, 8 sites before the TSS and 56 from the TSS on, so a site on the TSS
    counts as upstream there (Yin et al. 2019, code of step 1). `upstream` and `downstream` are its nominal
    56 and 8.
    """
    boundary = np.searchsorted(positions, tss, "left")
    before = np.where(plus, upstream - 1, downstream)
    steps = np.arange(upstream + downstream)
    return _at(positions, tss, np.where(plus, 1, -1), (boundary - before)[:, None] + steps)


def _at(positions: np.ndarray, tss: np.ndarray, sign: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `index` with -1 for what is beyond the ends, and the signed distances."""
    present = (index >= 0) & (index < len(positions))
    if not len(positions):
        return np.full(index.shape, ABSENT, np.int32), np.zeros(index.shape, np.int32)
    there = positions[np.clip(index, 0, len(positions) - 1)].astype(np.int64)
    distance = sign[:, None] * (there - tss[:, None])
    return np.where(present, index, ABSENT).astype(np.int32), np.where(present, distance, 0).astype(np.int32)


def site_uses(site: np.ndarray) -> np.ndarray:
    """Return how many blocks use each site of each block: int [promoters, sites], 0 where absent."""
    present = site != ABSENT
    uses = np.zeros(site.shape, dtype=np.int64)
    uses[present] = np.bincount(site[present])[site[present]] if present.any() else 0
    return uses


def first_uses(site: np.ndarray) -> np.ndarray:
    """Return whether a site is used for the first time: bool [promoters, sites]."""
    first = np.zeros(site.size, dtype=bool)
    _, where = np.unique(site.ravel(), return_index=True)
    first[where] = True
    return first.reshape(site.shape) & (site != ABSENT)
