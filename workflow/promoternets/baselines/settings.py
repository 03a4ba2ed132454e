"""The baselines by name: how columns are made, which settings are tried, what the published system used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from promoternets.baselines.elastic_net import ElasticNetScore
from promoternets.errors import InputError
from promoternets.formats.models import without_gwas

Setting = dict[str, Any]
ITERATIONS = 10_000  # far more than logistic regression needs; whether it converged is recorded
SVM_ITERATIONS = 10_000_000
TREES = 500
ADABOOST_ROUNDS = (25, 50, 100, 200)


@dataclass(frozen=True)
class Baseline:
    """One baseline.

    columns : what the classifier is given: standardised, screened, imputed or raw genotypes, coordinates of people,
        or covariates.
    sites : whose genotypes: of the selected sites, of all promoters, or of every site (a polygenic score).
    grid : settings to choose from, the simplest first, given the number of columns.
    build : the classifier for one setting, given seed and threads.
    kind : which search of `search.py` it needs.
    inner : parts of the inner cross-validation.
    components : whether genotype principal components stand beside the covariates.
    calibrated : whether scores become probabilities by Platt's method.
    notes : what a reader should know, kept in the details.
    """

    columns: Literal["standardised", "screened", "imputed", "raw", "coordinates", "covariates"]
    kind: Literal["logistic", "svm", "forest", "adaboost", "elastic_net", "polygenic"]
    build: Callable[..., BaseEstimator]
    grid: Callable[[int], list[Setting]] = lambda columns: [{}]
    inner: int = 5
    calibrated: bool = False
    components: bool = False
    sites: Literal["selected", "promoters", "genome"] = "selected"
    notes: tuple[str, ...] = field(default=())


def _logistic(setting: Setting, seed: int, threads: int) -> LogisticRegression:
    return LogisticRegression(max_iter=ITERATIONS, warm_start=True, **setting)


def _svm(kernel: str) -> Callable[..., SVC]:
    return lambda setting, seed, threads: SVC(kernel=kernel, max_iter=SVM_ITERATIONS, cache_size=500, **setting)


def _forest(setting: Setting, seed: int, threads: int) -> RandomForestClassifier:
    return RandomForestClassifier(**({"n_estimators": TREES} | setting), random_state=seed, n_jobs=threads)


def _elastic_net(setting: Setting, seed: int, threads: int) -> ElasticNetScore:
    return ElasticNetScore(**setting)


def _adaboost(setting: Setting, seed: int, threads: int) -> AdaBoostClassifier:
    setting = dict(setting)
    tree = {name: setting.pop(name) for name in ("max_depth", "max_features") if name in setting}
    return AdaBoostClassifier(DecisionTreeClassifier(**tree), random_state=seed, **setting)


def _logistic_grid(columns: int) -> list[Setting]:
    return [{"C": float(f"{c:.4g}")} for c in 10.0 ** np.arange(-6, 1.5, 0.5)]


def _covariate_grid(columns: int) -> list[Setting]:
    return [{"C": float(c)} for c in (0.01, 0.1, 1, 10, 100)]


def _linear_svm_grid(columns: int) -> list[Setting]:
    """C in units of one over a person's mean squared length, which is the number of standardised columns."""
    return [{"C": float(f"{c / columns:.4g}")} for c in 10.0 ** np.arange(-3, 3.5, 0.5)]


def _rbf_svm_grid(columns: int) -> list[Setting]:
    """Choose gamma about one over the number of columns: two unrelated people then lie about e^-2 apart."""
    gammas = [float(f"{gamma / columns:.4g}") for gamma in (0.01, 0.1, 0.3, 1.0)]
    return [{"C": float(c), "gamma": gamma} for c in (0.01, 0.1, 1, 10, 100) for gamma in gammas]


def _ridge_grid(columns: int) -> list[Setting]:
    """C in units of one over a person's mean squared length, which is near the number of coordinates."""
    return [{"C": float(f"{c / columns:.4g}")} for c in 10.0 ** np.arange(-3, 4, 0.5)]


def _elastic_net_grid(columns: int) -> list[Setting]:
    """Penalties fall from the one at which a single site enters; a sparser mixture comes first."""
    shares = [float(f"{share:.4g}") for share in np.geomspace(0.9, 0.03, 12)]
    return [{"l1_ratio": ratio, "share": share} for ratio in (0.9, 0.5, 0.1) for share in shares]


def _forest_grid(columns: int) -> list[Setting]:
    choices = [("sqrt", 20), ("sqrt", 5), ("sqrt", 1), (0.1, 20), (0.1, 5)]
    return [{"max_features": features, "min_samples_leaf": leaf} for features, leaf in choices]


def _adaboost_grid(columns: int) -> list[Setting]:
    """A random tenth of the sites is offered at each split: five times faster, and the trees differ more."""
    return [
        {"max_depth": depth, "max_features": 0.1, "learning_rate": rate, "n_estimators": rounds}
        for depth in (1, 2)
        for rate in (0.1, 0.3, 1.0)
        for rounds in ADABOOST_ROUNDS
    ]


def _fixed(**setting: Any) -> Callable[[int], list[Setting]]:
    return lambda columns: [setting]


RAW = "fed with raw allele counts, missing as -1, nothing scaled, no class weights, as published"
ELASTIC_NET = (
    "elastic net by coordinate descent on squared loss of the phenotype as 0 and 1, not logistic loss; a penalty is a "
    "share of the one at which the first site enters",
    "probabilities by Platt's method on held-out scores of training people",
)
SCREENED = "sites are screened by marginal association among the people who fit, in each inner part anew"
PLATT = "probabilities by Platt's method on training people; the published script used the classes only"

# Published settings: als-net's repository as described in reference 4.2 (large_net/test1.py).
BASELINES: dict[str, Baseline] = {
    "logistic_regression": Baseline("standardised", "logistic", _logistic, _logistic_grid),
    "linear_svm": Baseline("standardised", "svm", _svm("linear"), _linear_svm_grid, calibrated=True),
    "rbf_svm": Baseline("standardised", "svm", _svm("rbf"), _rbf_svm_grid, calibrated=True),
    "random_forest": Baseline("imputed", "forest", _forest, _forest_grid, inner=3),
    "adaboost": Baseline("imputed", "adaboost", _adaboost, _adaboost_grid, inner=3, calibrated=True),
    "elastic_net": Baseline(
        "screened", "elastic_net", _elastic_net, _elastic_net_grid, calibrated=True, notes=(*ELASTIC_NET, SCREENED)
    ),
    "elastic_net_all": Baseline(
        "screened",
        "elastic_net",
        _elastic_net,
        _elastic_net_grid,
        calibrated=True,
        sites="promoters",
        notes=("every distinct site of every promoter", *ELASTIC_NET, SCREENED),
    ),
    "ridge_all": Baseline(
        "coordinates",
        "logistic",
        _logistic,
        _ridge_grid,
        sites="promoters",
        notes=(
            "logistic regression with an L2 penalty on every distinct site of every promoter, in the coordinates that "
            "training people span; sites are standardised by all training people, in the inner parts too",
        ),
    ),
    "polygenic_score": Baseline(
        "coordinates",
        "polygenic",
        _logistic,
        sites="genome",
        calibrated=True,
        notes=(
            "clumping and thresholding of an association study of the training people, additive, with covariates; the "
            "score itself is of genotypes alone",
            "the rounds that choose the threshold test sites, clump and score without their validation people; "
            "genotype principal components, covariates there, are of all training people and of no phenotype",
            "probabilities by Platt's method on scores of validation people",
        ),
    ),
    "covariates": Baseline("covariates", "logistic", _logistic, _covariate_grid),
    "covariates_pcs": Baseline(
        "covariates",
        "logistic",
        _logistic,
        _covariate_grid,
        components=True,
        notes=("genotype principal components beside the covariates, fitted on the training people of the fold",),
    ),
    "logistic_regression_published": Baseline(
        "raw",
        "logistic",
        lambda setting, seed, threads: LogisticRegression(**setting),
        _fixed(C=10.0, max_iter=10),
        notes=(RAW, "ten iterations do not reach convergence: that is the published setting; solver L-BFGS"),
    ),
    "linear_svm_published": Baseline(
        "raw",
        "svm",
        _svm("linear"),
        _fixed(C=1.0),
        calibrated=True,
        notes=(
            RAW,
            PLATT,
            "the talk says SVM only and the script has an RBF kernel; this is a linear one with C = 1",
        ),
    ),
    "rbf_svm_published": Baseline(
        "raw", "svm", _svm("rbf"), _fixed(C=1.0, gamma=0.001), calibrated=True, notes=(RAW, PLATT)
    ),
    "random_forest_published": Baseline(
        "raw",
        "forest",
        _forest,
        _fixed(n_estimators=1000, max_depth=5, max_features=100),
        notes=(RAW, "at most 100 sites a split, or all where there are fewer"),
    ),
    "adaboost_published": Baseline(
        "raw",
        "adaboost",
        _adaboost,
        _fixed(max_depth=3, n_estimators=1000, learning_rate=1.0),
        notes=(RAW, "boosting by SAMME: scikit-learn no longer has the SAMME.R of 2019"),
    ),
}


def baseline(name: str) -> Baseline:
    """Return the baseline of this name; with ``_gwas`` appended, the same on sites that a GWAS selected.

    Raises
    ------
    InputError
        When there is none.
    """
    name = without_gwas(name)
    if name not in BASELINES:
        raise InputError(f"{name!r} is not a baseline", fix=f"Choose one of {', '.join(BASELINES)}")
    return BASELINES[name]
