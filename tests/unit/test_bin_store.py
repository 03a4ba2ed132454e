"""The bin store: what is written is read, and what does not fit together is refused."""

import numpy as np
import pytest
import xarray
import zarr

from promoternets.errors import InputError
from promoternets.formats.bin_store import BinStore, write_bin_store


def content(**changes):
    random = np.random.default_rng(1)
    return {
        "gene_ids": ["000003", "ENSG00000000005", "A"],
        "marks": ["H3K4me3", "H3K9me3"],
        "signal": random.random((3, 2, 10)).astype(np.float32),
        "zero": np.arange(6).reshape(3, 2),
        "uncovered": np.arange(6).reshape(3, 2) + 10,
        "absent": np.arange(6).reshape(3, 2) + 20,
        "epigenome": "E003",
        "bin_size": 50,
        "oriented": True,
        "statistic": "mean",
        "fill": "zero",
        "source": "bigwig",
        **changes,
    }


def test_a_store_gives_back_what_was_written(tmp_path):
    given = content(validation_mark="H3K27ac", validation_signal=np.ones((3, 10), dtype=np.float32))
    write_bin_store(tmp_path / "bins.zarr", **given)
    store = BinStore.open(tmp_path / "bins.zarr")
    for name in ("signal", "zero", "uncovered", "absent", "validation_signal"):
        assert getattr(store, name).tolist() == given[name].tolist()
    assert store.gene_ids.tolist() == given["gene_ids"]
    assert store.marks.tolist() == given["marks"]
    for name in ("epigenome", "bin_size", "oriented", "statistic", "fill", "source", "validation_mark"):
        assert getattr(store, name) == given[name]
    assert store.bin_count == 10
    assert (store.signal.dtype, store.zero.dtype) == (np.float32, np.int32)


def test_without_a_held_back_mark_there_is_no_validation_signal(tmp_path):
    write_bin_store(tmp_path / "bins.zarr", **content())
    store = BinStore.open(tmp_path / "bins.zarr")
    assert store.validation_signal is None
    assert store.validation_mark is None


def test_xarray_opens_it_with_names_for_the_dimensions(tmp_path):
    write_bin_store(tmp_path / "bins.zarr", **content())
    with xarray.open_zarr(tmp_path / "bins.zarr", consolidated=True) as data:
        assert dict(data["signal"].sizes) == {"genes": 3, "marks": 2, "bins": 10}
        assert data["zero"].dtype == np.int32


@pytest.mark.parametrize(
    "change",
    [
        {"signal": np.zeros((2, 2, 10))},
        {"zero": np.zeros((3, 1))},
        {"gene_ids": ["A", "A", "B"]},
        {"validation_mark": "H3K27ac"},
        {"validation_mark": "H3K4me3", "validation_signal": np.zeros((3, 10))},
        {"validation_mark": "H3K27ac", "validation_signal": np.zeros((3, 9))},
        {"signal": np.full((3, 2, 10), np.nan)},
    ],
)
def test_what_does_not_fit_together_is_not_written(change, tmp_path):
    with pytest.raises(ValueError):
        write_bin_store(tmp_path / "bins.zarr", **content(**change))
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_absent_or_lacks_an_array_is_said_so(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        BinStore.open(tmp_path / "bins.zarr")
    write_bin_store(tmp_path / "bins.zarr", **content())
    group = zarr.open_group(tmp_path / "bins.zarr", mode="a", use_consolidated=False)
    del group["uncovered"]
    zarr.consolidate_metadata(tmp_path / "bins.zarr", zarr_format=2)
    with pytest.raises(InputError, match="lacks uncovered"):
        BinStore.open(tmp_path / "bins.zarr")
