"""The block store and its table: only the sites used, the right genotypes, counted statuses, clear errors."""

import numpy as np
import pandas as pd
import pytest
import zarr

from promoternets.blocks.build import build_blocks, summarise_blocks
from promoternets.errors import InputError
from promoternets.formats.block_store import BlockStore, list_reads
from promoternets.formats.tables import read_table, write_table
from promoternets.formats.variant_store import VariantStore, write_variant_store

POSITIONS = [100, 110, 120, 130, 130, 140, 900, 1000, 1010, 1020, 1030]
PEOPLE = [f"00{number}" for number in range(1, 6)]
SMALL = {"upstream": 3, "downstream": 2, "max_distance": 100, "min_sites": 2}
NUMBERS = {
    "tss": "int64",
    "sites_upstream": "int64",
    "sites_downstream": "int64",
    "sites_first_used": "int64",
}


@pytest.fixture
def genotypes(tmp_path):
    """Eleven sites on contig 22, five people, chunks of three sites; calls -1, 0, 1 and a haploid person."""
    calls = np.random.default_rng(1).integers(-1, 2, (len(POSITIONS), len(PEOPLE), 2)).astype(np.int8)
    calls[calls.min(axis=2) == -1] = -1
    calls[:, 4, 1] = -2
    write_variant_store(
        tmp_path / "22.zarr",
        sample_ids=PEOPLE,
        contig="22",
        positions=POSITIONS,
        alleles=[("A", f"{'ACGT'[row % 3 + 1]}") for row in range(len(POSITIONS))],
        call_genotype=calls,
        phased=calls[:, :, 0] == 1,
        hwe_p=np.linspace(0, 1, len(POSITIONS)),
        chunk_variants=3,
        chunk_samples=2,
    )
    return tmp_path / "22.zarr"


@pytest.fixture
def build(tmp_path, genotypes):
    """Return a function: promoters as (name, tss, strand) -> (block store, table)."""

    def run(*promoters, chrom="22", **settings) -> tuple[BlockStore, pd.DataFrame]:
        rows = [(name, name, name, "chr22", tss, strand) for name, tss, strand in promoters]
        rows.append(("ELSEWHERE", "E", "E", "chr1", 100, "+"))
        columns = ["promoter", "gene_id", "symbol", "chrom", "tss", "strand"]
        write_table(pd.DataFrame(rows, columns=columns), tmp_path / "promoters.tsv")
        build_blocks(
            genotypes=genotypes, promoters=tmp_path / "promoters.tsv", chrom=chrom,
            blocks=tmp_path / "blocks.zarr", table=tmp_path / "blocks.tsv", **{**SMALL, **settings},
        )  # fmt: skip
        return BlockStore.open(tmp_path / "blocks.zarr"), read_table(tmp_path / "blocks.tsv", dtypes=NUMBERS)

    return run


def test_the_store_holds_each_used_site_once_and_blocks_point_at_them(build):
    store, table = build(("A", 125, "+"), ("B", 125, "-"), ("FAR", 5000, "+"))
    assert store.promoters.tolist() == ["A", "B"]
    assert store.positions.tolist() == [100, 110, 120, 130, 130, 140]
    assert store.variant.tolist() == [[0, 1, 2, 3, 4], [5, 4, 3, 2, 1]]
    assert store.distance.tolist() == [[-25, -15, -5, 5, 5], [-15, -5, -5, 5, 15]]
    assert store.site_ids.tolist()[:2] == ["22:100:A:C", "22:110:A:G"]
    assert len(set(store.site_ids)) == 6
    assert table["promoter"].tolist() == ["A", "B", "FAR"]


def test_genotypes_of_the_blocks_are_those_of_the_variant_store(build, genotypes):
    store, _ = build(("A", 125, "+"), ("B", 1015, "-"))
    source = VariantStore.open(genotypes)
    rows = [0, 1, 2, 3, 4, 7, 8, 9, 10]
    assert store.positions.tolist() == [POSITIONS[row] for row in rows]
    assert np.array_equal(store.genotypes(), source.genotypes(rows))
    assert np.array_equal(store.genotypes(np.array([4, 0])), source.genotypes([4, 0]))
    assert store.sample_ids.tolist() == PEOPLE
    counts = store.counts(slice(0, 5))
    calls = source.genotypes(rows[:5])
    expected = np.where(calls[:, :, 0] < 0, -1, calls[:, :, 0] + np.maximum(calls[:, :, 1], 0))
    assert np.array_equal(counts, expected)
    group = zarr.open_group(store.path, mode="r")
    assert np.array_equal(group["call_genotype_phased"][:], source.phased(rows))
    assert np.array_equal(group["variant_hwe_p"][:], source.column("variant_hwe_p")[rows])
    assert group["call_genotype"].attrs["_ARRAY_DIMENSIONS"] == ["variants", "samples", "ploidy"]
    assert group.metadata.zarr_format == 2


def test_what_is_read_from_the_source_is_bounded_by_its_chunks(genotypes):
    store = VariantStore.open(genotypes).store
    rows = np.array([0, 2, 5, 9, 10])
    pieces = list(list_reads(store, "call_genotype", rows))
    assert [(at, len(values)) for at, values in pieces] == [(0, 2), (2, 1), (3, 2)]
    assert np.array_equal(np.concatenate([values for _, values in pieces]), store.read("call_genotype")[rows])
    assert list(list_reads(store, "call_genotype", np.array([], dtype=int))) == []


def test_status_and_counts_say_what_became_of_each_promoter(build):
    _, table = build(("FULL", 125, "+"), ("SHORT", 112, "+"), ("FEW", 850, "+"))
    assert table["status"].tolist() == ["complete", "padded", "left_out: fewer than 2 sites within 100 bp"]
    assert table["sites_upstream"].tolist() == [3, 2, 0]
    assert table["sites_downstream"].tolist() == [2, 2, 1]
    assert table["width"].tolist() == ["30", "30", "0"]


def test_incomplete_blocks_are_left_out_when_asked(build):
    store, table = build(("FULL", 125, "+"), ("SHORT", 112, "+"), incomplete="leave_out")
    assert table["status"].tolist() == ["complete", "left_out: fewer than 5 sites within 100 bp"]
    assert store.promoters.tolist() == ["FULL"]


def test_distinct_share_counts_sites_no_other_kept_block_uses(build):
    _, table = build(("A", 125, "+"), ("B", 125, "-"), ("C", 1015, "+"), ("FEW", 1130, "+"))
    assert table["sites_upstream"].iloc[3] == 1  # site 1030, which C uses too
    assert table["distinct_share"].tolist()[:3] == ["0.2", "0.2", "1"]
    assert table["sites_first_used"].tolist() == [5, 1, 4, 0]
    assert table["distinct_share"].isna().tolist() == [False, False, False, True]


def test_a_chromosome_without_kept_promoters_has_an_empty_valid_store(build):
    for promoters in ((), (("FAR", 5000, "+"),)):
        store, table = build(*promoters)
        assert store.variant.shape == (0, 5)
        assert store.genotypes().shape == (0, 5, 2)
        assert store.counts().shape == (0, 5)
        assert store.site_ids.tolist() == []
        assert store.sample_ids.tolist() == PEOPLE
        assert len(table) == len(promoters)


def test_a_chromosome_without_sites_leaves_all_promoters_out(tmp_path):
    write_variant_store(
        tmp_path / "g",
        sample_ids=["a"],
        contig="22",
        positions=[],
        alleles=[],
        call_genotype=np.zeros((0, 1, 2)),
    )
    write_table(
        pd.DataFrame(
            {
                "promoter": ["A"],
                "gene_id": ["A"],
                "symbol": ["A"],
                "chrom": ["22"],
                "tss": [5],
                "strand": ["-"],
            }
        ),
        tmp_path / "p",
    )
    build_blocks(
        genotypes=tmp_path / "g",
        promoters=tmp_path / "p",
        chrom="22",
        blocks=tmp_path / "b",
        table=tmp_path / "t",
        legacy=True,
    )
    assert BlockStore.open(tmp_path / "b").promoters.tolist() == []
    assert read_table(tmp_path / "t")["status"].tolist() == ["left_out: fewer than 64 sites"]


def test_legacy_ignores_distance_and_orientation_skips_short_blocks_and_keeps_one_of_equal_ones(build):
    store, table = build(
        ("A", 125, "+"),
        ("B", 126, "+"),
        ("MINUS", 125, "-"),
        ("GAP", 500, "+"),
        ("EDGE", 105, "+"),
        legacy=True,
    )
    assert store.promoters.tolist() == ["A", "GAP"]
    assert store.positions[store.variant[0]].tolist() == [
        110,
        120,
        130,
        130,
        140,
    ]  # 2 before, 3 after on plus
    assert store.positions[store.variant[1]].tolist() == [130, 140, 900, 1000, 1010]
    assert (store.oriented, store.max_distance, store.legacy) == (False, None, True)
    same = "left_out: the same sites as another promoter"
    assert table["status"].tolist() == ["complete", same, same, "complete", "left_out: fewer than 5 sites"]


def test_settings_are_kept_in_the_store(build):
    store, _ = build(("A", 125, "+"))
    assert (store.upstream, store.downstream, store.max_distance, store.oriented, store.legacy) == (
        3,
        2,
        100,
        True,
        False,
    )
    store, _ = build(("A", 125, "-"), max_distance=None, oriented=False)
    assert (store.max_distance, store.oriented) == (None, False)
    assert store.distance.tolist() == [[15, 5, -5, -5, -15]]


def test_one_contig_of_a_store_with_several_is_used_alone(tmp_path, build):
    write_variant_store(
        tmp_path / "two", sample_ids=["a"], contig=["21"] * 6 + ["22"] * 6,
        positions=[*range(10, 16), *range(10, 16)],
        alleles=[("A", "C")] * 12, call_genotype=np.arange(24).reshape(12, 1, 2) % 2,
    )  # fmt: skip
    build(("A", 13, "+"))
    build_blocks(
        genotypes=tmp_path / "two", promoters=tmp_path / "promoters.tsv", chrom="chr22",
        blocks=tmp_path / "b.zarr", table=tmp_path / "t.tsv", **SMALL,
    )  # fmt: skip
    assert BlockStore.open(tmp_path / "b.zarr").site_ids.tolist() == [
        f"22:{position}:A:C" for position in range(10, 15)
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"chrom": "21"}, "the genotypes hold 22, not 21"),
        ({"min_sites": 6}, "min_sites is 6, but a block has 5 sites"),
        ({"max_distance": 0}, "max_distance is 0 bp"),
        ({"upstream": 0, "downstream": 0}, "is empty"),
    ],
)
def test_settings_that_make_no_sense_are_one_error_and_leave_nothing(settings, message, build, tmp_path):
    with pytest.raises(InputError, match=message):
        build(("A", 125, "+"), **settings)
    assert not (tmp_path / "blocks.zarr").exists()
    assert not (tmp_path / "blocks.tsv").exists()


def test_bad_stores_and_tables_are_errors(build, tmp_path):
    with pytest.raises(InputError, match="the block store does not exist"):
        BlockStore.open(tmp_path / "none.zarr")
    with pytest.raises(InputError, match="lacks promoter_id, block_variant"):
        BlockStore.open(tmp_path / "22.zarr")
    with pytest.raises(InputError, match="promoter A occurs twice"):
        build(("A", 125, "+"), ("A", 126, "+"))
    with pytest.raises(InputError, match="no strand"):
        build(("A", 125, "*"))


def test_unsorted_sites_are_an_error(tmp_path):
    write_variant_store(
        tmp_path / "g",
        sample_ids=["a"],
        contig="22",
        positions=[5, 3],
        alleles=[("A", "C")] * 2,
        call_genotype=np.zeros((2, 1, 2)),
    )
    with pytest.raises(InputError, match="positions on 22 are not sorted"):
        build_blocks(
            genotypes=tmp_path / "g",
            promoters=tmp_path / "p",
            chrom="22",
            blocks=tmp_path / "b",
            table=tmp_path / "t",
        )


def test_the_summary_joins_chromosomes_in_genome_order(build, tmp_path):
    _, first = build(("A", 125, "+"), ("B", 125, "-"))
    write_table(first.assign(chrom="chr2", promoter=["C", "D"]), tmp_path / "2.tsv")
    write_table(first.iloc[:0], tmp_path / "empty.tsv")
    summarise_blocks(
        tables=[tmp_path / "blocks.tsv", tmp_path / "empty.tsv", tmp_path / "2.tsv"],
        blocks=tmp_path / "all.tsv",
    )
    assert read_table(tmp_path / "all.tsv")["promoter"].tolist() == ["C", "D", "A", "B"]


def test_the_summary_logs_sites_used_and_distinct(build, tmp_path, caplog):
    build(("A", 125, "+"), ("B", 125, "-"))
    caplog.clear()
    with caplog.at_level("INFO"):
        summarise_blocks(tables=[tmp_path / "blocks.tsv"], blocks=tmp_path / "all.tsv")
    assert "10 sites in blocks, 6 distinct (60%)" in caplog.text


def test_no_block_in_the_whole_cohort_is_an_error_that_says_why(build, tmp_path):
    build(("FAR", 5000, "+"), ("FEW", 850, "+"))
    with pytest.raises(
        InputError,
        match="no block is kept: of 2 promoters 2 have fewer than 2 sites within 100 bp.*max_distance",
    ):
        summarise_blocks(tables=[tmp_path / "blocks.tsv"], blocks=tmp_path / "all.tsv")
    build()
    with pytest.raises(InputError, match="no promoter lies on a chromosome"):
        summarise_blocks(tables=[tmp_path / "blocks.tsv"], blocks=tmp_path / "all.tsv")
    assert not (tmp_path / "all.tsv").exists()
