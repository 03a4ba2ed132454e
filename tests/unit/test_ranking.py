"""The ranking: scores do not depend on shards, test people or company; the best promoters are selected."""

import numpy as np
import pandas as pd
import pytest
import torch
from stores import write_blocks

from promoternets.errors import InputError
from promoternets.formats.outer_fold import OuterFold
from promoternets.formats.selected_store import SelectedStore
from promoternets.ranking import score
from promoternets.ranking.gather import gather_selected
from promoternets.ranking.promoters import Promoters
from promoternets.ranking.score import Scoring, score_promoters, shard_members, stack_size
from promoternets.ranking.select import rank_promoters
from promoternets.training.settings import TrainingSettings

PEOPLE = 120


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return write_blocks(tmp_path_factory.mktemp("blocks"), people=PEOPLE, promoters=(9, 6), planted=(0, 3))


@pytest.fixture(scope="module")
def people():
    labels = np.tile([0, 1], PEOPLE // 2)
    inner = np.repeat(np.arange(1, 6), PEOPLE // 5)
    return OuterFold(np.array([f"p{n}" for n in range(PEOPLE)], dtype=object), labels, inner,
                     np.arange(0, 96), np.arange(96, PEOPLE))  # fmt: skip


def scored(stores, people, *, shard=1, shards=1, **changes):
    table, _ = with_null(stores, people, shard=shard, shards=shards, **changes)
    return table


def with_null(stores, people, *, shard=1, shards=1, encoding="one_hot", metric="auc", memory_mb=2000, rounds=2, **more):
    settings = TrainingSettings(epochs=4, patience=2, learning_rate=0.003, batch_size=32)
    scoring = Scoring(encoding, metric, rounds, settings, memory_mb)
    options = {"seed": 1, "fold": 1, "device": torch.device("cpu")} | more
    return score_promoters(Promoters(stores), people, scoring, shard=shard, shards=shards, **options)


def test_scores_are_the_same_bit_for_bit_for_any_number_of_shards(stores, people, monkeypatch):
    monkeypatch.setitem(score.STACK, "cpu", 4)
    whole = scored(stores, people)
    for shards in (2, 7):
        parts = [scored(stores, people, shard=number, shards=shards) for number in range(1, shards + 1)]
        joined = pd.concat([part for part in parts if len(part)]).set_index("promoter").loc[whole["promoter"]]
        pd.testing.assert_frame_equal(joined.reset_index()[whole.columns], whole, check_exact=True, check_dtype=False)


def test_the_promoters_with_the_planted_sites_score_best(stores, people):
    """The next block on the chromosome begins before they end, and has them too."""
    table = scored(stores, people)
    assert set(table.set_index("promoter")["score"].nlargest(2).index) == {"chr1_3", "chr1_4"}


@pytest.mark.parametrize("encoding", ["one_hot", "scalar", "haplotype"])
def test_test_people_change_no_score(stores, people, encoding, tmp_path):
    """Neither their labels nor their genotypes: leakage would show here."""
    before = scored(stores, people, encoding=encoding)
    changed = people.labels.copy()
    changed[people.test] = 1 - changed[people.test]
    other = write_blocks(tmp_path, people=PEOPLE, promoters=(9, 6), planted=(0, 3), scramble=people.test)
    after = scored(
        other, OuterFold(people.sample_ids, changed, people.inner, people.training, people.test), encoding=encoding
    )
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_genotypes_of_a_block_are_those_of_its_sites(stores):
    promoters = Promoters(stores)
    first, last = promoters.read([0, 14], "genotype")
    haplotypes = promoters.read([14], "haplotype")[0]
    store, rows = promoters.stores[1], promoters.site_rows(14)
    assert (rows < 0).sum() == 3 and (last[:, rows < 0] == -2).all()
    np.testing.assert_array_equal(last[:, rows >= 0], store.counts()[rows[rows >= 0]].T)
    called = (haplotypes >= 0).all(2)
    np.testing.assert_array_equal(haplotypes.sum(2)[called], last[called])
    assert first.shape == (PEOPLE, 64)


def test_shards_together_hold_each_promoter_once():
    for shards in (1, 2, 7, 40):
        runs = [run for shard in range(1, shards + 1) for run in shard_members(range(50), 16, shard, shards)]
        assert sorted(index for run in runs for index in run) == list(range(50))


def test_memory_sets_how_many_promoters_are_trained_at_once():
    assert stack_size(1000, 64, 4, 2000, "cpu") == 16
    assert 1 <= stack_size(1000, 64, 4, 300, "cpu") < 16
    with pytest.raises(InputError, match="Raise ranking.memory_mb"):
        stack_size(100_000, 64, 4, 20, "cpu")


def ranked(**options):
    scores = pd.DataFrame({"promoter": list("abcd") * 2, "fold": [1] * 4 + [2] * 4, "se": 0.01, "sites": 4,
                           "score": [0.5, 0.9, 0.9, 0.7, 0.6, 0.5, 0.8, 0.55]})  # fmt: skip
    blocks = pd.DataFrame({"promoter": list("abcd"), "gene_id": list("ABCD"), "symbol": list("ABCD"),
                           "chrom": ["1", "1", "1", "2"], "tss": [1, 2, 3, 4], "strand": "+"})  # fmt: skip
    sites = {"a": frozenset("1234"), "b": frozenset("3456"), "c": frozenset("4567"), "d": frozenset("abcd")}
    return rank_promoters(scores, blocks, sites, **options)


def chosen(table, fold):
    return table[(table["fold"] == fold) & (table["selected"] == 1)]["promoter"].tolist()


def test_the_best_are_selected_in_each_fold_and_ties_go_by_genome_order():
    table = ranked(top=2)
    assert chosen(table, 1) == ["b", "c"] and chosen(table, 2) == ["c", "a"]
    assert table[table["fold"] == 1]["rank"].tolist() == [1, 2, 3, 4]


def test_so_many_on_each_chromosome_instead_of_the_best_over_all():
    table = ranked(top=1, per_chromosome=1)
    assert chosen(table, 1) == ["b", "d"]
    assert "already selected" in table[(table["fold"] == 1) & (table["promoter"] == "c")]["skipped_because"].iloc[0]


def test_a_promoter_that_shares_most_of_its_sites_is_skipped_and_it_is_said_why():
    table = ranked(top=3, max_shared=0.5)
    assert chosen(table, 1) == ["b", "d", "a"]
    assert table[(table["fold"] == 1) & (table["promoter"] == "c")]["skipped_because"].iloc[0].startswith("shares 75%")


def test_two_scores_of_a_promoter_in_one_fold_are_an_error():
    with pytest.raises(InputError, match="two scores"):
        scores = pd.DataFrame({"promoter": ["a", "a"], "fold": 1, "score": 0.5, "se": 0.1, "sites": 1})
        blocks = pd.DataFrame({"promoter": ["a"], "gene_id": "A", "symbol": "A", "chrom": "1", "tss": 1, "strand": "+"})
        rank_promoters(scores, blocks, {"a": frozenset()}, top=1)


def test_gathered_inputs_are_the_selected_promoters_best_first(stores, tmp_path):
    table = pd.DataFrame(
        {"promoter": ["chr2_5", "chr1_3", "chr1_0"], "fold": 1, "rank": [1, 2, 3], "selected": [1, 1, 0]}
    )
    gather_selected(table, stores, 1, tmp_path / "s.zarr")
    selected = SelectedStore.open(tmp_path / "s.zarr")
    promoters = Promoters(stores)
    assert list(selected.promoters) == ["chr2_5", "chr1_3"]
    np.testing.assert_array_equal(selected.genotype.swapaxes(0, 1), promoters.read([14, 3], "genotype"))
    assert (selected.present == (selected.genotype[0] != -2)).all()
    assert selected.site_ids[1, 0].startswith("chr1:") and selected.distance[1, 0] < 0
    with pytest.raises(InputError, match="no promoter is selected in fold 2"):
        gather_selected(table, stores, 2, tmp_path / "t.zarr")


def test_null_scores_lie_about_a_half_and_the_planted_promoter_above_them(stores, people):
    table, null = with_null(stores, people, permutations=2)
    assert len(null) == 2 * len(table) == 30
    assert abs(null["score"].mean() - 0.5) < 0.06
    assert table.set_index("promoter").loc["chr1_3", "score"] > null["score"].max()


def test_permutations_leave_the_scores_as_they_are(stores, people):
    table, _ = with_null(stores, people, permutations=1)
    pd.testing.assert_frame_equal(table, scored(stores, people), rtol=1e-5)


def test_null_scores_are_the_same_for_any_number_of_shards(stores, people, monkeypatch):
    monkeypatch.setitem(score.STACK, "cpu", 4)
    _, whole = with_null(stores, people, permutations=1)
    parts = [with_null(stores, people, permutations=1, shard=number, shards=3)[1] for number in (1, 2, 3)]
    joined = pd.concat(parts).set_index("promoter").loc[whole["promoter"]].reset_index()
    pd.testing.assert_frame_equal(joined, whole, check_exact=True)


def test_a_promoter_that_tells_the_stratum_alone_scores_nothing_within_strata(stores, people):
    """The planted promoter tells the labels; given strata that are the labels blurred, only what is left counts."""
    stratum = people.labels.copy()
    flipped = np.random.default_rng(1).choice(len(stratum), 24, replace=False)
    stratum[flipped] = 1 - stratum[flipped]
    pooled = scored(stores, people).set_index("promoter")["score"]
    within = scored(stores, people, metric="within_strata_auc", stratum=stratum).set_index("promoter")["score"]
    whole = scored(stores, people, metric="within_strata_auc").set_index("promoter")["score"]
    assert whole.to_numpy() == pytest.approx(pooled.to_numpy())
    assert not np.allclose(within, pooled)
