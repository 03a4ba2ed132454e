# From a case/control cohort's variants to a ranked, classified, explained report; from histone marks to expression.
# Run all:            snakemake --cores all
# Run one stage:      snakemake --cores all ranking
# Run one cohort:     snakemake --cores all --config only=mycohort
from pathlib import Path

from snakemake.utils import min_version

min_version("9.20")


# A file named with --configfile stands in for config.yaml; merging the two would mix their cohorts.
if Path("config.yaml").exists() and not workflow.config_settings.configfiles:

    configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


# Snakemake's limit of jobs a second, which only clusters need, starts one more timer with each job that ends, and each timer
# looks at all ready jobs every second (snakemake/snakemake#3744): hundreds of jobs on, that takes a third of a core.
onstart:
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


PREDICTIONS = ["results/{cohort}/predict/predictions.tsv", "results/{cohort}/predict/summary.txt"]
FINE_TUNED = ["results/{cohort}/fine_tuning/summary.txt", "results/{cohort}/fine_tuning/model"]
EVALUATED = ["results/{cohort}/predict/metrics.tsv"]  # of cohorts whose phenotypes may be known
ALWAYS = [
    *configuration.of_every_cohort("results/{cohort}/report.html", "results/{cohort}/verdict.txt"),
    *configuration.predictions(*PREDICTIONS, evaluated=EVALUATED),
    *configuration.fine_tuned(*FINE_TUNED),
    *configuration.chromatin_results("report.html"),
]
ON_REQUEST = [
    *configuration.of_every_cohort(
        "results/{cohort}/permutation_p_values.tsv",
        "results/{cohort}/learning_curve.tsv",
        "results/{cohort}/repeated_folds.tsv",
        "results/{cohort}/model",
    )
]


rule all:
    """Every cohort's report and predictions, and the epigenomes' report, and with them every stage; the manifests."""
    default_target: True
    input:
        ALWAYS,
        configuration.manifests("results/{cohort}/manifest.json"),


rule simulate:
    """Variants, sample table, annotation and truth of the simulated cohorts."""
    input:
        configuration.of_every_cohort(
            "results/{cohort}/simulated/{chrom}.vcf.gz",
            "results/{cohort}/simulated/truth.tsv",
            simulated_only=True,
        ),


rule promoters:
    """One row per transcription start site."""
    input:
        configuration.of_every_cohort("results/{cohort}/promoters.tsv"),


rule genotypes:
    """Filtered genotypes of each chromosome, and what each filter removed."""
    input:
        configuration.of_every_cohort(
            "results/{cohort}/genotypes/{chrom}.zarr",
            "results/{cohort}/genotypes/filters.tsv",
        ),


rule blocks:
    """The sites of each promoter."""
    input:
        configuration.of_every_cohort("results/{cohort}/blocks.tsv"),


rule folds:
    """Who is tested in which fold."""
    input:
        configuration.of_every_cohort("results/{cohort}/folds.tsv"),


rule ranking:
    """Promoters by score in each fold."""
    input:
        configuration.of_every_cohort("results/{cohort}/ranking.tsv"),


rule gwas:
    """Association of every site among the training people of each fold."""
    input:
        configuration.of_every_cohort("results/{cohort}/gwas/fold_{fold}.tsv.gz"),


rule als_net:
    """A trained ALS-Net and its predictions in each fold."""
    input:
        configuration.of_every_cohort("results/{cohort}/predictions/{network}/fold_{fold}.tsv"),


rule baselines:
    """Predictions of every other model in each fold."""
    input:
        configuration.of_every_cohort("results/{cohort}/predictions/{model}/fold_{fold}.tsv"),


rule evaluation:
    """Metrics with intervals, comparisons and curves of every model."""
    input:
        configuration.of_every_cohort("results/{cohort}/metrics.tsv"),


rule audit:
    """What confounders explain of each model's score, and the verdict in words."""
    input:
        configuration.of_every_cohort("results/{cohort}/audit.tsv", "results/{cohort}/verdict.txt"),


rule interactions:
    """Pairs of sites that seem to interact, and whether joint tagging explains it."""
    input:
        configuration.of_every_cohort("results/{cohort}/interactions.tsv"),


rule permutation_test:
    """On request: selection and training with permuted labels."""
    input:
        configuration.of_every_cohort("results/{cohort}/permutation_p_values.tsv"),


rule learning_curve:
    """On request: selection and training with fewer people, and what more may bring."""
    input:
        configuration.of_every_cohort("results/{cohort}/learning_curve.tsv"),


rule repeated_folds:
    """On request: selection and training with other partitions of the people into folds."""
    input:
        configuration.of_every_cohort("results/{cohort}/repeated_folds.tsv"),


rule saliency:
    """The sites ALS-Net looks at."""
    input:
        configuration.of_every_cohort("results/{cohort}/saliency.tsv"),


rule model:
    """On request: the networks of each cohort as a folder that predicts other people."""
    input:
        configuration.of_every_cohort("results/{cohort}/model"),


rule predict:
    """The people of each cohort that has a predict_with, predicted by that model."""
    input:
        configuration.asked_predictions(*PREDICTIONS, evaluated=EVALUATED),


rule fine_tune:
    """The models that cohorts with fine_tuning go on from, trained further on their people, and whether it helped."""
    input:
        configuration.asked_fine_tuned(*FINE_TUNED),


rule epigenomes:
    """The genes of the chromatin branch, matched with expression and split."""
    input:
        configuration.chromatin_genes,


rule bins:
    """Histone marks in bins around each TSS, how much the signal covers, and the genes' labels."""
    input:
        configuration.chromatin("{epigenome}/bins.zarr", "{epigenome}/labels.tsv", "coverage.tsv"),


rule chromatin:
    """The whole chromatin branch: models, metrics, attention, report."""
    input:
        configuration.chromatin("metrics.tsv", "summary.tsv", "attention_validation.tsv", "report.html"),


rule report:
    """The report of each cohort, with its verdict, and that of the epigenomes."""
    input:
        configuration.of_every_cohort("results/{cohort}/report.html", "results/{cohort}/verdict.txt"),
        configuration.chromatin_results("report.html"),


rule manifest:
    """What went into each cohort's results, what came out and how, for checking them later."""
    input:
        configuration.manifests("results/{cohort}/manifest.json"),


# Rules that are marked localrule read a few small tables and are not worth a place in a cluster's queue.
include: "workflow/rules/simulation.smk"
include: "workflow/rules/promoters.smk"
include: "workflow/rules/genotypes.smk"
include: "workflow/rules/blocks.smk"
include: "workflow/rules/folds.smk"
include: "workflow/rules/ranking.smk"
include: "workflow/rules/gwas.smk"
include: "workflow/rules/als_net.smk"
include: "workflow/rules/baselines.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/interactions.smk"
include: "workflow/rules/saliency.smk"
include: "workflow/rules/reruns.smk"
include: "workflow/rules/prediction.smk"
include: "workflow/rules/fine_tuning.smk"
include: "workflow/rules/epigenomes.smk"
include: "workflow/rules/bins.smk"
include: "workflow/rules/chromatin.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/manifest.smk"
