"""The whole genotype branch on real people: one run of the workflow over five cohorts, then what it found.

The settings are cut down (fewer folds, seeds and baselines than the defaults) so that all five take minutes on two
cores. The README has the figures of such a run.
"""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

pytestmark = pytest.mark.slow
GENE_OF_CHR22 = "ENSG00000100321.10"  # SYNGR1


def configuration(data, folder):
    """Return the configuration of the five cohorts."""
    panels, annotation = data / "kgp_gene_panels", data / "gene_annotation"
    panel_settings = {"genotypes": {"min_maf": 0.005}, "blocks": {"max_distance": 20000}}
    return {
        "cohorts": {
            "african_b38": {
                "vcf": str(panels / "kgp_genes.b38_3202.vcf.gz"),
                "samples": str(data / "sample_panel_1000g" / "samples.tsv"),
                "annotation": str(annotation / "genes.hg38.bed.gz"),
                "build": "GRCh38", "phenotype": "superpopulation", "case": "AFR", "covariates": ["sex"],
                "settings": panel_settings,
            },
            "finnish_b38": {
                "vcf": str(panels / "kgp_genes.b38_3202.vcf.gz"),
                "samples": str(data / "sample_panel_1000g" / "samples.tsv"),
                "annotation": str(annotation / "genes.hg38.bed.gz"),
                "build": "GRCh38", "phenotype": "population", "case": "FIN", "control": "GBR", "covariates": ["sex"],
                "settings": panel_settings,
            },
            "african_b37": {
                "vcf": str(panels / "kgp_genes.b37_2504.vcf.gz"),
                "samples": str(data / "sample_panel_1000g" / "samples.tsv"),
                "annotation": str(annotation / "refFlat_first6.hg19.txt.gz"),
                "build": "GRCh37", "phenotype": "superpopulation", "case": "AFR", "covariates": ["sex"],
                "settings": panel_settings,
            },
            "finnish_chr20": {
                "vcf": [str(path) for path in sorted((data / "kgp_chr20_503eur").glob("*.vcf.gz"))],
                "samples": str(folder / "chr20.tsv"),
                "annotation": str(annotation / "genes.hg19.bed.gz"),
                "build": "GRCh37",
            },
            "expression_chr22": {
                "vcf": str(data / "kgp_chr22_99eur_expression" / "chr22.99eur.b37.vcf.gz"),
                "samples": str(folder / "chr22.tsv"),
                "annotation": str(annotation / "genes.hg19.bed.gz"),
                "build": "GRCh37", "covariates": ["sex"],
                "settings": {"genotypes": {"min_maf": 0.05}, "promoters": {"biotypes": ["protein_coding"]}},
            },
        },
        "folds": {"count": 2, "inner": 4},
        "ranking": {"epochs": 6, "patience": 2, "shards": 1, "rounds": 1, "permutations": 1},
        "als_net": {"seeds": 1, "epochs": 8, "patience": 3},
        "baselines": {"models": ["logistic_regression"], "published": False},
        "evaluation": {"bootstrap": 500},
        "saliency": {"methods": ["gradient"], "steps": 4, "permutations": 50},
    }  # fmt: skip


def write_sample_tables(data, folder):
    """Write the two sample tables that the data do not have ready: chr20 with its batches, chr22 with expression."""
    people = pd.read_csv(data / "sample_panel_1000g" / "samples.tsv", sep="\t", dtype=str)
    batches = []
    for batch, count in (("A", "300"), ("B", "203")):
        (path,) = (data / "kgp_chr20_503eur").glob(f"*batch{batch}_{count}*.vcf.gz")
        header = subprocess.run(["gzip", "-dc", path], capture_output=True, check=True).stdout.split(b"\n#CHROM")[1]
        names = header.split(b"\n", 1)[0].decode().split("\t")[9:]
        batches.append(pd.DataFrame({"sample": names, "batch": batch}))
    table = pd.concat(batches).merge(people[["sample", "population", "sex"]], on="sample")
    table["phenotype"] = (table["population"] == "FIN").astype(int)
    table.drop(columns="population").to_csv(folder / "chr20.tsv", sep="\t", index=False)
    expression = pd.read_csv(
        data / "kgp_chr22_99eur_expression" / "geuvadis_expression_chr22.b37.bed.gz", sep="\t", index_col=3
    ).drop(columns=["#Chr", "start", "end"], errors="ignore")
    values = expression.loc[GENE_OF_CHR22].astype(float)
    table = pd.DataFrame({"sample": values.index, "phenotype": (values > values.median()).astype(int).to_numpy()})
    table.merge(people[["sample", "sex"]], on="sample", how="left").to_csv(folder / "chr22.tsv", sep="\t", index=False)


@pytest.fixture(scope="module")
def run(real_data, repository, tmp_path_factory):
    """The finished run of all five cohorts."""
    folder = tmp_path_factory.mktemp("real")
    write_sample_tables(real_data, folder)
    (folder / "real.yaml").write_text(yaml.safe_dump(configuration(real_data, folder)))
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--directory", str(folder), "--configfile",
               str(folder / "real.yaml")]  # fmt: skip
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-6000:]

    def table(cohort, name):
        return pd.read_csv(folder / "results" / cohort / name, sep="\t")

    def metric(cohort, model, metric="auc"):
        rows = table(cohort, "metrics.tsv").astype({"fold": str, "seed": str})
        (row,) = rows.query("model == @model and metric == @metric and fold == 'all' and seed == 'all'").itertuples()
        print(f"{cohort} {model} {metric}: {row.value:.3f} [{row.low:.3f}, {row.high:.3f}]")
        return row

    return SimpleNamespace(folder=folder, table=table, metric=metric)


@pytest.mark.parametrize("cohort", ["african_b38", "african_b37"])
def test_african_ancestry_is_told_from_the_rest(run, cohort):
    assert run.metric(cohort, "als_net").value > 0.95
    assert run.metric(cohort, "logistic_regression").value > 0.95


def test_sex_alone_tells_no_ancestry(run):
    assert abs(run.metric("african_b38", "covariates").value - 0.5) < 0.06


def test_families_are_never_split_between_folds(run):
    people = run.table("african_b38", "samples.tsv").merge(run.table("african_b38", "folds.tsv"), on="sample")
    families = people.dropna(subset="family").groupby("family")["fold"]
    assert len(people) == 3202 and (families.size() > 1).sum() > 500
    assert (families.nunique() == 1).all()


def test_finns_against_britons_is_reported_with_its_interval_whatever_it_is(run):
    row = run.metric("finnish_b38", "als_net")
    assert 0 <= row.low <= row.value <= row.high <= 1 and row.high - row.low > 0.02
    excluded = run.table("finnish_b38", "samples_excluded.tsv")
    assert (excluded["reason"] == "phenotype is neither case nor control").sum() > 2000


def test_genes_outside_the_sequenced_regions_are_left_out_and_counted(run):
    blocks = run.table("african_b38", "blocks.tsv")
    kept = blocks[~blocks["status"].str.startswith("left_out")]
    assert 25 <= len(kept) <= 120 < len(blocks)


def test_multiallelic_records_of_b37_and_haploid_calls_of_b38_are_counted(run):
    b37 = run.table("african_b37", "genotypes/filters.tsv").groupby("filter")["records"].sum()
    assert b37["alleles_after_split"] > b37["records_read"] == 26_792
    b38 = run.table("african_b38", "genotypes/filters.tsv").groupby("filter")["records"].sum()
    assert b38["records_read"] == 41_907 and b38["haploid_calls"] > 10_000


def test_two_batches_are_joined_and_their_confounding_can_be_seen(run):
    assert len(run.table("finnish_chr20", "samples.tsv")) == 503
    assert run.metric("finnish_chr20", "covariates").value > 0.65, "no Finn is in batch B"
    audit = run.table("finnish_chr20", "audit.tsv")
    one_class = audit[audit["flag"] == "one_class"]
    assert one_class["stratum"].tolist() == ["batch=B"] and one_class["metric"].tolist() == ["cases"], one_class
    assert run.metric("finnish_chr20", "als_net").value > 0.5


def test_a_whole_chromosome_is_ranked_for_few_people(run):
    ranking = run.table("expression_chr22", "ranking.tsv")
    assert ranking.groupby("fold")["promoter"].nunique().min() > 300
    assert (ranking.groupby("fold")["selected"].sum() == 32).all()
    assert np.isfinite(ranking["score"]).all()
    own = ranking[ranking["symbol"] == "SYNGR1"]
    print("SYNGR1 ranks", own["rank"].tolist(), "scores", own["score"].round(3).tolist())
    assert own["rank"].median() <= 32, "the label is this gene's expression, and its own promoter is known to tell it"


def test_each_cohort_has_a_report_without_a_person_in_it(run):
    for folder in (run.folder / "results").iterdir():
        text = (folder / "report.html").read_text()
        people = pd.read_csv(folder / "samples.tsv", sep="\t")["sample"]
        assert not any(person in text for person in people) and "<svg" in text
