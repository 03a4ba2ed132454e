"""A tiny simulated cohort from nothing to its report; then what is made again, and what is not."""

import base64
import gzip
import json
import os
import re
import shutil
from copy import deepcopy
from pathlib import Path

import pandas as pd
import pytest
import zarr

from promoternets.manifest.verify import verify
from promoternets.personal import is_personal

from .conftest import TINY, Workflow

pytestmark = pytest.mark.slow
REPORT = {"build_report": 1, "write_manifest": 1}
SETTINGS = {"collect_settings": 1}  # the record holds every setting
EXPLAINED = {"explain_als_net": 2, "summarise_saliency": 1}
AUDITED = {"audit_confounders": 1} | REPORT
EVALUATED = {"evaluate_models": 1} | AUDITED
CLASSIFIED = {"train_als_net": 2, "train_baseline": 2} | EXPLAINED | EVALUATED
PAIRED = {"find_interactions": 2, "summarise_interactions": 1} | REPORT
BLOCKS = {"build_blocks": 2, "summarise_blocks": 1}
SELECTED = {"rank_promoters": 1, "gather_selected": 2, "leave_strata_out": 2} | PAIRED | CLASSIFIED
GWAS_SELECTED = {"gather_gwas_sites": 2, "train_baseline": 4}  # as many sites, of the same blocks


def changed(group, **values):
    config = deepcopy(TINY)
    config.setdefault(group, {}).update(values)
    return config


def table(workflow, name):
    return pd.read_csv(workflow.folder / "results" / "tiny" / name, sep="\t")


def test_every_promised_file_is_there(finished):
    results = finished.folder / "results" / "tiny"
    for name in (
        "samples.tsv", "samples_excluded.tsv", "promoters.tsv", "promoters_summary.tsv", "genotypes/chr1.zarr",
        "genotypes/filters.tsv", "blocks/chr2.zarr", "blocks.tsv", "folds.tsv", "ranking.tsv",
        "promoter_ranking.tsv", "ranking/null_summary.tsv",
        "selected/fold_1.zarr", "als_net/fold_2/weights.safetensors", "predictions/als_net/fold_1.tsv",
        "predictions/covariates/fold_2.tsv", "predictions/covariates_pcs/fold_1.tsv",
        "gwas/fold_1.tsv.gz", "predictions/logistic_regression_gwas/fold_1.tsv",
        "metrics.tsv", "variance.tsv", "comparisons.tsv", "curves.tsv", "saliency.tsv",
        "saliency_profile.tsv", "report.html", "summary.txt", "settings.json", "simulated/truth.tsv",
        "audit.tsv", "verdict.txt",
    ):  # fmt: skip
        assert (results / name).exists(), name
    assert list((results / "figures").glob("*.svg"))


def test_metrics_cover_every_model_and_the_pooled_fold(finished):
    metrics = table(finished, "metrics.tsv")
    models = {"als_net", "logistic_regression", "logistic_regression_gwas", "covariates", "covariates_pcs"}
    assert set(metrics["model"]) == models
    assert {"auc", "auprc", "accuracy", "precision", "recall", "f1", "brier"} <= set(metrics["metric"])
    assert "all" in set(metrics["fold"].astype(str))


def test_top_promoters_are_selected_in_each_fold(finished):
    ranking = table(finished, "ranking.tsv")
    assert ranking.groupby("fold")["selected"].sum().tolist() == [4, 4]


def test_every_job_left_a_log_and_a_benchmark(finished):
    logs = {path.stem for path in (finished.folder / "results" / "tiny" / "logs").glob("*.log")}
    benchmarks = {path.stem for path in (finished.folder / "results" / "tiny" / "benchmarks").glob("*.jsonl")}
    assert logs == benchmarks
    assert {"parse_genotypes.chr1", "train_promoter_cnn.fold_1.shard_2", "build_report"} <= logs


def test_the_report_shows_time_and_memory_of_the_stages(finished):
    page = (finished.folder / "results" / "tiny" / "report.html").read_text()
    assert re.search("train.promoter.cnn", page)


def test_the_record_says_which_settings_are_not_the_defaults(finished):
    record = json.loads((finished.folder / "results" / "tiny" / "settings.json").read_text())
    assert record["changed"]["ranking.top"] == {"value": 4, "default": 32}
    assert record["cohort"]["simulate"]["cases"] == 60


def test_the_manifest_knows_every_result_and_every_job(finished):
    results = finished.folder / "results" / "tiny"
    assert verify(results).lines() == []
    manifest = json.loads((results / "manifest.json").read_text())
    assert {"report.html", "variance.tsv", "genotypes/chr1.zarr", "figures"} <= set(manifest["outputs"])
    assert manifest["inputs"] == {} and manifest["seeds"] == {"seed": 42, "simulation": 42}  # everything was simulated
    jobs = pd.read_csv(results / "jobs.tsv", sep="\t", keep_default_na=False)
    timed = {path.stem for path in (results / "benchmarks").glob("*.jsonl")} - {"write_manifest"}
    assert set(jobs["job"]) == timed and set(jobs["device"]) == {"CPU"}
    assert (jobs["wall_seconds"].astype(float) > 0).all()


def test_no_person_is_named_in_what_others_may_read_and_nobody_else_may_read_the_rest(finished):
    results = finished.folder / "results" / "tiny"
    people = [name.encode() for name in table(finished, "samples.tsv")["sample"]]
    files = {path: path.relative_to(finished.folder) for path in finished.folder.rglob("*") if path.is_file()}
    personal = {path for path, name in files.items() if any(map(is_personal, [name, *name.parents]))}
    assert {path for path in personal if path.suffix == ".tsv"} >= {results / "samples.tsv", results / "folds.tsv"}
    for path in files:
        if path in personal:
            inside = next(above for above in (path, *path.parents) if is_personal(above.relative_to(finished.folder)))
            assert inside.stat().st_mode & 0o077 == 0, path
        if path not in personal or path.suffix == ".log":
            named = [name for name in people if name in everything_in(path)]
            assert not named, f"{files[path]} names {named[0].decode()}"
    for store in results.rglob("*.zarr"):
        if not is_personal(store.relative_to(finished.folder)):
            texts = [array[:] for _, array in zarr.open_group(store, mode="r").arrays() if array.dtype.kind in "OTU"]
            assert not {str(text).encode() for array in texts for text in array.flat} & set(people), store


def everything_in(path):
    """Return what a file holds, and what a page holds in its data: links, unpacked."""
    raw = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(raw)
    links = re.findall(rb'"data:([a-z/]+)[^,"]*;base64,([A-Za-z0-9+/=]+)"', raw) if path.suffix == ".html" else []
    unpacked = [(kind, base64.b64decode(text)) for kind, text in links]
    return b"\n".join([raw, *(gzip.decompress(own) if kind == b"application/gzip" else own for kind, own in unpacked)])


def test_a_second_run_does_nothing(finished):
    assert finished.planned() == {}


@pytest.mark.parametrize(
    ("config", "again"),
    [
        (changed("evaluation", bootstrap=120), EVALUATED),
        (changed("saliency", steps=5), EXPLAINED | REPORT),
        (changed("als_net", epochs=3), {"train_als_net": 2} | EXPLAINED | EVALUATED),
        (changed("ranking", top=3), SELECTED | GWAS_SELECTED),
        (
            changed("audit", components=5),
            {"project_components": 2, "associate_sites": 2, "scan_promoter_pairs": 2}
            | SELECTED
            | GWAS_SELECTED
            | {"train_baseline": 6},  # covariates_pcs too
        ),
        (changed("interactions", pairs=3), PAIRED),
        (changed("ranking", epochs=3), {"train_promoter_cnn": 4} | SELECTED),
        (
            changed("blocks", min_sites=17),
            BLOCKS | {"train_promoter_cnn": 4, "scan_promoter_pairs": 2} | SELECTED | GWAS_SELECTED,
        ),
    ],
    ids=["bootstrap", "saliency steps", "als_net epochs", "ranking top", "components", "interactions pairs",
         "ranking epochs", "blocks"],
)  # fmt: skip
def test_a_changed_setting_reruns_exactly_the_stages_it_feeds(finished, config, again):
    assert finished.planned(config=config) == again | SETTINGS


def test_a_changed_configuration_of_where_to_compute_reruns_nothing(finished):
    assert finished.planned("--config", "gpu=1") == {}


@pytest.mark.parametrize(
    ("module", "again"),
    [
        ("report/page.py", REPORT),
        ("evaluation/metrics.py", {"evaluate_models": 1} | REPORT),
        ("audit/measures.py", AUDITED),
        ("saliency/__init__.py", EXPLAINED | REPORT),
        ("baselines/__init__.py", {"train_baseline": 8, "leave_strata_out": 2} | EVALUATED),
        ("ranking/score.py", {"train_promoter_cnn": 4} | SELECTED),
        ("bridge.py", {}),
    ],
)
def test_an_edited_library_file_reruns_exactly_the_stages_it_feeds(finished, module, again):
    path = finished.tree / "workflow" / "promoternets" / module
    before = path.read_bytes()
    try:
        path.write_bytes(before + b"\n# edited\n")
        assert finished.planned() == again
    finally:
        path.write_bytes(before)


def test_a_library_file_that_was_only_touched_reruns_nothing(finished):
    os.utime(finished.tree / "workflow" / "promoternets" / "seeds.py")
    assert finished.planned() == {}


def test_scores_are_the_same_byte_for_byte_for_any_number_of_shards_and_cores_and_order_of_jobs(finished, tmp_path):
    """With room for three networks at once, so that the shards have four stacks to share."""
    lines = []
    for shards, cores in ((1, 1), (7, 2)):
        again = Workflow(finished.tree, tmp_path / f"shards_{shards}")
        shutil.copytree(finished.folder, again.folder, copy_function=shutil.copy2)
        config = changed("ranking", shards=shards, memory_mb=100)
        fold = "results/tiny/ranking/fold_1"
        tables = [f"{fold}/{kind}_{shard}.tsv" for shard in range(shards, 0, -1) for kind in ("shard", "null")]
        again.run(*tables, "--cores", str(cores), "--prioritize", tables[0], config=config)
        lines.append(sorted({line for name in tables for line in (again.folder / name).read_bytes().splitlines()}))
    assert lines[0] == lines[1] and len(lines[0]) > 12  # promoters


def test_snakemake_s_own_report_holds_our_report_figures_and_tables(finished, tmp_path):
    finished.run("--report", str(tmp_path / "all.html"))
    page = (tmp_path / "all.html").read_text()
    for words in ("The report", "Metrics of every model", "Ranked promoters", "Figures"):
        assert words in page, words


def test_bad_input_ends_in_one_clear_line_and_leaves_no_output(finished, tmp_path):
    simulated = finished.folder / "results" / "tiny" / "simulated"
    (tmp_path / "samples.tsv").write_text("sample\tphenotype\nnobody\t1\nnoone\t0\n")
    shutil.copy2(simulated / "genes.gtf.gz", tmp_path)
    for path in Path(simulated).glob("chr1.vcf.gz*"):
        shutil.copy2(path, tmp_path)
    config = {
        "cohorts": {
            "mine": {
                "vcf": "{chrom}.vcf.gz",
                "samples": "samples.tsv",
                "annotation": "genes.gtf.gz",
                "build": "other",
            }
        }
    }
    workflow = Workflow(finished.tree, tmp_path)
    done = workflow.run("genotypes", "--cores", "1", config=config, check=False)
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results" / "mine" / "samples.tsv").exists()


@pytest.fixture(scope="module")
def asked_again(finished, tmp_path_factory):
    """The reruns of a copy of the finished run."""
    folder = tmp_path_factory.mktemp("again") / "run"
    shutil.copytree(finished.folder, folder, copy_function=shutil.copy2)
    again = Workflow(finished.tree, folder)
    config = changed("reruns", permutations=2, shares=[0.8, 1], replicates=1, repeats=2)
    again.run("permutation_test", "learning_curve", "repeated_folds", "--cores", "2", config=config)
    return again


def test_what_was_made_on_request_is_no_part_of_the_manifest_until_the_next_run(asked_again):
    extra = verify(asked_again.folder / "results" / "tiny").extra
    assert {"permutation_test.tsv", "learning_curve.svg", "reruns"} <= set(extra)
    assert asked_again.planned() == {"write_manifest": 1}


def test_the_permutation_test_compares_with_every_permutation(asked_again):
    test = table(asked_again, "permutation_test.tsv")
    assert sorted(test["model"].unique()) == ["als_net", "best_promoter", "logistic_regression"]
    assert test.groupby("model")["permutation"].apply(list).tolist() == [[0, 1, 2]] * 3
    assert table(asked_again, "permutation_p_values.tsv")["p_value"].between(0.333, 1).all()


def test_the_learning_curve_and_the_repeated_folds_have_their_tables_figures_and_sentences(asked_again):
    people = table(asked_again, "learning_curve.tsv").groupby("model")["training_people"].apply(list)
    assert people["als_net"][0] == pytest.approx(48, abs=2) and people["als_net"][1] == 60
    assert table(asked_again, "repeated_folds.tsv")["repeat"].tolist() == ["all", "1", "2"] * 2
    for name in ("permutation_test", "learning_curve", "repeated_folds"):
        results = asked_again.folder / "results" / "tiny"
        assert "AUC" in (results / f"{name}.svg").read_text() and (results / f"{name}.txt").read_text().endswith(".\n")


def test_networks_learn_on_top_of_confounders_when_asked(finished, tmp_path):
    shutil.copytree(finished.folder, tmp_path / "again", copy_function=shutil.copy2)
    again = Workflow(finished.tree, tmp_path / "again")
    config = changed("als_net", offset="covariates")
    again.run("als_net", "--cores", "2", config=config)
    model = json.loads((again.folder / "results" / "tiny" / "als_net" / "fold_1" / "model.json").read_text())
    assert model["on_top_of_offset"] is True
    assert (
        json.loads((finished.folder / "results/tiny/als_net/fold_1/model.json").read_text())["on_top_of_offset"]
        is False
    )
