"""How numbers, models and filters are written for people: one format everywhere."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable

import pandas as pd

from promoternets.formats.models import GWAS

MISSING = "not available"

MODELS: dict[str, str] = {
    "als_net": "ALS-Net",
    "logistic_regression": "Logistic regression",
    "linear_svm": "Linear SVM",
    "elastic_net": "Elastic net",
    "elastic_net_all": "Elastic net, all promoter sites",
    "ridge_all": "Ridge, all promoter sites",
    "polygenic_score": "Polygenic score",
    "rbf_svm": "RBF SVM",
    "random_forest": "Random forest",
    "adaboost": "AdaBoost",
    "covariates": "Covariates only",
    "covariates_pcs": "Covariates and PCs only",
}
PUBLISHED = "_published"
LINEAR_MODELS = (
    "logistic_regression", "linear_svm", "elastic_net", "elastic_net_all", "ridge_all", "polygenic_score",
    f"logistic_regression{GWAS}", f"linear_svm{GWAS}", f"elastic_net{GWAS}",
)  # fmt: skip

METRICS: dict[str, str] = {
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "auc": "AUC",
    "auprc": "AUPRC",
    "brier": "Brier",
}

FILTERS: dict[str, str] = {
    "records_read": "Records read",
    "alleles_after_split": "Alternate alleles after splitting",
    "no_gt": "Record without genotypes",
    "filter_not_pass": "FILTER is not PASS",
    "symbolic_or_star": "Symbolic or * allele",
    "not_snv": "Not a single-nucleotide variant",
    "multiallelic": "Several alternate alleles",
    "not_in_all_files": "Not in every batch file",
    "duplicate": "Repeats an earlier site",
    "call_rate": "Too many missing calls",
    "monomorphic": "Everybody has the same genotype",
    "maf": "Minor allele too rare",
    "hwe_controls": "Out of Hardy-Weinberg proportions in controls",
    "kept": "Kept",
    "half_calls": "Half calls, set to missing",
    "haploid_calls": "Haploid calls",
    "missing_calls": "Missing calls",
    "uncertain_dosages": "Uncertain dosages, set to missing",
}
CALLS = ("half_calls", "haploid_calls", "missing_calls", "uncertain_dosages")
NOT_REMOVED = ("records_read", "alleles_after_split", "kept", *CALLS)

METHODS: dict[str, str] = {"gradient": "Gradient", "integrated_gradients": "Integrated gradients"}
GROUPS: dict[str, str] = {"case": "Cases", "control": "Controls"}


def is_missing(value: object) -> bool:
    """Return whether a value is None, NaN or pandas' missing value."""
    return value is None or bool(pd.isna(value))


def decimal(value: float | None, digits: int = 3, *, signed: bool = False) -> str:
    """Write a number with fixed decimals and a real minus sign: ``0.873``, ``+0.021``, ``−0.004``."""
    if is_missing(value) or not math.isfinite(float(value)):
        return MISSING
    rounded = round(float(value), digits)
    text = f"{abs(rounded):.{digits}f}"
    if rounded < 0:
        return "−" + text
    return f"+{text}" if signed and rounded > 0 else text


def interval(value: float | None, low: float | None, high: float | None, *, signed: bool = False) -> str:
    """Write a value with its 95% interval, ``0.873 [0.841, 0.902]``; without one, ``0.873 [no interval]``."""
    if is_missing(value):
        return MISSING
    point = decimal(value, signed=signed)
    if is_missing(low) or is_missing(high):
        return f"{point} [no interval]"
    return f"{point} [{decimal(low, signed=signed)}, {decimal(high, signed=signed)}]"


def alike(values: Iterable[float | None]) -> list[str]:
    """Write a column of values with the same decimals: three significant digits for the largest."""
    values = list(values)
    largest = max((abs(value) for value in values if not is_missing(value)), default=0.0)
    digits = 3 if largest == 0 else min(max(2 - math.floor(math.log10(largest)), 0), 12)
    return ["–" if is_missing(value) else decimal(value, digits) for value in values]


def count(value: float | int | None) -> str:
    """Write a count with thousands separated: ``41,907``."""
    return MISSING if is_missing(value) else f"{int(value):,}".replace("-", "−")


def plural(number: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun: ``1 fold``, ``5 folds``."""
    return f"{count(number)} {one if number == 1 else (many or one + 's')}"


def percent(part: float, whole: float) -> str:
    """Write a share as a percentage with one decimal, ``36.4%``."""
    return MISSING if not whole else f"{100 * part / whole:.1f}%"


def p_value(value: float | None) -> str:
    """Write a p-value: three decimals, or ``< 0.001``."""
    if is_missing(value):
        return MISSING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def duration(seconds: float | None) -> str:
    """Write a duration in the largest fitting units: ``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if is_missing(seconds):
        return MISSING
    if seconds < 1:
        return "< 1 s"
    whole = int(round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60:02d} min"


def memory(mebibytes: float | None) -> str:
    """Write an amount of memory: ``512 MiB``, ``3.4 GiB``."""
    if is_missing(mebibytes):
        return MISSING
    return f"{mebibytes:.0f} MiB" if mebibytes < 1024 else f"{mebibytes / 1024:.1f} GiB"


def model_name(model: str) -> str:
    """Return what a model is called in the report; an unknown one keeps its own name."""
    base = base_model(model)
    name = MODELS.get(base, base)
    return f"{name}, GWAS sites" if model.endswith(GWAS) else name


def base_model(model: str) -> str:
    """Return a classifier's own name, whatever its settings and sites."""
    return model.removesuffix(PUBLISHED).removesuffix(GWAS)


def full_model_name(model: str) -> str:
    """Return a model's name, marked when it ran with the published settings."""
    return model_name(model) + (", published settings" if model.endswith(PUBLISHED) else "")


def in_sentence(model: str) -> str:
    """Return a model's name as it stands inside a sentence: lower case unless it is a name or an acronym."""
    name = full_model_name(model)
    keep = ("ALS-Net", "RBF", "AdaBoost")
    return name if name.startswith(keep) or base_model(model) not in MODELS else name[0].lower() + name[1:]


def safe_text(value: object, longest: int = 60) -> str:
    """Return text from the input fit for a figure or a table: no control characters, not endless."""
    text = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c)[0] == "C" else c for c in str(value))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def listing(words: list[str]) -> str:
    """Join words as in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]
