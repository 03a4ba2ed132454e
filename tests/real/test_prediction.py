"""A model goes to other people: trained on one batch of chromosome 20, used on the other; b37 refuses b38.

Training is cut down to one epoch. The label is southern Europe: Iberians (IBS) against the others in batch A; in
batch B it is Tuscans (TSI) against people from Utah (CEU), whom the model has hardly met.
"""

import json
import subprocess
import sys

import pandas as pd
import pytest
import yaml

pytestmark = pytest.mark.slow
CHEAP = {
    "folds": {"count": 2, "inner": 3},
    "ranking": {"top": 8, "shards": 1, "rounds": 1, "epochs": 2, "permutations": 0},
    "als_net": {"seeds": 1, "epochs": 1},
    "evaluation": {"bootstrap": 200},
}


def run(repository, folder, cohorts, *words):
    """Run snakemake over some cohorts; return the finished process."""
    (folder / "asked.yaml").write_text(yaml.safe_dump({"cohorts": cohorts} | CHEAP))
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--directory", str(folder), *words]
    command += ["--configfile", str(folder / "asked.yaml")]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def chr20(real_data, repository, tmp_path_factory):
    """The folder in which batch A trained a model and batch B was predicted by it."""
    folder = tmp_path_factory.mktemp("chr20")
    labels = {
        "samples": str(real_data / "sample_panel_1000g" / "samples.tsv"), "build": "GRCh37",
        "phenotype": "population", "case": ["IBS", "TSI"], "covariates": ["sex"],
    }  # fmt: skip
    batch_a, batch_b = (
        str(next((real_data / "kgp_chr20_503eur").glob(f"*batch{batch}_*.vcf.gz"))) for batch in "AB"
    )  # fmt: skip
    annotation = str(real_data / "gene_annotation" / "genes.hg19.bed.gz")
    cohorts = {
        "batch_a": {"vcf": batch_a, "annotation": annotation} | labels,
        "batch_b": {"vcf": batch_b, "predict_with": "batch_a"} | labels,
    }
    cohorts["batch_b"]["settings"] = {"fine_tuning": {"layers": "head"}}
    done = run(repository, folder, cohorts, "predict", "fine_tune")
    assert done.returncode == 0, done.stderr[-6000:]
    return folder


def test_batch_b_is_predicted_by_the_model_of_batch_a(chr20):
    results = chr20 / "results" / "batch_b" / "predict"
    found = pd.read_csv(results / "predictions.tsv", sep="\t")
    assert len(found) == 203 and found["phenotype"].sum() == 107 and found["probability"].between(0, 1).all()
    coverage = pd.read_csv(results / "coverage.tsv", sep="\t").iloc[0]
    assert coverage["coverage"] == 1 and coverage["matched"] == coverage["sites"] > 400
    metrics = pd.read_csv(results / "metrics.tsv", sep="\t", index_col="metric")
    row = metrics.loc["auc"]
    print((results / "summary.txt").read_text(), metrics.round(3).to_string(), sep="\n")
    assert 0.3 < row["low"] < row["value"] < row["high"] < 0.9  # of few sites and two networks: about what chance gives
    sites = pd.read_csv(results / "sites.tsv", sep="\t")
    assert sites[["training_frequency", "frequency"]].corr().iloc[0, 1] > 0.95


def test_the_model_of_batch_a_is_trained_further_on_batch_b(chr20):
    results = chr20 / "results" / "batch_b" / "fine_tuning"
    comparison = pd.read_csv(results / "comparison.tsv", sep="\t")
    print((results / "summary.txt").read_text(), comparison.round(3).to_string(), sep="\n")
    assert list(comparison["model"]) == ["fine_tuned", "unchanged", "from_scratch", "fine_tuned", "fine_tuned"]
    assert (comparison["low"] <= comparison["auc"]).all() and (comparison["auc"] <= comparison["high"]).all()
    folds = [pd.read_csv(results / f"fold_{fold}" / "predictions.tsv", sep="\t") for fold in (1, 2)]
    people = [set(fold["sample"]) for fold in folds]
    assert people[0].isdisjoint(people[1]) and len(people[0] | people[1]) == 203
    unchanged = pd.concat(folds).query("model == 'unchanged'").set_index("sample")["probability"]
    predicted = pd.read_csv(results.parent / "predict" / "predictions.tsv", sep="\t", index_col="sample")["probability"]
    assert unchanged.corr(predicted.loc[unchanged.index], method="spearman") > 0.95
    # A network a fold of the people tuned on and of the people trained on before, and it predicts as any model does.
    tuned = json.loads((results / "model" / "model.json").read_text())
    assert len(tuned["folds"]) == 4 and tuned["build"] == "GRCh37"


def test_nothing_of_the_people_trained_on_is_in_the_folder(chr20):
    people = pd.read_csv(chr20 / "results" / "batch_a" / "samples.tsv", sep="\t")["sample"]
    text = b"".join(path.read_bytes() for path in (chr20 / "results" / "batch_a" / "model").iterdir())
    assert len(people) == 300 and not any(person.encode() in text for person in people)


def test_a_model_of_panels_b37_refuses_b38(real_data, repository, tmp_path):
    panels, annotation = real_data / "kgp_gene_panels", real_data / "gene_annotation"
    trained = {
        "vcf": str(panels / "kgp_genes.b37_2504.vcf.gz"),
        "samples": str(real_data / "sample_panel_1000g" / "samples.tsv"),
        "annotation": str(annotation / "refFlat_first6.hg19.txt.gz"), "build": "GRCh37",
        "phenotype": "population", "case": "FIN", "control": "GBR", "covariates": ["sex"],
        "settings": {"blocks": {"max_distance": 20000}}, "chromosomes": ["1", "22"],
    }  # fmt: skip
    b38 = {"vcf": str(panels / "kgp_genes.b38_3202.vcf.gz"), "predict_with": "panels", "chromosomes": ["1", "22"]}
    both = {"panels": trained, "other": b38 | {"build": "GRCh38"}}
    said = run(repository, tmp_path, both, "predict", "--dry-run")
    assert said.returncode != 0 and "no liftover is done" in said.stdout + said.stderr
    done = run(repository, tmp_path, {"panels": trained}, "model")
    assert done.returncode == 0, done.stderr[-6000:]
    of_folder = b38 | {"predict_with": "results/panels/model"}
    for build, why in (
        ("GRCh38", "the model reads positions of GRCh37, but the cohort's build is GRCh38"),
        (
            "GRCh37",
            "at least 80% are needed",
        ),  # a false word on the build: the header has no lengths, but few sites fit
    ):
        done = run(repository, tmp_path, {"other": of_folder | {"build": build}}, "predict")
        assert done.returncode != 0 and why in done.stdout + done.stderr
        assert not (tmp_path / "results" / "other" / "predict").exists()
