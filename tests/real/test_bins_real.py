"""Real signal and reads in bins, real expression and the published sample, against independent readings."""

import gzip
import shutil
import subprocess

import numpy as np
import pandas as pd
import pyBigWig
import pysam
import pytest
from signal_files import gene_table, write_sheet

from promoternets.bins.bam import bin_bam
from promoternets.bins.bigwig import bin_bigwig
from promoternets.bins.bigwig_layout import read_parts
from promoternets.bins.histone import bin_histone
from promoternets.bins.published_csv import import_published_bins
from promoternets.bins.windows import windows_of
from promoternets.epigenomes.expression import read_expression
from promoternets.epigenomes.labels import by_number, by_text, label_genes
from promoternets.epigenomes.match import match_genes
from promoternets.errors import InputError
from promoternets.formats.bin_store import BinStore
from promoternets.formats.epigenome_sheet import PUBLISHED_MARKS
from promoternets.formats.gene_table import read_genes
from promoternets.formats.labels import read_labels
from promoternets.formats.tables import read_table, write_table
from promoternets.promoters.extract import extract_promoters

RPKM = "57epigenomes.RPKM.pc.no_E065_E116.tsv.gz"
# Signal is stored as float32, and bigWig values are float32: a relative error of 2^-24 each.
RELATIVE = 2e-7


def slow_means(path, windows, genes):
    """Return means over covered bases by one query a bin, float64 [genes, bins] 5' -> 3', NaN where none is covered."""
    out = np.full((len(genes), windows.bin_count), np.nan)
    with pyBigWig.open(str(path)) as file:
        names = {name.removeprefix("chr"): name for name in file.chroms()}
        for row, gene in enumerate(genes):
            contig = names.get(windows.chrom[gene].removeprefix("chr"))
            for number in range(windows.bin_count):
                start = windows.start[gene] + number * windows.bin_size
                start, end = max(start, 0), min(start + windows.bin_size, file.chroms(contig) if contig else 0)
                if start < end:
                    value = file.stats(contig, int(start), int(end), type="mean", exact=True)[0]
                    out[row, number] = np.nan if value is None else value
    turned = windows.reverse[np.asarray(genes)]
    out[turned] = out[turned, ::-1]
    return out


@pytest.fixture(scope="module")
def roadmap(real_data, tmp_path_factory):
    """Genes of GENCODE v10 with expression, and the sheet of the pilot regions, as the workflow makes them."""
    data, folder = real_data, tmp_path_factory.mktemp("roadmap")
    starts = pd.read_csv(data / "roadmap_rnaseq" / "gencode_v10_tss.hg19.tsv.gz", sep="\t")
    bed = pd.DataFrame(
        {"chrom": starts["chrom"], "start": starts["gene_start"] - 1, "end": starts["gene_end"],
         "name": starts["symbol"], "score": 0, "strand": starts["strand"], "gene": starts["gene_id"],
         "biotype": "protein_coding"}
    )  # fmt: skip
    bed.to_csv(folder / "genes.bed.gz", sep="\t", header=False, index=False)
    extract_promoters(annotation=folder / "genes.bed.gz", promoters=folder / "promoters.tsv")
    rows = [
        (epigenome, mark, data / "roadmap_pilot_E003_E117" / f"{epigenome}-{mark}.pilot.hg19.bigWig", "bigwig")
        for epigenome in ("E003", "E117")
        for mark in sorted(PUBLISHED_MARKS)
    ]
    match_genes(
        epigenomes=write_sheet(folder / "sheet.tsv", rows), expression=data / "roadmap_rnaseq" / RPKM,
        promoters=folder / "promoters.tsv", genes=folder / "genes.tsv", excluded=folder / "excluded.tsv",
    )  # fmt: skip
    return folder


def test_all_genes_of_the_roadmap_matrix_have_a_start_and_a_part(roadmap):
    genes = read_genes(roadmap / "genes.tsv")
    assert len(genes) == 19_795
    assert len(read_table(roadmap / "excluded.tsv")) == 0
    shares = genes["part"].value_counts(normalize=True)
    np.testing.assert_allclose(shares[["train", "valid", "test"]], [0.6, 0.2, 0.2], atol=0.01)
    assert genes.groupby("chrom")["part"].nunique().max() == 1


@pytest.mark.parametrize("epigenome", ["E003", "E117"])
def test_371_genes_have_a_full_window_and_their_bins_equal_an_exact_query_each(roadmap, real_data, tmp_path, epigenome):
    bin_histone(genes=roadmap / "genes.tsv", epigenomes=roadmap / "sheet.tsv", epigenome=epigenome,
                bins=tmp_path / "bins.zarr", excluded=tmp_path / "excluded.tsv", min_covered=1.0)  # fmt: skip
    store = BinStore.open(tmp_path / "bins.zarr")
    assert store.signal.shape == (371, 5, 100)
    assert store.marks.tolist() == list(PUBLISHED_MARKS)
    assert len(read_table(tmp_path / "excluded.tsv")) == 19_795 - 371
    assert not store.uncovered.any()
    assert not store.absent.any()
    genes = read_genes(roadmap / "genes.tsv").set_index("gene_id", drop=False).loc[store.gene_ids]
    windows = windows_of(genes, bin_size=100, bin_count=100, oriented=True)
    some = np.arange(0, 371, 10)
    for at, mark in enumerate(store.marks):
        path = real_data / "roadmap_pilot_E003_E117" / f"{epigenome}-{mark}.pilot.hg19.bigWig"
        np.testing.assert_allclose(store.signal[some, at], slow_means(path, windows, some), rtol=RELATIVE, atol=1e-9)


def test_labels_of_both_epigenomes_are_half_and_half_and_the_text_rule_mislabels_e003(roadmap, real_data, tmp_path):
    found = {}
    for epigenome in ("E003", "E117"):
        label_genes(genes=roadmap / "genes.tsv", expression=real_data / "roadmap_rnaseq" / RPKM, epigenome=epigenome,
                    labels=tmp_path / "labels.tsv", summary=tmp_path / "summary.tsv")  # fmt: skip
        assert read_labels(tmp_path / "labels.tsv")["label"].sum() == 9_898
        summary = read_table(tmp_path / "summary.tsv").set_index("item")["value"]
        found[epigenome] = (summary["threshold"], summary["mislabelled_by_text_rule"])
    assert found == {"E003": ("3.329", "4195"), "E117": ("1.826", "0")}


def test_imr90_which_has_no_expression_is_named(real_data):
    with pytest.raises(InputError, match=r"1 epigenome\(s\) of the sheet have no expression column: E017;"):
        read_expression(real_data / "roadmap_rnaseq" / RPKM, ["E003", "E017"])


def test_the_stray_tab_of_the_original_matrix_shifts_no_column(real_data, tmp_path):
    with gzip.open(real_data / "roadmap_rnaseq" / RPKM, "rt") as text:
        header, *rows = text.read().splitlines()
    with gzip.open(tmp_path / "stray.gz", "wt", compresslevel=1) as text:
        text.write("\n".join([header, *(row + "\t" for row in rows)]))
    found = read_expression(tmp_path / "stray.gz", ["E047", "E050"])
    assert np.median(found.values, axis=0).tolist() == pytest.approx([2.244, 3.913], abs=1e-3)


def test_the_matrix_as_gct_says_the_same(real_data, tmp_path):
    table = pd.read_csv(real_data / "roadmap_rnaseq" / RPKM, sep="\t", dtype=str, keep_default_na=False)
    table = table.rename(columns={table.columns[0]: "Name"})
    table.insert(1, "Description", "na")
    with gzip.open(tmp_path / "rpkm.gct.gz", "wt", compresslevel=1) as text:
        text.write(f"#1.2\n{len(table)}\t{table.shape[1] - 2}\n" + table.to_csv(sep="\t", index=False))
    found = read_expression(tmp_path / "rpkm.gct.gz", ["E117", "E003"])
    plain = read_expression(real_data / "roadmap_rnaseq" / RPKM, ["E117", "E003"])
    assert found.gene_ids == plain.gene_ids and len(found.gene_ids) == 19_795
    assert np.array_equal(found.text, plain.text)


def test_promoter_depth_of_seven_marks_with_h3k27ac_held_back(real_data, tmp_path):
    data = real_data / "roadmap_E003_promoter_depth"
    table = read_table(data / "genes.tsv", dtypes={"tss_0based": "int64"})
    genes = table.assign(symbol=table["gene_id"], tss=table["tss_0based"] + 1, part="train")
    write_table(genes[["gene_id", "symbol", "chrom", "tss", "strand", "part"]], tmp_path / "genes.tsv")
    marks = [*PUBLISHED_MARKS, "H3K9ac", "H3K27ac"]
    rows = [("E003", mark, data / f"E003-{mark}.depth.hg19.bigWig", "bigwig") for mark in marks]
    bin_histone(genes=tmp_path / "genes.tsv", epigenomes=write_sheet(tmp_path / "sheet.tsv", rows), epigenome="E003",
                bins=tmp_path / "bins.zarr", validation_mark="H3K27ac", statistic="sum", min_covered=1.0)  # fmt: skip
    store = BinStore.open(tmp_path / "bins.zarr")
    assert store.signal.shape == (100, 6, 100)
    assert store.marks.tolist() == [*PUBLISHED_MARKS, "H3K9ac"]
    assert (store.signal == np.round(store.signal)).all()  # depth is whole, so are its sums
    with pyBigWig.open(str(data / "E003-H3K27ac.depth.hg19.bigWig")) as file:
        for row, gene in enumerate(genes.itertuples()):
            minus = gene.strand == "-"
            first = gene.tss_0based - 5000 + minus
            depth = file.values(gene.chrom, first, first + 10_000, numpy=True)
            sums = (depth[::-1] if minus else depth).reshape(100, 100).sum(axis=1, dtype=np.float64)
            assert store.validation_signal[row].tolist() == sums.tolist()
    # acetylation and H3K4me3 lie over active starts, downstream of the TSS more than upstream
    active = (table["label"] == "1").to_numpy()
    k4me3 = store.signal[:, store.marks.tolist().index("H3K4me3")]
    assert k4me3[active][:, 50:60].mean() > 3 * k4me3[~active][:, 50:60].mean()
    assert k4me3[active][:, 50:70].mean() > k4me3[active][:, 30:50].mean()


@pytest.mark.parametrize("mark", ["H3K4me3", "H3K27ac", "H3K4me1", "DNase"])
def test_hela_windows_that_run_off_the_covered_part(real_data, mark):
    path = real_data / "hela_tss_bigwig" / f"HeLa-{mark}.fc.tss2kb.hg19.bw"
    starts = pd.read_csv(real_data / "roadmap_rnaseq" / "gencode_v10_tss.hg19.tsv.gz", sep="\t")
    starts = starts[starts["chrom"].isin(["chr19", "chr20", "chr21", "chr22"])].rename(columns={"tss_1based": "tss"})
    windows = windows_of(starts.assign(part="train"), bin_size=100, bin_count=100, oriented=True)
    found, covered = bin_bigwig(path, windows), bin_bigwig(path, windows, statistic="mean_covered")
    elsewhere = windows.chrom == "chr19"
    assert (found.absent == np.where(elsewhere, 10_000, 0)).all()
    some = np.flatnonzero((found.uncovered > 0) & (found.uncovered < 10_000))[::15]
    assert len(some) >= 20
    expected = slow_means(path, windows, some)
    np.testing.assert_allclose(covered.signal[some], np.nan_to_num(expected), rtol=RELATIVE, atol=1e-9)
    with pyBigWig.open(str(path)) as file:
        for gene in some:
            first = int(windows.start[gene])
            values = file.values(windows.chrom[gene], first, first + 10_000, numpy=True)
            assert found.uncovered[gene] == np.isnan(values).sum()
            assert found.zero[gene] == (values == 0).sum()
            sums = np.nan_to_num(values).reshape(100, 100).sum(axis=1, dtype=np.float64)
            own = found.signal[gene, ::-1] if windows.reverse[gene] else found.signal[gene]
            np.testing.assert_allclose(own, sums / 100, rtol=RELATIVE)


ODD = [
    "ENCFF826FLP.bw", "GSM1208360_worm_chrI_100kb.bw", "bigtools_valid.bigWig", "cow.bw", "deeptools_testA_skipNAs.bw",
    "deeptools_testB_skipNAs.bw", "fixedStep.bw", "igvjs_bigtools.bigWig", "igvjs_fixedStep.bw", "igvjs_nozooms.bw",
    "libbigwig_test.bw", "pgt_dm_X.bw", "uncompressed.bw", "variable_step.bw", "volvox.bw", "volvox_microarray.bw",
]  # fmt: skip
NEGATIVE = {"fixedStep.bw", "variable_step.bw"}


def test_every_odd_bigwig_is_tried(real_data):
    there = {path.name for path in (real_data / "bigwig_oddities").iterdir() if path.suffix != ".md"}
    assert there == set(ODD)


@pytest.mark.parametrize("name", ODD)
def test_an_odd_bigwig_gives_the_right_answer_or_a_clear_error(real_data, name):
    path = real_data / "bigwig_oddities" / name
    starts = []
    with pyBigWig.open(str(path)) as file:
        for contig, length in file.chroms().items():
            inside = [interval[0] for interval in file.intervals(contig)]
            chosen = {1, length, *(int(start) + 1 for start in np.quantile(inside, np.linspace(0, 1, 12)))}
            starts += [(f"{contig}:{tss}", contig, tss, "+-"[number % 2]) for number, tss in enumerate(sorted(chosen))]
    windows = windows_of(gene_table(*starts), bin_size=10, bin_count=20, oriented=True)
    if name in NEGATIVE:
        with pytest.raises(InputError, match=f"{name}: the bigWig holds a negative value.* at chr1:"):
            bin_bigwig(path, windows)
    found = bin_bigwig(path, windows, statistic="mean_covered", allow_negative=name in NEGATIVE)
    expected = slow_means(path, windows, np.arange(len(windows)))
    # stats() adds up squares and sums of its own; on values of both signs little is left of large sums
    np.testing.assert_allclose(found.signal, np.nan_to_num(expected), rtol=1e-6, atol=1e-6)
    assert np.isfinite(expected).any()
    assert (found.uncovered + found.absent < windows.width).any()


@pytest.mark.parametrize("part", [0.05, 0.3, 0.5, 0.8, 0.95, 0.999])
@pytest.mark.parametrize("name", ["HeLa-H3K4me3.fc.tss2kb.hg19.bw", "E003-H3K4me3.pilot.hg19.bigWig", "volvox.bw"])
def test_a_real_bigwig_cut_short_is_refused(real_data, tmp_path, name, part):
    (path,) = real_data.glob(f"*/{name}")
    raw = path.read_bytes()
    (tmp_path / "cut.bw").write_bytes(raw[: int(len(raw) * part)])
    with pytest.raises(InputError, match="the bigWig is cut short"):
        read_parts(tmp_path / "cut.bw")


@pytest.fixture
def k562(real_data):
    """The reads of K562, and the windows of its 267 transcripts."""
    folder = real_data / "k562_histone_bam"
    bed = pd.read_csv(folder / "genes.chr1_22.5-25Mb.bed", sep="\t", header=None)
    rows = [(f"{row[3]}:{at}", row[0], row[1] + 1 if row[5] == "+" else row[2], row[5]) for at, row in bed.iterrows()]
    return folder, windows_of(gene_table(*rows), bin_size=100, bin_count=100, oriented=True)


def in_genome_order(binned, windows):
    signal = binned.signal.copy()
    signal[windows.reverse] = signal[windows.reverse, ::-1]
    return signal


@pytest.mark.parametrize("mark", ["H3K4me3", "H3K36me3", "Input"])
def test_counts_of_real_reads_equal_one_query_a_bin(k562, mark):
    folder, windows = k562
    found = in_genome_order(bin_bam(folder / f"K562_{mark}.bam", windows), windows)
    assert found.shape == (267, 100)
    with pysam.AlignmentFile(str(folder / f"K562_{mark}.bam")) as file:
        for gene in range(0, 267, 20):
            for number in range(100):
                start = int(windows.start[gene]) + 100 * number
                reads = file.fetch(windows.chrom[gene], start, start + 100)
                assert found[gene, number] == sum(not read.is_duplicate and not read.is_qcfail for read in reads)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bedtools") is None, reason="bedtools is not installed: apt-get install bedtools")
@pytest.mark.parametrize("mark", ["H3K4me3", "H3K36me3", "Input"])
def test_counts_of_real_reads_equal_bedtools_multicov(k562, tmp_path, mark):
    folder, windows = k562
    path = folder / f"K562_{mark}.bam"
    genes = range(0, 267, 3)
    lines = [
        f"{windows.chrom[gene]}\t{windows.start[gene] + 100 * number}\t{windows.start[gene] + 100 * number + 100}\n"
        for gene in genes
        for number in range(100)
    ]
    (tmp_path / "bins.bed").write_text("".join(lines))
    command = ["bedtools", "multicov", "-bams", str(path), "-bed", str(tmp_path / "bins.bed")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    counted = np.array([int(line.split("\t")[-1]) for line in done.stdout.splitlines()]).reshape(-1, 100)
    assert in_genome_order(bin_bam(path, windows), windows)[genes].tolist() == counted.tolist()


def test_a_real_bam_cut_short_is_refused(k562, tmp_path):
    folder, windows = k562
    raw = (folder / "K562_H3K4me3.bam").read_bytes()
    shutil.copy(folder / "K562_H3K4me3.bam.bai", tmp_path / "cut.bam.bai")
    for part in (0.1, 0.5, 0.9, 0.9999):
        (tmp_path / "cut.bam").write_bytes(raw[: int(len(raw) * part)])
        with pytest.raises(InputError, match="the BAM is cut short"):
            bin_bam(tmp_path / "cut.bam", windows)


def test_signal_of_another_species_is_refused(real_data, k562):
    _, windows = k562
    with pytest.raises(InputError, match="no chromosome of the genes is in the file: they lie on chr1, the file has X"):
        bin_bigwig(real_data / "bigwig_oddities" / "pgt_dm_X.bw", windows)


@pytest.mark.parametrize(("build", "other"), [("hg19", "hg38"), ("hg38", "hg19")])
def test_an_annotation_of_the_other_build_is_told(real_data, tmp_path, build, other):
    """A bigWig with the chromosomes of one build, and the genes of the other."""
    sizes = pd.read_csv(real_data / "gene_annotation" / f"{other}.chrom.sizes", sep="\t", header=None)
    file = pyBigWig.open(str(tmp_path / "a.bw"), "w")
    file.addHeader(sorted(zip(sizes[0], sizes[1].astype(int).tolist(), strict=True)))
    file.addEntries(["chr1"], [0], ends=[200_000_000], values=[1.0])
    file.close()
    bed = pd.read_csv(real_data / "gene_annotation" / f"genes.{build}.bed.gz", sep="\t")
    genes = pd.DataFrame({"gene_id": bed.iloc[:, 6], "chrom": bed.iloc[:, 0], "tss": bed["start"] + 1, "strand": "+"})
    with pytest.raises(InputError, match="genes start beyond the end of their chromosome.*another genome build"):
        bin_bigwig(tmp_path / "a.bw", windows_of(genes, bin_size=100, bin_count=100, oriented=True))


def test_the_toy_set_is_imported_as_it_is(real_data, tmp_path):
    folder = real_data / "attentivechrome-sample" / "toy-E003"
    import_published_bins(**{part: folder / f"{part}.csv" for part in ("train", "valid", "test")}, epigenome="E003",
                          bins=tmp_path / "bins.zarr", labels=tmp_path / "labels.tsv",
                          labels_summary=tmp_path / "summary.tsv")  # fmt: skip
    store, labels = BinStore.open(tmp_path / "bins.zarr"), read_labels(tmp_path / "labels.tsv")
    assert store.signal.shape == (30, 5, 100)
    assert store.gene_ids[0] == "000003"
    assert labels["part"].tolist() == ["train"] * 10 + ["valid"] * 10 + ["test"] * 10
    lines = (folder / "valid.csv").read_text().splitlines()
    assert [float(value) for value in lines[0].split(",")[2:7]] == store.signal[10, :, 0].tolist()
    assert [float(value) for value in lines[-1].split(",")[2:7]] == store.signal[19, :, -1].tolist()
    assert labels["label"].tolist()[10] == int(lines[0].split(",")[-1])


def test_the_published_windows_are_those_of_genome_order(real_data):
    """All 19,802 windows of the published gene file, 20 kb wide."""
    published = pd.read_csv(
        real_data / "attentivechrome-sample" / "labels-shallowchrome" / "GeneFile.txt.gz", sep="\t", header=None
    )
    starts = pd.read_csv(real_data / "roadmap_rnaseq" / "gencode_v10_tss.hg19.tsv.gz", sep="\t").set_index("gene_id")
    genes = starts.loc[published[3].str.split("_").str[0]].reset_index().rename(columns={"tss_1based": "tss"})
    windows = windows_of(genes, bin_size=100, bin_count=200, oriented=False)
    assert len(windows) == 19_802
    assert windows.start.tolist() == published[1].tolist()


def test_the_toy_labels_follow_the_text_and_not_the_number(real_data):
    """All 30 labels of the toy set of E003, of which the comparison of numbers gives 24."""
    folder = real_data / "attentivechrome-sample"
    with gzip.open(folder / "labels-shallowchrome" / "E003.T.csv.gz", "rt") as text:
        values = [float(line) for line in text]
    with gzip.open(folder / "labels-shallowchrome" / "gene_list.txt.gz", "rt") as text:
        rpkm = dict(zip((line.strip()[-6:] for line in text), values, strict=True))
    median = float(np.median(values))
    assert median == pytest.approx(3.33)
    toy = pd.concat(
        pd.read_csv(folder / "toy-E003" / f"{part}.csv", header=None, dtype={0: str}).drop_duplicates(0)
        for part in ("train", "valid", "test")
    )
    own = np.array([rpkm[gene] for gene in toy[0]])
    written = np.array([f"{value:.10g}" for value in own], dtype=object)
    assert len(toy) == 30
    assert int((by_text(written, median) == toy[7]).sum()) == 30
    assert int((by_number(own, median) == toy[7]).sum()) == 24
