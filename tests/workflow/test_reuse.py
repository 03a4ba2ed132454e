"""The same workflow for other cohorts: several in one file, in folders of their own, as a module, one stage again."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from vcf_files import record, text, write

from .conftest import EPIGENOMES, TINY, Workflow

PEOPLE = [f"p{number:02d}" for number in range(24)]
FEW = {"folds": {"count": 2, "inner": 2}}
# Writes down what the rules of a host and its modules say, with files as they will be looked for.
WRITE_RULES = """
from snakemake.iocontainers import Wildcards
import json

def resolved(rule, path):
    return rule.basedir.join(str(path)).get_path_or_uri(secret_free=True)

def params(rule, key, **wildcards):
    value = dict(rule.params.items()).get(key)
    return value(Wildcards(fromdict=wildcards)) if callable(value) else value

with open("rules.json", "w") as out:
    json.dump([
        {
            "name": rule.name,
            "script": rule.script and resolved(rule, rule.script),
            "conda": rule.conda_env and resolved(rule, rule.conda_env),
            "library": [str(path) for path in dict(rule.input.items()).get("library", [])],
            "made": [str(path) for path in [*rule.output, *rule.log, *([rule.benchmark] if rule.benchmark else [])]],
            "checkpoints": params(rule, "checkpoints"),
            "benchmarks": params(rule, "benchmarks", cohort="tiny"),
            "results": params(rule, "results", cohort="tiny"),
            "sources": params(rule, "sources", cohort="mine"),
            "local": rule.name in workflow._localrules,
        }
        for rule in workflow.rules
    ], out)
"""


def own_cohort(folder, **more):
    """Write data of 24 people and two promoters into `folder`/data and return the cohort's configuration."""
    genotypes = " ".join(["0/0", "0/1", "1/1"] * 8)
    write(folder / "data" / "chr1.vcf.gz", text([record("chr1", 1000, "A>C", genotypes)], PEOPLE, ["chr1:248956422"]))
    rows = [f"{person}\t{number % 2}" for number, person in enumerate(PEOPLE)]
    (folder / "data" / "samples.tsv").write_text("\n".join(["sample\tphenotype", *rows]) + "\n")
    (folder / "data" / "genes.bed").write_text("chr1\t900\t5000\tg1\t0\t+\nchr1\t9000\t9900\tg2\t0\t-\n")
    files = {"vcf": "data/{chrom}.vcf.gz", "samples": "data/samples.tsv", "annotation": "data/genes.bed"}
    return files | {"build": "GRCh38"} | more


@dataclass(frozen=True)
class Host:
    """Another workflow's folder, whose Snakefile uses ours as a module."""

    tree: Path
    folder: Path

    def write(self, snakefile, **config):
        """Write the Snakefile, with {ours} for the path of ours, and the configuration."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "Snakefile").write_text(snakefile.replace("{ours}", str(self.tree / "Snakefile")))
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config))

    def run(self, *words):
        """Run snakemake in the folder and return what it said."""
        command = [sys.executable, "-m", "snakemake", *words]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout + done.stderr

    def rules(self):
        """Return what the rules say, by name."""
        self.run("--list-rules")
        return {rule["name"]: rule for rule in json.loads((self.folder / "rules.json").read_text())}

    def made(self):
        """Return every file below the folder that is neither data nor Snakemake's."""
        paths = [path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file()]
        return {str(path) for path in paths if path.parts[0] not in (".snakemake", "data") and len(path.parts) > 1}


@pytest.fixture
def host(tree, tmp_path):
    return Host(tree, tmp_path / "host")


MODULE = """
configfile: "config.yaml"

module promoternets:
    snakefile: "{ours}"
    config: config["promoternets"]
    prefix: "promoters"

use rule * from promoternets as promoternets_*
"""


def test_each_of_several_cohorts_has_its_own_settings_and_folder(workflow):
    simulated = {"simulate": {"chromosomes": 1, "genes": 6}}
    own_settings = {"settings": {"folds": {"count": 4}, "ranking": {"shards": 3}}}
    config = TINY | {"cohorts": {"one": simulated, "two": simulated | own_settings}}
    said = workflow.run("--dry-run", "ranking", config=config).stdout
    for name, folds, shards in (("one", 2, 2), ("two", 4, 3)):
        made = set(re.findall(rf"results/{name}/ranking/fold_\d+/shard_\d+\.tsv", said))
        assert len(made) == folds * shards and f"results/{name}/ranking.tsv" in said


@pytest.fixture(scope="module")
def two_cohorts(tree, tmp_path_factory):
    """Two cohorts in a folder of their own, promoters done."""
    workflow = Workflow(tree, tmp_path_factory.mktemp("runs") / "x")
    cohort = own_cohort(workflow.folder)
    config = FEW | {"cohorts": {"one": cohort, "two": cohort}}
    workflow.run("--cores", "1", "promoters", config=config)
    return workflow, config


def test_a_configuration_and_a_folder_of_its_own_leave_the_rest_alone(two_cohorts, tree):
    """README: --configfile cohorts/x.yaml --directory runs/x; data paths start from runs/x, config.yaml is not read."""
    workflow, config = two_cohorts
    assert all((workflow.folder / "results" / name / "promoters.tsv").is_file() for name in ("one", "two"))
    assert not (tree / "results").exists() and (tree / "config.yaml").is_file()
    assert workflow.planned("promoters", config=config) == {}


def test_one_stage_of_one_cohort_runs_again_by_its_name_or_by_its_file(two_cohorts):
    workflow, config = two_cohorts
    by_name = workflow.planned("promoters", "--forcerun", "extract_promoters", "--config", "only=one", config=config)
    by_file = workflow.planned("results/one/promoters.tsv", "--forcerun", "extract_promoters", config=config)
    assert by_name == by_file == {"extract_promoters": 1}


def test_a_file_of_one_cohort_plans_no_job_of_another_and_nothing_that_is_done(two_cohorts):
    workflow, config = two_cohorts
    said = workflow.run("--dry-run", "results/two/ranking.tsv", config=config).stdout
    assert "results/two/ranking.tsv" in said and "results/one/" not in said
    assert re.search(r"^rank_promoters +1$", said, flags=re.MULTILINE)
    assert not re.search(r"^(extract_promoters|train_als_net) ", said, flags=re.MULTILINE)


def test_until_stops_at_a_rule_for_the_cohorts_that_are_asked_for(two_cohorts):
    workflow, config = two_cohorts
    planned = workflow.planned("--until", "build_blocks", "--config", "only=two", config=config)
    assert planned == {"match_samples": 1, "parse_genotypes": 1, "build_blocks": 1}


def test_as_a_module_it_runs_from_another_folder_under_a_prefix(host):
    """Three jobs for real: scripts, library, schema and own data are found; results lie under the prefix only."""
    settings = FEW | {"group_reads_people": True}
    host.write(MODULE, promoternets=settings | {"cohorts": {"mine": own_cohort(host.folder)}})
    host.run("--cores", "1", "promoternets_promoters", "promoternets_folds")
    results = "promoters/results/mine/"
    assert {results + "promoters.tsv", results + "folds.tsv", results + "logs/assign_folds.log"} <= host.made()
    assert all(path.startswith(results) for path in host.made())
    assert (host.folder / results / "folds.tsv").stat().st_mode & 0o777 == 0o640
    assert (host.folder / results / "promoters.tsv").stat().st_mode & 0o004 == 0o004


def test_as_a_module_every_rule_finds_its_files_writes_below_the_prefix_and_changes_none_of_the_host(host):
    hosts_own = """
rule report:
    output: "results/{cohort}/mine.txt"
    benchmark: "results/{cohort}/benchmarks/report.jsonl"
    shell: "touch {output}"
"""
    cohorts = {"tiny": {"simulate": {"chromosomes": 1, "genes": 6}}, "mine": own_cohort(host.folder)}
    host.write(MODULE + hosts_own + WRITE_RULES, promoternets={"cohorts": cohorts} | EPIGENOMES)
    rules = host.rules()
    running = {name: rule for name, rule in rules.items() if rule["script"]}
    scripts = {path.stem for path in (host.tree / "workflow" / "scripts").glob("*.py")} - {"verify_results"}
    assert {Path(rule["script"]).stem for rule in running.values()} == scripts
    for name, rule in running.items():
        files = [rule["script"], rule["conda"], *rule["library"]]
        assert len(files) > 2 and all(Path(path).is_file() for path in files), name
        assert all(path.startswith("promoters/results/") for path in rule["made"]), name
    checkpoints = [rule["checkpoints"] for rule in running.values() if rule["checkpoints"]]
    assert len(checkpoints) == 6 and all(path.startswith("promoters/results/") for path in checkpoints)
    timed = rules["promoternets_build_report"]["benchmarks"]
    assert "promoters/results/tiny/benchmarks/assign_folds.jsonl" in timed
    assert all(path.startswith("promoters/results/tiny/benchmarks/") for path in timed)
    assert not any("build_report" in path for path in timed)
    made = rules["promoternets_write_manifest"]["results"]
    assert "promoters/results/tiny/report.html" in made and "promoters/results/tiny/genotypes/chr1.zarr" in made
    assert all(path.startswith("promoters/results/tiny/") for path in made)
    chromatin = [f"promoters/results/chromatin/{name}" for name in ("section.html", "summary.txt")]
    data = [str(host.folder / "data" / name) for name in ("chr1.vcf.gz", "genes.bed", "samples.tsv")]
    assert rules["promoternets_write_manifest"]["sources"] == [*data, *chromatin]
    local = {name for name, rule in rules.items() if rule["local"]}
    assert "promoternets_summarise_blocks" in local and "report" not in local


def test_two_modules_stand_side_by_side_and_a_rule_of_the_host_takes_up_what_they_make(host):
    second = """
module of_others:
    snakefile: "{ours}"
    config: config["others"]

use rule * from of_others as others_*

rule best:
    input: "results/large/promoter_ranking.tsv"
    output: "best.txt"
    shell: "head {input} > {output}"
"""
    host.write(
        MODULE + second,
        promoternets={"cohorts": {"tiny": {"simulate": {"chromosomes": 1}}}},
        others={"cohorts": {"large": {"simulate": {"chromosomes": 3}}}},
    )
    said = host.run("--dry-run", "promoternets_genotypes", "best")
    assert "promoters/results/tiny/genotypes/chr1.filters.tsv" in said
    assert " results/large/genotypes/chr3.zarr" in said
    assert "promoters/results/large" not in said and " results/tiny" not in said
    assert "others_rank_promoters" in said and "others_train_als_net" not in said
