"""What kind of annotation a file is, judged from its content: GTF, GFF3, BED or one of UCSC's gene tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from promoternets.errors import InputError
from promoternets.formats.text_lines import lines

WHAT = "annotation"
READS = "Give a GTF or GFF3 file, a UCSC refFlat, genePred or refGene table, or a BED file of at least 6 columns"
SAMPLE = 200  # rows looked at to tell the kind of file; a symbol or a bin column shows itself well before that
HEADINGS = {"start", "chromstart", "txstart"}  # of a header row without "#"
STRANDS = {"+", "-", ".", "?", ""}


@dataclass(frozen=True)
class Layout:
    """Where a row keeps what matters: column numbers from 0. GTF and GFF3 do not need them.

    `gene` and `name` are the columns of gene id and symbol; `separator` is None for any white space.
    """

    kind: str
    chrom: int = 0
    start: int = 3
    end: int = 4
    strand: int = 6
    gene: int = 8
    name: int = 8
    separator: str | None = "\t"

    @property
    def columns(self) -> int:
        """The fewest columns a row must have."""
        return max(self.chrom, self.start, self.end, self.strand, self.gene, self.name) + 1


def is_data(line: str) -> bool:
    """Return whether a line is a row: not empty, a comment, a browser or track line, or a header."""
    if not line.strip() or line.startswith(("#", "track ", "track\t", "browser ")):
        return False
    fields = line.lower().split()
    return not (HEADINGS & set(fields) and not any(field.isdecimal() for field in fields))


def cells_of(line: str, separator: str | None) -> list[str]:
    """Return the cells of a row, without blanks around them."""
    return [cell.strip() for cell in line.split(separator)]


def detect(path: Path) -> Layout:
    """Return the layout of an annotation from its first rows.

    Raises
    ------
    InputError
        See `text_lines.lines`; and when there are no rows, the rows fit no format, or the format has no strand.
    """
    rows: list[str] = []
    version3 = False
    for _, line in lines(path, WHAT):
        version3 = version3 or line.lower().startswith("##gff-version 3")
        if is_data(line):
            rows.append(line)
        if len(rows) == SAMPLE:
            break
    if not rows:
        raise InputError("the annotation has no rows", where=path, fix=READS)
    separator = "\t" if "\t" in rows[0] else None
    sample = [cells_of(row, separator) for row in rows]
    width = Counter(map(len, sample)).most_common(1)[0][0]

    def mostly(column: int, holds: Callable[[str], bool]) -> bool:
        """Most rows decide, so that a malformed one is reported by its line and does not hide the format."""
        return 2 * sum(len(row) > column and holds(row[column]) for row in sample) > len(sample)

    def whole(column: int) -> bool:
        return mostly(column, str.isdecimal)

    def stranded(column: int) -> bool:
        return mostly(column, STRANDS.__contains__)

    if separator == "\t" and width >= 8 and whole(3) and whole(4) and stranded(6):
        return _gtf_or_gff3(sample, version3, path)
    if whole(4) and whole(5) and stranded(3) and (width == 6 or width >= 10):
        return _ucsc(width, whole(0) and width >= 11, separator)
    if whole(3) and whole(4) and stranded(2) and width >= 10:
        gene = 11 if width >= 15 else 0
        return Layout("genePred", 1, 3, 4, 2, gene, gene, separator)
    if whole(1) and whole(2) and stranded(5):
        return _bed(sample, separator)
    if whole(1) and whole(2):
        raise InputError(
            f"the annotation looks like BED but has no strand in column 6 (it has {width} columns)",
            where=path,
            fix="A promoter needs a strand: give BED with chrom, start, end, name, score, strand",
        )
    raise InputError(f"not a gene annotation this reads ({_shown(rows[0])})", where=path, fix=READS)


def _gtf_or_gff3(sample: list[list[str]], version3: bool, path: Path) -> Layout:
    attributes = [row[8] if len(row) > 8 else "" for row in sample]
    if any('gene_id "' in text or "gene_id " in text for text in attributes):
        return Layout("GTF")
    if version3 or any("ID=" in text or "Parent=" in text for text in attributes):
        return Layout("GFF3")
    raise InputError(
        "the annotation looks like GTF or GFF3 but its last column has neither gene_id nor ID=",
        where=path,
        fix="Give the complete GTF or GFF3 file",
    )


def _ucsc(width: int, has_bin: bool, separator: str | None) -> Layout:
    if has_bin:
        gene = 12 if width >= 16 else 1
        return Layout("refGene with bin", 2, 4, 5, 3, gene, gene, separator)
    return Layout("refFlat" if width >= 10 else "refFlat, first 6 columns", 2, 4, 5, 3, 0, 0, separator)


def _bed(sample: list[list[str]], separator: str | None) -> Layout:
    """BED; columns 7 and 8 are a gene id and a biotype unless they are BED12's numbers."""
    extra = 2 * sum(len(row) >= 8 and not row[6].isdecimal() for row in sample) > len(sample)
    if extra:
        return Layout("BED with gene id and type", 0, 1, 2, 5, 6, 3, separator)
    return Layout("BED", 0, 1, 2, 5, 3, 3, separator)


def _shown(line: str) -> str:
    return "first row: " + (line[:60] + "..." if len(line) > 60 else line).replace("\t", " ")
