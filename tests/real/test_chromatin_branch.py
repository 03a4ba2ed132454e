"""The whole chromatin branch on real epigenomes: pilot regions, raw depth, and the published sets and CSV files.

Settings are cut down where a test is of the workflow; where a figure is compared with a published one they are not.
"""

import gzip
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from published_sets import CELLS, read_published_set
from sklearn.metrics import roc_auc_score

from promoternets.chromatin.presets import preset
from promoternets.chromatin.train import predict_genes, train_expression_networks
from promoternets.formats.attention_store import AttentionStore
from promoternets.formats.bin_store import BinStore
from promoternets.networks.expression import NETWORKS

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent.parent
MARKS = ("H3K27me3", "H3K36me3", "H3K4me1", "H3K4me3", "H3K9me3")
VALID, TEST = [f"chr{number}" for number in (9, 10, 11)], [f"chr{number}" for number in (*range(12, 23), "X")]
QUICK = {"training": {"models": ["attentivechrome", "deepchrome", "cnn_alpha_beta"], "seeds": 1}}
# AUC of the original code on the same 200 + 200 + 200 genes, labels by number, and its standard error (Hanley, McNeil)
ORIGINAL = {"E123": (0.942, 0.016), "E003": (0.850, 0.027)}


def run(folder, chromatin, *targets):
    """Run the workflow on one chromatin configuration; return its results."""
    (folder / "config.yaml").write_text(yaml.safe_dump({"chromatin": chromatin}))
    command = [sys.executable, "-m", "snakemake", *targets, "--cores", "2", "--directory", str(folder),
               "--configfile", str(folder / "config.yaml")]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    return folder / "results" / "chromatin"


def table(results, name):
    return pd.read_csv(results / name, sep="\t")


def write_sheet(path, rows):
    pd.DataFrame(rows, columns=["epigenome", "mark", "path", "kind"]).to_csv(path, sep="\t", index=False)


@pytest.fixture(scope="module")
def pilot(real_data, tmp_path_factory):
    """A run on the pilot regions of two epigenomes, all networks, split by chromosome."""
    folder = tmp_path_factory.mktemp("pilot")
    starts = pd.read_csv(real_data / "roadmap_rnaseq" / "gencode_v10_tss.hg19.tsv.gz", sep="\t")
    with gzip.open(folder / "genes.bed.gz", "wt") as bed:
        for gene in starts.itertuples():
            bed.write(f"{gene.chrom}\t{gene.gene_start - 1}\t{gene.gene_end}\t{gene.gene_id}\t0\t{gene.strand}\n")
    signal = real_data / "roadmap_pilot_E003_E117"
    results = run(folder, {
        "epigenomes": str(signal / "{epigenome}-{mark}.pilot.hg19.bigWig"), "annotation": "genes.bed.gz",
        "expression": str(real_data / "roadmap_rnaseq" / "57epigenomes.RPKM.pc.no_E065_E116.tsv.gz"),
        "bins": {"min_covered": 1.0}, "split": {"valid_chromosomes": VALID, "test_chromosomes": TEST},
        "training": {"seeds": 1}, "evaluation": {"bootstrap": 1000}, "attention": {"samples": 200},
    }, "chromatin")  # fmt: skip
    return SimpleNamespace(folder=folder, results=results)


def test_the_pilot_regions_give_371_genes_per_epigenome(pilot):
    for epigenome in ("E003", "E117"):
        store = BinStore.open(pilot.results / epigenome / "bins.zarr")
        assert store.signal.shape == (371, 5, 100) and tuple(store.marks) == MARKS


def test_the_baseline_reaches_what_was_measured_before_and_the_best_net_does_not_fall_below_it(pilot):
    metrics = table(pilot.results, "metrics.tsv")
    pooled = metrics[(metrics["metric"] == "auc") & (metrics["seed"].astype(str) == "all")]
    print(pooled.pivot(index="model", columns="epigenome", values="value").round(3).to_string())
    print(table(pilot.results, "summary.tsv").to_string())
    for epigenome, group in pooled.groupby("epigenome"):
        group = group.set_index("model")
        baseline = group.loc["logistic_regression"]
        assert baseline["value"] > 0.86, epigenome
        best = group.loc[group.index.isin(NETWORKS), "value"].max()
        assert best >= baseline["low"], epigenome
        assert set(group.index) == {*NETWORKS, "logistic_regression", "svc", "random_forest", "max_mark"}


def test_attention_of_the_pilot_genes_sums_to_one_and_is_not_zero_after_reading_it_back(pilot):
    store = AttentionStore.open(pilot.results / "E003" / "attention.zarr")
    found = store.maps("attentivechrome")
    assert found["alpha"].shape[1:] == (5, 100) and found["beta"].shape[1:] == (5,)
    np.testing.assert_allclose(found["alpha"].sum(-1), 1, atol=1e-4)
    np.testing.assert_allclose(found["beta"].sum(-1), 1, atol=1e-4)
    assert found["alpha"].min() > 0 and found["alpha"].std() > 0


def test_the_report_of_the_pilot_run_is_one_file_that_names_both_epigenomes(pilot):
    page = (pilot.results / "report.html").read_text()
    assert "E003" in page and "E117" in page and "AttentiveChrome" in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "<script" not in page


def test_raw_depth_with_a_held_back_mark_checks_the_attention(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("depth")
    data = real_data / "roadmap_E003_promoter_depth"
    genes = pd.read_csv(data / "genes.tsv", sep="\t")
    with (folder / "genes.bed").open("w") as bed:
        for gene in genes.itertuples():
            bed.write(f"{gene.chrom}\t{gene.tss_0based}\t{gene.tss_0based + 1}\t{gene.gene_id}\t0\t{gene.strand}\n")
    genes[["gene_id", "rpkm_E003"]].rename(columns={"rpkm_E003": "E003"}).to_csv(
        folder / "rpkm.tsv", sep="\t", index=False
    )
    write_sheet(folder / "epigenomes.tsv", [
        ("E003", path.name.split(".")[0].split("-")[1], path, "bigwig") for path in sorted(data.glob("*.bigWig"))
    ])  # fmt: skip
    gene = genes["gene_id"].iloc[0]
    results = run(folder, {
        "epigenomes": "epigenomes.tsv", "expression": "rpkm.tsv", "annotation": "genes.bed",
        "validation_mark": "H3K27ac", "attention": {"part": "all", "genes": [gene], "samples": 200}, **QUICK,
    }, "chromatin")  # fmt: skip
    store = BinStore.open(results / "E003" / "bins.zarr")
    assert "H3K27ac" not in store.marks and len(store.marks) == 6 and store.validation_signal.shape == (100, 100)
    found = table(results, "attention_validation.tsv").set_index(["model", "map"])
    print(found.drop(columns=["epigenome", "mark", "validation_mark"]).round(3).to_string())
    assert found.loc[("input", "signal"), "r"] > 0.5, "H3K4me3 and H3K27ac lie together at active promoters"
    rows = {("attentivechrome", "alpha"), ("deepchrome", "saliency"), ("deepchrome", "class_optimisation")}
    assert rows <= set(found.index)
    assert (found["low"] <= found["r"]).all() and (found["r"] <= found["high"]).all()
    assert set(table(results, "gene_attention.tsv")["gene_id"]) == {gene}


def test_published_csv_files_go_through_everything_after_binning(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    place = folder / "data" / "E003" / "classification"
    place.mkdir(parents=True)
    for part in ("train", "valid", "test"):
        (place / f"{part}.csv").symlink_to(real_data / "attentivechrome-sample" / "toy-E003" / f"{part}.csv")
    results = run(folder, {
        "published": "data/{epigenome}/classification/{part}.csv", "bins": {"oriented": False},
        "training": {"models": ["attentivechrome", "deepchrome"], "seeds": 1, "epochs": 2},
        "evaluation": {"bootstrap": 100}, "attention": {"samples": 100},
    }, "chromatin")  # fmt: skip
    metrics = table(results, "metrics.tsv")
    assert set(metrics["epigenome"]) == {"E003"} and "max_mark" in set(metrics["model"])
    assert BinStore.open(results / "E003" / "bins.zarr").source == "published_csv"
    assert (results / "report.html").is_file()


@pytest.fixture(scope="module")
def published_sets(real_data):
    return [read_published_set(real_data / "attentivechrome-sample", epigenome) for epigenome in CELLS]


def test_attentivechrome_is_at_least_as_good_as_the_original_code_on_the_same_genes(published_sets, capsys):
    rows = []
    for model in NETWORKS:
        seeds = 5 if model == "attentivechrome" else 1
        networks, _ = train_expression_networks(
            published_sets, model, preset("default", model), target="label", seeds=seeds, seed=1,
            device=torch.device("cpu"),
        )  # fmt: skip
        for data in published_sets:
            predicted = predict_genes(networks, data, torch.device("cpu"))
            predicted = predicted[predicted["part"] == "test"]
            areas = [roc_auc_score(part["label"], part["score"]) for _, part in predicted.groupby("seed")]
            rows.append((model, data.epigenome, seeds, np.mean(areas), np.std(areas)))
    found = pd.DataFrame(rows, columns=["model", "epigenome", "seeds", "auc", "sd"])
    with capsys.disabled():
        print("\n" + found.pivot(index="model", columns="epigenome", values="auc").round(3).to_string())
        print(f"the original AttentiveChrome: {ORIGINAL}")
    ours = found[found["model"] == "attentivechrome"].set_index("epigenome")["auc"]
    for epigenome, (original, error) in ORIGINAL.items():
        assert ours[epigenome] >= original - error, epigenome
