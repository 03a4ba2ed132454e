"""What would run, and what is said when nothing can: dry runs and bad configurations, no job."""

import shutil

import pytest
import yaml

from .conftest import EPIGENOMES, TINY

TWO = TINY | {"cohorts": {"one": {"simulate": {"chromosomes": 1}}, "two": {"simulate": {"chromosomes": 3}}}}
RECORDED = {"collect_settings": 1, "write_manifest": 1}  # beside what a stage makes, in a run without a target
MINE = {"vcf": "{chrom}.vcf.gz", "samples": "samples.tsv", "annotation": "genes.gtf", "build": "GRCh38"}


@pytest.fixture
def own_data(workflow):
    workflow.folder.mkdir()
    for name in ("chr1.vcf.gz", "chr2.vcf.gz", "samples.tsv", "genes.gtf"):
        (workflow.folder / name).touch()
    return workflow


def test_a_stage_by_name_plans_what_it_needs_and_no_more(workflow):
    planned = workflow.planned("promoters")
    assert set(planned) == {"simulate_haplotypes", "simulate_phenotypes", "extract_promoters"}
    planned = workflow.planned("ranking")
    assert planned["train_promoter_cnn"] == 4
    assert not {"train_als_net", "train_baseline", "build_report"} & set(planned)


def test_successive_halving_plans_each_rung_before_the_training(workflow):
    planned = workflow.planned("ranking", config=TINY | {"ranking": TINY["ranking"] | {"halving": True}})
    assert planned["train_promoter_cnn"] == 4 and planned["screen_promoters"] == 8  # two rungs, folds and shards


def test_the_report_s_plan_holds_every_rule(workflow, repository):
    planned = workflow.planned("report", config=TINY | EPIGENOMES)
    scripts = {path.stem for path in (repository / "workflow" / "scripts").glob("*.py")}
    by_hand = {"verify_results"}
    of_others = {"import_published_bins", "import_attentivechrome", "list_epigenomes"}  # for files of other people
    on_request = {
        "screen_promoters",
        "rerun_fold",
        "summarise_permutations",
        "summarise_learning",
        "summarise_repeats",
        "offset_confounders",
        "export_model",
        "predict_cohort",
        "evaluate_predictions",
        "select_labelled",
        "fine_tune_als_net",
        "export_fine_tuned",
        "compare_fine_tuning",
        "write_manifest",
    }
    assert set(planned) == scripts - by_hand - of_others - on_request
    assert planned["train_baseline"] == 8  # one baseline on two choices of sites, two models of confounders; two folds


def test_each_model_plans_the_sites_it_is_given(workflow):
    models = {"models": ["ridge_all", "polygenic_score"], "published": False, "gwas_selected": ["als_net"]}
    planned = workflow.planned("baselines", config=TINY | {"baselines": models})
    assert planned["train_baseline"] == 8 and planned["associate_sites"] == 2
    assert not {"train_promoter_cnn", "gather_gwas_sites"} & set(planned)  # nothing here has selected sites
    planned = workflow.planned("als_net", config=TINY | {"baselines": models})
    assert planned["train_als_net"] == 4 and planned["gather_selected"] == planned["gather_gwas_sites"] == 2
    planned = workflow.planned("evaluation", config=TINY | {"baselines": models | {"gwas_selected": []}})
    assert planned["train_als_net"] == 2 and "gather_gwas_sites" not in planned


def test_reruns_are_planned_on_request_or_with_the_report_that_shows_them(workflow):
    for target, last in (("permutation_test", "summarise_permutations"), ("learning_curve", "summarise_learning"),
                         ("repeated_folds", "summarise_repeats")):  # fmt: skip
        planned = workflow.planned(target)
        assert (planned["rerun_fold"], planned[last]) == (2, 1)
        assert not {"train_promoter_cnn", "build_report"} & set(planned)
        assert last in workflow.planned("report", config=TINY | {"reruns": {"in_report": [target]}})


def test_networks_on_top_of_confounders_wait_for_their_log_odds(workflow):
    config = TINY | {"ranking": TINY["ranking"] | {"offset": "covariates"}}
    assert workflow.planned("ranking", config=config)["offset_confounders"] == 2
    config = TINY | {"als_net": TINY["als_net"] | {"offset": "covariates_pcs"}}
    assert workflow.planned("als_net", config=config)["project_components"] == 2


def test_two_cohorts_are_planned_together_or_one_alone(workflow):
    assert workflow.planned("genotypes", config=TWO)["parse_genotypes"] == 4
    assert workflow.planned("genotypes", "--config", "only=two", config=TWO)["parse_genotypes"] == 3
    assert workflow.planned("genotypes", config=TWO | {"only": ["one"]})["parse_genotypes"] == 1


def test_the_chromatin_branch_is_planned_alone_beside_cohorts_or_not_at_all(workflow):
    both = TINY | EPIGENOMES
    assert workflow.planned("chromatin", config=both) == workflow.planned("chromatin", config=EPIGENOMES)
    assert workflow.planned("bins", config=EPIGENOMES)["bin_histone"] == 2
    assert "build_report" not in workflow.planned("--config", "only=chromatin", config=both)
    assert "bin_histone" not in workflow.planned("--config", "only=tiny", config=both)
    assert "build_chromatin_report" in workflow.planned(config=both)


def test_asking_for_the_chromatin_branch_without_epigenomes_says_so(workflow):
    done = workflow.run("--dry-run", "chromatin", check=False)
    assert done.returncode != 0 and "no epigenomes are configured" in done.stdout + done.stderr


def test_a_prediction_is_planned_with_the_model_behind_it_and_nothing_else_of_that_cohort(own_data):
    (own_data.folder / "1.vcf.gz").touch()
    other = {"vcf": "1.vcf.gz", "chromosomes": ["1"], "build": "GRCh38", "predict_with": "tiny"}
    both = TINY | {"cohorts": TINY["cohorts"] | {"other": other}}
    planned = own_data.planned("predict", config=both)
    assert planned["train_als_net"] == 2 and planned["export_model"] == planned["predict_cohort"] == 1
    assert planned["parse_genotypes"] == 3 and planned["match_samples"] == 2
    assert not {"train_baseline", "build_report", "evaluate_predictions"} & set(planned)
    assert own_data.planned("--config", "only=other", config=both) == planned | RECORDED
    labelled = TINY | {"cohorts": TINY["cohorts"] | {"other": other | {"samples": "samples.tsv"}}}
    assert own_data.planned("predict", config=labelled)["evaluate_predictions"] == 1
    tuned = labelled | {"fine_tuning": {"layers": "head"}}
    planned = own_data.planned("fine_tune", config=tuned)
    assert planned["fine_tune_als_net"] == 2 and planned["export_fine_tuned"] == planned["compare_fine_tuning"] == 1
    assert planned["select_labelled"] == 1 and planned["assign_folds"] == 2 and "predict_cohort" not in planned
    assert {"fine_tune_als_net", "predict_cohort"} <= set(own_data.planned("--config", "only=other", config=tuned))
    (own_data.folder / "folder").mkdir()
    (own_data.folder / "folder" / "model.json").touch()
    alone = {"cohorts": {"other": other | {"predict_with": "folder"}}}
    assert own_data.planned("predict", config=alone) == {"match_samples": 1, "parse_genotypes": 1, "predict_cohort": 1}
    assert own_data.planned(config=alone) == own_data.planned("predict", config=alone) | RECORDED


def test_asking_for_predictions_when_nobody_is_to_be_predicted_says_so(workflow):
    done = workflow.run("--dry-run", "predict", check=False)
    assert done.returncode != 0 and "no cohort is to be predicted" in done.stdout + done.stderr


def test_asking_for_fine_tuning_where_no_cohort_has_it_says_so(workflow):
    done = workflow.run("--dry-run", "fine_tune", check=False)
    assert done.returncode != 0 and "no cohort is to fine-tune a model" in done.stdout + done.stderr


def test_own_signal_and_published_files_are_read_where_they_are(workflow):
    workflow.folder.mkdir()
    for name in ("a.bw", "b.bw", "rpkm.tsv", "genes.gtf", "E1.pt"):
        (workflow.folder / name).touch()
    rows = ["epigenome\tmark\tpath\tkind", "E1\tH3K4me3\ta.bw\tbigwig", "CD4+\tH3K4me3\tb.bw\tbigwig"]
    (workflow.folder / "sheet.tsv").write_text("\n".join(rows) + "\n")
    own = {"epigenomes": "sheet.tsv", "expression": "rpkm.tsv", "annotation": "genes.gtf"}
    planned = workflow.planned(config={"chromatin": own | {"training": {"together": 1, "joint": True}}})
    assert planned["bin_histone"] == 2 and planned["train_chromatin"] == 2 * 7 + 1
    assert not {"simulate_epigenomes", "list_epigenomes"} & set(planned) and planned["extract_promoters"] == 1
    for name in ("E1.H3K4me3.bw", "E2.H3K4me3.bw"):
        (workflow.folder / name).touch()
    planned = workflow.planned("bins", config={"chromatin": own | {"epigenomes": "{epigenome}.{mark}.bw"}})
    assert (planned["list_epigenomes"], planned["match_genes"], planned["bin_histone"]) == (1, 1, 2)
    for part in ("train", "valid", "test"):
        (workflow.folder / f"E1.{part}.csv").touch()
    published = {"published": "{epigenome}.{part}.csv", "published_networks": "{epigenome}.pt"}
    planned = workflow.planned(config={"chromatin": published})
    assert planned["import_published_bins"] == 1 and planned["import_attentivechrome"] == 1
    assert not {"match_genes", "label_genes", "bin_histone", "extract_promoters"} & set(planned)


def test_own_files_are_read_where_they_are_and_nothing_is_simulated(own_data):
    planned = own_data.planned(config={"cohorts": {"mine": MINE}})
    assert planned["parse_genotypes"] == 2
    assert not any("simulate" in rule for rule in planned)


def test_config_yaml_of_the_folder_is_used_when_no_other_is_named(own_data):
    (own_data.folder / "config.yaml").write_text(yaml.safe_dump({"cohorts": {"mine": MINE}}))
    assert own_data.planned("genotypes", config=None)["parse_genotypes"] == 2
    assert own_data.planned("genotypes", config=TINY)["write_simulated_vcf"] == 2


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (TINY | {"rankng": {"top": 3}}, "unknown key `rankng`; did you mean `ranking`?"),
        (TINY | {"ranking": {"top": 0}}, "ranking.top: 0 is too small; the limit is 1"),
        ({"cohorts": {"mine": MINE}}, "cohort mine: samples: there is no file samples.tsv"),
        ({"cohorts": {"mine": MINE}}, "cohort mine: vcf: no file matches {chrom}.vcf.gz"),
        ({"seed": 1}, "no cohort is configured"),
        (None, "no cohort is configured"),
    ],
    ids=["misspelt key", "value out of limits", "no sample table", "no VCF", "no cohort", "no configuration"],
)
def test_a_bad_configuration_is_one_clear_line_at_the_start(workflow, config, said):
    done = workflow.run("--dry-run", config=config, check=False)
    assert done.returncode == 1
    text = done.stdout + done.stderr  # a dry run says everything on stdout
    assert said in text
    assert "Traceback" not in text
    assert not (workflow.folder / "results").exists()


def test_the_linter_needs_no_data_and_finds_nothing(tree):
    shutil.rmtree(tree / ".snakemake", ignore_errors=True)
    from .conftest import Workflow

    done = Workflow(tree, tree).run("--lint", config=None)
    assert "good condition" in done.stderr
