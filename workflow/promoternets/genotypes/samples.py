"""Matching the people of a variant file with those of a sample table, and reading who is a case."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.plink_index import is_fileset, people
from promoternets.formats.strata import MOST_CODES
from promoternets.formats.tables import read_table
from promoternets.formats.variant_index import sample_names
from promoternets.formats.vcf_zarr import VcfZarr
from promoternets.genotypes.families import PARENTS, families
from promoternets.genotypes.people import is_people_table, read_people

logger = logging.getLogger(__name__)
VCF, PLINK, VCF_ZARR = "VCF", "PLINK fileset", "VCF Zarr"
NAMES_IN = {VCF: sample_names, PLINK: people, VCF_ZARR: lambda path: VcfZarr(path).sample_ids}
NOT_IN_TABLE = "not in the sample table"
NO_PHENOTYPE = "phenotype missing"
NEITHER = "phenotype is neither case nor control"

WORDS = {
    "control": 0, "case": 1, "controls": 0, "cases": 1, "unaffected": 0, "affected": 1,
    "no": 0, "yes": 1, "false": 0, "true": 1,
}  # fmt: skip


class Matched(NamedTuple):
    """People in both (sample, phenotype, family, covariates), in VCF order; those left out (sample, reason)."""

    samples: pd.DataFrame
    excluded: pd.DataFrame


def match_samples(
    sources: Sequence[Path],
    table: Path | None,
    *,
    phenotype: str = "phenotype",
    case: str | None = None,
    control: str | None = None,
    covariates: Sequence[str] | None = None,
    others: Sequence[Path] | None = None,
    unlabelled: bool = False,
) -> Matched:
    """Match the people of variant files with the rows of a sample table.

    Parameters
    ----------
    sources : file(s) of one chromosome; several hold different people. VCF, BCF, or the .bed, .pgen, .fam or .psam of
        a PLINK fileset, or the folder of a VCF Zarr.
    table : TSV with a column `sample` and the phenotype's; `family`, `father` and `mother` say who is related. Or a
        .fam or .psam (`people.read_people`).
    phenotype : name of the phenotype column.
    case, control : values that mean case and control, comma separated. With only one of the two given,
        everybody else is the other. With neither: 0/1, or 1/2 as in PLINK (1 control, 2 case; 0 and -9
        missing), or control/case, unaffected/affected, no/yes, false/true.
    covariates : columns to keep as covariates; None for all others.
    others : files of other chromosomes, which must hold the same people.
    unlabelled : whether people without phenotype are kept (NA), and one class is enough, as for a prediction; there
        may then be no table either, or none with a phenotype.

    Raises
    ------
    InputError
        When nobody is in both, somebody stands twice, the phenotype is not two classes, a column is missing,
        a covariate is infinite, or the chromosomes do not hold the same people.
    """
    if not sources:
        raise InputError("no variant file is given", fix="Name a VCF, a BCF, a PLINK fileset or a VCF Zarr")
    names = _people_of(sources)
    _refuse_other_people(names, sources, others or [])
    if table is None:
        return _without_table(names, unlabelled=unlabelled)
    if is_people_table(table):
        named = [*_listed(case or ""), *_listed(control or "")]
        frame = read_people(Path(table), phenotype=phenotype, named=named, unlabelled=unlabelled)
    else:
        frame = read_table(table, columns=["sample"] if unlabelled else ["sample", phenotype], what="sample table")
    if phenotype not in frame.columns:
        frame[phenotype] = pd.Series(pd.NA, index=frame.index, dtype="str")
    _refuse_bad_ids(frame["sample"], table)
    kept_columns = _covariates(frame, phenotype, covariates, table)
    for name in kept_columns:
        _check_numbers(frame[name], table)
    coded = _coded(frame[phenotype], phenotype, case, control, table, some_absent=unlabelled)
    reason = pd.Series(pd.NA, index=frame.index, dtype="object")
    if not unlabelled:
        reason[coded.isna()] = NEITHER
        reason[coded.isna() & frame[phenotype].isin(_missing_values(frame[phenotype], case, control))] = NO_PHENOTYPE
        reason[frame[phenotype].isna()] = NO_PHENOTYPE
    elsewhere = f"not in the {_kind_of(sources[0])}"
    reason[~frame["sample"].isin(names)] = elsewhere
    if (reason == elsewhere).all():
        raise _nobody_shared(names, frame["sample"].tolist(), sources[0], table)
    known = set(frame["sample"])
    absent = [name for name in names if name not in known]
    excluded = pd.DataFrame(
        {
            "sample": [*frame["sample"][reason.notna()], *absent],
            "reason": [*reason[reason.notna()], *[NOT_IN_TABLE] * len(absent)],
        }
    )
    place = {name: row for row, name in enumerate(names)}
    matched = pd.DataFrame({"sample": frame["sample"], "phenotype": coded})
    related = families(frame.drop(columns=phenotype))
    if related is not None:
        matched["family"] = related
    matched = pd.concat([matched, frame[kept_columns]], axis=1)[reason.isna()]
    matched = matched.sort_values("sample", key=lambda column: column.map(place)).reset_index(drop=True)
    if not unlabelled:
        _refuse_one_class(matched, frame, phenotype, table)
        matched["phenotype"] = matched["phenotype"].astype("int64")
    _log(matched, excluded, kept_columns)
    return Matched(matched, excluded)


def _without_table(names: Sequence[str], *, unlabelled: bool) -> Matched:
    """Return everybody, without phenotype."""
    if not unlabelled:
        raise InputError("there is no sample table", fix="Give one with the columns sample and phenotype")
    logger.info("%s people, no sample table: all of them are taken", f"{len(names):,}")
    samples = pd.DataFrame({"sample": names, "phenotype": pd.array([pd.NA] * len(names), dtype="Int64")})
    return Matched(samples, pd.DataFrame({"sample": [], "reason": []}, dtype="object"))


def _kind_of(path: Path) -> str:
    """Return what a source of genotypes is called."""
    if Path(path).is_dir():
        return VCF_ZARR
    return PLINK if is_fileset(path) or is_people_table(path) else VCF


def _names_in(path: Path) -> list[str]:
    return NAMES_IN[_kind_of(path)](path)


def _people_of(sources: Sequence[Path]) -> list[str]:
    seen: dict[str, Path] = {}
    for path in sources:
        for name in _names_in(path):
            if name in seen:
                raise InputError(
                    f"sample {name} is also in {seen[name]}",
                    where=path,
                    fix="Files given together hold different people",
                )
            seen[name] = path
    return list(seen)


def _refuse_other_people(names: Sequence[str], sources: Sequence[Path], others: Sequence[Path]) -> None:
    first, given = set(names), {Path(path) for path in sources}
    for path in others:
        if Path(path) in given:
            continue
        own = set(_names_in(path))
        if own != first:
            lacking, more = sorted(first - own), sorted(own - first)
            parts = [
                f"{len(some):,} {what}, for example {', '.join(some[:3])}"
                for some, what in ((lacking, "lacking"), (more, "more"))
                if some
            ]
            raise InputError(
                f"the file does not hold the same people as {sources[0]}: {'; '.join(parts)}",
                where=path,
                fix="Leave that chromosome out, or give all the same people (`bcftools view --samples-file`, "
                "`plink2 --keep`)",
            )


def _refuse_bad_ids(names: pd.Series, table: Path) -> None:
    if names.isna().any():
        row = int(names.isna().to_numpy().argmax())
        raise InputError(
            "a row of the sample table has no sample name",
            where=f"{table}, line {row + 2}",
            fix="Add the name or drop the row",
        )
    if names.duplicated().any():
        doubled = names[names.duplicated()].unique()
        raise InputError(
            f"{len(doubled):,} sample name(s) more than once in the sample table: {', '.join(doubled[:5])}",
            where=table,
            fix="Keep one row a person",
        )


def _covariates(frame: pd.DataFrame, phenotype: str, covariates: Sequence[str] | None, table: Path) -> list[str]:
    reserved = {"sample", "phenotype", "family", *PARENTS, phenotype}
    if covariates is None:
        return [name for name in frame.columns if name not in reserved]
    absent = [name for name in covariates if name not in frame.columns]
    if absent:
        raise InputError(
            f"the sample table lacks covariate {', '.join(absent)}; it has {', '.join(frame.columns)}",
            where=table,
            fix="Correct the list of covariates",
        )
    wrong = [name for name in covariates if name in reserved]
    if wrong:
        raise InputError(f"{wrong[0]} cannot be a covariate", where=table, fix="Take it out of the list of covariates")
    return list(dict.fromkeys(covariates))


def _check_numbers(column: pd.Series, table: Path) -> None:
    """Raise InputError for an infinite number; say where a column of numbers becomes one of categories for its text."""
    numbers = pd.to_numeric(column, errors="coerce")
    infinite, text = np.isinf(numbers), column.notna() & numbers.isna()
    if infinite.any():
        row = int(infinite.to_numpy().argmax())
        raise InputError(f"covariate {column.name} is {column.iloc[row]}", where=f"{table}, line {row + 2}",
                         fix="Write the number, or NA where it is missing")  # fmt: skip
    if text.any() and numbers.nunique() > MOST_CODES:
        row = int(text.to_numpy().argmax())
        logger.warning(
            "%s, line %d: covariate %s is %r, where others are numbers, so that all its values are taken for "
            "categories; write NA if it is missing", table, row + 2, column.name, column.iloc[row],
        )  # fmt: skip


# ------------------------------------------------------------------------------------------------ phenotype


def _plain(values: pd.Series) -> pd.Series:
    """Return values as they are compared: lower case, whole numbers without ``.0``."""
    return values.str.casefold().str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)


def _listed(text: str) -> list[str]:
    return [value for value in _plain(pd.Series([part.strip() for part in text.split(",")], dtype="str")) if value]


def _is_plink(values: set[str]) -> bool:
    """Whether 1 means control and 2 case, as in PLINK."""
    return "2" in values and values <= {"0", "1", "2", "-9"}


def _missing_values(column: pd.Series, case: str | None, control: str | None) -> list[str]:
    """Return the values, as written, that stand for a missing phenotype."""
    if case is not None or control is not None:
        return []
    plain = _plain(column)
    missing = {"-9", "0"} if _is_plink(set(plain.dropna())) else {"-9"}
    return column[plain.isin(missing)].unique().tolist()


def _coded(
    column: pd.Series, name: str, case: str | None, control: str | None, table: Path, *, some_absent: bool = False
) -> pd.Series:
    """Return 1 for cases, 0 for controls, NA for the others (Int64); `some_absent`: not every value need occur."""
    plain = _plain(column)
    values = set(plain.dropna())
    if case is None and control is None:
        if values <= {"0", "1", "-9"}:
            coding = {"0": 0, "1": 1}
        elif values - {"-9"} == {"0", "1", "2"}:
            raise InputError(
                f"column {name} holds 0, 1 and 2 ({_seen(column)}): PLINK's coding, where 0 is missing, or a slip",
                where=table,
                fix="Name the values in the configuration: `case: 2` and `control: 1` for PLINK's",
            )
        elif _is_plink(values):
            coding = {"1": 0, "2": 1}
        elif values <= WORDS.keys():
            coding = WORDS
        else:
            raise _not_two_classes(column, name, table)
        return plain.map(coding).astype("Int64")
    cases, controls = _listed(case or ""), _listed(control or "")
    for asked, what in ((cases, "case"), (controls, "control")):
        absent = [] if some_absent else [value for value in asked if value not in values]
        if absent:
            raise InputError(
                f"{what} value {absent[0]!r} does not occur in column {name} (it has {_seen(column)})",
                where=table,
                fix=f"Give the values that mean {what}, comma separated",
            )
    both = set(cases) & set(controls)
    if both:
        raise InputError(
            f"{both.pop()!r} is given both as a case and as a control value", where=table, fix="Choose one"
        )
    coded = pd.Series(pd.NA, index=column.index, dtype="Int64")
    if not controls:
        coded[plain.notna()] = 0
    if not cases:
        coded[plain.notna()] = 1
    coded[plain.isin(cases)] = 1
    coded[plain.isin(controls)] = 0
    return coded


def _seen(column: pd.Series) -> str:
    counts = column.fillna("NA").value_counts()
    shown = ", ".join(f"{value} {count:,}" for value, count in counts.head(8).items())
    return shown + (f", and {len(counts) - 8:,} more" if len(counts) > 8 else "")


def _not_two_classes(column: pd.Series, name: str, table: Path) -> InputError:
    return InputError(
        f"column {name} is not two classes (values and counts: {_seen(column)})",
        where=table,
        fix="Use 0/1, 1/2 or control/case, or say which values are `case` and which are `control`",
    )


def _refuse_one_class(matched: pd.DataFrame, frame: pd.DataFrame, phenotype: str, table: Path) -> None:
    if matched["phenotype"].nunique() < 2:
        here = frame.loc[frame["sample"].isin(matched["sample"]), phenotype] if len(matched) else frame[phenotype]
        error = _not_two_classes(here, phenotype, table)
        error.what += f", among the {len(matched):,} people who are in the variant files and have a phenotype"
        raise InputError(error.what, where=table, fix=error.fix)


# ------------------------------------------------------------------------------------------------- messages


def _nobody_shared(people: Sequence[str], names: Sequence[str], source: Path, table: Path) -> InputError:
    file = _kind_of(source)
    hint = _hint(people, names, file) or f"Use the {file}'s names in column sample"
    return InputError(
        f"the sample table and the {file} share no people: the table has {len(names):,} ({_some(names)}), "
        f"{source} has {len(people):,} ({_some(people)})",
        where=table,
        fix=hint,
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")


def _hint(people: Sequence[str], names: Sequence[str], file: str) -> str | None:
    """Return a guess at how the two sets of names differ."""
    vcf, table = set(people), set(names)
    ways = {
        "the letter case differs": str.casefold,
        "leading zeros differ": lambda name: name.lstrip("0"),
        f"the {file}'s names are FID_IID, family and person joined": lambda name: name[name.find("_") + 1 :],
        "one has FID_IID, the same name twice": lambda name: name[: len(name) // 2] if _doubled(name) else name,
        "one has a prefix": lambda name: name[-min(map(len, [*vcf, *table])) :],
        "one has a suffix": lambda name: name[: min(map(len, [*vcf, *table]))],
        "one has a suffix after a dot, dash or underscore": lambda name: (
            name.replace("-", ".").replace("_", ".").split(".")[0]
        ),
    }
    for words, simplified in ways.items():
        if (
            len({simplified(name) for name in vcf} & {simplified(name) for name in table})
            > min(len(vcf), len(table)) // 2
        ):
            tool = "plink2 --update-ids" if file == PLINK else "bcftools reheader --samples"
            return f"It looks as if {words}: make the names alike (`{tool}`)"
    return None


def _doubled(name: str) -> bool:
    half = len(name) // 2
    return len(name) % 2 == 1 and name[half] == "_" and name[:half] == name[half + 1 :]


def _log(matched: pd.DataFrame, excluded: pd.DataFrame, covariates: Sequence[str]) -> None:
    cases = int(matched["phenotype"].sum())
    controls = int((matched["phenotype"] == 0).sum())
    logger.info("%s people: %s cases, %s controls", f"{len(matched):,}", f"{cases:,}", f"{controls:,}")
    for reason, count in excluded["reason"].value_counts().items():
        logger.warning("%s people left out: %s", f"{count:,}", reason)
    logger.info("covariates: %s", ", ".join(covariates) or "none")
