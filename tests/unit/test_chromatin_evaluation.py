"""Chromatin metrics are scikit-learn's, intervals cover, the papers' table counts right, gaps are named."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as reference

from promoternets.bootstrap import interval, resample_weights
from promoternets.errors import InputError
from promoternets.evaluation.chromatin import comparisons_table, measure
from promoternets.evaluation.chromatin_metrics import METRICS, measure_of
from promoternets.evaluation.chromatin_scores import ChromatinScores, EpigenomeScores, collect_scores
from promoternets.evaluation.chromatin_summary import signed_rank_p_value, summary_table
from promoternets.formats.gene_predictions import gene_predictions, read_gene_predictions, write_gene_predictions

GENES = 60


def scored(genes=GENES, *, runs=3, seed=0, signal=1.0, decimals=1):
    """Return scores with many ties, and labels."""
    random = np.random.default_rng(seed)
    label = (random.random(genes) < 0.4).astype(float)
    logits = random.normal(size=(runs, genes)) + signal * (label - 0.5)
    return (1 / (1 + np.exp(-logits))).round(decimals), label


@pytest.mark.parametrize("decimals", [1, 9])
@pytest.mark.parametrize(("dtype", "within"), [(np.float64, 1e-12), (np.float32, 2e-6)])
def test_classification_equals_scikit_learn_with_weights_and_ties(decimals, dtype, within):
    scores, label = scored(decimals=decimals)
    weights = np.random.default_rng(1).integers(0, 4, (GENES, 5)).astype(dtype)
    ours = measure_of(scores, label, "label")(weights)
    assert ours.shape == (3, 4, 5)
    for run, score in enumerate(scores):
        for column, known in enumerate(weights.T):
            expected = (
                reference.roc_auc_score(label, score, sample_weight=known),
                reference.average_precision_score(label, score, sample_weight=known),
                reference.accuracy_score(label, score >= 0.5, sample_weight=known),
                reference.f1_score(label, score >= 0.5, sample_weight=known),
            )
            assert ours[run, :, column] == pytest.approx(expected, abs=within)


@pytest.mark.parametrize("decimals", [1, 9])
@pytest.mark.parametrize(("dtype", "within"), [(np.float64, 1e-10), (np.float32, 2e-5)])
def test_regression_equals_that_of_the_resample_written_out(decimals, dtype, within):
    random = np.random.default_rng(0)
    outcome = random.gamma(1.0, 3.0, GENES).round(decimals)
    scores = (outcome + random.normal(0, 2, (2, GENES))).round(decimals)
    weights = random.integers(0, 4, (GENES, 5))
    ours = measure_of(scores, outcome, "expression")(weights.astype(dtype))
    for run, score in enumerate(scores):
        for column in range(5):
            drawn = np.repeat(np.arange(GENES), weights[:, column])
            expected = (
                stats.pearsonr(score[drawn], outcome[drawn])[0],
                stats.spearmanr(score[drawn], outcome[drawn])[0],
                reference.r2_score(outcome[drawn], score[drawn]),
                reference.mean_squared_error(outcome[drawn], score[drawn]),
            )
            assert ours[run, :, column] == pytest.approx(expected, rel=within, abs=within)


def test_a_metric_that_is_not_defined_is_missing_and_the_others_are_there():
    one_class = measure_of(np.array([[0.2, 0.7]]), np.array([1.0, 1.0]), "label")(np.ones((2, 1)))[0, :, 0]
    assert np.isnan(one_class[0]) and one_class[1:] == pytest.approx([1, 0.5, 2 / 3])
    constant = measure_of(np.full((1, 3), 0.1), np.array([0.0, 1.0, 2.0]), "expression")(np.ones((3, 1)))[0, :, 0]
    assert np.isnan(constant[:2]).all() and constant[3] == pytest.approx(np.mean((np.arange(3) - 0.1) ** 2))


def test_the_interval_of_an_auc_covers_the_truth_as_often_as_it_says():
    truth = stats.norm.cdf(1.0 / np.sqrt(2))  # of two normal distributions one standard deviation apart
    cohorts, covered = 300, 0  # of 1000, 94.1% were covered; the first 80 alone happen to give 86%
    for seed in range(cohorts):
        scores, label = scored(200, runs=1, seed=seed, decimals=9)
        ranked = measure_of(scores, label, "label")
        draws = [ranked(weights.astype(np.float32))[0, 0] for weights in resample_weights(np.arange(200), 400, seed)]
        low, high = interval(np.concatenate(draws))
        covered += low <= truth <= high
    assert 0.90 <= covered / cohorts <= 0.98


def together(values_by_epigenome, *, models=("lstm", "deepchrome"), seeds=(1,)):
    """Return scores made by hand: for each epigenome the scores [run, gene], and labels half 1 half 0."""
    runs = [(model, seed) for model in models for seed in ("all", *seeds)]
    label = np.arange(GENES) % 2.0
    epigenomes = [
        EpigenomeScores(f"E{number:03d}", np.arange(GENES), label, scores)
        for number, scores in enumerate(values_by_epigenome)
    ]
    return ChromatinScores(np.array([f"g{number:02d}" for number in range(GENES)], dtype=object), runs, epigenomes)


def summary_of(lstm, deepchrome, *, seeds=(1,)):
    """Return the summary of AUCs given by hand; lstm: [epigenome, run], of `all` and each seed."""
    values = np.concatenate([np.asarray(lstm, float), np.repeat(np.asarray(deepchrome, float)[:, None], 2, 1)], axis=1)
    scores = together(np.zeros((len(values), 1, GENES)))
    runs = [("lstm", seed) for seed in ("all", *seeds)] + [("deepchrome", seed) for seed in ("all", 1)]
    scores = ChromatinScores(scores.genes, runs, scores.epigenomes)
    return summary_table(scores, values, np.repeat(values[..., None], 100, axis=2)).set_index("model")


def test_the_papers_table_of_numbers_made_by_hand():
    lstm = [0.80, 0.85, 0.70, 0.90, 0.81, 0.82]
    table = summary_of(np.column_stack([lstm, lstm]), [0.79, 0.80, 0.72, 0.90, 0.80, 0.79])
    row = table.loc["lstm"]
    assert row[["mean", "median", "max", "min"]].tolist() == pytest.approx([4.88 / 6, 0.815, 0.90, 0.70])
    assert (row["epigenomes"], row["wins_over_deepchrome"], row["compared"]) == (6, 4, 6)  # a draw is no win
    assert row["mean_difference"] == pytest.approx(0.08 / 6) == row["difference_low"] == row["difference_high"]
    assert row["mean_of_single_seeds"] == pytest.approx(row["mean"]) and pd.isna(row["sd_between_seeds"])
    reference_row = table.loc["deepchrome"]
    assert pd.isna(reference_row["wins_over_deepchrome"]) and pd.isna(reference_row["p_value"])
    assert reference_row["compared"] == 0 and reference_row["mean"] == pytest.approx(0.8)


def test_the_spread_between_seeds_is_of_the_mean_over_epigenomes():
    lstm = [[0.9, 0.7, 0.8], [0.9, 0.8, 0.7], [0.9, 0.6, 0.75]]
    row = summary_of(lstm, [0.8, 0.8, 0.8], seeds=(1, 2)).loc["lstm"]
    assert row["mean"] == pytest.approx(0.9) and row["mean_of_single_seeds"] == pytest.approx(0.725)
    assert row["sd_between_seeds"] == pytest.approx(np.std([0.7, 0.75], ddof=1))


def test_the_signed_rank_test_is_exact_where_it_can_be_and_silent_with_few_epigenomes():
    assert np.isnan(signed_rank_p_value(np.full(5, 0.1)))
    assert signed_rank_p_value(np.arange(1, 7) / 100) == pytest.approx(2 / 2**6)
    assert signed_rank_p_value(np.array([0, *np.arange(1, 7) / 100])) == pytest.approx(2 / 2**6)
    many = np.arange(1, 57) / 1000
    assert signed_rank_p_value(many) == pytest.approx(2 / 2**56, rel=1e-6)
    assert signed_rank_p_value(np.zeros(8)) == 1
    tied = np.array([1, 1, 2, -3, 4, 5, 6, 7]) / 64
    assert signed_rank_p_value(tied) == pytest.approx(stats.wilcoxon(tied, method="asymptotic").pvalue)


def test_a_difference_over_epigenomes_keeps_genes_together():
    """The same scores in six epigenomes are one piece of evidence, not six."""
    random = np.random.default_rng(0)
    label = np.arange(GENES) % 2
    one = np.repeat(random.normal(size=(2, GENES)) + label * np.array([[1.5], [0.5]]), 2, axis=0)
    tables = []
    for copies in (1, 6):
        scores = together([one] * copies)
        values, resampled = measure(scores, target="label", bootstrap=300, seed=1)
        tables.append(summary_table(scores, values[..., 0], resampled[..., 0]).set_index("model").loc["lstm"])
        comparison = comparisons_table(scores, values[..., 0], resampled[..., 0]).iloc[0]
        assert tables[-1]["difference_low"] == pytest.approx(comparison["low"], abs=1e-6)
    columns = ["mean_difference", "difference_low", "difference_high"]
    assert tables[0][columns].tolist() == pytest.approx(tables[1][columns].tolist(), abs=1e-6)


def test_genes_tested_in_one_epigenome_only_take_part_there():
    scores, label = scored(runs=2, decimals=9)
    genes = np.array([f"g{number:02d}" for number in range(GENES)], dtype=object)
    rows = [np.arange(40), np.arange(20, GENES)]
    epigenomes = [
        EpigenomeScores(f"E{number}", row, label[row], scores[[0, 0, 1, 1]][:, row]) for number, row in enumerate(rows)
    ]
    runs = [("lstm", "all"), ("lstm", 1), ("deepchrome", "all"), ("deepchrome", 1)]
    values, resampled = measure(ChromatinScores(genes, runs, epigenomes), target="label", bootstrap=100, seed=5)
    weights = np.concatenate(list(resample_weights(np.arange(GENES), 100, 5)), axis=1)
    for number, row in enumerate(rows):
        known = weights[row, 7]
        expected = reference.roc_auc_score(label[row], scores[1, row], sample_weight=known)
        assert resampled[number, 2, 0, 7] == pytest.approx(expected, abs=1e-6)
        assert values[number, 3, 0] == pytest.approx(reference.roc_auc_score(label[row], scores[1, row]))


MODELS = ("attentivechrome", "deepchrome", "logistic_regression", "max_mark", "svc")


def tables(folder, *, models=MODELS, epigenomes=("E001", "E002"), seeds=(1,), change=None):
    """Write a table of predictions a model; validation genes too, which evaluation must not use."""
    paths = []
    for number, model in enumerate(models):
        frames = []
        for at, epigenome in enumerate(epigenomes):
            _, label = scored(seed=at)
            for seed in seeds:
                score = np.random.default_rng([number, at, seed]).random(GENES)
                for part, value in (("test", score), ("valid", label)):
                    ids = np.array([f"{part}{gene:02d}" for gene in range(GENES)], dtype=object)
                    frames.append(
                        gene_predictions(
                            epigenome=epigenome, model=model, seed=seed, part=np.full(GENES, part, dtype=object),
                            gene_ids=ids, label=label.astype(int), score=value,
                        )
                    )  # fmt: skip
        paths.append(folder / model / "predictions.tsv")
        frame = pd.concat(frames)
        write_gene_predictions(paths[-1], [frame if change is None else change(frame)])
    return paths


def test_scores_of_seeds_are_averaged_gene_by_gene(tmp_path):
    paths = tables(tmp_path, models=("deepchrome", "svc"), seeds=(1, 2, 3))
    collected = collect_scores(paths, target="label")
    frame = read_gene_predictions(paths[0])
    frame = frame[(frame["part"] == "test") & (frame["epigenome"] == "E002")]
    expected = frame.groupby("gene_id")["score"].mean().loc[collected.genes]
    assert collected.runs[:4] == [("deepchrome", "all"), ("deepchrome", 1), ("deepchrome", 2), ("deepchrome", 3)]
    assert collected.epigenomes[1].score[0] == pytest.approx(expected.to_numpy())
    assert len(collected.genes) == GENES and all(gene.startswith("test") for gene in collected.genes)
    values, resampled = measure(collected, target="label", bootstrap=100, seed=1)
    auc = reference.roc_auc_score(collected.epigenomes[1].outcome, expected)
    assert values[1, 0, 0] == pytest.approx(auc) and len(np.unique(values[1, :4, 0])) == 4


def test_networks_come_first_in_the_published_order_and_unknown_ones_last(tmp_path):
    paths = tables(tmp_path, models=("svc", "my_net", "deepchrome", "lstm_alpha", "max_mark"))
    models = list(collect_scores(paths, target="label").ensembles)
    assert models == ["lstm_alpha", "deepchrome", "svc", "max_mark", "my_net"]


def test_each_network_meets_two_baselines_and_deepchrome_and_each_baseline_deepchrome(tmp_path):
    collected = collect_scores(tables(tmp_path), target="label")
    values, resampled = measure(collected, target="label", bootstrap=100, seed=1)
    table = comparisons_table(collected, values[..., 0], resampled[..., 0])
    pairs = table.loc[table["epigenome"] == "E002", ["model", "against"]]
    assert set(pairs.itertuples(index=False, name=None)) == {
        ("attentivechrome", "logistic_regression"), ("attentivechrome", "max_mark"), ("attentivechrome", "deepchrome"),
        ("deepchrome", "logistic_regression"), ("deepchrome", "max_mark"),
        ("logistic_regression", "deepchrome"), ("max_mark", "deepchrome"), ("svc", "deepchrome"),
    }  # fmt: skip
    turned = table.set_index(["epigenome", "model", "against"])
    one, two = turned.loc[("E001", "deepchrome", "max_mark")], turned.loc[("E001", "max_mark", "deepchrome")]
    assert one["difference"] == -two["difference"] and one["low"] == pytest.approx(-two["high"])
    assert one["p_value"] == two["p_value"] and (table["low"] <= table["high"]).all()


def without(model, epigenome, seed=None):
    def change(frame):
        gone = (frame["model"] == model) & (frame["epigenome"] == epigenome)
        return frame[~(gone if seed is None else gone & (frame["seed"] == seed))]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("svc", "E002"), r"for all 2 epigenomes; missing are svc \(seed 1\): E002; svc \(seed 2\): E002"),
        (without("max_mark", "E001", 2), r"missing are max_mark \(seed 2\): E001"),
        (
            lambda frame: frame[~((frame["model"] == "svc") & (frame["gene_id"] == "test07"))],
            "different test .* test07",
        ),
        (lambda frame: frame.assign(label=abs(frame["label"] - (frame["model"] == "svc"))), "differ in 60 labels"),
        (lambda frame: pd.concat([frame, frame.iloc[:1]]), r"scores test00 twice"),
        (lambda frame: frame[frame["part"] == "valid"], "no prediction is of a test gene"),
        (lambda frame: frame.assign(label=1), "the test genes of E001 all have the label 1"),
    ],
)
def test_models_that_cannot_be_compared_are_refused_and_named(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        collect_scores(tables(tmp_path, seeds=(1, 2), change=change), target="label")


def test_a_table_given_twice_is_refused(tmp_path):
    paths = tables(tmp_path, models=("svc",))
    with pytest.raises(InputError, match=r"svc \(seed 1\) of E001 is predicted in another table too"):
        collect_scores([*paths, *paths], target="label")
    with pytest.raises(InputError, match="no predictions to evaluate"):
        collect_scores([], target="label")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("score", "1.5", "the score of test00 in E001 is 1.5, not a probability"),
        ("score", "NA", "the score of test00 in E001 is nan, not a probability"),
        ("label", "2", "the label of test00 in E001 is 2.0, not 0 or 1"),
        ("part", "train", "the part of test00 in E001 is train, not valid or test"),
        ("gene_id", "NA", "a row without gene_id"),
    ],
)
def test_a_row_that_cannot_be_is_named(tmp_path, column, value, message):
    (path,) = tables(tmp_path, models=("svc",))
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    lines[1][lines[0].index(column)] = value
    path.write_text("\n".join("\t".join(line) for line in lines) + "\n")
    with pytest.raises(InputError, match=message):
        read_gene_predictions(path)


def test_predicted_expression_may_be_any_number_but_must_be_one(tmp_path):
    frame = gene_predictions(
        epigenome="E001", model="svc", seed=1, part=np.array(["test"] * 2, dtype=object),
        gene_ids=np.array(["007", "b"], dtype=object), label=np.array([3.5, 0.25], np.float32), score=[-0.25, 7.5],
    )  # fmt: skip
    write_gene_predictions(tmp_path / "p.tsv", [frame], target="expression")
    read = read_gene_predictions(tmp_path / "p.tsv", target="expression")
    assert read["gene_id"].tolist() == ["007", "b"] and read["score"].tolist() == [-0.25, 7.5]
    with pytest.raises(ValueError, match="svc gave 007 of E001 the score -0.25"):
        write_gene_predictions(tmp_path / "q.tsv", [frame])
    assert not (tmp_path / "q.tsv").exists() and METRICS["expression"][0] == "pearson"
