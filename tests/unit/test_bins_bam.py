"""Reads in bins: counted as bedtools multicov counts them."""

import shutil
import subprocess

import numpy as np
import pysam
import pytest
from signal_files import gene_table, write_bam

from promoternets.bins.bam import bin_bam
from promoternets.bins.windows import windows_of
from promoternets.errors import InputError

LENGTHS = {"chr1": 10_000}
# 40 bins of 50 bp from base 1000 to 3000
WINDOW = windows_of(gene_table(("P", "chr1", 2001, "+")), bin_size=50, bin_count=40, oriented=True)
READS = {
    "plain": (dict(start=1000, cigar="50M"), [0]),
    "over an edge": (dict(start=1049, cigar="10M"), [0, 1]),
    "up to an edge": (dict(start=1040, cigar="10M"), [0]),
    "deletion": (dict(start=1040, cigar="10M50D10M"), [0, 1, 2]),
    "spliced": (dict(start=1040, cigar="10M100N10M"), [0, 1, 2, 3]),
    "clipped": (dict(start=1100, cigar="60S10M60S"), [2]),
    "insertion": (dict(start=1190, cigar="5M60I5M"), [3]),
    "duplicate": (dict(start=1000, cigar="50M", flag=1024), []),
    "failed quality control": (dict(start=1000, cigar="50M", flag=512), []),
    "secondary": (dict(start=1000, cigar="50M", flag=256), [0]),
    "supplementary": (dict(start=1000, cigar="50M", flag=2048), [0]),
    "unmapped beside its mate": (dict(start=1048, cigar=None, flag=133, mapq=0), [0]),
    "of quality 0": (dict(start=1000, cigar="50M", mapq=0), [0]),
    "over the window's start": (dict(start=990, cigar="11M"), [0]),
}
ANCHOR = dict(contig="chr1", start=2960, cigar="10M")  # in the last bin, so that no file is without reads


def multicov(path, windows, *options):
    """Return what bedtools counts, int [genes, bins], in genome order."""
    edges = windows.start[:, None] + windows.bin_size * np.arange(windows.bin_count)
    bed = path.with_suffix(".bed")
    lines = [
        f"{windows.chrom[gene]}\t{start}\t{start + windows.bin_size}\n"
        for gene, row in enumerate(edges)
        for start in row
    ]
    bed.write_text("".join(lines))
    command = ["bedtools", "multicov", *options, "-bams", str(path), "-bed", str(bed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return np.array([int(line.split("\t")[-1]) for line in done.stdout.splitlines()]).reshape(edges.shape)


def slow_counts(path, contig, windows, min_mapq=0):
    """Return what one query a bin counts, float [genes, bins], in genome order."""
    out = np.zeros((len(windows), windows.bin_count))
    with pysam.AlignmentFile(str(path)) as file:
        length = file.get_reference_length(contig)
        for gene, number in np.ndindex(out.shape):
            start = windows.start[gene] + number * windows.bin_size
            start, end = max(start, 0), min(start + windows.bin_size, length)
            reads = file.fetch(contig, start, end) if start < end else ()
            out[gene, number] = sum(
                not read.is_duplicate and not read.is_qcfail and read.mapping_quality >= min_mapq for read in reads
            )
    return out


def in_genome_order(binned, windows):
    signal = binned.signal.copy()
    signal[windows.reverse] = signal[windows.reverse, ::-1]
    return signal


@pytest.mark.parametrize("name", READS)
def test_a_read_counts_in_the_bins_it_overlaps(name, tmp_path):
    read, bins = READS[name]
    path = write_bam(tmp_path / "a.bam", LENGTHS, [dict(contig="chr1", **read), ANCHOR])
    found = bin_bam(path, WINDOW).signal[0]
    assert np.flatnonzero(found[:-1]).tolist() == bins
    assert found.max() == 1


def test_duplicates_quality_and_unmapped_reads_are_as_asked(tmp_path):
    path = write_bam(
        tmp_path / "a.bam", LENGTHS, [dict(contig="chr1", **read) for read, _ in READS.values()] + [ANCHOR]
    )
    first = {name: bin_bam(path, WINDOW, **options).signal[0, 0] for name, options in {
        "as multicov": {}, "duplicates": {"duplicates": "keep"}, "quality": {"min_mapq": 1},
        "mapped": {"unmapped": "drop"},
    }.items()}  # fmt: skip
    assert first["duplicates"] == first["as multicov"] + 1
    assert first["quality"] == first["as multicov"] - 2
    assert first["mapped"] == first["as multicov"] - 1


@pytest.fixture
def many(tmp_path):
    """Reads of all kinds, and genes on both strands whose windows overlap and run over the chromosome's ends."""
    random = np.random.default_rng(5)
    cigars = ["36M", "10S26M", "10M30D26M", "10M200N26M", "20M5I11M"]
    reads = [
        dict(contig="chr1", start=int(start), cigar=cigars[number % 5], flag=[0, 16, 1024, 512, 256, 2048][number % 6],
             mapq=int(random.integers(0, 61)))
        for number, start in enumerate(random.integers(0, 9_700, size=2000))
    ]  # fmt: skip
    reads += [dict(contig="chr1", start=int(start), cigar=None, flag=133, mapq=0) for start in range(50, 9000, 90)]
    path = write_bam(tmp_path / "many.bam", LENGTHS, reads)
    genes = gene_table(*[(f"G{n}", "1", tss, "+-"[n % 2]) for n, tss in enumerate([3, 700, 800, 5000, 6500, 9_990])])
    return path, windows_of(genes, bin_size=25, bin_count=40, oriented=True)


@pytest.mark.parametrize("min_mapq", [0, 20])
def test_counts_equal_one_query_a_bin(many, min_mapq):
    path, windows = many
    found = in_genome_order(bin_bam(path, windows, min_mapq=min_mapq), windows)
    assert found.sum() > 1000
    assert found.tolist() == slow_counts(path, "chr1", windows, min_mapq).tolist()


@pytest.mark.skipif(shutil.which("bedtools") is None, reason="bedtools is not installed: apt-get install bedtools")
@pytest.mark.parametrize("options", [{}, {"min_mapq": 20}, {"duplicates": "keep"}])
def test_counts_equal_bedtools_multicov(many, options):
    path, windows = many
    inner = windows_of(
        gene_table(*[(f"G{n}", "chr1", tss, "+-"[n % 2]) for n, tss in enumerate([700, 800, 5000, 6500])]),
        bin_size=25, bin_count=40, oriented=True,
    )  # fmt: skip
    words = ["-q", str(options.get("min_mapq", 0)), *(["-D"] if "duplicates" in options else [])]
    found = in_genome_order(bin_bam(path, inner, **options), inner)
    assert found.tolist() == multicov(path, inner, *words).tolist()


def test_bases_under_no_read_and_beyond_the_chromosome_are_kept_apart(tmp_path):
    path = write_bam(tmp_path / "a.bam", {"chr1": 1000}, [dict(contig="chr1", start=970, cigar="10M")])
    genes = gene_table(("A", "chr1", 991, "+"), ("B", "chr2", 991, "+"))
    found = bin_bam(path, windows_of(genes, bin_size=20, bin_count=2, oriented=True))
    assert found.signal.tolist() == [[1, 0], [0, 0]]  # 970 to 1010
    assert found.zero.tolist() == [20, 0]
    assert found.absent.tolist() == [10, 40]
    assert found.uncovered.tolist() == [0, 0]


@pytest.mark.parametrize("content", [b"", b"@HD\tVN:1.6\n", bytes.fromhex("26fc8f88") + bytes(100)])
def test_other_files_are_not_a_bam(tmp_path, content):
    (tmp_path / "a.bam").write_bytes(content)
    with pytest.raises(InputError, match="not a BAM"):
        bin_bam(tmp_path / "a.bam", WINDOW)


def test_reads_elsewhere_than_the_genes_are_refused(tmp_path):
    path = write_bam(tmp_path / "a.bam", LENGTHS, [dict(contig="chr1", start=5000, cigar="36M")])
    with pytest.raises(InputError, match="no read that counts lies in any gene's window"):
        bin_bam(path, WINDOW)
