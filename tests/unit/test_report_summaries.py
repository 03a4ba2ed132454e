"""What the report counts, by hand."""

import math
from dataclasses import replace

import pandas as pd

from promoternets.ranking.null import promoters_over_folds
from promoternets.report import summaries, words
from promoternets.report.inputs import Inputs


def ranking(rows: list[tuple]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["promoter", "fold", "score", "rank", "selected"])
    extra = {"se": 0.03, "chrom": "1", "tss": 1, "strand": "+", "sites": 64.0, "rung": float("nan")}
    return table.assign(gene_id=table["promoter"], symbol=table["promoter"].str.lower(), **extra)


NO_NULL = pd.DataFrame({"promoter": [], "fold": [], "permutation": [], "score": []})
TWO_FOLDS = ranking(
    [
        ("A", "1", 0.7, 1, 1),
        ("A", "2", 0.6, 2, 1),
        ("B", "1", 0.5, 2, 0),
        ("B", "2", 0.9, 1, 1),
        ("C", "1", None, None, 0),
        ("C", "2", None, None, 0),
    ]
)


def inputs(samples: pd.DataFrame, excluded: pd.DataFrame | None = None) -> Inputs:
    nothing = pd.DataFrame()
    none = pd.DataFrame({"sample": [], "reason": []})
    return Inputs("c", samples, none if excluded is None else excluded, *[nothing] * 10)


def test_planted_promoters_carry_their_rank_in_each_fold():
    truth = pd.DataFrame(
        {"gene_id": ["A", "B", "Z"], "effect": ["weak", "none", "additive"], "strength": [0.01, 0.0, 0.5]}
    )
    table = summaries.planted(truth, promoters_over_folds(TWO_FOLDS, NO_NULL), TWO_FOLDS)
    assert table["gene_id"].tolist() == ["Z", "A"]
    assert table["ranks"].tolist() == ["", "1, 2"]
    assert table["folds_selected"].tolist() == [0, 2]
    assert table["worst_rank"].tolist()[1] == 2 and math.isnan(table["worst_rank"].tolist()[0])


def test_what_comes_by_chance_is_the_null_over_all_folds_and_unknown_without_one():
    null = pd.DataFrame({"fold": ["all", "1"], "null_scores": [96, 288], "best_by_chance": [0.56, 0.63]})
    assert summaries.by_chance(null)["best_by_chance"] == 0.56
    assert summaries.by_chance(null.assign(null_scores=0)) is None


def test_filters_are_summed_over_chromosomes():
    table = pd.DataFrame(
        {
            "chrom": ["1", "2"] * 3,
            "filter": ["records_read"] * 2 + ["maf"] * 2 + ["kept"] * 2,
            "records": [10.0, 20, 3, 4, 7, 16],
        }
    )
    found = summaries.sites(table)
    assert (found.read, found.kept, found.removed) == (30, 23, [("Minor allele too rare", 7)])


def test_people_are_counted_by_phenotype_and_reason():
    table = pd.DataFrame({"sample": list("abc"), "phenotype": ["1", "0", "0"], "family": ["x", "x", "y"]})
    gone = pd.DataFrame({"sample": ["d", "e"], "reason": ["not in the VCF"] * 2})
    found = summaries.people(inputs(table, gone))
    assert (found.cases, found.controls, found.families, found.excluded) == (1, 2, 2, [("not in the VCF", 2)])


def test_a_batch_full_of_controls_is_noticed():
    table = pd.DataFrame(
        {
            "sample": [str(n) for n in range(200)],
            "phenotype": ["1"] * 80 + ["0"] * 120,
            "batch": ["c1"] * 120 + ["c5"] * 80,
            "sex": ["f", "m"] * 100,
        }
    )
    given = inputs(table)
    found = summaries.most_lopsided(summaries.covariates(given), summaries.people(given))
    assert (found["covariate"], found["level"], found["cases"], found["people"]) == ("batch", "c5", 0, 80)


def test_an_even_batch_is_not_noticed():
    table = pd.DataFrame(
        {
            "sample": [str(n) for n in range(200)],
            "phenotype": ["1", "0"] * 100,
            "batch": ["c1"] * 100 + ["c5"] * 100,
        }
    )
    given = inputs(table)
    assert summaries.most_lopsided(summaries.covariates(given), summaries.people(given)) is None


def test_a_covariate_s_value_of_few_people_is_named_and_not_counted():
    people = pd.DataFrame(
        {"sample": range(60), "phenotype": ["1", "0"] * 30, "centre": [*["small"] * 7, *["large"] * 53]}
    )
    given = replace(inputs(people), settings={"settings": {"audit": {"min_cell": 4}}})
    shown = summaries.covariates(given).set_index("level")
    assert shown.loc["large", ["cases", "controls"]].tolist() == [26, 27]
    assert shown.loc["small", "cases"] == 4 and shown.loc["small", "note_controls"] == "fewer than 4"
    assert shown["controls"].isna().tolist() == [False, True]
    everything = summaries.covariates(inputs(people)).set_index("level")
    assert everything.loc["small", ["cases", "controls"]].tolist() == [4, 3]


def test_distinct_sites_count_a_shared_site_once():
    table = pd.DataFrame({"fold": ["1"] * 3, "promoter": ["A", "A", "B"], "site": ["s", "t", "s"]})
    assert summaries.distinct_sites(table) == (2, 3)
    assert summaries.distinct_sites(None) is None


def test_published_accuracy_has_the_interval_of_its_test_set():
    low, high = summaries.wilson(0.769, 1190)
    assert (round(100 * low, 1), round(100 * high, 1)) == (74.4, 79.2)


def test_only_changed_settings_are_listed():
    settings = {"settings": {"a": {"x": 1, "y": [1, 2]}}, "defaults": {"a": {"x": 1, "y": [1]}}}
    assert summaries.changed_settings(settings) == [("a.y", [1, 2], [1])]


def test_numbers_are_written_one_way():
    assert words.interval(0.8734, 0.8412, 0.9016) == "0.873 [0.841, 0.902]"
    assert words.interval(-0.0123, -0.03, 0.0051, signed=True) == "−0.012 [−0.030, +0.005]"
    assert words.interval(0.5, None, None) == "0.500 [no interval]"
    assert words.decimal(-0.0001) == "0.000"
    assert words.decimal(float("nan")) == "not available"
    assert words.alike([0.0703, 0.05, None]) == ["0.0703", "0.0500", "–"]
    assert [words.duration(s) for s in (0.2, 42, 185, 7800)] == ["< 1 s", "42 s", "3 min 05 s", "2 h 10 min"]
    assert words.memory(512) == "512 MiB" and words.memory(3482) == "3.4 GiB"
    assert words.safe_text("a\x00b\x1b[31m") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m"
