"""The selected-sites store keeps what it is given and is read as other Zarr stores are."""

import numpy as np
import pytest
import zarr

from promoternets.errors import InputError
from promoternets.formats.selected_store import SelectedStore, write_selected_store


def parts():
    random = np.random.default_rng(0)
    genotype = random.integers(-1, 3, (3, 2, 4)).astype(np.int8)
    genotype[:, 1, 3] = -2
    site_ids = np.array(
        [["1:5:A:C", "1:7:G:T", "1:9:A:G", "1:11:C:T"], ["1:9:A:G", "1:11:C:T", "1:20:T:TA", ""]], object
    )
    return {
        "sample_ids": np.array(["007", "b", "c"], object),
        "genotype": genotype,
        "haplotype": random.integers(-1, 2, (3, 2, 4, 2)).astype(np.int8),
        "promoters": np.array(["ENSG1", "ENSG2"], object),
        "site_ids": site_ids,
        "distance": np.arange(8, dtype=np.int32).reshape(2, 4) - 3,
        "fold": 2,
        "upstream": 3,
        "downstream": 1,
    }


def test_a_store_round_trips_and_counts_distinct_sites(tmp_path):
    given = parts()
    write_selected_store(tmp_path / "fold_2.zarr", **given)
    store = SelectedStore.open(tmp_path / "fold_2.zarr")
    for name, value in given.items():
        assert np.array_equal(getattr(store, name), value), name
    assert store.genotype.dtype == np.int8 and store.distinct_sites == 5
    assert store.present.sum() == 7 and isinstance(store.site_ids[0, 0], str)


def test_other_programs_find_format_two_and_named_dimensions(tmp_path):
    write_selected_store(tmp_path / "s.zarr", **parts())
    group = zarr.open_group(tmp_path / "s.zarr", mode="r", zarr_format=2)
    assert group["genotype"].attrs["_ARRAY_DIMENSIONS"] == ["samples", "promoters", "sites"]
    assert group["sample_id"].attrs["_ARRAY_DIMENSIONS"] == ["samples"]


def test_a_store_that_is_not_there_or_not_whole_is_said_plainly(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        SelectedStore.open(tmp_path / "none.zarr")
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(InputError, match="there is no selected-sites store here"):
        SelectedStore.open(tmp_path / "empty.zarr")
    write_selected_store(tmp_path / "s.zarr", **parts())
    group = zarr.open_group(tmp_path / "s.zarr", mode="a", zarr_format=2, use_consolidated=False)
    del group["haplotype"]
    zarr.consolidate_metadata(tmp_path / "s.zarr", zarr_format=2)
    with pytest.raises(InputError, match="lacks haplotype"):
        SelectedStore.open(tmp_path / "s.zarr")


def test_shapes_that_do_not_fit_are_a_defect(tmp_path):
    with pytest.raises(ValueError, match="distance has shape"):
        write_selected_store(tmp_path / "s.zarr", **(parts() | {"distance": np.zeros((2, 3), np.int32)}))
    assert not list(tmp_path.iterdir())
