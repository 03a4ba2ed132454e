"""The harness of `make audit-benchmark`: what it reads from a replicate, and how it judges, on tables made by hand."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from promoternets.configuration import read_configuration
from promoternets.errors import InputError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
harness = importlib.import_module("audit")
measures = importlib.import_module("audit_measures")
scenarios = importlib.import_module("audit_scenarios")
summary = importlib.import_module("audit_summary")

SIMULATE = {"heritability": 0.8, "prevalence": 0.05}


def metrics(net=(0.52, 0.46, 0.58), linear=(0.51, 0.45, 0.57), metric="auc_within_fold", **more):
    models = {"als_net": net, "logistic_regression": linear, "covariates": (0.7, 0.6, 0.8)} | more
    rows = [("c", model, "all", "all", metric, *interval) for model, interval in models.items()]
    rows.append(("c", "als_net", "1", "all", metric, 0.9, 0.8, 1.0))
    return pd.DataFrame(rows, columns=["cohort", "model", "fold", "seed", "metric", "value", "low", "high"])


def comparisons(difference=0.01, p_value=0.5, against="logistic_regression", metric="auc_within_fold"):
    row = ("c", "als_net", against, metric, difference, difference - 0.02, difference + 0.02, p_value)
    return pd.DataFrame([row], columns=["cohort", "model", "against", "metric", "difference", "low", "high", "p_value"])


def audit(within=(0.5, 0.44, 0.56), covariates=0.7, joint=0.75, flag=None, flagged="als_net"):
    rows = [
        ("overall", "all", "covariates", "auc", covariates, 0.6, 0.8, None),
        ("within_strata", "batch", "als_net", "auc", *within, None),
        ("within_strata", "batch=b1", "als_net", "auc", 0.9, 0.8, 1.0, None),
        ("increment", "all", "als_net", "joint_auc_with_covariates", joint, joint - 0.1, joint + 0.1, None),
        ("score_predicts_stratum", "batch", flagged, "p_value", 0.5, np.nan, np.nan, flag),
    ]
    return pd.DataFrame(rows, columns=["check", "stratum", "model", "metric", "value", "low", "high", "flag"])


def promoter_ranking(*p_values):
    names = [f"g{number}" for number in range(1, len(p_values) + 1)]
    return pd.DataFrame({"promoter": names, "symbol": names, "family_wise_p": p_values})


def ranking():
    rows = [("g1", "1", 1, 1), ("g2", "1", 2, 1), ("g3", "1", 3, 0), ("g1", "2", 2, 1), ("g2", "2", 3, 0)]
    return pd.DataFrame(rows, columns=["gene_id", "fold", "rank", "selected"])


def truth(*effects):
    return pd.DataFrame({"gene_id": ["g1", "g2", "g3"], "effect": effects or ("none",) * 3})


def people(genetic=(2.0, 1.45, 1.0, 1.5, -1.0, 0.0), batch="aabbba", phenotype="111000"):
    names = [f"S{number}" for number in range(6)]
    return pd.DataFrame(
        {"sample": names, "phenotype": list(phenotype), "batch": list(batch), "genetic": genetic, "liability": genetic}
    )


def replicate(**change):
    given = {
        "metrics": metrics(), "comparisons": comparisons(), "audit": audit(), "ranking": ranking(),
        "promoters": promoter_ranking(0.5, 0.9, 1.0), "truth": truth(), "people": people(),
    }  # fmt: skip
    return measures.Replicate(**given | change)


def seen(scenario, **change):
    """Return the quantities of a replicate by name."""
    return {row.quantity: row for row in measures.quantities(scenario, replicate(**change), SIMULATE)}


def rows_of(scenario, *replicates):
    """Return the table of several replicates, as audit.tsv has it."""
    tables = [
        pd.DataFrame(measures.quantities(scenario, one, SIMULATE)).assign(scenario=scenario, replicate=number)
        for number, one in enumerate(replicates, start=1)
    ]
    return pd.concat(tables, ignore_index=True)


def judged(scenario, *replicates):
    table = summary.summarise(rows_of(scenario, *replicates))
    return [(row.seen, row.passed) for row in table.itertuples()]


def test_a_replicate_whose_interval_misses_a_half_is_not_counted():
    assert seen("null")["auc:als_net"].passed is True
    missed = replicate(metrics=metrics(net=(0.58, 0.51, 0.65)))
    (net, linear, _) = judged("null", *[replicate()] * 17, *[missed] * 3)
    assert net[0].startswith("17 of 20 intervals hold 0.5") and net[1] is False
    assert linear[0].startswith("20 of 20 intervals hold 0.5") and linear[1] is True
    assert judged("null", *[replicate()] * 18, *[missed] * 2)[0][1] is True


def test_an_interval_below_a_half_or_without_limits_does_not_hold_it():
    assert seen("null", metrics=metrics(net=(0.4, 0.3, 0.49)))["auc:als_net"].passed is False
    assert seen("null", metrics=metrics(net=(0.5, np.nan, np.nan)))["auc:als_net"].passed is False


def test_the_counts_asked_for_are_those_of_the_issue_for_20_and_allow_no_more_for_fewer():
    assert [summary.fewest_covering(number) for number in (20, 5, 1)] == [18, 4, 1]
    assert [summary.most_false(number) for number in (20, 5, 1)] == [3, 1, 1]


def test_the_auc_over_fits_is_preferred_and_folds_are_not_mistaken_for_the_whole():
    both = pd.concat([metrics(), metrics(net=(0.6, 0.55, 0.65), metric="auc_over_fits")])
    assert seen("null", metrics=both)["auc:als_net"].value == 0.6
    assert seen("null")["auc:als_net"].value == 0.52
    with pytest.raises(InputError, match="auc_over_fits, auc_within_fold"):
        seen("null", metrics=metrics(metric="accuracy"))


def test_the_best_linear_rival_is_the_best_of_those_that_ran_and_no_other_model():
    models = {"ridge_all": (0.8, 0.7, 0.9), "random_forest": (0.95, 0.9, 1.0)}
    found = seen("additive", metrics=metrics(**models), comparisons=comparisons(-0.2, against="ridge_all"))
    assert found["auc_best_linear"].value == 0.8
    assert found["als_net_minus_best_linear"].value == -0.2
    only = metrics()[lambda table: table["model"] != "logistic_regression"]
    with pytest.raises(InputError, match="no linear model"):
        seen("additive", metrics=only)


def test_one_false_promoter_in_more_than_three_of_20_is_too_many():
    wrong = replicate(promoters=promoter_ranking(0.04, 0.9, 1.0))
    assert judged("null", *[replicate()] * 17, *[wrong] * 3)[2] == ("3 of 20 with a false promoter", True)
    assert judged("null", *[replicate()] * 16, *[wrong] * 4)[2] == ("4 of 20 with a false promoter", False)


def test_a_planted_promoter_is_no_false_one_but_a_miscalled_one_is():
    found = seen("null", promoters=promoter_ranking(0.01, 0.02, 0.03), truth=truth("additive", "artefact", "none"))
    assert found["false_promoters"].value == 2


def test_without_promoter_p_values_nothing_is_claimed():
    lines = judged("null", replicate(), replicate(promoters=None))
    assert lines[2] == ("1 of 2 replicates have no promoter_ranking.tsv", None)


@pytest.mark.parametrize("flag", measures.RED_FLAGS)
def test_each_red_flag_of_the_net_counts_and_that_of_another_model_does_not(flag):
    assert seen("batch", audit=audit(flag=flag))["red_flags"].passed is True
    assert seen("batch", audit=audit(flag=flag))[f"flag:{flag}"].value == 1
    assert seen("batch", audit=audit(flag=flag, flagged="random_forest"))["red_flags"].passed is False
    assert seen("batch", audit=audit(flag="adds_nothing"))["red_flags"].passed is False


def test_one_batch_cohort_without_a_red_flag_fails_the_scenario():
    warned, silent = replicate(audit=audit(flag="score_tells_stratum")), replicate()
    assert judged("batch", *[warned] * 5)[0][1] is True
    text, passed = judged("batch", *[warned] * 4, silent)[0]
    assert text.startswith("4 of 5 with a red flag (score_tells_stratum 4)") and passed is False


def test_the_pooled_auc_within_batches_is_judged_not_that_of_one_batch():
    assert seen("batch")["auc_within_batch"].passed is True
    assert seen("batch", audit=audit(within=(0.6, 0.55, 0.65)))["auc_within_batch"].passed is False


def test_the_net_may_be_a_hundredth_below_the_best_linear_rival_on_average():
    near, far = (replicate(comparisons=comparisons(difference)) for difference in (-0.005, -0.016))
    text, passed = judged("additive", near, far)[0]
    assert passed is False and "1 of 2 replicates not further below" in text
    assert judged("additive", near, near, far)[0][1] is True


def test_an_epistatic_replicate_needs_a_difference_above_zero_and_significant():
    for difference, p_value, passed in ((0.1, 0.01, True), (0.1, 0.06, False), (-0.1, 0.01, False)):
        found = seen("epistatic", comparisons=comparisons(difference, p_value))
        assert found["als_net_minus_best_linear"].passed is passed
        assert found["als_net_minus_best_linear_p"].value == p_value


def test_planted_promoters_are_looked_for_in_every_fold_and_pairs_across_apart():
    found = seen("epistatic", truth=truth("epistatic_within", "epistatic_within", "artefact"))
    assert found["planted_inside_selected"].value == 0.75 and found["planted_inside_rank"].value == 2.0
    assert "planted_across_selected" not in found
    missing = seen("epistatic", truth=truth("epistatic_within", "none", "epistatic_across"))
    assert missing["planted_inside_selected"].passed is True
    assert missing["planted_across_selected"].value == 0.0 and missing["planted_across_selected"].passed is False
    assert not any(name.startswith("planted") for name in seen("batch", truth=truth("artefact", "none", "none")))


def test_the_order_of_covariates_genotype_and_joint_is_that_of_the_truth():
    found = seen("mixed", audit=audit(covariates=0.6, within=(0.7, 0.6, 0.8), joint=0.8))
    planted = [found[f"planted_{name}"].value for name in ("covariates", "genotype", "joint")]
    assert planted == pytest.approx([6 / 9, 7 / 9, 8 / 9]) and found["ordered_as_planted"].passed is True
    swapped = seen("mixed", audit=audit(covariates=0.75, within=(0.7, 0.6, 0.8), joint=0.8))
    assert swapped["ordered_as_planted"].passed is False


def test_the_log_odds_of_the_truth_are_those_of_the_liability_model():
    genetic = np.array([-1.0, 0.0, 1.5])
    random = np.random.default_rng(1)
    affected = (genetic + random.normal(0, np.sqrt(0.2), (400_000, 3))) > 1.6448536
    rates = affected.mean(axis=0)
    odds = measures.log_odds(genetic, heritability=0.8, prevalence=0.05)
    assert odds[2] == pytest.approx(np.log(rates[2] / (1 - rates[2])), abs=0.02)
    assert odds[0] < odds[1] < odds[2] and rates[1] < 0.001


def test_a_batch_of_one_class_has_a_finite_log_ratio():
    ratio = measures.batch_log_ratio(pd.Series(list("aabb")), np.array([True, True, False, False]))
    assert ratio[0] == pytest.approx(np.log(5)) and ratio[2] == pytest.approx(-np.log(5))


@pytest.fixture
def written(tmp_path):
    """Write the tables of a null replicate as the workflow lays them out; return the folder of runs."""
    results = tmp_path / "null_1" / "results" / "null"
    (results / "simulated").mkdir(parents=True)
    one, who = replicate(), people()
    tables = {
        "metrics": one.metrics, "comparisons": one.comparisons, "audit": one.audit, "ranking": one.ranking,
        "simulated/truth": one.truth, "promoter_ranking": one.promoters,
        "simulated/samples": who[["sample", "phenotype", "batch"]],
        "simulated/liability": who[["sample", "genetic", "liability"]].iloc[::-1],
    }  # fmt: skip
    for name, table in tables.items():
        table.to_csv(results / f"{name}.tsv", sep="\t", index=False, na_rep="NA")
    return tmp_path


def finish(folder, config):
    (folder / "null_1" / harness.FINISHED).write_text(json.dumps({"configuration": config, "seconds": 1}))


def test_tables_are_read_from_where_the_workflow_writes_them(written):
    rows = harness.measured(written / "null_1", "null", 1, harness.configuration("null", 1))
    assert list(rows.columns) == harness.COLUMNS and set(rows["people"]) == {6} and set(rows["promoters"]) == {3}
    assert rows.set_index("quantity").loc["auc:als_net", "low"] == 0.46
    read = measures.read_replicate(written / "null_1" / "results" / "null")
    assert read.people["genetic"].tolist() == people()["genetic"].tolist()  # joined by name, not by place


def test_a_finished_replicate_is_not_run_again_and_any_other_is(written, monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(harness, "run_replicate", lambda folder, *_: ran.append(folder.name) or 1.0)
    config = harness.configuration("null", 1)
    harness.benchmark(written, ["null"], 1, "1")
    assert ran == ["null_1"]  # its tables are there, but nothing says that the run ended
    finish(written, config)
    harness.main(["--scenarios", "null", "--replicates", "1", "--folder", str(written), "--tables", str(tmp_path)])
    assert ran == ["null_1"]
    assert pd.read_csv(tmp_path / "audit_summary.tsv", sep="\t")["passed"].tolist() == [True] * 3
    (written / "null_1" / "results" / "null" / "metrics.tsv").rename(tmp_path / "away.tsv")
    assert not harness.is_complete(written / "null_1", "null", config)
    (tmp_path / "away.tsv").rename(written / "null_1" / "results" / "null" / "metrics.tsv")
    finish(written, config | {"seed": 2})
    assert not harness.is_complete(written / "null_1", "null", config)


def test_a_workflow_that_fails_is_said_and_not_marked_as_finished(tmp_path, monkeypatch):
    failed = harness.subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(harness.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(InputError, match="the workflow failed"):
        harness.run_replicate(tmp_path / "null_1", "null", harness.configuration("null", 1), "1")
    assert not (tmp_path / "null_1" / harness.FINISHED).exists()


@pytest.mark.parametrize("scenario", scenarios.SCENARIOS)
def test_every_scenario_is_a_configuration_that_the_workflow_takes_and_that_json_keeps(scenario):
    config = scenarios.configuration(scenario, 3)
    assert config == json.loads(json.dumps(config)) == yaml.safe_load(yaml.safe_dump(config))
    cohort = read_configuration(config).cohorts[scenario]
    assert cohort.simulate["seed"] == 3


def test_only_the_scenarios_with_a_trap_or_an_effect_have_one():
    planted = {name: entry["simulate"] for name, entry in scenarios.SCENARIOS.items()}
    assert {name for name, one in planted.items() if one["heritability"] > 0} == {"additive", "epistatic", "mixed"}
    assert {name for name, one in planted.items() if one.get("artefact_promoters", 0)} == {"batch", "mixed"}
    assert planted["epistatic"]["additive_promoters"] == planted["additive"]["epistatic_within"] == 0


def test_the_markdown_says_yes_no_and_not_known():
    table = pd.DataFrame(
        [("null", "a", "b", True), ("null", "c", "d", False), ("null", "e", "f", None)],
        columns=["scenario", "must_be_seen", "seen", "passed"],
    )
    assert [line.split(" | ")[-1] for line in summary.markdown(table).splitlines()[2:]] == [
        "yes |", "**no** |", "not known |",
    ]  # fmt: skip
