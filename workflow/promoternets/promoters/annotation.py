"""Reading a gene annotation into one table of gene and transcript records with their 5' ends."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pandas as pd

from promoternets.errors import InputError
from promoternets.formats.contigs import by_canonical_name
from promoternets.formats.gene_names import warn_of_mangled
from promoternets.formats.tables import MISSING
from promoternets.formats.text_lines import lines
from promoternets.promoters.layouts import READS, WHAT, Layout, cells_of, detect, is_data

logger = logging.getLogger(__name__)

GENES = {"gene", "pseudogene", "ncRNA_gene", "protein_coding_gene"}
TRANSCRIPTS = {"transcript", "mRNA"}
PARTS = {
    "exon", "CDS", "UTR", "five_prime_utr", "three_prime_utr", "five_prime_UTR", "three_prime_UTR",
    "start_codon", "stop_codon", "intron", "Selenocysteine", "stop_codon_redefined_as_selenocysteine",
    "polyA_site",
}  # fmt: skip
COLUMNS = ["gene_id", "symbol", "chrom", "strand", "tss", "biotype"]
GREATEST = (1 << 31) - 2  # position, as in VCF and BAM
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_GTF_ATTRIBUTE = re.compile(r'(\S+)\s+(?:"([^"]*)"|([^;\s]+))\s*;?')


@dataclass
class Records:
    """Genes and transcripts of an annotation, and how many rows were something else.

    Attributes
    ----------
    genes, transcripts : DataFrame with the columns gene_id, symbol, chrom, strand, tss (1-based), biotype.
    """

    kind: str
    rows: int = 0
    other: int = 0
    strandless: int = 0
    gene_rows: list[tuple] = field(default_factory=list)
    transcript_rows: list[tuple] = field(default_factory=list)

    @property
    def genes(self) -> pd.DataFrame:
        """Records of whole genes."""
        return pd.DataFrame(self.gene_rows, columns=COLUMNS)

    @property
    def transcripts(self) -> pd.DataFrame:
        """Records of transcripts (for BED: each row)."""
        return pd.DataFrame(self.transcript_rows, columns=COLUMNS)


def read_annotation(path: str | Path) -> Records:
    """Read the gene and transcript records of an annotation; its format is told from its content.

    The TSS is 1-based: in GTF and GFF3 the start on the plus strand, in BED and UCSC tables (0-based starts)
    the start + 1; on the minus strand the end in all of them. Records without a strand are counted and left
    out.

    Raises
    ------
    InputError
        When the file is missing, damaged, empty, no annotation, without strand, has a malformed row, or names a
        chromosome in two styles (``22`` and ``chr22``).
    """
    path = Path(path)
    layout = detect(path)
    records = Records(layout.kind)
    logger.info("%s is read as %s", path, layout.kind)
    if layout.kind == "GTF":
        _read_gtf(path, records)
    elif layout.kind == "GFF3":
        _read_gff3(path, records)
    else:
        _read_table(path, layout, records)
    if not records.gene_rows and not records.transcript_rows:
        if records.strandless:
            raise InputError(
                f"none of the {records.strandless:,} gene and transcript records has a strand",
                where=path,
                fix="A promoter needs a strand: give an annotation with + or - in its strand column",
            )
        raise InputError("the annotation has no gene or transcript record", where=path, fix=READS)
    rows = [*records.gene_rows, *records.transcript_rows]
    by_canonical_name(dict.fromkeys(row[2] for row in rows), path)
    warn_of_mangled((row[1] for row in rows), path)
    return records


def five_prime_end(start: int, end: int, strand: str) -> int:
    """Return the 1-based TSS of a feature with 1-based inclusive start and end."""
    return start if strand == "+" else end


def _malformed(path: Path, number: int, why: str) -> InputError:
    return InputError(f"malformed row: {why}", where=f"{path}, line {number}", fix="Mend or remove the row")


def _span(start: str, end: str, path: Path, number: int, *, offset: int) -> tuple[int, int]:
    """Return the 1-based inclusive span of a row; `offset` is 1 for 0-based starts."""
    if not (_WHOLE.fullmatch(start) and _WHOLE.fullmatch(end)):
        raise _malformed(path, number, f"start {start!r} and end {end!r} are not both whole numbers")
    first, last = int(start) + offset, int(end)
    if not 1 <= first <= last <= GREATEST:
        raise _malformed(path, number, f"start {start} and end {end} are not a stretch of a chromosome")
    return first, last


def _known(name: str | None) -> str | None:
    """Return a name, or None where it is one of the words for a missing value, which tables would not keep."""
    return None if name in MISSING else name


def _chromosome(name: str, path: Path, number: int) -> str:
    if _known(name) is None:
        raise _malformed(path, number, "it names no chromosome")
    return name


def _has_strand(strand: str, path: Path, number: int, records: Records) -> bool:
    """Return whether a row has a strand, and count it where it has none."""
    if strand in (".", "?", ""):
        records.strandless += 1
        return False
    if strand not in ("+", "-"):
        raise _malformed(path, number, f"strand {strand!r} is neither + nor -")
    return True


def _read_table(path: Path, layout: Layout, records: Records) -> None:
    typed = layout.kind == "BED with gene id and type"
    for number, line in lines(path, WHAT):
        if not is_data(line):
            continue
        cells = cells_of(line, layout.separator)
        if len(cells) < layout.columns + typed:
            raise _malformed(path, number, f"{len(cells)} columns where {layout.kind} needs {layout.columns + typed}")
        records.rows += 1
        first, last = _span(cells[layout.start], cells[layout.end], path, number, offset=1)
        strand = cells[layout.strand]
        if not _has_strand(strand, path, number, records):
            continue
        chrom, tss = _chromosome(cells[layout.chrom], path, number), five_prime_end(first, last, strand)
        symbol, gene = (_known(cells[column]) for column in (layout.name, layout.gene))
        gene = gene or symbol or f"{chrom}:{tss}"
        records.transcript_rows.append((gene, symbol or gene, chrom, strand, tss, cells[7] if typed else None))


def _features(path: Path, records: Records) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, the nine columns) of a GTF or GFF3 file; sequence after ``##FASTA`` is not read."""
    for number, line in lines(path, WHAT):
        if line.startswith("##FASTA"):
            return
        if not line.strip() or line.startswith("#"):
            continue
        records.rows += 1
        cells = line.split("\t")  # of which few are looked at: blanks around them are taken off then
        if len(cells) < 9 or any(map(str.strip, cells[9:])):
            raise _malformed(path, number, f"{len(cells)} columns where {records.kind} has 9")
        yield number, cells


def _stranded(cells: list[str], path: Path, number: int, records: Records) -> tuple[str, str, int] | None:
    """Return (chrom, strand, tss) of a feature, or None (and count it) when it has no strand."""
    chrom, _, _, start, end, _, strand = map(str.strip, cells[:7])
    first, last = _span(start, end, path, number, offset=0)
    if not _has_strand(strand, path, number, records):
        return None
    return _chromosome(chrom, path, number), strand, five_prime_end(first, last, strand)


def _read_gtf(path: Path, records: Records) -> None:
    exons: dict[tuple[str, str, str, str], list[int]] = {}
    for number, cells in _features(path, records):
        kind = cells[2].strip()
        if kind != "gene" and kind not in TRANSCRIPTS:
            records.other += 1
            if kind == "exon" and not records.gene_rows and not records.transcript_rows:
                _extend_exons(exons, cells, path, number)
            continue
        place = _stranded(cells, path, number, records)
        if place is None:
            continue
        gene, symbol, biotype = _gtf_gene(cells[8], path, number)
        (records.gene_rows if kind == "gene" else records.transcript_rows).append((gene, symbol, *place, biotype))
    if records.gene_rows or records.transcript_rows:
        return
    for (gene, _, chrom, strand), (first, last) in exons.items():
        records.transcript_rows.append((gene, gene, chrom, strand, five_prime_end(first, last, strand), None))
    if exons:
        logger.info("no gene or transcript rows: %s transcripts are put together from their exons", f"{len(exons):,}")


def _gtf_attributes(text: str) -> dict[str, str]:
    """Return the attributes of a GTF row; the first of a repeated key (such as ``tag``) is kept."""
    found: dict[str, str] = {}
    for key, quoted, bare in _GTF_ATTRIBUTE.findall(text):
        found.setdefault(key, quoted or bare)
    return found


def _gtf_gene(text: str, path: Path, number: int) -> tuple[str, str, str | None]:
    if text.count('"') % 2:
        raise _malformed(path, number, "a double quote in the last column does not close")
    found = _gtf_attributes(text)
    gene = _known(found.get("gene_id"))
    if not gene:
        raise _malformed(path, number, "no gene_id in the last column")
    symbol = _known(found.get("gene_name")) or _known(found.get("gene")) or gene
    return gene, symbol, found.get("gene_type") or found.get("gene_biotype")


def _extend_exons(exons: dict[tuple[str, str, str, str], list[int]], cells: list[str], path: Path, number: int) -> None:
    chrom, _, _, start, end, _, strand = map(str.strip, cells[:7])
    first, last = _span(start, end, path, number, offset=0)
    if strand not in ("+", "-"):
        return
    gene, _, _ = _gtf_gene(cells[8], path, number)
    transcript = _gtf_attributes(cells[8]).get("transcript_id", gene)
    span = exons.setdefault((gene, transcript, _chromosome(chrom, path, number), strand), [first, last])
    span[0], span[1] = min(span[0], first), max(span[1], last)


def _read_gff3(path: Path, records: Records) -> None:
    """Take genes by their type, and as transcripts what has a gene as Parent (but exons and the like).

    Parents may come after their children, so features are joined at the end.
    """
    genes: dict[tuple[str, str], tuple[str, str, str | None]] = {}
    candidates: list[tuple[str, tuple[str, str, int], dict[str, str]]] = []
    for number, cells in _features(path, records):
        kind = cells[2].strip()
        if kind in PARTS:
            records.other += 1
            continue
        found = _gff3_attributes(cells[8])
        is_gene = kind in GENES
        if not is_gene and not ("Parent" in found or kind in TRANSCRIPTS):
            records.other += 1
            continue
        place = _stranded(cells, path, number, records)
        if place is None:
            continue
        if is_gene:
            gene = _gff3_gene(found)
            if gene is None:
                raise _malformed(path, number, "a gene without gene_id, ID or Name in the last column")
            genes[found.get("ID", gene[0]), place[0]] = gene
            records.gene_rows.append((gene[0], gene[1], *place, gene[2]))
        else:
            candidates.append((kind, place, found))
    for kind, place, found in candidates:
        gene = _gff3_parent(kind, place[0], found, genes)
        if gene is None:
            records.other += 1
        else:
            records.transcript_rows.append((gene[0], gene[1], *place, gene[2]))


def _gff3_attributes(text: str) -> dict[str, str]:
    found = dict(pair.strip().split("=", 1) for pair in text.split(";") if "=" in pair)
    return {key: _unescaped(value) for key, value in found.items()}


def _unescaped(text: str) -> str:
    if "%" not in text:
        return text
    return " ".join(unquote(text, errors="replace").split())  # %09 and %0A would break a table


def _gff3_gene(found: dict[str, str]) -> tuple[str, str, str | None] | None:
    """Return (gene id, symbol, biotype); ``gene:`` (Ensembl) and ``gene-`` (NCBI) are taken off an ID."""
    gene = _known(found.get("gene_id")) or _known(re.sub("^gene[:-]", "", found.get("ID") or found.get("Name") or ""))
    if not gene:
        return None
    symbol = _known(found.get("gene_name")) or _known(found.get("Name")) or _known(found.get("gene")) or gene
    return gene, symbol, found.get("gene_type") or found.get("gene_biotype") or found.get("biotype")


def _gff3_parent(
    kind: str, chrom: str, found: dict[str, str], genes: dict[tuple[str, str], tuple[str, str, str | None]]
) -> tuple[str, str, str | None] | None:
    """Return the gene of a candidate transcript; a transcript without a gene row is a gene of its own."""
    for parent in found.get("Parent", "").split(","):
        if (parent, chrom) in genes:
            return genes[parent, chrom]
    if kind not in TRANSCRIPTS:
        return None
    parent = found.get("Parent", "").split(",")[0]
    own = {"gene_id": found["gene"]} if "gene" in found else {"ID": parent or found.get("ID", "")}
    return _gff3_gene({**own, **{key: found[key] for key in ("gene_id", "gene_name", "gene_type") if key in found}})
