"""Who is a case, who is related and who is a man, as PLINK's .fam and .psam tell it, in the form of a sample table."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.plink_index import PEOPLE, fields_of_people, people

logger = logging.getLogger(__name__)
FAM = ["FID", "IID", "PAT", "MAT", "SEX", "PHENO1"]
MISSING = ("NA", "nan", "NAN", "N/A", ".", "None", "NONE")
CODES = {"1": "control", "2": "case", "0": None, "-9": None}
SEXES = {"1": "1", "M": "1", "m": "1", "2": "2", "F": "2", "f": "2"}


def is_people_table(path: str | Path) -> bool:
    """Return whether a path is a .fam or .psam."""
    return Path(path).suffix in PEOPLE


def read_people(
    path: Path, *, phenotype: str = "phenotype", named: Sequence[str] = (), unlabelled: bool = False
) -> pd.DataFrame:
    """Return a .fam or .psam as a sample table.

    Parameters
    ----------
    path : .fam with six columns and no header; .psam, with header or like a .fam.
    phenotype : name the phenotype gets: the last column of a .fam, PHENO1 of a .psam; or a column of a .psam.
    named : values that somebody says mean case or control. Without them 1 is a control, 2 a case, 0 and -9 missing;
        with them values stay as they are, and 0 and -9 are missing where they are not among them.
    unlabelled : whether people may all lack a phenotype, or all be controls, as for a prediction.

    Returns
    -------
    DataFrame of text: sample; family, where two people share a FID or some parent is known, with father and mother;
    sex (1 man, 2 woman, NA unknown) where anybody's is known; other columns of a .psam, but for other
    phenotypes (PHENO2, ...); the phenotype.

    Raises
    ------
    InputError
        When the table cannot be read, two people have one IID, or nobody has a phenotype or is a case, unless
        `unlabelled`.
    """
    names = people(path)
    columns, rows = fields_of_people(path)
    given = pd.DataFrame(rows, columns=columns or FAM, dtype="str")
    frame = pd.DataFrame({"sample": names}, dtype="str")
    for name, column in _relatives(given).items():
        frame[name] = column
    sex = given["SEX"].map(SEXES) if "SEX" in given else pd.Series(dtype="str")
    if sex.notna().any():
        frame["sex"] = sex
    label = phenotype if phenotype in given else "PHENO1"
    for name in given.columns.difference([*FAM, "SID", label], sort=False):
        if not name.startswith("PHENO"):
            frame[name] = given[name].where(~given[name].isin(MISSING))
    if label not in given and phenotype == "phenotype" and unlabelled:
        return frame
    if label not in given or (phenotype != label and phenotype != "phenotype"):
        raise InputError(
            f"there is no phenotype {phenotype}; the columns are {', '.join(columns or FAM)}",
            where=path,
            fix="Name one of them under `phenotype`, or give a table under `samples`",
        )
    values = given[label].where(~given[label].isin(MISSING))
    frame[phenotype] = _phenotype(values, named, path, unlabelled=unlabelled)
    return frame


def _relatives(given: pd.DataFrame) -> dict[str, pd.Series]:
    """Return family, father and mother where there are families; a family of one is none."""
    found = {}
    if "FID" in given:
        size = given["FID"].map(given["FID"].value_counts())
        if (size == len(given)).all() and given["FID"].iloc[0] != "0" and len(given) > 1:
            logger.warning("everybody has family (FID) %s: it is taken to say nothing", given["FID"].iloc[0])
        elif ((size > 1) & (given["FID"] != "0")).any():
            found["family"] = given["FID"].where((size > 1) & (given["FID"] != "0"))
    for name, column in (("father", "PAT"), ("mother", "MAT")):
        if column in given and (given[column] != "0").any():
            found[name] = given[column].where(given[column] != "0")
    return found


def _phenotype(values: pd.Series, named: Sequence[str], path: Path, *, unlabelled: bool) -> pd.Series:
    if named:
        return values.where(~values.isin({"0", "-9"} - set(named)))
    known = set(values.dropna())
    if unlabelled and (known <= {"0", "-9"} or known <= {"1", "-9"}):
        return values.map(CODES)
    if known <= {"0", "-9"}:
        raise InputError(
            "nobody has a phenotype (1 control, 2 case; 0 and -9 are missing)",
            where=path,
            fix="Write it into the last column, or name a table of people under `samples`",
        )
    if known <= {"0", "1", "-9"}:
        raise InputError(
            "no phenotype is 2, PLINK's case; 1 is its control, and 0 and -9 are missing",
            where=path,
            fix="If 1 means case here and 0 control, say so: `case: 1` and `control: 0`",
        )
    return values.map(CODES) if known <= set(CODES) else values
