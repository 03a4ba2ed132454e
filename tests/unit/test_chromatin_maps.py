"""Mean maps and the checks of attention, on stores made by hand."""

import numpy as np
import pandas as pd
import pytest

from promoternets.chromatin.maps import gene_maps, mark_weights, mean_maps
from promoternets.chromatin.summaries import summarise_attention
from promoternets.chromatin.validation import against_truth, pearson, validate
from promoternets.errors import InputError
from promoternets.formats.attention_store import AttentionStore, write_attention_store
from promoternets.formats.bin_store import write_bin_store
from promoternets.formats.genes_and_bins import read_epigenome

MARKS, BINS, GENES = ("H3K27me3", "H3K4me3"), 20, 40
PEAK = np.exp(-0.5 * ((np.arange(BINS) - 9) / 2.0) ** 2)


@pytest.fixture
def epigenome(tmp_path):
    """Forty genes; attention of the second mark lies where the held-back mark does, in the expressed half."""
    random = np.random.default_rng(0)
    label = np.tile([0, 1], GENES // 2)
    ids = np.array([f"G{number:02d}" for number in range(GENES)], dtype=object)
    part = np.repeat(["train", "valid", "test"], [10, 10, 20])
    signal = random.poisson(1, (GENES, 2, BINS)).astype(np.float32) + label[:, None, None] * PEAK * 4
    nothing = np.zeros((GENES, 2), dtype=np.int32)
    write_bin_store(
        tmp_path / "bins.zarr", gene_ids=ids, marks=MARKS, signal=signal.astype(np.float32), zero=nothing,
        uncovered=nothing, absent=nothing, epigenome="E1", bin_size=100, oriented=True, statistic="mean", fill="zero",
        source="bigwig", validation_mark="H3K27ac",
        validation_signal=(5 * PEAK + random.random((GENES, BINS))).astype(np.float32),
    )  # fmt: skip
    pd.DataFrame(
        {"gene_id": ids, "part": part, "expression": label * 3.0, "target": label * 2.0, "label": label}
    ).to_csv(tmp_path / "labels.tsv", sep="\t", index=False)
    flat = np.full((GENES, 1, BINS), 1 / BINS)
    peaked = np.broadcast_to(PEAK / PEAK.sum(), (GENES, 1, BINS))
    write_attention_store(
        tmp_path / "attention.zarr", epigenome="E1", target="label", gene_ids=ids, part=part, marks=MARKS, label=label,
        models={
            "attentivechrome": {
                "score": 0.2 + 0.6 * label, "alpha": np.concatenate([flat, peaked], axis=1),
                "beta": np.where(label[:, None] == 1, [0.1, 0.9], [0.8, 0.2]),
            },
            "lstm_attn": {"score": 0.2 + 0.6 * label, "alpha": peaked},
            "deepchrome": {
                "score": 0.2 + 0.6 * label, "saliency": random.random((GENES, 2, BINS)),
                "class_optimisation": np.stack([np.zeros((2, BINS)), np.stack([np.zeros(BINS), PEAK])]),
            },
        },
    )  # fmt: skip
    return tmp_path


def opened(folder):
    store = AttentionStore.open(folder / "attention.zarr")
    return store, read_epigenome(folder / "bins.zarr", folder / "labels.tsv")


def test_maps_are_means_over_test_genes_of_each_class(epigenome):
    maps = mean_maps(*opened(epigenome))
    alpha = maps[(maps["model"] == "attentivechrome") & (maps["class"] == "expressed")]
    assert alpha["genes"].unique() == [10]
    np.testing.assert_allclose(alpha.groupby("mark")["value"].sum(), 1, rtol=1e-5)
    assert alpha[alpha["mark"] == "H3K4me3"].set_index("bin")["value"].idxmax() == 10
    assert set(maps.loc[maps["model"] == "lstm_attn", "mark"]) == {"all marks"}
    on = maps[(maps["map"] == "class_optimisation") & (maps["class"] == "expressed")]
    assert on["value"].max() == 1 and maps[(maps["map"] == "signal")]["model"].unique() == ["input"]


def test_weights_of_marks_are_told_by_class_with_quartiles(epigenome):
    weights = mark_weights(opened(epigenome)[0]).set_index(["class", "mark"])
    assert weights.loc[("expressed", "H3K4me3"), "beta"] == pytest.approx(0.9)
    assert weights.loc[("not_expressed", "H3K27me3"), "beta"] == pytest.approx(0.8)
    assert (weights["low"] <= weights["beta"] + 1e-6).all()


def test_attention_on_the_held_back_mark_s_place_has_a_high_r_beyond_its_null(epigenome):
    store, data = opened(epigenome)
    held_back = 5 * np.broadcast_to(PEAK, (GENES, BINS)) + np.random.default_rng(1).random((GENES, BINS))
    found = validate(
        store, data, held_back, validation_mark="H3K27ac", active_mark="H3K4me3", samples=200, seed=1
    ).set_index(["model", "map"])
    row = found.loc[("attentivechrome", "alpha")]
    assert row["r"] > 0.95 and row["null_high"] < row["r"] and row["p_value"] < 0.02 and row["genes"] == 10
    assert row["low"] <= row["r"] <= row["high"]
    assert abs(found.loc[("deepchrome", "saliency"), "r"]) < 0.7
    assert found.loc[("deepchrome", "class_optimisation"), "r"] > 0.9
    assert found.loc[("input", "signal"), "r"] > 0.8
    with pytest.raises(InputError, match="active_mark is H3K9ac"):
        validate(store, data, held_back, validation_mark="H3K27ac", active_mark="H3K9ac", samples=100, seed=1)


def test_agreement_with_planted_weights_counts_informative_marks_only(epigenome):
    store, _ = opened(epigenome)
    truth = pd.DataFrame(
        {
            "mark": np.repeat(MARKS, BINS),
            "bin": np.tile(np.arange(1, BINS + 1), 2),
            "weight": np.concatenate([np.zeros(BINS), PEAK]),
        }
    )
    found = against_truth(store, truth).set_index(["model", "class", "level"])["r"]
    assert found[("attentivechrome", "expressed", "bins")] > 0.99
    assert found[("attentivechrome", "expressed", "bins_and_marks")] > 0.9
    turned = truth.assign(weight=np.concatenate([np.zeros(BINS), np.roll(PEAK, 10)]))
    assert against_truth(store, turned).set_index("model").loc["attentivechrome", "r"].max() < 0.2


def test_pearson_without_spread_is_missing():
    assert np.isnan(pearson(np.ones(5), np.arange(5.0)))
    assert pearson(np.arange(5.0), 3 - 2 * np.arange(5.0)) == pytest.approx(-1)


def tables(folder, **changed):
    names = ("maps", "mark_weights", "gene_maps", "validation", "against_truth")
    paths = {name: folder / f"{name}.tsv" for name in names}
    options = dict(
        attention=[folder / "attention.zarr"], bins=[folder / "bins.zarr"], labels=[folder / "labels.tsv"],
        promoters=None, genes=None, truth=None, active_mark="H3K4me3", part="test", samples=100, seed=1,
    )  # fmt: skip
    summarise_attention(**(options | paths | changed))
    return {name: pd.read_csv(path, sep="\t") for name, path in paths.items()}


def test_a_chosen_gene_is_found_by_symbol_and_shown_in_every_epigenome(epigenome):
    pd.DataFrame({"gene_id": ["G05", "G06"], "symbol": ["PAX5", "OTHER"]}).to_csv(
        epigenome / "promoters.tsv", sep="\t", index=False
    )
    found = tables(epigenome, promoters=epigenome / "promoters.tsv", genes=["PAX5"])
    gene = found["gene_maps"]
    assert gene["gene_id"].unique() == ["G05"] and gene["symbol"].unique() == ["PAX5"]
    assert gene.loc[gene["map"] == "beta", "value"].sum() == pytest.approx(1)
    assert found["against_truth"].empty and not found["validation"].empty
    assert gene_maps(opened(epigenome)[0], {}).empty
    versioned = tables(epigenome, promoters=epigenome / "promoters.tsv", genes=["G06"])
    assert versioned["gene_maps"]["symbol"].unique() == ["OTHER"]
    with pytest.raises(InputError, match="names PAX6, which is no gene here"):
        tables(epigenome, promoters=epigenome / "promoters.tsv", genes=["PAX6"])


def test_a_chosen_gene_without_bins_is_warned_of_and_stops_nothing(epigenome, caplog):
    pd.DataFrame({"gene_id": ["ENSG00000001626.7"], "symbol": ["SILENT"]}).to_csv(
        epigenome / "promoters.tsv", sep="\t", index=False
    )
    for name in ("SILENT", "ENSG00000001626.12"):
        found = tables(epigenome, promoters=epigenome / "promoters.tsv", genes=[name])
        assert found["gene_maps"].empty and f"{name} (chromatin.attention.genes) is not shown" in caplog.text


def test_small_sets_may_use_all_genes(epigenome):
    found = tables(epigenome, part="all")
    assert found["maps"].loc[found["maps"]["model"] == "attentivechrome", "genes"].max() == 20


def test_a_folder_that_is_no_attention_store_is_refused(tmp_path):
    for make in (lambda: None, (tmp_path / "x.zarr").mkdir):
        make()
        with pytest.raises(InputError, match="x.zarr"):
            AttentionStore.open(tmp_path / "x.zarr")
