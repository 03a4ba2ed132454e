"""What a baseline learns from in one outer fold: people, labels, families, genotypes or covariates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.components import read_components
from promoternets.formats.selected_store import SelectedStore
from promoternets.formats.strata import NOT_COVARIATES
from promoternets.formats.tables import read_table


@dataclass(frozen=True)
class People:
    """The people of a cohort, sorted by name, so that nothing depends on the order of a file.

    sample: str [people]; case: bool [people]; family: int [people], a number a family or person without one.
    test: bool [people], tested in this fold. covariates: text, one column a covariate.
    """

    sample: np.ndarray
    case: np.ndarray
    family: np.ndarray
    test: np.ndarray
    covariates: pd.DataFrame


def read_people(samples: Path, folds: Path, fold: int) -> People:
    """Read the people and who is tested in this fold.

    Raises
    ------
    InputError
        When the two tables do not list the same people, nobody is tested in this fold, or its training people
        are of one class.
    """
    table = read_table(samples, columns=["sample", "phenotype"], what="sample table", dtypes={"phenotype": "int64"})
    parts = read_table(folds, columns=["sample", "fold"], what="table of folds", dtypes={"fold": "int64"})
    for frame, path in ((table, samples), (parts, folds)):
        doubled = frame["sample"][frame["sample"].duplicated()]
        if not doubled.empty:
            raise InputError(f"{doubled.iloc[0]} is there twice", where=path, fix="Keep one row a person")
    _same_people(table["sample"], parts["sample"], samples, folds)
    parts = parts.sort_values("sample", kind="stable").reset_index(drop=True)
    table = table.set_index("sample").loc[parts["sample"]].reset_index()
    if not table["phenotype"].isin([0, 1]).all():
        raise InputError(
            "a phenotype is neither 1 (case) nor 0 (control)", where=samples, fix="Run match_samples again"
        )
    case = table["phenotype"].to_numpy() == 1
    test = (parts["fold"] == fold).to_numpy()
    if not test.any():
        raise InputError(
            f"nobody is tested in fold {fold}", where=folds, fix=f"It has folds 1 to {parts['fold'].max()}"
        )
    if len(np.unique(case[~test])) < 2:
        raise InputError(f"the training people of fold {fold} are all of one class", where=folds, fix="Use fewer folds")
    covariates = table.drop(columns=[name for name in NOT_COVARIATES if name in table.columns])
    return People(table["sample"].to_numpy(dtype=object), case, _families(table), test, covariates)


def read_genotypes(selected: Path, people: People) -> np.ndarray:
    """Return the selected sites of all promoters side by side, int8 or float32 [people, promoters * sites].

    Rows are in the order of `people`; 0, 1, 2 alternate alleles, -1 missing, -2 absent.

    Raises
    ------
    InputError
        When the store lacks one of the people.
    """
    store = SelectedStore.open(selected)
    row = pd.Index(store.sample_ids).get_indexer(people.sample)
    if (row < 0).any():
        absent = people.sample[row < 0]
        raise InputError(
            f"the selected sites lack {len(absent)} of {len(row)} people, {absent[0]} the first",
            where=selected,
            fix="Run gather_selected again with this sample table",
        )
    return store.genotype.reshape(len(store.sample_ids), -1)[row]


def with_components(covariates: pd.DataFrame, components: Path | None, people: People) -> pd.DataFrame:
    """Return the covariates with the genotype principal components as further columns, ``genotype pc1``, ...

    Raises
    ------
    InputError
        When no table is given, or it lacks one of the people.
    """
    if components is None:
        raise InputError("the model needs principal components", fix="Give them with --components")
    table = read_components(components, people.sample)
    return covariates.join(table.add_prefix("genotype ").set_axis(covariates.index))


def _same_people(first: pd.Series, second: pd.Series, samples: Path, folds: Path) -> None:
    for one, other, path, source in ((first, second, folds, samples), (second, first, samples, folds)):
        absent = one[~one.isin(other)]
        if not absent.empty:
            raise InputError(
                f"it lacks {len(absent)} people of {source}, {absent.iloc[0]} the first",
                where=path,
                fix="Run assign_folds again with this sample table",
            )


def _families(table: pd.DataFrame) -> np.ndarray:
    own = "person " + table["sample"].astype(str)
    if "family" not in table.columns:
        return np.arange(len(table))
    named = table["family"].where(table["family"].isna(), "family " + table["family"].astype(str))
    return pd.factorize(named.fillna(own))[0]
