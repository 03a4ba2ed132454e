"""The head of a GCT file (GenePattern, GTEx, CMap): which columns hold what, and how many genes it promises.

Version 1.2 has ``#1.2``, a line of counts (genes, samples), a header (Name, Description, samples) and a row a gene.
Version 1.3 counts columns and rows of metadata too: ``#1.3``, four counts, a header (id, metadata of genes, samples),
the rows of metadata of samples, and a row a gene. Source: the GenePattern file-format guide and cmapPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from promoternets.errors import InputError

COUNTS = {"#1.2": 2, "#1.3": 4}
GENES = "name"
FORM = "GCT 1.2 has genes and samples in its second line, then Name, Description and the samples; 1.3 has four counts"


@dataclass(frozen=True)
class Head:
    """What stands before the first gene, of a GCT file or of a plain table.

    Attributes
    ----------
    header : names of all columns
    gene : which column holds the gene's identifier: Name where there is one, else the first
    first : the first column of expression
    genes : genes the file says it holds; None for a plain table
    """

    header: list[str]
    gene: int
    first: int
    genes: int | None


def is_gct(first_line: list[str]) -> bool:
    """Return whether a file's first line is a GCT version, known or not."""
    return first_line[0].startswith("#1.")


def read_head(version: list[str], rows: Iterator[tuple[int, list[str]]], path: Path) -> Head:
    """Read the lines of `rows` (line number, fields) up to the first gene; `version` is the line before them.

    Raises
    ------
    InputError
        When the version is neither 1.2 nor 1.3, the counts are no counts, the file ends too early, or the header has
        other than the columns they promise (1.2 needs a column Name before the samples).
    """
    name = version[0]
    if name not in COUNTS:
        raise InputError(f"GCT version {name.removeprefix('#')} is not read", where=path, fix="Save it as 1.2 or 1.3")
    line, counts = next(rows, (2, []))
    counts = [field for field in counts if field]
    if len(counts) != COUNTS[name] or not all(field.isdecimal() for field in counts):
        raise InputError(f"the counts of the GCT file are {' '.join(counts) or 'absent'}; {COUNTS[name]} whole numbers "
                         "stand there", where=f"{path}, line {line}", fix=FORM)  # fmt: skip
    genes, samples, *metadata = map(int, counts)
    line, header = next(rows, (line + 1, []))
    header = list(header)
    while header and not header[-1]:
        header.pop()
    first = len(header) - samples
    leading = [field.casefold() for field in header[: max(first, 0)]]
    if metadata and first != 1 + metadata[0]:
        raise InputError(f"the header has {len(header)} columns, the counts say 1 + {metadata[0]} + {samples}",
                         where=f"{path}, line {line}", fix=FORM)  # fmt: skip
    if not metadata and GENES not in leading:
        raise InputError(
            f"no column Name stands before the {samples} samples that the counts say the file has; its {len(header)} "
            f"columns begin {', '.join(header[:4])}",
            where=f"{path}, line {line}",
            fix=FORM,
        )
    for _ in range(metadata[1] if metadata else 0):
        if next(rows, None) is None:
            raise InputError("the GCT file ends in its metadata", where=path, fix="Download or copy it again")
    return Head(header, leading.index(GENES) if GENES in leading else 0, first, genes)
