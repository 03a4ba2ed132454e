"""A copy of the workflow that a test may edit, a tiny simulated cohort, and one finished run of it."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

TINY = {
    "cohorts": {
        "tiny": {
            "simulate": {
                "chromosomes": 2, "genes": 6, "population": 1500, "cases": 60, "controls": 60,
                "additive_promoters": 2, "epistatic_within": 1, "epistatic_across": 0,
            }
        }
    },
    "folds": {"count": 2, "inner": 3},
    "ranking": {"top": 4, "shards": 2, "rounds": 1, "epochs": 2, "memory_mb": 500},
    "als_net": {"seeds": 1, "epochs": 2},
    "baselines": {"models": ["logistic_regression"], "published": False},
    "evaluation": {"bootstrap": 100},
    "saliency": {"steps": 4, "permutations": 10},
}  # fmt: skip
EPIGENOMES = {
    "chromatin": {
        "simulate": {"epigenomes": 2, "genes": 90, "chromosomes": 3},
        "training": {"models": ["cnn_alpha_beta", "deepchrome"], "seeds": 1, "epochs": 3, "together": 1},
        "baselines": {"models": ["logistic_regression", "max_mark"]},
        "evaluation": {"bootstrap": 100},
        "attention": {"samples": 100},
    }
}


@dataclass(frozen=True)
class Workflow:
    """A copy of the workflow and the folder it runs in."""

    tree: Path
    folder: Path

    def run(self, *words, config=TINY, check=True):
        """Run snakemake with a configuration; return the finished process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arguments = ["--directory", str(self.folder), *words]
        if config is not None:
            file = self.folder / "asked.yaml"
            file.write_text(yaml.safe_dump(config))
            arguments += ["--configfile", str(file)]
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=self.tree, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if check:
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
        return done

    def planned(self, *words, config=TINY):
        """Return how many jobs of each rule a run would do now, targets apart."""
        done = self.run("--dry-run", *words, config=config)
        rows = re.findall(r"^([a-z_]+)  +(\d+)$", done.stdout + done.stderr, flags=re.MULTILINE)
        targets = {"all", "total", "simulate", "genotypes", "promoters", "blocks", "folds", "ranking", "gwas",
                   "als_net", "baselines", "evaluation", "audit", "interactions", "permutation_test",
                   "learning_curve", "repeated_folds", "saliency", "model", "predict", "fine_tune", "epigenomes",
                   "bins", "chromatin", "report", "manifest"}  # fmt: skip
        return {rule: int(count) for rule, count in rows if rule not in targets}


@pytest.fixture(scope="session")
def tree(repository, tmp_path_factory):
    """A copy of what a run needs, so that a test may edit it."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("workflow", "envs", "profiles", "resources"):
        shutil.copytree(repository / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "config.yaml"):
        shutil.copy2(repository / name, copy / name)
    return copy


@pytest.fixture
def workflow(tree, tmp_path):
    """The workflow in an empty folder."""
    return Workflow(tree, tmp_path / "run")


@pytest.fixture(scope="session")
def finished(tree, tmp_path_factory):
    """The workflow in a folder where the tiny cohort has been run from end to end."""
    workflow = Workflow(tree, tmp_path_factory.mktemp("tiny"))
    workflow.run("--cores", "2")
    return workflow
