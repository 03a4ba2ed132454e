"""The bins of one epigenome: all its marks in the windows of all genes, and which genes are left out."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from promoternets.bins.bam import Duplicates, Unmapped, bin_bam
from promoternets.bins.bigwig import Statistic, bin_bigwig
from promoternets.bins.windows import Binned, Windows, windows_of
from promoternets.errors import InputError
from promoternets.formats.bin_store import write_bin_store
from promoternets.formats.epigenome_sheet import listed, order_marks, read_sheet
from promoternets.formats.gene_table import read_genes
from promoternets.formats.tables import write_table

logger = logging.getLogger(__name__)
Fill = Literal["zero", "error"]


def bin_histone(
    *,
    genes: Path,
    epigenomes: Path,
    epigenome: str,
    bins: Path,
    excluded: Path | None = None,
    marks: Sequence[str] | None = None,
    validation_mark: str | None = None,
    bin_size: int = 100,
    bin_count: int = 100,
    statistic: Statistic = "mean",
    oriented: bool = True,
    fill: Fill = "zero",
    min_covered: float = 0.0,
    allow_negative: bool = False,
    min_mapq: int = 0,
    duplicates: Duplicates = "drop",
    unmapped: Unmapped = "count",
) -> None:
    """Write the bins of one epigenome.

    Parameters
    ----------
    genes : table of match_genes. epigenomes : the sheet.
    bins : output, a bin store (`formats.bin_store`); genes in the order of `genes`.
    excluded : output TSV (gene_id, reason) of genes left out.
    marks : the input marks and their order; by default all but the validation mark, the published ones first.
    validation_mark : mark stored apart, never an input; a warning where this epigenome has none.
    statistic, allow_negative : of bigWig, see `bin_bigwig`. min_mapq, duplicates, unmapped : of BAM, see `bin_bam`.
    oriented : bins 5' -> 3'; otherwise genome order and the published windows (see `windows`).
    fill : what a base without value becomes: ``zero``, or ``error`` to refuse it in the genes that are kept.
    min_covered : share of a window's bases that every input mark must cover; a gene with less is left out, and always
        one of which no mark covers a base.

    Raises
    ------
    InputError
        See `read_genes`, `read_sheet`, `windows_of`, `bin_bigwig` and `bin_bam`; and when the epigenome or a mark is
        not in the sheet, files are of different genome builds, or no gene is left.
    """
    if not 0 <= min_covered <= 1:
        raise InputError(f"min_covered is {min_covered:g}, a share of bases is from 0 to 1")
    files = _files_of(read_sheet(epigenomes, validation_mark=validation_mark), epigenome, epigenomes)
    chosen = choose_marks(files, marks, validation_mark, epigenomes)
    held_back = validation_mark if validation_mark in files.index else None
    if validation_mark is not None and held_back is None:
        logger.warning("%s has no %s: its attention cannot be checked against it", epigenome, validation_mark)
    windows = windows_of(read_genes(genes), bin_size=bin_size, bin_count=bin_count, oriented=oriented)
    of_bigwig = {"statistic": statistic, "allow_negative": allow_negative}
    of_bam = {"min_mapq": min_mapq, "duplicates": duplicates, "unmapped": unmapped}
    found = {
        mark: _bin_file(mark, *files.loc[mark], windows, of_bigwig, of_bam)
        for mark in [*chosen, *([held_back] if held_back else [])]
    }
    _refuse_other_lengths(found, files, epigenomes)
    inputs = [found[mark] for mark in chosen]
    kept, reasons = covered_genes(inputs, chosen, windows, min_covered, where=epigenomes)
    if fill == "error":
        _refuse_gaps(inputs, chosen, windows, kept, files)
    kinds = set(files.loc[chosen, "kind"])
    write_bin_store(
        bins,
        gene_ids=windows.gene_ids[kept],
        marks=chosen,
        **{
            name: np.stack([getattr(one, name)[kept] for one in inputs], axis=1)
            for name in ("signal", "zero", "uncovered", "absent")
        },
        epigenome=epigenome,
        bin_size=bin_size,
        oriented=oriented,
        statistic="count" if kinds == {"bam"} else statistic,
        fill=fill,
        source=kinds.pop() if len(kinds) == 1 else "mixed",
        validation_mark=held_back,
        validation_signal=found[held_back].signal[kept] if held_back else None,
    )
    if excluded is not None:
        write_table(reasons, excluded)


def _bin_file(
    mark: str, path: str, kind: str, windows: Windows, of_bigwig: dict[str, Any], of_bam: dict[str, Any]
) -> Binned:
    began = time.monotonic()
    found = bin_bam(path, windows, **of_bam) if kind == "bam" else bin_bigwig(path, windows, **of_bigwig)
    _log(mark, found, windows, time.monotonic() - began)
    return found


def _files_of(sheet: pd.DataFrame, epigenome: str, where: Path) -> pd.DataFrame:
    """Return path and kind of an epigenome's files, by mark."""
    own = sheet[sheet["epigenome"] == epigenome]
    if own.empty:
        raise InputError(f"epigenome {epigenome} is not in the sheet; there are {listed(sheet['epigenome'].unique())}",
                         where=where, fix="Correct the name")  # fmt: skip
    return own.set_index("mark")[["path", "kind"]]


def choose_marks(
    files: pd.DataFrame, marks: Sequence[str] | None, validation_mark: str | None, where: Path
) -> list[str]:
    """Return the input marks in order.

    Raises
    ------
    InputError
        When a mark asked for is unknown, asked for twice, or the validation mark.
    """
    if marks is None:
        return order_marks(set(files.index) - {validation_mark})
    absent = [mark for mark in marks if mark not in files.index]
    if absent:
        raise InputError(f"mark {listed(absent)} is not in the sheet; there are {listed(files.index)}", where=where,
                         fix="Correct the list of marks")  # fmt: skip
    if validation_mark in marks:
        raise InputError(f"{validation_mark} is the validation mark and cannot be an input",
                         fix="Take it out of the list of marks, or choose another validation mark")  # fmt: skip
    if len(set(marks)) < len(marks):
        raise InputError("the list of marks names one twice", fix="Name each mark once")
    return list(marks)


def covered_genes(
    inputs: Sequence[Binned], marks: Sequence[str], windows: Windows, min_covered: float, *, where: Path
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the genes kept, int64, and the others with the reason (gene_id, reason).

    A gene of whose window no input mark covers a base is always left out: its zeros would be of our making.

    Raises
    ------
    InputError
        When no gene is kept.
    """
    share = np.stack([1 - (one.uncovered + one.absent) / windows.width for one in inputs], axis=1)
    least = share.argmin(axis=1)
    bare = share.max(axis=1) == 0
    out = np.flatnonzero(bare | (share.min(axis=1) < min_covered))
    kept = np.setdiff1d(np.arange(len(windows)), out)
    if not len(kept):
        wanted = (
            f"{min_covered:.0%} of its window covered by every mark" if min_covered else "any base covered by any mark"
        )
        raise InputError(f"no gene has {wanted}", where=where,
                         fix="Lower min_covered, or give signal of the whole genome")  # fmt: skip
    reasons = [
        "no mark covers the window"
        if bare[gene]
        else f"{marks[least[gene]]} covers {share[gene, least[gene]]:.1%} of the window"
        for gene in out
    ]
    if bare.any():
        logger.warning("%s of %s genes left out: no mark covers their window", f"{int(bare.sum()):,}", f"{len(bare):,}")
    out_of_few = len(out) - int(bare.sum())
    if out_of_few:
        logger.warning("%s genes left out: under %.0f%% of the window covered", f"{out_of_few:,}", 100 * min_covered)
    return kept, pd.DataFrame({"gene_id": windows.gene_ids[out], "reason": reasons})


def _refuse_gaps(
    inputs: Sequence[Binned], marks: Sequence[str], windows: Windows, kept: np.ndarray, files: pd.DataFrame
) -> None:
    for mark, one in zip(marks, inputs, strict=True):
        gaps = (one.uncovered + one.absent)[kept]
        if gaps.any():
            gene = windows.gene_ids[kept[int(np.argmax(gaps > 0))]]
            raise InputError(
                f"{int((gaps > 0).sum())} genes have bases without a value, {gene} for one",
                where=files.loc[mark, "path"],
                fix="Fill with zero, or raise min_covered to leave such genes out",
            )


def _refuse_other_lengths(found: dict[str, Binned], files: pd.DataFrame, where: Path) -> None:
    known: dict[str, tuple[int, str]] = {}
    for mark, one in found.items():
        for contig, length in one.lengths.items():
            first, other = known.setdefault(contig, (length, mark))
            if first != length:
                raise InputError(
                    f"chromosome {contig} is {first:,} bp long in {files.loc[other, 'path']} and {length:,} bp in "
                    f"{files.loc[mark, 'path']}: two genome builds",
                    where=where,
                    fix="Give files of one build",
                )


def _log(mark: str, one: Binned, windows: Windows, seconds: float) -> None:
    bases = len(windows) * windows.width
    parts = [
        f"{name} {values.sum() / bases:.1%} of bases in {int((values > 0).sum()):,} genes"
        for name, values in (("covered zero", one.zero), ("uncovered", one.uncovered), ("absent", one.absent))
    ]
    logger.info("%s: %s genes in %.1f s; %s", mark, f"{len(windows):,}", seconds, "; ".join(parts))
