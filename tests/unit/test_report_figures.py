"""Figures draw exactly the numbers they come with."""

import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import report_inputs

from promoternets.report import figures, page, summaries
from promoternets.report.inputs import Inputs, read_inputs
from promoternets.report.style import to_svg


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return read_inputs(**report_inputs.write_inputs(tmp_path_factory.mktemp("inputs")))


def drawn(figure, name: str):
    """Return the x and y values of the lines with a name, over all axes."""
    lines = [line for axes in figure.axes for line in axes.lines if line.get_label() == f"_{name}"]
    return [np.asarray(line.get_xdata(), float) for line in lines], [
        np.asarray(line.get_ydata(), float) for line in lines
    ]


def test_forest_plot_draws_each_auc_difference_and_interval(inputs: Inputs):
    numbers = figures.model_numbers(inputs.metrics, inputs.comparisons)
    figure = figures.draw_models(numbers)
    points, _ = drawn(figure, "point")
    bars, _ = drawn(figure, "interval")
    assert np.concatenate(points).tolist() == [*numbers["auc"], *numbers["difference"].dropna()]
    assert [tuple(bar) for bar in bars] == [
        *zip(numbers["low"], numbers["high"], strict=True),
        *numbers[["difference_low", "difference_high"]].dropna().itertuples(index=False, name=None),
    ]
    first = inputs.metrics.query("model == 'als_net' and metric == 'auc' and fold == 'all' and seed == 'all'").iloc[0]
    assert numbers.iloc[0][["model", "auc"]].tolist() == ["als_net", first["value"]]


def test_models_stand_in_one_order_everywhere():
    mixed = ["covariates", "adaboost_published", "mystery", "adaboost", "als_net", "logistic_regression"]
    assert summaries.model_order(mixed) == [
        "als_net",
        "logistic_regression",
        "adaboost",
        "mystery",
        "adaboost_published",
        "covariates",
    ]


def test_a_classifier_on_gwas_sites_follows_itself_and_networks_come_first():
    mixed = ["adaboost", "polygenic_score", "linear_svm", "als_net_gwas", "logistic_regression_gwas",
             "logistic_regression", "als_net", "covariates"]  # fmt: skip
    assert summaries.model_order(mixed) == [
        "als_net", "als_net_gwas", "logistic_regression", "logistic_regression_gwas", "linear_svm", "polygenic_score",
        "adaboost", "covariates",
    ]  # fmt: skip


def test_curves_draw_their_numbers_and_keep_their_ends(inputs: Inputs):
    numbers = figures.curve_numbers(inputs.curves, inputs.metrics)
    figure = figures.draw_curves(numbers, 0.45)
    for curve, model in numbers[["curve", "model"]].drop_duplicates().itertuples(index=False):
        part = numbers[(numbers["curve"] == curve) & (numbers["model"] == model)]
        (x,), (y,) = drawn(figure, f"{curve} {model}")
        assert x.tolist() == part["x"].tolist() and y.tolist() == part["y"].tolist()
    assert not numbers["model"].str.endswith("_published").any()


def test_long_curves_are_thinned_to_their_first_and_last_points():
    x = np.linspace(0, 1, 5000)
    curves = pd.DataFrame({"model": "als_net", "curve": "roc", "x": x, "y": np.sqrt(x), "people": 9})
    numbers = figures.curve_numbers(
        curves, pd.DataFrame(columns=["model", "metric", "fold", "seed", "value", "low", "high"])
    )
    assert len(numbers) == figures.CURVE_POINTS
    assert numbers["x"].iloc[[0, -1]].tolist() == [0.0, 1.0]


def test_genome_plot_draws_every_promoter_once_and_marks_the_planted(inputs: Inputs):
    planted = summaries.planted(inputs.truth, inputs.promoter_ranking, inputs.ranking)
    numbers = figures.promoter_numbers(inputs.promoter_ranking, inputs.null, planted)
    figure = figures.draw_promoters(numbers, "AUC", 3)
    values = [drawn(figure, name)[1] for name in ("always", "sometimes", *[f"rest {number}" for number in range(4)])]
    heights = np.concatenate([part for lines in values for part in lines])
    assert sorted(heights) == sorted(numbers["score"])
    assert len(numbers) == 40 and numbers["planted"].sum() == 10
    (_,), (marked,) = drawn(figure, "planted")
    assert sorted(marked) == sorted(numbers.loc[numbers["planted"] == 1, "score"])


def test_chromosomes_stand_side_by_side_in_their_usual_order(inputs: Inputs):
    frame = pd.DataFrame(
        {
            "promoter": list("abcd"),
            "fold": "1",
            "score": 0.6,
            "rank": 1.0,
            "se": 0.03,
            "gene_id": list("abcd"),
            "symbol": list("abcd"),
            "chrom": ["chr10", "chr2", "chr2", "chrX"],
            "tss": [5, 100, 200, 7],
            "strand": "+",
            "sites": 64.0,
            "selected": 1.0,
        }
    )
    place = figures.promoter_numbers(frame, inputs.null, None).set_index("promoter")["place"]
    assert place["b"] < place["c"] < place["a"] < place["d"]


def test_names_of_promoters_do_not_cover_each_other(inputs: Inputs):
    crowd = inputs.promoter_ranking.assign(tss=inputs.promoter_ranking["tss"] // 50, chrom="1", folds_selected=3)
    figure = figures.draw_promoters(figures.promoter_numbers(crowd, inputs.null, None), "AUC", 3)
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    texts = [text for text in figure.axes[0].texts if text.get_fontstyle() == "italic"]
    boxes = [text.get_window_extent(renderer) for text in texts]
    assert len(texts) >= 2
    names = [text.get_text() for text in texts]
    assert len(set(names)) == len(names)
    placed = [box.shrunk(0.8, 0.6) for box, text in zip(boxes, texts, strict=True) if text.arrow_patch is None]
    assert not any(one.overlaps(two) for number, one in enumerate(placed) for two in placed[:number])


def test_saliency_draws_its_numbers_with_the_tss_between_minus_one_and_one(inputs: Inputs):
    numbers = figures.saliency_numbers(inputs.profile)
    figure = figures.draw_saliency(numbers)
    part = numbers[(numbers["method"] == "gradient") & (numbers["group"] == "case")]
    (x,), (y,) = drawn(figure, "gradient case")
    assert y.tolist() == part["value"].tolist()
    assert x.tolist() == list(range(-56, 8))
    assert figures.site_place(np.array([-2, -1, 1, 2])).tolist() == [-2, -1, 0, 1]


def test_strip_shows_the_mean_over_folds_and_groups(inputs: Inputs):
    scores = inputs.promoter_ranking
    numbers = figures.strip_numbers(inputs.saliency, scores)
    figure = figures.draw_strip(numbers)
    shown = np.asarray(figure.axes[0].images[0].get_array())
    best = scores.loc[scores["promoter"].isin(inputs.saliency["promoter"]), "promoter"].iloc[0]
    table = inputs.saliency
    chosen = (table["rank"] == -1) & (table["method"] == "integrated_gradients")
    rows = table[(table["promoter"] == best) & chosen]
    assert shown[0, 55] == pytest.approx(rows["value"].mean())
    assert shown.shape == (numbers["promoter"].nunique(), 64)


def test_block_histograms_count_every_kept_promoter_once(inputs: Inputs):
    numbers = figures.block_numbers(inputs.blocks)
    assert numbers.groupby("panel")["promoters"].sum().to_dict() == {"width": 39, "sites": 39}
    bars = [bar.get_height() for axes in figures.draw_blocks(numbers, 1e4).axes for bar in axes.patches]
    assert sum(bars) == 78


def test_training_history_keeps_every_epoch_of_every_seed(inputs: Inputs):
    numbers = figures.training_numbers(inputs.history)
    figure = figures.draw_training(numbers)
    assert len(numbers) == len(inputs.history)
    heights = np.concatenate([line.get_ydata() for line in figure.axes[0].lines[:2]])
    first = numbers[(numbers["fold"] == "1") & (numbers["seed"] == "0")]
    assert heights.tolist() == [*first["train_loss"], *first["validation_loss"]]


def test_stability_shows_seeds_and_their_mean(inputs: Inputs):
    numbers = figures.stability_numbers(inputs.metrics)
    assert list(dict.fromkeys(numbers["fold"])) == ["1", "2", "3", "all"]
    _, (mean,) = drawn(figures.draw_stability(numbers), "mean all")
    assert mean.tolist() == [0.742]


def uncertain(*seeds: float) -> pd.DataFrame:
    rows = [
        (model, "all", "all", metric, value, value - arm, value + arm)
        for model, value in (("covariates", 0.6), ("als_net", 0.8))
        for metric, arm in (("auc_over_folds", 0.1), ("auc_within_fold", 0.03), ("auc_over_fits", 0.05))
    ]
    rows += [("als_net", "all", str(at), "auc_within_fold", value, 0.7, 0.9) for at, value in enumerate(seeds)]
    rows += [("als_net", "all", "0", "auc_over_fits", 0.7, 0.6, 0.8), ("als_net", "1", "all", "auc", 0.9, 0.8, 1.0)]
    return pd.DataFrame(rows, columns=["model", "fold", "seed", "metric", "value", "low", "high"])


def test_each_source_of_uncertainty_is_drawn_with_its_own_interval_and_seeds_as_rings():
    numbers = figures.uncertainty_numbers(uncertain(0.78, 0.81))
    assert numbers["source"].tolist() == ["seeds", "seeds", "people", "fits", "folds", "people", "fits", "folds"]
    figure = figures.draw_uncertainty(numbers)
    (rings,), _ = drawn(figure, "seeds")
    assert rings.tolist() == [0.78, 0.81]
    for source, arm in (("people", 0.03), ("fits", 0.05), ("folds", 0.1)):
        bars, _ = drawn(figure, source)
        assert np.concatenate(bars) == pytest.approx([0.8 - arm, 0.8 + arm, 0.6 - arm, 0.6 + arm])
    assert "one seed" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_with_one_seed_there_are_no_rings_and_without_the_interval_over_fits_no_figure():
    numbers = figures.uncertainty_numbers(uncertain())
    figure = figures.draw_uncertainty(numbers)
    assert drawn(figure, "seeds") == ([], [])
    assert "one seed" not in [text.get_text() for text in figure.legends[0].get_texts()]
    values = uncertain(0.78)
    assert figures.uncertainty_numbers(values[values["metric"] != "auc_over_fits"]).empty


def test_svg_is_well_formed_named_and_always_the_same(inputs: Inputs):
    numbers = figures.stability_numbers(inputs.metrics)
    one, two = (to_svg(figures.draw_stability(numbers), "x", 'a "quoted" <name>') for _ in range(2))
    assert one == two
    root = ElementTree.fromstring(one)
    assert root.get("aria-label") == 'a "quoted" <name>'
    assert all(element.get("id").startswith("x-") for element in root.iter() if element.get("id"))
    assert "DejaVu" not in one and "<text" in one


def test_a_gene_named_like_a_formula_stays_a_name(inputs: Inputs):
    odd = inputs.promoter_ranking.assign(symbol="$x_1$ <b>", folds_selected=3)
    svg = to_svg(figures.draw_promoters(figures.promoter_numbers(odd, inputs.null, None), "AUC", 3), "x", "alt")
    texts = ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter()]
    assert "$x_1$ <b>" in texts


def test_promoters_that_halving_dropped_in_some_fold_are_drawn_small_and_counted(inputs: Inputs):
    dropped = inputs.promoter_ranking["promoter"].isin(inputs.promoter_ranking["promoter"].tail(15))
    over_all = inputs.promoter_ranking.assign(folds_trained=np.where(dropped, 2, 3))
    in_first = inputs.ranking["promoter"].isin(over_all.loc[dropped, "promoter"]) & (inputs.ranking["fold"] == "1")
    halved = replace(
        inputs, promoter_ranking=over_all, ranking=inputs.ranking.assign(rung=np.where(in_first, 1, np.nan))
    )
    numbers = figures.promoter_numbers(over_all, inputs.null, None)
    figure = figures.draw_promoters(numbers, "AUC", 3)
    small = [line for axes in figure.axes for line in axes.lines if line.get_label().startswith("_dropped")]
    assert {line.get_markersize() for line in small} == {1.5} and sum(len(line.get_xdata()) for line in small) == 15
    words = page._halving_in_words(halved)
    assert "of 40 promoters 35 a fold were trained to the end, 25 of them in every fold" in words
    assert page._halving_in_words(inputs) == ""
