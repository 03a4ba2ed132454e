"""Successive halving over promoters, script by script: who is tried, who goes on, what is said of those left."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit"))
from stores import write_blocks

from promoternets.errors import InputError
from promoternets.formats import rungs
from promoternets.formats.rungs import RUNGS, Rung, kept
from promoternets.ranking.halving import survivors
from promoternets.ranking.promoters import Promoters

PEOPLE, PROMOTERS = 120, 30


def write_people(folder, labels):
    names = [f"p{number}" for number in range(PEOPLE)]
    pd.DataFrame({"sample": names, "phenotype": labels}).to_csv(folder / "samples.tsv", sep="\t", index=False)
    parts = {"fold": [n // 2 % 3 + 1 for n in range(PEOPLE)], "inner": [n // 6 % 2 + 1 for n in range(PEOPLE)]}
    pd.DataFrame({"sample": names, **parts}).to_csv(folder / "folds.tsv", sep="\t", index=False)


def run(script, folder, blocks, *, fold=1, shards=2, top=2):
    """Run each rung and then the training, all shards of a fold; return the tables of all rungs."""
    common = {
        "blocks": blocks, "samples": folder / "samples.tsv", "folds": folder / "folds.tsv", "fold": fold,
        "shards": shards, "top": top, "epochs": 6, "learning_rate": 0.003,
    }  # fmt: skip
    screen, train = script("screen_promoters").main, script("train_promoter_cnn").main
    before, made = [], []
    for rung in range(1, len(RUNGS) + 1):
        tables = [folder / f"fold_{fold}.rung_{rung}.{shard}.tsv" for shard in range(1, shards + 1)]
        for shard, path in enumerate(tables, start=1):
            screen(**common, rung=rung, before=before or None, shard=shard, scores=path)
        before, made = tables, made + tables
    for shard in range(1, shards + 1):
        out = {kind: folder / f"fold_{fold}.{kind}.{shard}.tsv" for kind in ("scores", "null")}
        train(**common, screened=before, shard=shard, **out)
    return made


def read(folder, kind, fold=1):
    parts = [pd.read_csv(path, sep="\t") for path in sorted(folder.glob(f"fold_{fold}.{kind}.*.tsv"))]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


@pytest.fixture(scope="module")
def halved(tmp_path_factory, script):
    folder = tmp_path_factory.mktemp("halved")
    blocks = write_blocks(folder, people=PEOPLE, promoters=(20, 10), planted=(0, 3))
    write_people(folder, np.arange(PEOPLE) % 2)
    screened = run(script, folder, blocks)
    return folder, blocks, screened


def test_each_rung_tries_those_who_scored_best_in_the_one_before(halved):
    folder, _, _ = halved
    for rung in range(1, len(RUNGS) + 1):
        tried = read(folder, f"rung_{rung}")
        follow = "scores" if rung == len(RUNGS) else f"rung_{rung + 1}"
        best = tried.nlargest(kept(PROMOTERS, rung, 2), "score")["promoter"]
        assert set(read(folder, follow)["promoter"]) == set(best)
        assert (tried["epochs"] <= RUNGS[rung - 1].epochs).all()
    assert len(read(folder, "rung_1")) == PROMOTERS
    assert len(read(folder, "scores")) == 8  # four for each one to be selected
    assert "chr1_3" in set(read(folder, "scores")["promoter"])


def test_who_goes_on_ends_with_the_score_it_has_without_halving(halved, tmp_path, script):
    folder, blocks, _ = halved
    script("train_promoter_cnn").main(
        blocks=blocks, samples=folder / "samples.tsv", folds=folder / "folds.tsv", fold=1, epochs=6,
        learning_rate=0.003, permutations=0, scores=tmp_path / "scores.tsv", null=tmp_path / "null.tsv",
    )  # fmt: skip
    whole = pd.read_csv(tmp_path / "scores.tsv", sep="\t").set_index("promoter")
    own = read(folder, "scores").set_index("promoter")
    np.testing.assert_allclose(own["score"], whole.loc[own.index, "score"], atol=2e-3)  # a pair of people, by rounding
    null = read(folder, "null")
    assert len(null) == 64 and null["promoter"].nunique() == 8  # as many scores as ever, of promoters from all over
    assert not set(null["promoter"]) <= set(own.index)


def test_the_ranking_holds_all_promoters_and_those_left_stand_behind_without_p_value(halved, tmp_path, script):
    folder, blocks, screened = halved
    table = pd.DataFrame({"promoter": Promoters(blocks).ids})
    table = table.assign(gene_id=table["promoter"], symbol=table["promoter"], tss=1, strand="+")
    table["chrom"] = table["promoter"].str.split("_").str[0]
    table.to_csv(folder / "blocks.tsv", sep="\t", index=False)
    out = {name: tmp_path / f"{name}.tsv" for name in ("ranking", "promoter_ranking", "null_summary")}
    script("rank_promoters").main(
        scores=sorted(folder.glob("fold_1.scores.*.tsv")), null=sorted(folder.glob("fold_1.null.*.tsv")),
        screened=screened, blocks=folder / "blocks.tsv", block_stores=blocks, top=2, **out,
    )  # fmt: skip
    ranking = pd.read_csv(out["ranking"], sep="\t")
    assert len(ranking) == PROMOTERS and ranking["promoter"].iloc[0] in {"chr1_3", "chr1_4"}  # which share sites
    left = ranking["rung"].notna()
    assert ranking.loc[left, "rank"].min() > ranking.loc[~left, "rank"].max()
    assert ranking.loc[left, ["p_value", "fdr"]].isna().all(axis=None) and ranking.loc[~left, "p_value"].notna().all()
    assert ranking.loc[left, "skipped_because"].str.startswith("left after rung").all()
    assert ranking.loc[left, "selected"].sum() == 0 and ranking["selected"].sum() == 2
    rung_two = set(read(folder, "rung_2")["promoter"])
    assert set(ranking.loc[ranking["rung"] == 1, "promoter"]) == set(Promoters(blocks).ids) - rung_two
    over = pd.read_csv(out["promoter_ranking"], sep="\t").set_index("promoter")
    first = over.loc["chr1_3"]
    assert first["family_wise_p"] == pytest.approx(1 - (1 - first["p_value"]) ** PROMOTERS)  # those left count
    assert over["folds_trained"].sum() == 8


def test_test_people_do_not_say_who_goes_on(halved, tmp_path, script):
    folder, _, _ = halved
    test = np.flatnonzero(np.arange(PEOPLE) // 2 % 3 == 0)
    labels = np.arange(PEOPLE) % 2
    labels[test] = 1 - labels[test]
    write_people(tmp_path, labels)
    blocks = write_blocks(tmp_path, people=PEOPLE, promoters=(20, 10), planted=(0, 3), scramble=test)
    run(script, tmp_path, blocks)
    for kind in ("rung_1", "rung_2", "scores"):
        pd.testing.assert_frame_equal(read(folder, kind), read(tmp_path, kind), check_exact=True)


def test_the_number_of_shards_changes_nothing(halved, tmp_path, script):
    folder, blocks, _ = halved
    write_people(tmp_path, np.arange(PEOPLE) % 2)
    run(script, tmp_path, blocks, shards=1)
    for kind in ("rung_1", "rung_2", "scores"):
        one, two = (read(place, kind).sort_values("promoter", ignore_index=True) for place in (tmp_path, folder))
        pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_of_equal_scores_the_first_promoters_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(rungs, "RUNGS", (Rung(1, 1, 0.5),))
    path = tmp_path / "scores.tsv"
    table = pd.DataFrame({"promoter": list("fedcba"), "score": [0.6, 0.5, 0.5, 0.5, 0.5, 0.5], "rung": 1})
    table.to_csv(path, sep="\t", index=False)
    assert survivors([path], 1, list("abcdef"), top=0) == [0, 1, 5]


@pytest.mark.parametrize("given", [list("abc"), list("abcc"), list("abcx")])
def test_scores_of_other_promoters_are_refused(tmp_path, given):
    path = tmp_path / "scores.tsv"
    pd.DataFrame({"promoter": given, "score": 0.5, "rung": 1}).to_csv(path, sep="\t", index=False)
    with pytest.raises(InputError, match="Make them again with screen_promoters"):
        survivors([path], 1, list("abcd"), top=1)
