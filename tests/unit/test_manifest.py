"""The manifest says what went in and came out, the same for the same run anywhere; verifying finds every difference."""

import json
import os
import platform
from pathlib import Path

import pandas as pd
import pytest

from promoternets import provenance
from promoternets.configuration import defaults
from promoternets.errors import InputError
from promoternets.manifest.digests import digests, remembered_digests
from promoternets.manifest.verify import verify
from promoternets.manifest.write import write_jobs, write_manifest

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of nothing


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that writes a small run and its manifest into a folder, and returns its results."""

    def write(name="run", **more):
        folder = tmp_path / name
        results = folder / "results" / "toy"
        store = results / "genotypes" / "chr1.zarr"
        (store / "call_genotype" / "c").mkdir(parents=True)
        (folder / "data").mkdir()
        (folder / "data" / "chr1.vcf").write_text("variants\n")
        outside = tmp_path / f"home of {name}" / "samples.tsv"
        outside.parent.mkdir()
        outside.write_text("sample\n")
        (store / "zarr.json").write_text("{}\n")
        (store / "call_genotype" / "c" / "0").write_text("0 1 2")
        (store / ".snakemake_timestamp").touch()
        (results / "metrics.tsv").write_text("auc\n0.7\n")
        (results / "report.html").write_text("<html>\n")
        source = {"vcf": ["data/{chrom}.vcf"], "samples": str(outside), "simulate": None, "build": "GRCh38"}
        settings = results / "settings.json"
        provenance.write_settings(settings, cohort="toy", source=source, settings=defaults(), defaults=defaults())
        monkeypatch.chdir(folder)
        given = {
            "settings": settings,
            "sources": [Path("data/chr1.vcf"), outside],
            "results": [store, results / "metrics.tsv", results / "report.html", settings],
            "manifest": results / "manifest.json",
            "memory": results / "checkpoints" / "inputs.json",
        }
        write_manifest(**given | more)
        return results

    return write


def outputs(results):
    return json.loads((results / "manifest.json").read_text())["outputs"]


def test_a_store_has_one_digest_that_knows_its_files_names_and_contents_but_not_where_it_lies(run, tmp_path):
    store = run() / "genotypes" / "chr1.zarr"
    (before,) = digests([store], what="store").values()
    store = store.rename(tmp_path / "elsewhere.zarr")
    os.utime(store / ".snakemake_timestamp")
    assert set(digests([store], what="store").values()) == {before}
    (store / "call_genotype" / "c" / "0").rename(store / "call_genotype" / "c" / "1")
    assert before not in digests([store], what="store").values()


def test_digests_are_those_that_sha256sum_gives(tmp_path):
    (tmp_path / "empty").touch()
    assert digests([tmp_path / "empty"], what="file") == {tmp_path / "empty": EMPTY}


def test_a_large_input_is_read_again_only_when_its_size_or_time_has_changed(tmp_path):
    path, memory = tmp_path / "reads.bam", tmp_path / "checkpoints" / "inputs.json"
    path.write_text("aaaa")
    first = remembered_digests([path], memory, what="inputs")
    state = path.stat()
    path.write_text("bbbb")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert remembered_digests([path], memory, what="inputs") == first  # not read
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    assert remembered_digests([path], memory, what="inputs") == digests([path], what="inputs")
    memory.write_text("{")
    assert remembered_digests([path], memory, what="inputs") == digests([path], what="inputs")


def test_the_manifest_of_the_same_run_elsewhere_is_the_same_and_names_nobody(run, tmp_path, monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "host-of-the-lab")
    one, other = run("one"), run("other")
    text = (one / "manifest.json").read_text()
    inputs = json.loads(text)["inputs"]
    assert list(inputs) == ["data/chr1.vcf", "samples.tsv"]
    settings = outputs(one).pop("settings.json")  # it keeps the paths as they were given
    assert text.replace(settings, "") == (other / "manifest.json").read_text().replace(
        outputs(other)["settings.json"], ""
    )
    assert not any(word in text for word in (str(tmp_path), "home of", platform.node()))


def test_manifests_of_two_runs_differ_in_the_lines_of_what_differs(run):
    one, other = run("one"), run("other")
    (other / "metrics.tsv").write_text("auc\n0.8\n")
    lines = [(path / "manifest.json").read_text().splitlines() for path in (one, other)]
    write_manifest(
        settings=other / "settings.json", sources=[], results=[other / "metrics.tsv"],
        manifest=other / "manifest.json", memory=other / "checkpoints" / "inputs.json",
    )  # fmt: skip
    again = (other / "manifest.json").read_text().splitlines()
    changed = [line for line in again if line not in lines[1]]
    assert [line.split(":")[0].strip() for line in changed if "{}" not in line] == ['"metrics.tsv"']


def test_two_files_of_one_name_outside_the_folder_are_told_apart(run, tmp_path):
    paths = [tmp_path / batch / "chr1.vcf" for batch in "ab"]
    for path in paths:
        path.parent.mkdir()
        path.write_text(path.parent.name)
    results = run(sources=paths)
    inputs = json.loads((results / "manifest.json").read_text())["inputs"]
    assert list(inputs) == ["chr1.vcf", "chr1.vcf (2)"] and len(set(inputs.values())) == 2


def test_the_code_is_known_by_version_digest_and_commit(repository, tmp_path):
    state = provenance.workflow_state(repository)
    assert state["version"] == "0.1.0" and len(state["code_sha256"]) == 64
    (tmp_path / "workflow").mkdir()
    for name in ("Snakefile", "workflow/a.py"):
        (tmp_path / name).touch()
    copied = provenance.workflow_state(tmp_path)
    assert copied["version"] is copied["commit"] is copied["modified"] is None
    (tmp_path / "workflow" / "a.py").write_text("# edited\n")
    assert provenance.workflow_state(tmp_path)["code_sha256"] != copied["code_sha256"]


def test_an_input_that_is_gone_is_one_clear_error_and_a_removed_result_is_missing(run, tmp_path, caplog):
    with pytest.raises(InputError, match=r"gone\.vcf: a file that the results were made from is gone"):
        run("one", sources=[tmp_path / "gone.vcf"])
    assert not (tmp_path / "one" / "results" / "toy" / "manifest.json").exists()
    results = tmp_path / "two" / "results" / "toy"
    run("two", results=[results / "metrics.tsv", results / "blocks.zarr"])
    assert outputs(results)["blocks.zarr"] is None and "1 results were removed" in caplog.text
    assert verify(results).missing == ["blocks.zarr"]


def test_verifying_names_each_changed_missing_and_extra_file(run):
    results = run()
    for folder in ("logs", "benchmarks", "checkpoints"):
        (results / folder).mkdir(exist_ok=True)
        (results / folder / "any").touch()
    (results / "jobs.tsv").touch()
    assert verify(results).lines() == [] and verify(results).same == 4
    (results / "genotypes" / "chr1.zarr" / "call_genotype" / "c" / "0").write_text("0 1 1")
    (results / "metrics.tsv").unlink()
    (results / "genotypes" / "notes.txt").touch()
    (results / "old" / "folder").mkdir(parents=True)
    (results / "old" / "folder" / "file").touch()
    differences = verify(results)
    assert differences.changed == ["genotypes/chr1.zarr"] and differences.missing == ["metrics.tsv"]
    assert differences.extra == ["genotypes/notes.txt", "old"] and differences.same == 2
    assert differences.lines()[0] == f"changed: {results}/genotypes/chr1.zarr"


def test_the_command_ends_well_only_where_nothing_differs(run, run_script, script, capsys):
    results = run()
    script("verify_results").main(results=[results])
    assert "4 results are as the manifest says, 0 are not" in capsys.readouterr().out
    (results / "report.html").write_text("<html><p>\n")
    done = run_script("verify_results", "--results", results)
    assert done.returncode == 2 and f"changed: {results}/report.html" in done.stdout
    assert "the results are not those of the manifest" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["[]", "{", '{"format": 1}', '{"format": 2, "outputs": {}}', None])
def test_without_a_manifest_that_can_be_read_nothing_is_verified(tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json: (this is no|there is no|its format is 2)"):
        verify(tmp_path)


def test_the_jobs_table_has_time_memory_and_device_of_each_job(tmp_path):
    logs = [tmp_path / f"{name}.log" for name in ("train", "fold", "lost")]
    logs[0].write_text("10:00:00 device: NVIDIA H100 80GB HBM3; PyTorch 2.13.0, built for CUDA 13.0\n")
    logs[1].write_text("10:00:00 42 people\n")
    benchmarks = [tmp_path / "benchmarks" / f"{name}.jsonl" for name in ("train.fold_1", "fold", "lost")]
    benchmarks[0].parent.mkdir()
    benchmarks[0].write_text('{"s": 12.5, "cpu_time": 11.0, "max_rss": 900.5}\n')
    benchmarks[1].write_text('{"s": 0.2, "cpu_time": "NA", "max_rss": "NA"}\n')
    write_jobs(logs=logs, benchmarks=benchmarks, jobs=tmp_path / "jobs.tsv")
    table = pd.read_csv(tmp_path / "jobs.tsv", sep="\t", keep_default_na=False)
    assert table.astype(str).to_numpy().tolist() == [
        ["fold", "CPU", "0.2", "NA", "NA"],
        ["lost", "NA", "NA", "NA", "NA"],
        ["train.fold_1", "NVIDIA H100 80GB HBM3", "12.5", "11", "900.5"],
    ]
    assert list(table) == ["job", "device", "wall_seconds", "cpu_seconds", "peak_memory_mib"]
