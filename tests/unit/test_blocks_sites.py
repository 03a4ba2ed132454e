"""Which sites make up a block: hand-made positions on both strands, with the rows written out."""

import numpy as np
import pytest

from promoternets.blocks.sites import first_uses, nearest_sites, published_sites, site_uses

POSITIONS = np.array([10, 20, 30, 40, 50, 60, 70, 80], dtype=np.int32)  # sites 0 to 7


def block(tss, strand, positions=POSITIONS, *, upstream=3, downstream=2, max_distance=None, oriented=True):
    site, distance = nearest_sites(
        positions, np.array([tss]), np.array([strand == "+"]),
        upstream=upstream, downstream=downstream, max_distance=max_distance, oriented=oriented,
    )  # fmt: skip
    return site[0].tolist(), distance[0].tolist()


def test_on_plus_upstream_is_the_lower_coordinates():
    assert block(45, "+") == ([1, 2, 3, 4, 5], [-25, -15, -5, 5, 15])


def test_on_minus_upstream_is_the_higher_coordinates_and_the_order_is_turned():
    assert block(45, "-") == ([6, 5, 4, 3, 2], [-25, -15, -5, 5, 15])


def test_a_site_on_the_tss_is_the_first_downstream_site_on_both_strands():
    assert block(40, "+") == ([0, 1, 2, 3, 4], [-30, -20, -10, 0, 10])
    assert block(40, "-") == ([6, 5, 4, 3, 2], [-30, -20, -10, 0, 10])


def test_the_minus_block_is_the_plus_block_of_the_mirrored_chromosome():
    mirrored = (100 - POSITIONS)[::-1]
    for tss in range(1, 100):
        site, distance = block(tss, "-", max_distance=30)
        there, same = block(100 - tss, "+", mirrored, max_distance=30)
        assert (distance, [7 - row if row >= 0 else -1 for row in there]) == (same, site)


def test_absent_sites_are_at_the_outer_ends():
    assert block(25, "+") == ([-1, 0, 1, 2, 3], [0, -15, -5, 5, 15])
    assert block(75, "+") == ([4, 5, 6, 7, -1], [-25, -15, -5, 5, 0])
    assert block(75, "-") == ([-1, -1, 7, 6, 5], [0, 0, -5, 5, 15])
    assert block(5, "+") == ([-1, -1, -1, 0, 1], [0, 0, 0, 5, 15])


def test_sites_beyond_the_maximum_distance_are_absent_and_the_limit_itself_is_within():
    assert block(45, "+", max_distance=15) == ([-1, 2, 3, 4, 5], [0, -15, -5, 5, 15])
    assert block(45, "-", max_distance=14) == ([-1, -1, 4, 3, -1], [0, 0, -5, 5, 0])
    assert block(1000, "+", max_distance=100) == ([-1] * 5, [0] * 5)


def test_two_variants_at_one_position_are_two_sites_in_store_order():
    positions = np.array([10, 20, 20, 30, 30], dtype=np.int32)
    assert block(30, "+", positions)[0] == [0, 1, 2, 3, 4]
    assert block(20, "-", positions, upstream=2, downstream=3)[0] == [4, 3, 2, 1, 0]


def test_without_orientation_minus_blocks_run_in_genome_order():
    assert block(45, "-", oriented=False) == ([2, 3, 4, 5, 6], [15, 5, -5, -15, -25])
    assert block(45, "+", oriented=False) == block(45, "+")


def test_no_sites_and_no_promoters_give_empty_blocks():
    assert block(45, "+", np.array([], dtype=np.int32)) == ([-1] * 5, [0] * 5)
    site, _ = nearest_sites(POSITIONS, np.array([], int), np.array([], bool), upstream=3, downstream=2, max_distance=9)
    assert site.shape == (0, 5)


def test_many_promoters_agree_with_a_plain_search():
    random = np.random.default_rng(5)
    positions = np.sort(random.integers(1, 3000, 200)).astype(np.int32)
    tss, plus = random.integers(1, 3000, 100), random.random(100) < 0.5
    site, distance = nearest_sites(positions, tss, plus, upstream=7, downstream=4, max_distance=60)
    for row in range(len(tss)):
        signed = (positions.astype(int) - tss[row]) * (1 if plus[row] else -1)
        order = np.argsort(signed, kind="stable")
        up = [d for d in signed[order] if -60 <= d < 0][-7:]
        down = [d for d in signed[order] if 0 <= d <= 60][:4]
        present = site[row] >= 0
        assert distance[row][present].tolist() == up + down
        assert present.tolist() == [False] * (7 - len(up)) + [True] * (len(up) + len(down)) + [False] * (4 - len(down))
        assert (positions[site[row][present]] - tss[row]).tolist() == [d if plus[row] else -d for d in up + down]


@pytest.mark.parametrize(
    ("tss", "strand", "sites"),
    [
        (45, "+", [2, 3, 4, 5, 6]),  # nominal 3 and 2 become 2 before and 3 after on plus
        (40, "+", [1, 2, 3, 4, 5]),  # a site on the TSS is POS = txStart + 1, so after
        (45, "-", [2, 3, 4, 5, 6]),  # 2 below and 3 above, in genome order
        (40, "-", [1, 2, 3, 4, 5]),  # a site on the TSS is POS = txEnd, so among the 3
        (25, "+", [0, 1, 2, 3, 4]),
        (15, "+", [-1, 0, 1, 2, 3]),  # one site short at the chromosome's start
    ],
)
def test_published_blocks_have_one_less_upstream_on_plus_and_are_never_turned(tss, strand, sites):
    site, distance = published_sites(POSITIONS, np.array([tss]), np.array([strand == "+"]), upstream=3, downstream=2)
    assert site[0].tolist() == sites
    sign = 1 if strand == "+" else -1
    assert distance[0].tolist() == [sign * (POSITIONS[row] - tss) if row >= 0 else 0 for row in sites]


def test_published_blocks_of_64_sites_are_55_and_9_on_plus_and_8_and_56_on_minus():
    positions = np.arange(1, 2001, 10, dtype=np.int32)
    site, _ = published_sites(positions, np.array([1001, 1001]), np.array([True, False]), upstream=56, downstream=8)
    before = (positions[site] < 1001).sum(axis=1)
    assert before.tolist() == [55, 8]
    assert (np.diff(site, axis=1) == 1).all()


def test_uses_count_the_blocks_of_a_site_and_first_uses_the_distinct_sites():
    site = np.array([[0, 1, 2], [1, 2, -1], [9, -1, -1]])
    assert site_uses(site).tolist() == [[1, 2, 2], [2, 2, 0], [1, 0, 0]]
    assert first_uses(site).sum(axis=1).tolist() == [3, 0, 1]
    assert first_uses(site).sum() == len({0, 1, 2, 9})
