"""Small bigWig and BAM files made by hand, and the tables that go with them, for tests of the chromatin branch."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import pyBigWig
import pysam

from promoternets.formats.tables import write_table

Interval = tuple[str, int, int, float]


def write_bigwig(path: Path, lengths: Mapping[str, int], intervals: Iterable[Interval]) -> Path:
    """Write intervals (contig, 0-based start, end, value) as they are, overlapping or not."""
    file = pyBigWig.open(str(path), "w")
    file.addHeader(list(lengths.items()))
    for contig, start, end, value in intervals:
        file.addEntries([contig], [start], ends=[end], values=[float(value)], validate=False)
    file.close()
    return path


def write_bam(path: Path, lengths: Mapping[str, int], reads: Iterable[dict], *, index: bool = True) -> Path:
    """Write reads given as dict(contig, start, cigar, flag=0, mapq=60); an unmapped read has no cigar."""
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": n, "LN": size} for n, size in lengths.items()]}
    names = list(lengths)
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for read in sorted(reads, key=lambda read: (names.index(read["contig"]), read["start"])):
            one = pysam.AlignedSegment(file.header)
            one.query_name = "read"
            one.flag = read.get("flag", 0)
            one.reference_id, one.reference_start = names.index(read["contig"]), read["start"]
            one.mapping_quality = read.get("mapq", 60)
            if read.get("cigar"):
                one.cigarstring = read["cigar"]
            one.query_sequence = "A" * (one.infer_query_length() or 36)
            file.write(one)
    if index:
        pysam.index(str(path))
    return path


def gene_table(*genes: tuple[str, str, int, str]) -> pd.DataFrame:
    """Return a table of genes from (gene_id, chrom, tss 1-based, strand), all of part train."""
    table = pd.DataFrame(genes, columns=["gene_id", "chrom", "tss", "strand"])
    return table.assign(symbol=table["gene_id"], part="train")[["gene_id", "symbol", "chrom", "tss", "strand", "part"]]


def write_sheet(path: Path, rows: Iterable[tuple[str, str, Path | str, str]]) -> Path:
    """Write a sheet of epigenomes from (epigenome, mark, path, kind)."""
    write_table(pd.DataFrame(rows, columns=["epigenome", "mark", "path", "kind"]), path)
    return path
