"""profiles/slurm on a real SLURM: partitions, arrays, a killed and a preempted job, GPUs. Run by `make test-slurm`."""

import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import yaml
from workflow.conftest import TINY

from .cluster import Cluster, killed_with_its_parent

# Long enough that ALS-Net writes checkpoints, short enough to wait for.
CONFIG = TINY | {"als_net": {"seeds": 1, "epochs": 400, "patience": 400}}
# This cluster keeps no accounts, and is small and near: no need to wait for it as long as for a real one.
HERE = {
    "slurm-status-command": "squeue",
    "slurm-init-seconds-before-status-checks": 14,  # a little longer than a small job takes
    "seconds-between-status-checks": 1,
}
SECONDS = 900  # far more than any of it takes
SUBMITTED = {
    "simulate_haplotypes", "simulate_phenotypes", "write_simulated_vcf", "extract_promoters", "match_samples",
    "parse_genotypes", "assign_folds", "build_blocks", "project_components", "scan_promoter_pairs",
    "train_promoter_cnn", "rank_promoters", "gather_selected", "train_als_net",
}  # fmt: skip


@dataclass
class Run:
    """One run of Snakemake on the cluster; it ends with the block it is used in."""

    cluster: Cluster
    tree: Path
    folder: Path

    def start(self, *words: str) -> "Run":
        self.folder.mkdir(exist_ok=True)
        (self.folder / "asked.yaml").write_text(yaml.safe_dump(CONFIG))
        self.text = self.folder / "said.txt"
        command = [sys.executable, "-m", "snakemake", "--workflow-profile", "profiles/slurm", *words]
        command += ["--directory", str(self.folder), "--configfile", str(self.folder / "asked.yaml")]
        with self.text.open("w") as out:
            self.process = subprocess.Popen(
                command, cwd=self.tree, env=self.cluster.environment, stdout=out, stderr=out,
                preexec_fn=killed_with_its_parent,
            )  # fmt: skip
        return self

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()  # a SIGTERM waits for jobs
            self.process.wait()

    def until(self, what: str, found):
        """Return what `found()` gives once it gives something; fail when the run ends or takes too long before."""
        until = time.monotonic() + SECONDS
        while not (given := found()):
            assert self.process.poll() is None, f"ended before {what}:\n{self.said[-6000:]}"
            assert time.monotonic() < until, f"waited {SECONDS} s for {what}:\n{self.said[-6000:]}"
            time.sleep(0.5)
        return given

    def ended(self) -> int:
        self.process.wait(SECONDS)
        return self.process.returncode

    @property
    def said(self) -> str:
        return self.text.read_text()

    def running(self, rule: str) -> list[dict[str, str]]:
        return [job for job in self.cluster.jobs() if job["Rule"] == rule and job["JobState"] == "RUNNING"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pytest.importorskip("snakemake_executor_plugin_slurm", reason="not in the lock: make test-slurm brings it")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # then too pytest stops what was started
    with Cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def profile(tree):
    """The profile as a person would fill it in: the comment marks taken away before partitions and arrays."""
    file = tree / "profiles" / "slurm" / "profile.yaml"
    ours = r"^# ((?:default|set)-resources:| +\w+:| +slurm_partition: \w+|slurm-array-jobs: \w+)$"
    options = yaml.safe_load(re.sub(ours, r"\1", file.read_text(), flags=re.MULTILINE)) | HERE
    file.write_text(yaml.safe_dump(options))
    return options


@pytest.fixture(scope="module")
def disturbed(cluster, tree, profile, tmp_path_factory):
    """A run to trained ALS-Nets, in which one job was killed and both trainings were preempted by a more urgent job."""
    with Run(cluster, tree, tmp_path_factory.mktemp("run")).start("als_net") as run:
        victim = run.until("a job to kill", lambda: run.running("extract_promoters"))[0]
        cluster.said("scancel", "--full", "--signal=11", victim["JobId"])
        checkpoints = run.folder / "results" / "tiny" / "checkpoints" / "als_net"
        run.until("a checkpoint of each fold", lambda: len(list(checkpoints.glob("fold_?/networks"))) == 2)
        urgent = ("--partition=urgent", "--nodes=1", "--nodelist=gpu", "--ntasks=2", "--mem=100", "--output=/dev/null")
        cluster.said("sbatch", *urgent, "--wrap=sleep 5")
        assert run.ended() == 0, run.said[-6000:]
        yield run


def of_rule(run, rule):
    return [job for job in run.cluster.jobs() if job["Rule"] == rule]


def test_rules_ask_for_their_time_and_memory_in_the_partition_that_the_profile_gives_them(disturbed, profile):
    jobs = [job for job in disturbed.cluster.jobs() if job["Rule"] in SUBMITTED]
    assert {job["Rule"] for job in jobs} == SUBMITTED
    assert not of_rule(disturbed, "summarise_blocks")  # a local rule
    for job in jobs:
        assert job["Partition"] == ("gpu" if job["Rule"] in profile["set-resources"] else "cpu"), job["Rule"]
        assert "TresPerJob" not in job  # no GPU without --config gpu=1
    first = of_rule(disturbed, "extract_promoters")[0]
    assert (first["TimeLimit"], first["TRES"].split(",")[:2]) == ("00:20:00", ["cpu=1", "mem=4000M"])


def test_shards_of_all_folds_go_as_one_array_where_that_is_asked_for(disturbed):
    tasks = of_rule(disturbed, "train_promoter_cnn")
    assert sorted(job["ArrayTaskId"] for job in tasks) == ["1", "2", "3", "4"]
    assert len({job["ArrayJobId"] for job in tasks}) == 1
    assert {job["JobState"] for job in tasks} == {"COMPLETED"}


def test_a_killed_job_is_submitted_again_with_more_memory_and_the_run_goes_on(disturbed):
    killed, again = of_rule(disturbed, "extract_promoters")
    assert (killed["JobState"], killed["ExitCode"]) == ("FAILED", "0:11")
    assert again["JobState"] == "COMPLETED" and "mem=8000M" in again["TRES"]
    assert f"SLURM-job '{killed['JobId']}' failed" in disturbed.said


def test_preempted_training_comes_back_as_the_same_job_and_resumes(disturbed):
    jobs = of_rule(disturbed, "train_als_net")
    assert [(job["Restarts"], job["JobState"]) for job in jobs] == [("1", "COMPLETED")] * 2
    for fold in (1, 2):
        log = (disturbed.folder / f"results/tiny/logs/train_als_net.als_net.fold_{fold}.log").read_text()
        epoch = re.search(r"resuming: 0 members done, epoch (\d+) of the next", log)
        assert epoch and int(epoch[1]) > 0, log


def test_rules_that_ask_for_a_gpu_get_it_in_its_partition_and_refuse_to_go_without(disturbed):
    before = {job["JobId"] for job in disturbed.cluster.jobs()}
    targets = ("results/tiny/saliency/fold_1.tsv", "results/tiny/predictions/covariates/fold_1.tsv")
    words = ("--config", "gpu=1", "--keep-going", "--retries", "0")
    with Run(disturbed.cluster, disturbed.tree, disturbed.folder).start(*targets, *words) as run:
        code = run.ended()
    jobs = [job for job in run.cluster.jobs() if job["JobId"] not in before]
    asked = {(job["Rule"], job["Partition"], job.get("TresPerJob")) for job in jobs}
    assert asked == {("explain_als_net", "gpu", "gres:gpu:1"), ("train_baseline", "cpu", None)}
    assert [job["JobState"] for job in jobs if job["Rule"] == "train_baseline"] == ["COMPLETED"]
    has_gpu = torch.cuda.is_available()
    assert (code == 0) is has_gpu
    assert ("gpu=1 was asked for, but no CUDA device is visible" in run.said) is not has_gpu
