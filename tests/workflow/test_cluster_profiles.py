"""The profiles for clusters: what they ask a scheduler for, and that each plans the same jobs."""

import os
import re

import pytest
import yaml

PROFILES = {"generic": "cluster_generic", "slurm": "slurm"}


@pytest.mark.slow
def test_jobs_of_the_generic_profile_go_through_its_submit_command(workflow, repository, tmp_path, monkeypatch):
    stand_in = repository / "tests" / "stand_ins" / "scheduler"
    monkeypatch.setenv("PATH", f"{stand_in}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("QSUB_LOG", str(tmp_path / "asked"))
    words = ["--workflow-profile", "profiles/generic", "--latency-wait", "10"]
    workflow.run("promoters", *words, "--set-resources", "extract_promoters:gpu=1")
    assert (workflow.folder / "results" / "tiny" / "promoters.tsv").is_file()
    form = r"-N (\w+) -j oe -l select=1:ncpus=\d+:mem=\d+mb:ngpus=(\d) -l walltime=\d+:00 /\S+"
    asked = [re.fullmatch(form, line) for line in (tmp_path / "asked").read_text().splitlines()]
    assert {match[1]: match[2] for match in asked} == {
        "simulate_haplotypes": "0", "simulate_phenotypes": "0", "extract_promoters": "1"
    }  # fmt: skip


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_holds_only_options_that_snakemake_knows_and_plans_the_same_jobs(workflow, profile):
    options = yaml.safe_load((workflow.tree / "profiles" / profile / "profile.yaml").read_text())
    assert options["retries"] == 1 and options["rerun-incomplete"] and "resources" not in options
    pytest.importorskip(f"snakemake_executor_plugin_{PROFILES[profile]}", reason="this plugin is not in the lock")
    assert workflow.planned("--workflow-profile", f"profiles/{profile}") == workflow.planned()
