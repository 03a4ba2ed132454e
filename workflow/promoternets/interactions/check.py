"""The check of claimed pairs on people that the scan has not seen, and the verdict on each.

Nested logistic models, each with one degree of freedom for the product of the two sites' genotypes:

* marginal: the covariates and both sites;
* region: also what the sites of both promoters say additively of the phenotype and of the product itself;
* haplotype: for two sites of a chromosome, also how many haplotypes carry both alternate alleles.

What is fitted beforehand (covariates, additive predictors, allele frequencies) is fitted on training people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from promoternets.interactions.haplotypes import both_alleles
from promoternets.interactions.likelihood_ratio import TermTest, term_test
from promoternets.interactions.tagging import ridge_predictor
from promoternets.interactions.verdicts import COLUMNS, with_verdicts
from promoternets.pair_scan import WITHIN, Pair, Sites


@dataclass(frozen=True)
class Group:
    """The people of a fold: all, in the order of the store, and who trains and who is tested.

    case : bool [people]. score : log-odds by the covariates, float64 [people]. training, test : int.
    """

    case: np.ndarray
    score: np.ndarray
    training: np.ndarray
    test: np.ndarray


def check(sites: Sites, pairs: list[Pair], people: Group, fold: int, scanned: int) -> pd.DataFrame:
    """Return a row a pair, columns as `verdicts.COLUMNS`, the smallest training p-value of each kind first.

    scanned : how many pairs these were chosen from.
    """
    values = sites.centred(people.training)
    table = pd.DataFrame([_row(sites, values, pair, people, fold) for pair in pairs], columns=COLUMNS)
    table = with_verdicts(table.assign(scanned=scanned))
    return table.sort_values(["kind", "p_training"], ascending=[False, True], kind="stable", ignore_index=True)


def _row(sites: Sites, values: np.ndarray, pair: Pair, people: Group, fold: int) -> dict[str, object]:
    first, second = _promoters(sites, pair)
    around = sites.member[:, [first, second]].any(axis=1)
    both = values[:, [pair.one, pair.other]].astype(np.float64)
    product = both[:, 0] * both[:, 1]
    base = np.column_stack([people.score, both])
    residual = people.case[people.training] - expit(people.score[people.training])
    columns = values[:, around]
    additive = ridge_predictor(columns, residual, people.training)
    proxy = ridge_predictor(columns, product[people.training], people.training)
    region = np.column_stack([base, additive, proxy])

    training = _test(base, product, people.case, people.training)
    marginal = _test(base, product, people.case, people.test)
    beyond_region = _test(region, product, people.case, people.test)
    beyond_haplotype, source = None, None
    if sites.chrom[pair.one] == sites.chrom[pair.other]:
        carried, source = both_alleles(sites.haplotype[:, pair.one], sites.haplotype[:, pair.other], people.training)
        beyond_haplotype = _test(np.column_stack([region, carried]), product, people.case, people.test)
    return {
        "fold": fold,
        "promoter_1": sites.promoters[first],
        "promoter_2": sites.promoters[second],
        "site_1": sites.names[pair.one],
        "site_2": sites.names[pair.other],
        "kind": pair.kind,
        "r2": pair.r2,
        "haplotype_from": source,
        "effect_training": training.effect,
        "p_training": training.p_value,
        "people": len(people.test),
        **_columns("marginal", marginal),
        **_columns("region", beyond_region),
        **_columns("haplotype", beyond_haplotype),
    }


def _columns(name: str, found: TermTest | None) -> dict[str, float]:
    if found is None:
        return {f"effect_{name}": np.nan, f"p_{name}": np.nan, f"left_{name}": np.nan}
    return {f"effect_{name}": found.effect, f"p_{name}": found.p_value, f"left_{name}": found.left}


def _test(others: np.ndarray, product: np.ndarray, case: np.ndarray, chosen: np.ndarray) -> TermTest:
    return term_test(others[chosen], product[chosen], case[chosen])


def _promoters(sites: Sites, pair: Pair) -> tuple[int, int]:
    """Return the numbers of both sites' promoters: the best that holds both, or the best that holds each."""
    one, other = sites.member[pair.one], sites.member[pair.other]
    if pair.kind == WITHIN:
        shared = int(np.argmax(one & other))
        return shared, shared
    return int(np.argmax(one)), int(np.argmax(other))
