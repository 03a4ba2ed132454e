"""The published form of bins and labels: DeepChrome's CSV files, ``gene,bin,mark...,label``, 100 rows a gene."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.bin_store import write_bin_store
from promoternets.formats.epigenome_sheet import PUBLISHED_MARKS, listed
from promoternets.formats.gene_names import warn_of_mangled
from promoternets.formats.gene_table import PARTS
from promoternets.formats.labels import write_labels

logger = logging.getLogger(__name__)
FORM = "Rows are gene,bin,one count a mark,label, without a header; the bins of a gene follow each other from 1"


@dataclass(frozen=True)
class PublishedPart:
    """The genes of one file: gene_ids text [genes], signal float32 [genes, marks, bins], label int64 [genes]."""

    path: Path
    gene_ids: np.ndarray
    signal: np.ndarray
    label: np.ndarray


def import_published_bins(
    *,
    train: Path,
    valid: Path,
    test: Path,
    epigenome: str,
    bins: Path,
    labels: Path,
    labels_summary: Path,
    marks: Sequence[str] | None = None,
    bin_size: int = 100,
) -> None:
    """Write the bins and labels of an epigenome from DeepChrome's three CSV files (plain or gzipped).

    Parameters
    ----------
    bins : output bin store, in genome order, genes as in the files: train, valid, test. `zero` counts the bases of
        bins that hold 0; `uncovered` and `absent` are 0, since the files do not tell.
    labels, labels_summary : output TSV; expression and target are NA, the files hold labels only.
    marks : names of the count columns; the five published ones by default.
    bin_size : bp of a bin, which the files do not say.

    Raises
    ------
    InputError
        See `read_part`; and when files differ in marks or bins, a gene is in two of them, or all genes of one have
        the same label.
    """
    parts = [read_part(path) for path in (train, valid, test)]
    first = parts[0]
    for part in parts[1:]:
        if part.signal.shape[1:] != first.signal.shape[1:]:
            shapes = [f"{one.signal.shape[2]} bins of {one.signal.shape[1]} marks" for one in (part, first)]
            raise InputError(f"{shapes[0]} a gene, but {shapes[1]} in {first.path}", where=part.path, fix=FORM)
    names = _names(marks, first.signal.shape[1], first.path)
    _refuse_shared_genes(parts)
    signal = np.concatenate([part.signal for part in parts])
    nothing = np.zeros(signal.shape[:2], dtype=np.int32)
    gene_ids = np.concatenate([part.gene_ids for part in parts])
    table = pd.DataFrame(
        {
            "gene_id": gene_ids,
            "part": np.repeat(np.array(PARTS, dtype=object), [len(part.label) for part in parts]),
            "expression": None,
            "target": np.nan,
            "label": np.concatenate([part.label for part in parts]),
        }
    )
    items: list[tuple[str, object, str]] = [
        ("rule", "published_csv", "labels as the files give them"),
        ("threshold", None, "not in the files"),
        ("mislabelled_by_text_rule", None, "needs expression: the published labels compare numbers as text"),
    ]
    write_labels(table, path=labels, summary=labels_summary, items=items, where=train.parent)
    write_bin_store(
        bins,
        gene_ids=gene_ids,
        marks=names,
        signal=signal,
        zero=((signal == 0).sum(axis=2) * bin_size).astype(np.int32),
        uncovered=nothing,
        absent=nothing,
        epigenome=epigenome,
        bin_size=bin_size,
        oriented=False,
        statistic="count",
        fill="zero",
        source="published_csv",
    )
    logger.info("%s: %s genes, %d marks, %d bins", epigenome, f"{len(gene_ids):,}", signal.shape[1], signal.shape[2])


def read_part(path: str | Path) -> PublishedPart:
    """Read one CSV file; the number of marks follows from its columns, that of bins from the rows of a gene.

    A gene that follows itself with the same values (the published files repeat seven, listed under two symbols)
    is taken once, with a warning.

    Raises
    ------
    InputError
        When the file is missing or not of this form, a gene is listed twice with different values, or a value is
        not a number, negative or missing.
    """
    path = Path(path)
    frame = _read_csv(path)
    gene = frame[0].to_numpy(dtype=object)
    values = frame.iloc[:, 1:].to_numpy(dtype=np.float64)
    bins = _bins_of_a_gene(values[:, 0], path)
    genes = len(frame) // bins
    by_gene = gene.reshape(genes, bins)
    _refuse(by_gene != by_gene[:, :1], "the gene changes before its last bin", path)
    _refuse(~np.isin(values[:, -1], (-1, 0, 1)), "the label is not 0 or 1", path)
    warn_of_mangled(by_gene[:, 0], path)
    label = values[:, -1].reshape(genes, bins)
    _refuse(label != label[:, :1], "the label changes within a gene", path)
    _refuse((values[:, 1:-1] < 0).any(axis=1), "a count is negative", path)
    greatest = np.finfo(np.float32).max  # what the store holds
    _refuse(~(values[:, 1:-1] <= greatest).all(axis=1), "a count is infinite or too great", path)
    signal = values[:, 1:-1].reshape(genes, bins, -1).transpose(0, 2, 1).astype(np.float32)
    return _without_repeats(PublishedPart(path, by_gene[:, 0].copy(), signal, (label[:, 0] > 0).astype(np.int64)), bins)


def _read_csv(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError("the published file does not exist", where=path, fix="Check the path in the configuration")
    with path.open("rb") as raw:
        packed = "gzip" if raw.read(2) == b"\x1f\x8b" else None
    options = {"header": None, "compression": packed, "skipinitialspace": True}
    try:
        width = pd.read_csv(path, nrows=1, dtype=str, **options).shape[1]
        if width < 4:
            raise InputError(f"the file has {width} columns", where=path, fix=FORM)
        numbers = dict.fromkeys(range(1, width), np.float64)
        frame = pd.read_csv(path, dtype={0: str, **numbers}, na_filter=False, **options)
    except (
        UnicodeDecodeError, EOFError, OSError, zlib.error, pd.errors.EmptyDataError, pd.errors.ParserError,
    ) as error:  # fmt: skip
        raise InputError(f"the file cannot be read ({str(error).strip()})", where=path, fix=FORM) from error
    except ValueError as error:
        raise _not_numbers(path, options) from error
    return frame


def _not_numbers(path: Path, options: dict) -> InputError:
    """Return the error for the first cell that is not a number."""
    text = pd.read_csv(path, dtype=str, na_filter=False, **options)
    numbers = text.iloc[:, 1:].apply(pd.to_numeric, errors="coerce")
    row, column = np.argwhere(numbers.isna().to_numpy())[0]
    header = " (a header row?)" if row == 0 else ""
    return InputError(
        f"{text.iloc[row, column + 1]!r} is not a number{header}", where=f"{path}, line {row + 1}", fix=FORM
    )


def _bins_of_a_gene(number: np.ndarray, path: Path) -> int:
    """Return the bins a gene has: up to where the number in the second column begins again."""
    again = np.flatnonzero(number[1:] <= number[:-1])
    bins = int(again[0]) + 1 if len(again) else len(number)
    expected = np.arange(len(number)) % bins + 1
    _refuse(number != expected, f"the bins do not run from 1 to {bins} in order", path)
    if len(number) % bins:
        raise InputError(
            f"the last gene has {len(number) % bins} of {bins} bins: the file is cut short", where=path, fix=FORM
        )
    return bins


def _refuse(wrong: np.ndarray, what: str, path: Path) -> None:
    if wrong.any():
        raise InputError(what, where=f"{path}, line {int(np.argmax(wrong.ravel())) + 1}", fix=FORM)


def _without_repeats(part: PublishedPart, bins: int) -> PublishedPart:
    first: dict[str, int] = {}
    for row, gene in enumerate(part.gene_ids):
        before = first.setdefault(gene, row)
        if before == row:
            continue
        if part.label[row] != part.label[before] or (part.signal[row] != part.signal[before]).any():
            raise InputError(
                f"gene {gene} is listed twice with different values (also at line {before * bins + 1})",
                where=f"{part.path}, line {row * bins + 1}",
                fix="Keep one of them",
            )
    if len(first) == len(part.gene_ids):
        return part
    kept = np.array(list(first.values()))
    logger.warning(
        "%s: %d gene(s) listed twice with the same values, taken once", part.path, len(part.gene_ids) - len(kept)
    )
    return PublishedPart(part.path, part.gene_ids[kept], part.signal[kept], part.label[kept])


def _names(marks: Sequence[str] | None, count: int, path: Path) -> list[str]:
    names = list(marks) if marks is not None else list(PUBLISHED_MARKS)
    if len(names) != count:
        given = "are given" if marks is not None else "are published"
        raise InputError(f"the file has {count} marks, {len(names)} {given}: {listed(names)}", where=path,
                         fix="Name the marks of its columns, in order")  # fmt: skip
    if len(set(names)) < count:
        raise InputError("the list of marks names one twice", fix="Name each mark once")
    return names


def _refuse_shared_genes(parts: Sequence[PublishedPart]) -> None:
    seen: dict[str, Path] = {}
    for part in parts:
        again = [gene for gene in part.gene_ids if gene in seen]
        if again:
            raise InputError(
                f"{len(again)} gene(s) also in {seen[again[0]]}: {listed(again, 10)}",
                where=part.path,
                fix="A gene belongs to one part, or what is learned from it is tested on it",
            )
        seen |= dict.fromkeys(part.gene_ids, part.path)
