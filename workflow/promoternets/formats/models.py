"""Names of models, and whose genotypes each is given."""

from __future__ import annotations

from typing import Literal

GWAS = "_gwas"  # ends the name of a classifier whose sites a GWAS of the training people selected
NETWORK = "als_net"
ON_SELECTED = ("logistic_regression", "linear_svm", "rbf_svm", "random_forest", "adaboost", "elastic_net")
PUBLISHED_SETTINGS = ON_SELECTED[:-1]  # those that the published system had
OTHERS: dict[str, Literal["promoters", "genome", "none", "components"]] = {
    "elastic_net_all": "promoters",
    "ridge_all": "promoters",
    "polygenic_score": "genome",
    "covariates": "none",
    "covariates_pcs": "components",
}


def sites_of(model: str) -> Literal["cnn", "gwas", "promoters", "genome", "none", "components"]:
    """Return what a model is given: sites that the CNN or a GWAS selected, those of all promoters, all, or none."""
    if model in OTHERS:
        return OTHERS[model]
    return "gwas" if model.endswith(GWAS) else "cnn"


def without_gwas(model: str) -> str:
    """Return the classifier's own name."""
    return model.removesuffix(GWAS)
