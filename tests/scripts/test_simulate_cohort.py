"""The three scripts that simulate a cohort, run as programs one after the other."""

import gzip

import pytest
from cyvcf2 import VCF

from promoternets.formats.tables import read_table

SHAPE = ["--genes", 6, "--gene-spacing", 20_000, "--seed", 3]


@pytest.fixture(scope="module")
def trees(run_script, tmp_path_factory):
    path = tmp_path_factory.mktemp("simulated") / "chr1.trees"
    done = run_script(
        "simulate_haplotypes", "--trees", path, "--chromosome", "chr1", "--people", 600, *SHAPE,
        "--effective-size", 10_000, "--mutation-rate", 4e-8, "--recombination-rate", 4e-8,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return path


def simulate_phenotypes(run_script, trees, folder, cases=50):
    return run_script(
        "simulate_phenotypes", "--trees", trees, "--chromosomes", "chr1", *SHAPE,
        "--samples", folder / "samples.tsv", "--annotation", folder / "genes.gtf.gz",
        "--truth", folder / "truth.tsv", "--liability", folder / "liability.tsv",
        "--cases", cases, "--controls", 80, "--prevalence", 0.1,
        "--heritability", 0.8, "--additive-promoters", 2, "--epistatic-within", 0, "--epistatic-across", 0,
        "--min-maf", 0.01, "--batch-effect", 0.2, "--batches", 2, "--artefact-promoters", 1,
    )  # fmt: skip


def test_a_cohort_is_simulated_from_the_command_line(run_script, trees, tmp_path):
    done = simulate_phenotypes(run_script, trees, tmp_path)
    assert done.returncode == 0, done.stderr
    vcf = tmp_path / "chr1.vcf.gz"
    done = run_script(
        "write_simulated_vcf", "--trees", trees, "--samples", tmp_path / "samples.tsv",
        "--chromosome", "chr1", "--vcf", vcf, "--index", f"{vcf}.tbi",
        "--truth", tmp_path / "truth.tsv", "--artefact-rate", 0.25,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "chr1.vcf.gz", "chr1.vcf.gz.tbi", "genes.gtf.gz", "liability.tsv", "samples.tsv", "truth.tsv",
    ]  # fmt: skip
    samples = read_table(tmp_path / "samples.tsv", columns=["sample", "phenotype", "sex", "batch", "age"])
    assert VCF(str(vcf)).samples == samples["sample"].tolist()
    truth = read_table(tmp_path / "truth.tsv", columns=["gene_id", "effect", "strength", "sites", "partner"])
    assert (truth.effect == "additive").sum() == 2 and (truth.effect == "artefact").sum() == 1
    with gzip.open(tmp_path / "genes.gtf.gz", "rt") as gtf:
        assert sum("\tgene\t" in line for line in gtf) == len(truth) == 6


def test_too_small_a_population_is_one_clear_line_and_no_file(run_script, trees, tmp_path):
    done = simulate_phenotypes(run_script, trees, tmp_path, cases=500)
    assert done.returncode == 2
    assert "Simulate at least 5000 people" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
