"""Stores whose bytes changed or went missing: one clear error, or the values that were written; never others."""

import shutil
from functools import partial

import numpy as np
import pytest
import xarray
import zarr

from promoternets.errors import InputError
from promoternets.formats.associations import Associations, Piece, write_associations
from promoternets.formats.attention_store import AttentionStore, write_attention_store
from promoternets.formats.bin_store import BinStore, write_bin_store
from promoternets.formats.block_store import BlockStore, write_block_store
from promoternets.formats.selected_store import SelectedStore, write_selected_store
from promoternets.formats.variant_store import VariantStore, write_variant_store

RANDOM = np.random.default_rng(11)
PEOPLE = [f"p{row}" for row in range(5)]
CALLS = RANDOM.integers(-1, 2, (6, 5, 2)).astype(np.int8)
CALLS[2:4] = 0  # a chunk of nothing but zeros, which Zarr would not write


def write_variants(path):
    write_variant_store(path, sample_ids=PEOPLE, contig="22", positions=[5, 9, 12, 20, 31, 40],
                        alleles=[["A", "C"]] * 5 + [["AT", "A"]], call_genotype=CALLS, chunk_variants=2)  # fmt: skip


def write_blocks(path):
    write_variants(path.with_name("source.zarr"))
    block = np.array([[0, 1, 3], [-1, 3, 5]])
    write_block_store(path, genotypes=path.with_name("source.zarr"), promoters=np.array(["A", "B"]), variant=block,
                      distance=block * 10, upstream=2, downstream=1, max_distance=100, oriented=True)  # fmt: skip


def write_bins(path):
    counts = np.arange(6).reshape(3, 2)
    write_bin_store(path, gene_ids=["a", "b", "c"], marks=["m", "n"], signal=RANDOM.random((3, 2, 4)), zero=counts,
                    uncovered=counts, absent=counts * 0, epigenome="E1", bin_size=50, oriented=True, statistic="mean",
                    fill="zero", source="bigwig", validation_mark="v", validation_signal=np.zeros((3, 4)))  # fmt: skip


def write_selected(path):
    haplotypes = RANDOM.integers(0, 2, (5, 2, 3, 2))
    write_selected_store(path, sample_ids=np.array(PEOPLE), genotype=haplotypes.sum(-1), haplotype=haplotypes,
                         promoters=np.array(["A", "B"]), site_ids=np.array([["1:2:A:C", "1:3:A:C", ""]] * 2),
                         distance=np.array([[-1, 1, 0]] * 2), fold=1, upstream=2, downstream=1)  # fmt: skip


def write_attention(path):
    maps = {"score": RANDOM.random(3), "alpha": RANDOM.random((3, 1, 4)), "beta": RANDOM.random((3, 2))}
    write_attention_store(path, epigenome="E1", target="label", gene_ids=np.array(["a", "b", "c"]), marks=("m", "n"),
                          part=np.array(["test"] * 3), label=np.array([0, 1, 1]), models={"net": maps})  # fmt: skip


def write_study(path):
    numbers = RANDOM.random(4)
    piece = Piece("22", np.array([3, 5, 8, 9]), np.array([["A", "C"]] * 4), numbers, RANDOM.random((2, 4)), numbers,
                  RANDOM.random((2, 4)), numbers)  # fmt: skip
    write_associations(path.with_name("study.tsv.gz"), path, [piece], fold=1, rounds=1)


def variants(path):
    store = VariantStore.open(path)
    columns = [store.column(f"variant_{name}") for name in ("allele_frequency", "call_rate", "hwe_p")]
    return [store.sample_ids, store.contigs, store.variant_contigs, store.positions, store.alleles, store.variant_ids,
            store.genotypes(slice(None)), store.genotypes([3, 0]), store.phased(slice(None)), *columns]  # fmt: skip


def blocks(path):
    store = BlockStore.open(path)
    return [store.sample_ids, store.promoters, store.variant, store.distance, store.site_ids, store.genotypes(),
            store.upstream, store.downstream, store.max_distance, store.oriented, store.legacy,
            *[store._store.read(name) for name in store._store.names]]  # fmt: skip


def bins(path):
    store = BinStore.open(path)
    return [store.gene_ids, store.marks, store.signal, store.validation_signal, store.zero, store.uncovered,
            store.absent, store.epigenome, store.bin_size, store.oriented, store.validation_mark]  # fmt: skip


def selected(path):
    store = SelectedStore.open(path)
    return [store.sample_ids, store.promoters, store.site_ids, store.distance, store.genotype, store.haplotype,
            store.fold, store.upstream, store.downstream, store.distinct_sites]  # fmt: skip


def attention(path):
    store = AttentionStore.open(path)
    return [store.gene_ids, store.part, store.marks, store.label, store.models, *store.maps("net").values()]


def study(path):
    store = Associations.open(path)
    return [store.contigs, store.contig, store.position, store.alleles, store.effect(0), store.z(1), store.fold,
            store.rounds]  # fmt: skip


KINDS = {
    "variants": (write_variants, variants),
    "blocks": (write_blocks, blocks),
    "bins": (write_bins, bins),
    "selected sites": (write_selected, selected),
    "attention": (write_attention, attention),
    "associations": (write_study, study),
}
alike = partial(np.testing.assert_equal, verbose=False)


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    """Return a store's path, a function that reads all of it or returns None for one clear error, and what is there."""
    write, read = KINDS[request.param]
    path = tmp_path / "s.zarr"
    write(path)

    def product():
        try:
            return read(path)
        except InputError as error:
            assert str(error).startswith(str(path)) and "\n" not in str(error) and error.fix
            return None

    return path, product, read(path)


def files(path):
    return sorted(file for file in path.rglob("*") if file.is_file())


def test_a_changed_bit_is_an_error_or_does_not_matter(store):
    path, product, there = store
    random = np.random.default_rng(2)
    errors = tried = 0
    for file in files(path):
        raw = file.read_bytes()
        some = random.choice(len(raw), min(len(raw), 4), replace=False)
        for place in sorted({*range(min(5, len(raw))), *some.tolist()}):  # the first are of the codec's header
            changed = bytearray(raw)
            changed[place] ^= 1 << int(random.integers(8))
            file.write_bytes(changed)
            found = product()
            tried, errors = tried + 1, errors + (found is None)
            if found is not None:
                alike(found, there, f"byte {place} of {file.relative_to(path)}")
        file.write_bytes(raw)
    assert errors > tried / 2
    alike(product(), there)


def test_a_lost_or_cut_chunk_is_an_error_though_it_held_zeros(store):
    path, product, there = store
    chunks = [file for file in files(path) if not file.name.startswith(".")]
    assert len(chunks) > 5
    for file in chunks:
        raw = file.read_bytes()
        for left in (None, b"", raw[:8], raw[:-1], bytes(len(raw))):
            file.unlink()
            if left is not None:
                file.write_bytes(left)
            assert product() is None, f"{file.relative_to(path)} {left and len(left)}"
            file.write_bytes(raw)
    alike(product(), there)


def test_lost_metadata_are_an_error_or_are_there_a_second_time(store):
    path, product, there = store
    for file in files(path):
        if file.name.startswith("."):
            raw = file.read_bytes()
            file.unlink()
            found = product()
            assert found is None or file.name == ".zmetadata", file
            if found is not None:
                alike(found, there)
            file.write_bytes(raw)


def test_xarray_and_zarr_read_it_and_check_it_too(store):
    path, _, _ = store
    with xarray.open_zarr(path, consolidated=True) as data:
        data.load()
    chunk = next(file for file in files(path) if not file.name.startswith("."))
    raw = bytearray(chunk.read_bytes())
    raw[-1] ^= 1
    chunk.write_bytes(raw)
    with pytest.raises(RuntimeError, match="Zstd"):
        zarr.open_group(path, mode="r")[chunk.parent.relative_to(path).as_posix()][...]


def test_another_file_or_folder_in_place_of_a_store_is_an_error(store):
    path, product, _ = store
    shutil.rmtree(path)
    assert product() is None
    path.mkdir()
    assert product() is None
    (path / ".zgroup").write_text("{")
    assert product() is None
    shutil.rmtree(path)
    path.write_text("no store")
    assert product() is None
