"""The profiles for clusters: what they ask a scheduler for, and that each plans the same jobs. SLURM itself: slurm/."""

import importlib.util
import json
import os
import re

import pytest
import yaml
from snakemake.cli import get_argument_parser

PROFILES = {"default": "local", "generic": "cluster-generic", "kubernetes": "cluster-generic", "slurm": "slurm"}


@pytest.fixture
def stand_ins(repository, tmp_path, monkeypatch):
    """A qsub and a kubectl that note what they are asked, in this folder, and start the job here."""
    monkeypatch.setenv("PATH", f"{repository / 'tests' / 'stand_ins' / 'scheduler'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("QSUB_LOG", str(tmp_path / "asked"))
    monkeypatch.setenv("KUBECTL_JOBS", str(tmp_path))
    return tmp_path


@pytest.mark.slow
def test_jobs_of_the_generic_profile_go_through_its_submit_command(workflow, stand_ins):
    words = ["--workflow-profile", "profiles/generic", "--latency-wait", "10"]
    workflow.run("promoters", *words, "--set-resources", "extract_promoters:gpu=1")
    assert (workflow.folder / "results" / "tiny" / "promoters.tsv").is_file()
    form = r"-N (\w+) -j oe -l select=1:ncpus=\d+:mem=\d+mb:ngpus=(\d) -l walltime=\d+:00 /\S+"
    asked = [re.fullmatch(form, line) for line in (stand_ins / "asked").read_text().splitlines()]
    assert {match[1]: match[2] for match in asked} == {
        "simulate_haplotypes": "0", "simulate_phenotypes": "0", "extract_promoters": "1"
    }  # fmt: skip


@pytest.mark.slow
def test_the_kubernetes_profile_makes_jobs_on_the_shared_volume_and_another_for_one_that_fails(
    workflow, stand_ins, monkeypatch
):
    monkeypatch.setenv("PROMOTERNETS_IMAGE", "here/promoternets:1")
    monkeypatch.setenv("KUBECTL_EVICTS", "simulate-haplotypes")
    words = ["--workflow-profile", str(workflow.tree / "profiles" / "kubernetes"), "--latency-wait", "1"]
    words += ["--seconds-between-status-checks", "1", "--set-resources", "simulate_haplotypes:gpu=1"]
    workflow.run("results/tiny/simulated/chr1.trees", *words)
    assert (workflow.folder / "results" / "tiny" / "simulated" / "chr1.trees").is_file()
    made = [json.loads(file.read_text())["spec"] for file in sorted(stand_ins.glob("simulate-haplotypes-*.json"))]
    for spec, memory in zip(made, ["2000M", "4000M"], strict=True):
        (container,) = spec["template"]["spec"]["containers"]
        needs = {"memory": memory, "nvidia.com/gpu": "1"}
        assert container["resources"] == {"requests": {"cpu": "1"} | needs, "limits": needs}
        assert (container["image"], container["workingDir"]) == ("here/promoternets:1", str(workflow.folder))
        assert (spec["activeDeadlineSeconds"], spec["backoffLimit"]) == (1800, 0)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_holds_only_options_that_snakemake_or_its_plugin_knows(repository, profile):
    options = yaml.safe_load((repository / "profiles" / profile / "profile.yaml").read_text())
    executor = options.get("executor", "local")
    assert executor == PROFILES[profile]
    known = {word.removeprefix("--") for word in get_argument_parser()._option_string_actions}
    of_plugin = {name for name in options if name.startswith(f"{executor}-")}
    assert options.keys() - of_plugin <= known
    if installed(executor):
        assert of_plugin <= known


def test_every_profile_plans_the_same_jobs(workflow):
    plans = {}
    for profile, executor in PROFILES.items():
        file = workflow.tree / "profiles" / profile / "profile.yaml"
        options = yaml.safe_load(file.read_text())
        assert options["rerun-incomplete"] and options["retries"] == (profile != "default")
        assert ("resources" in options) is (profile == "default")  # a cluster has many GPUs
        if not installed(executor):  # a plan needs the rest of the profile only
            file = workflow.folder / "without_plugin" / "profile.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            of_plugin = [name for name in options if name == "executor" or name.startswith(f"{executor}-")]
            file.write_text(yaml.safe_dump({name: options[name] for name in options if name not in of_plugin}))
        plans[profile] = workflow.planned("--workflow-profile", str(file.parent))
    assert plans["default"] and all(plan == plans["default"] for plan in plans.values())


def test_the_slurm_profile_names_every_rule_that_asks_for_a_gpu(repository):
    rules = repository / "workflow" / "rules"
    asking = set()
    for file in rules.glob("*.smk"):
        for rule in re.split(r"^rule ", file.read_text(), flags=re.MULTILINE)[1:]:
            if re.search(r"^ +gpu=", rule, flags=re.MULTILINE):
                asking.add(rule.partition(":")[0])
    text = (repository / "profiles" / "slurm" / "profile.yaml").read_text()
    assert asking and asking == set(re.findall(r"^#   (\w+):\n#     slurm_partition: gpu$", text, flags=re.MULTILINE))


def installed(executor: str) -> bool:
    return executor == "local" or importlib.util.find_spec(f"snakemake_executor_plugin_{executor.replace('-', '_')}")
