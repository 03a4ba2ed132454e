"""Successive halving over promoters, script by script: who is tried, who goes on, what is said of those dropped."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit"))
from stores import write_blocks

from promoternets.errors import InputError
from promoternets.formats import rungs
from promoternets.formats.rungs import RUNGS, Rung, kept
from promoternets.ranking.halving import null_sample, survivors
from promoternets.ranking.null import promoters_over_folds, score_at
from promoternets.ranking.promoters import Promoters
from promoternets.ranking.score import Scoring
from promoternets.training.settings import TrainingSettings

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
    dropped = ranking["rung"].notna()
    assert ranking.loc[dropped, "rank"].min() > ranking.loc[~dropped, "rank"].max()
    assert (
        ranking.loc[dropped, ["p_value", "fdr"]].isna().all(axis=None)
        and ranking.loc[~dropped, "p_value"].notna().all()
    )
    assert ranking.loc[dropped, "skipped_because"].str.startswith("dropped after rung").all()
    assert ranking.loc[dropped, "selected"].sum() == 0 and ranking["selected"].sum() == 2
    rung_two = set(read(folder, "rung_2")["promoter"])
    assert set(ranking.loc[ranking["rung"] == 1, "promoter"]) == set(Promoters(blocks).ids) - rung_two
    over = pd.read_csv(out["promoter_ranking"], sep="\t").set_index("promoter")
    first = over.loc["chr1_3"]
    assert first["family_wise_p"] == pytest.approx(1 - (1 - first["p_value"]) ** PROMOTERS)  # those dropped count
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
    table = pd.DataFrame({"promoter": list("fedcba"), "fold": 1, "score": [0.6, *[0.5] * 5], "rung": 1})
    table.to_csv(path, sep="\t", index=False)
    assert survivors([path], 1, list("abcdef"), fold=1, top=0) == [0, 1, 5]


GOOD = {"promoter": list("abcd"), "fold": 1, "score": 0.5, "rung": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"promoter": list("abcc")}, "of 3 promoters, not of the 4"),
        ({"promoter": list("abcx")}, "of 4 promoters, not of the 4"),
        ({"rung": 2}, "not all scores of rung 1 in fold 1"),
        ({"fold": [1, 1, 1, 2]}, "not all scores of rung 1 in fold 1"),
        ({"score": [0.5, np.nan, 0.5, 0.5]}, "promoter b has no score"),
    ],
)
def test_scores_of_other_promoters_rungs_and_folds_are_refused(tmp_path, changes, message):
    path = tmp_path / "scores.tsv"
    pd.DataFrame(GOOD | changes).to_csv(path, sep="\t", index=False, na_rep="NA")
    with pytest.raises(InputError, match=message):
        survivors([path], 1, list("abcd"), fold=1, top=1)


@pytest.mark.parametrize(("rung", "before"), [(0, None), (2, None), (3, ["x"]), (1, ["x"])])
def test_a_rung_needs_the_one_before(tmp_path, script, rung, before):
    given = dict.fromkeys(("samples", "folds", "scores"), tmp_path / "x")
    with pytest.raises(InputError, match=f"there is no rung {rung} with"):
        script("screen_promoters").main(blocks=[tmp_path], fold=1, rung=rung, before=before, **given)


def test_too_few_promoters_for_halving_are_said_to_be(tmp_path, caplog):
    path = tmp_path / "scores.tsv"
    pd.DataFrame(GOOD).to_csv(path, sep="\t", index=False)
    assert survivors([path], 1, list("abcd"), fold=1, top=1) == [0, 1, 2, 3]
    assert "drops no promoter" in caplog.text


def test_an_accuracy_does_not_say_who_goes_on():
    """After one epoch it is the same for nearly all promoters, and their order would decide."""
    settings = TrainingSettings(epochs=30)
    for score, used in (("accuracy", "within_strata_auc"), ("auc", "auc"), ("within_strata_auc", "within_strata_auc")):
        scoring = Scoring("one_hot", score, 2, settings, 2000).of_rung(RUNGS[0], "within_strata_auc")
        assert (scoring.metric, scoring.settings.epochs, scoring.first_rounds) == (used, 1, 1)


@pytest.mark.parametrize(("promoters", "whole", "sample"), [(1000, 5.02, 6.02), (20000, 6.3, 6.38)])
def test_a_smaller_null_asks_more_of_the_best_promoter_where_promoters_are_few(promoters, whole, sample):
    """The score, in standard deviations of a normal null, that the best has by chance in 5 of 100 cohorts."""
    level = 1 - 0.95 ** (1 / promoters)
    for count, score in ((promoters, whole), (len(null_sample(promoters, 32)), sample)):
        null = norm.ppf((np.arange(count) + 0.5) / count)
        assert score_at(level, null) == pytest.approx(score, abs=0.03)


def test_over_folds_those_dropped_in_fewer_come_first():
    """One of five folds may drop a promoter that the others select."""
    scores = {"often": [0.8, 0.8, 0.8, 0.8, 0.75], "noise": [0.5] * 5, "rarely": [0.9, 0.6, 0.6, 0.6, 0.6]}
    rung = {"often": [np.nan] * 4 + [2], "noise": [np.nan] * 5, "rarely": [np.nan, 1, 1, 1, 1]}
    ranking = pd.concat([
        pd.DataFrame({"promoter": name, "fold": range(1, 6), "score": own, "rank": 1, "se": 0.03, "gene_id": name,
                      "symbol": name, "chrom": "1", "tss": 1, "strand": "+", "sites": 64, "rung": rung[name],
                      "selected": 0})
        for name, own in scores.items()
    ])  # fmt: skip
    null = pd.DataFrame({"promoter": "noise", "fold": range(1, 6), "permutation": 1, "score": 0.5})
    table = promoters_over_folds(ranking, null)
    assert table["promoter"].tolist() == ["noise", "often", "rarely"]
    assert table["folds_trained"].tolist() == [5, 4, 1] and table["p_value"].notna().tolist() == [True, False, False]
