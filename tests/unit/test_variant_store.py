"""The genotype matrix on disk."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray

from promoternets.errors import InputError
from promoternets.formats.variant_store import VariantStore, alternate_counts, write_variant_store
from promoternets.formats.zarr_store import ArrayWriter, create_array, create_store

GENOTYPE = np.array(
    [
        [[0, 0], [0, 1], [1, 1]],
        [[-1, -1], [1, 0], [0, 0]],
        [[1, -2], [0, -2], [-1, -2]],
    ],
    dtype=np.int8,
)


@pytest.fixture
def path(tmp_path):
    """Write a store of three sites and three people in chunks of two."""
    write_variant_store(
        tmp_path / "22.zarr",
        sample_ids=["ann", "bob", "cat"],
        contig="22",
        positions=[5, 9, 12],
        alleles=[["A", "C"], ["G", "T"], ["AT", "A"]],
        call_genotype=GENOTYPE,
        phased=np.eye(3, dtype=bool),
        chunk_variants=2,
        chunk_samples=2,
    )
    return tmp_path / "22.zarr"


def test_alternate_alleles_are_counted_as_called():
    assert alternate_counts(GENOTYPE).tolist() == [[0, 1, 2], [-1, 1, 0], [1, 0, -1]]
    assert alternate_counts(GENOTYPE).dtype == np.int8


def test_a_half_missing_call_counts_as_missing():
    assert alternate_counts(np.array([[0, -1], [-1, 1]], np.int8)).tolist() == [-1, -1]


def test_what_was_written_is_read_back(path):
    store = VariantStore.open(path)
    assert len(store) == 3
    assert store.contig == "22"
    assert store.sample_ids.tolist() == ["ann", "bob", "cat"]
    assert store.positions.tolist() == [5, 9, 12]
    assert store.positions.dtype == np.int32
    assert store.alleles.tolist() == [["A", "C"], ["G", "T"], ["AT", "A"]]
    assert np.array_equal(store.genotypes(slice(None)), GENOTYPE)
    assert store.genotypes(slice(None)).dtype == np.int8
    assert np.array_equal(store.phased(slice(0, 3)), np.eye(3, dtype=bool))


def test_rows_come_in_the_order_asked_for(path):
    store = VariantStore.open(path)
    assert np.array_equal(store.genotypes(np.array([2, 0])), GENOTYPE[[2, 0]])
    assert np.array_equal(store.genotypes(np.array([False, True, False])), GENOTYPE[[1]])
    assert store.genotypes([]).shape == (0, 3, 2)


def test_frequency_and_call_rate_are_of_what_is_called(path):
    store = VariantStore.open(path)
    assert store.column("variant_allele_frequency") == pytest.approx([3 / 6, 1 / 4, 1 / 2])
    assert store.column("variant_call_rate") == pytest.approx([1, 2 / 3, 2 / 3])


def test_xarray_keeps_the_dtypes_and_dimensions_of_vcf_zarr(path):
    data = xarray.open_zarr(path)
    assert data.call_genotype.dims == ("variants", "samples", "ploidy")
    assert data.call_genotype.dtype == np.int8
    assert data.call_genotype_phased.dtype == bool
    assert data.variant_allele.dims == ("variants", "alleles")
    assert data.variant_position.dtype == np.int32
    assert data.contig_id.dims == ("contigs",)
    assert data.sample_id.dims == ("samples",)
    assert data.attrs["vcf_zarr_version"] == "0.4"
    assert np.array_equal(data.call_genotype.values, GENOTYPE)


def test_a_store_without_sites_is_valid(tmp_path):
    write_variant_store(
        tmp_path / "e.zarr",
        sample_ids=["ann"],
        contig="21",
        positions=[],
        alleles=[],
        call_genotype=np.empty((0, 1, 2), np.int8),
    )
    store = VariantStore.open(tmp_path / "e.zarr")
    assert (len(store), store.contig, store.genotypes(slice(None)).shape) == (0, "21", (0, 1, 2))
    assert xarray.open_zarr(tmp_path / "e.zarr").sizes["variants"] == 0


def test_the_one_contig_of_a_store_with_two_is_refused(tmp_path):
    write_variant_store(
        tmp_path / "two.zarr",
        sample_ids=["ann"],
        contig=["1", "2"],
        positions=[5, 4],
        alleles=[["A", "C"]] * 2,
        call_genotype=np.zeros((2, 1, 2), np.int8),
    )
    store = VariantStore.open(tmp_path / "two.zarr")
    assert store.contigs == ["1", "2"]
    with pytest.raises(InputError, match="holds 2 contigs"):
        _ = store.contig


def test_what_is_no_store_is_refused(tmp_path):
    with pytest.raises(InputError, match="the genotype store does not exist"):
        VariantStore.open(tmp_path / "none.zarr")
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(InputError, match="no genotype store"):
        VariantStore.open(tmp_path / "empty.zarr")


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["int8", "float32", "bool", str])
def test_arrays_written_chunk_by_chunk_are_those_that_zarr_writes(tmp_path, dtype, threads):
    """Also where the last chunks are not full, in rows and in columns."""
    generator = np.random.default_rng(1)
    values = generator.integers(0, 2, (25, 7)).astype("int8" if dtype is str else dtype)
    if dtype is str:
        values = np.array([["é" * number for number in row] for row in values.tolist()], dtype=object)
    groups = [create_store(tmp_path / name, {}) for name in ("zarr", "ours")]
    shape = {"dtype": dtype, "chunks": (10, 3), "dimensions": ["variants", "samples"]}
    create_array(groups[0], "calls", shape=values.shape, **shape)[...] = values
    with ThreadPoolExecutor(threads) as pool:
        array = ArrayWriter(groups[1], "calls", **{"shape": (7,), **shape}, pool=pool if threads > 1 else None)
        array.append(values[:20])
        array.append(values[20:])
        array.finish()
    folders = [tmp_path / "zarr", tmp_path / "ours"]
    files = [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in folders
    ]
    assert files[0] == files[1] and len(files[0]) > 9
    with pytest.raises(ValueError, match="behind a chunk that is not full"):
        array.append(values)
