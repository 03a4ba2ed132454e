"""The scripts of the epigenome and bin stages: from a shell and as imports."""

import numpy as np
import pandas as pd
import pytest
from signal_files import write_bigwig, write_sheet

from promoternets.formats.bin_store import BinStore
from promoternets.formats.gene_table import read_genes
from promoternets.formats.labels import read_labels
from promoternets.formats.tables import read_table, write_table

SCRIPTS = ["match_genes", "label_genes", "bin_histone", "import_published_bins"]
GENES = 30


@pytest.fixture
def inputs(tmp_path):
    """Two epigenomes of two marks, 30 genes on six chromosomes; gene number n has signal n and expression n."""
    chroms = {f"chr{number}": 50_000 for number in range(1, 7)}
    places = [
        (f"ENSG{n:011}.{n % 3 + 1}", f"chr{n % 6 + 1}", 5_000 + 6_000 * (n // 6), "+-"[n % 2]) for n in range(GENES)
    ]
    promoters = pd.DataFrame(places, columns=["gene_id", "chrom", "tss", "strand"])
    promoters = promoters.assign(promoter=promoters["gene_id"], symbol=[f"S{n}" for n in range(GENES)])
    write_table(promoters, tmp_path / "promoters.tsv")
    rows = []
    for epigenome in ("E1", "E2"):
        for mark in ("H3K4me3", "H3K27me3"):
            intervals = [
                (chrom, tss - 2001, tss + 2000, n + 1)
                for n, (_, chrom, tss, _) in sorted(enumerate(places), key=lambda one: one[1][1:3])
            ]
            path = write_bigwig(tmp_path / f"{epigenome}-{mark}.bw", chroms, intervals)
            rows.append((epigenome, mark, path, "bigwig"))
    write_sheet(tmp_path / "sheet.tsv", rows)
    lines = [f"{gene.split('.')[0]}\t{n % 10}\t{n % 7}\t" for n, (gene, *_) in enumerate(places)]
    (tmp_path / "rpkm.tsv").write_text("gene_id\tE1\tE2\n" + "\n".join([*lines, "ENSG99999999999\t1\t1\t"]) + "\n")
    return tmp_path


MATCH = ("match_genes", "--epigenomes", "sheet.tsv", "--expression", "rpkm.tsv", "--promoters", "promoters.tsv",
         "--genes", "genes.tsv", "--excluded", "excluded.tsv")  # fmt: skip
BIN = ("bin_histone", "--genes", "genes.tsv", "--epigenomes", "sheet.tsv", "--epigenome", "E1", "--bins", "E1.zarr",
       "--bin-size", "100", "--bin-count", "20")  # fmt: skip
LABEL = ("label_genes", "--genes", "genes.tsv", "--expression", "rpkm.tsv", "--epigenome", "E1", "--labels",
         "labels.tsv", "--summary", "summary.tsv")  # fmt: skip


@pytest.fixture
def shell(inputs, run_script):
    """Return a function that runs a script on the files of the folder."""

    def run(*words):
        return run_script(*[inputs / word if word.endswith((".tsv", ".zarr", ".csv")) else word for word in words])

    return run


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_explains_its_options(name, run_script):
    result = run_script(name, "--help")
    assert result.returncode == 0, result.stderr
    for line in result.stdout.splitlines():
        assert not line.strip().startswith("--") or len(line.split()) > 1


def test_the_stages_run_from_a_shell(shell, inputs):
    for words in (MATCH, BIN, LABEL):
        result = shell(*words)
        assert result.returncode == 0, result.stderr
    genes = read_genes(inputs / "genes.tsv")
    assert genes["gene_id"].tolist() == [f"ENSG{n:011}" for n in range(GENES)]
    assert genes["part"].nunique() == 3
    excluded = read_table(inputs / "excluded.tsv")
    assert excluded.to_numpy().tolist() == [["ENSG99999999999", "no promoter in the annotation"]]
    store = BinStore.open(inputs / "E1.zarr")
    assert store.gene_ids.tolist() == genes["gene_id"].tolist()
    assert store.marks.tolist() == ["H3K27me3", "H3K4me3"]
    np.testing.assert_array_equal(store.signal, np.broadcast_to(np.arange(1, 31)[:, None, None], (30, 2, 20)))
    labels = read_labels(inputs / "labels.tsv")
    assert labels["gene_id"].tolist() == genes["gene_id"].tolist()
    assert labels["label"].tolist() == [int(n % 10 >= 4) for n in range(GENES)]  # the 31st gene makes the median 4


def test_an_epigenome_without_expression_is_one_line_and_exit_status_2(shell, inputs):
    sheet = read_table(inputs / "sheet.tsv")
    sheet["epigenome"] = sheet["epigenome"].replace({"E2": "E017"})
    write_table(sheet, inputs / "sheet.tsv")
    result = shell(*MATCH)
    assert result.returncode == 2
    assert "no expression column: E017" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (inputs / "genes.tsv").exists()
    assert not (inputs / "excluded.tsv").exists()


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_truncated_bigwig_is_one_line_and_exit_status_2(shell, inputs, part):
    assert shell(*MATCH).returncode == 0
    path = inputs / "E1-H3K4me3.bw"
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * part)])
    result = shell(*BIN)
    assert result.returncode == 2
    assert f"{path}: the bigWig is cut short" in result.stderr
    assert not (inputs / "E1.zarr").exists()


def test_the_split_is_the_same_whatever_the_order_of_the_tables(script, inputs):
    options = dict(epigenomes=inputs / "sheet.tsv", expression=inputs / "rpkm.tsv", excluded=inputs / "x.tsv", seed=7)
    script("match_genes").main(promoters=inputs / "promoters.tsv", genes=inputs / "one.tsv", **options)
    table = read_table(inputs / "promoters.tsv").sample(frac=1, random_state=1)
    write_table(table, inputs / "shuffled.tsv")
    script("match_genes").main(promoters=inputs / "shuffled.tsv", genes=inputs / "two.tsv", **options)
    assert (inputs / "one.tsv").read_bytes() == (inputs / "two.tsv").read_bytes()


def test_published_files_are_imported_from_a_shell(shell, inputs):
    for part, genes in (("train", (1, 2)), ("valid", (3, 4)), ("test", (5, 6))):
        lines = [f"{gene:06},{b},1,0,2,{gene},0,{gene % 2}" for gene in genes for b in range(1, 101)]
        (inputs / f"{part}.csv").write_text("\n".join(lines) + "\n")
    result = shell("import_published_bins", "--train", "train.csv", "--valid", "valid.csv", "--test", "test.csv",
                   "--epigenome", "E003", "--bins", "E003.zarr", "--labels", "labels.tsv",
                   "--labels-summary", "summary.tsv")  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert BinStore.open(inputs / "E003.zarr").signal[4, 3].tolist() == [5] * 100
    assert read_labels(inputs / "labels.tsv")["gene_id"].tolist() == [f"{n:06}" for n in range(1, 7)]
