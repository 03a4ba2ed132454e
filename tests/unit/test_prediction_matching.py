"""Sites of a model are found among those of a cohort by position and alleles, whichever allele is the reference."""

import numpy as np
import pytest

from promoternets.errors import InputError
from promoternets.prediction.matching import alleles_of, counts_of, match_sites

MODEL = ["20:1:A:G", "20:2:A:T", "20:3:A:G", "20:4:C:CAT", "20:5:A:C"]


def one(model, *cohort, **options):
    """Return status, column and flip of a single site."""
    matching = match_sites([model], cohort, **options)
    return matching.status[0], int(matching.column[0]), bool(matching.flipped[0])


def test_the_same_alleles_match_with_or_without_chr_and_in_any_order():
    for cohort in (MODEL[::-1], ["chr" + site for site in MODEL[::-1]]):
        matching = match_sites(MODEL, cohort)
        assert matching.column.tolist() == [4, 3, 2, 1, 0] and matching.coverage == 1
        assert set(matching.status) == {"matched"} and not matching.flipped.any()
    assert match_sites(["chrX:7:a:g"], ["X:7:A:G"]).coverage == 1


@pytest.mark.parametrize(
    ("model", "cohort", "found"),
    [
        ("20:1:A:G", ["20:1:G:A"], ("flipped", 0, True)),
        ("20:4:C:CAT", ["20:4:CAT:C"], ("flipped", 0, True)),
        ("20:1:A:G", ["20:1:G:A", "20:1:A:G"], ("matched", 1, False)),
        ("20:1:A:T", ["20:1:A:T"], ("matched", 0, False)),
        ("20:1:A:T", ["20:1:T:A"], ("ambiguous", -1, False)),
        ("20:1:G:C", ["20:1:C:G"], ("ambiguous", -1, False)),
        ("20:1:A:G", ["20:1:T:C"], ("mismatched", -1, False)),
        ("20:1:A:G", ["20:1:A:C"], ("mismatched", -1, False)),
        ("20:1:A:G", ["20:2:A:G", "21:1:A:G"], ("absent", -1, False)),
        ("20:1:A:G", ["20:1:A:."], ("matched", 0, False)),
        ("20:1:A:G", ["20:1:G:."], ("flipped", 0, True)),
        ("20:1:A:G", ["20:1:T:."], ("mismatched", -1, False)),
        ("20:1:A:G", [], ("absent", -1, False)),
    ],
)
def test_each_kind_of_site_is_told_from_the_others(model, cohort, found):
    assert one(model, *cohort) == found


def test_ambiguous_sites_are_flipped_when_asked():
    assert one("20:1:A:T", "20:1:T:A", ambiguous="flip") == ("flipped", 0, True)


def test_flipped_sites_count_the_other_allele_and_no_call_stays_no_call():
    matching = match_sites(["20:1:A:G", "20:2:A:C", "20:9:A:C"], ["20:2:C:A", "20:1:A:G"])
    calls = np.array([[0, 2], [1, 1], [2, 0], [-1, -1]], np.int8)
    assert counts_of(alleles_of(calls, matching)).tolist() == [[2, 2, -2], [1, 1, -2], [0, 0, -2], [-1, -1, -2]]


def test_a_haploid_call_flips_within_its_one_allele():
    matching = match_sites(["X:1:A:G", "X:2:A:C"], ["X:1:G:A", "X:2:A:C"])
    calls = np.array([[[0, -2], [1, -2]], [[1, 0], [-1, -1]]], np.int8)
    alleles = alleles_of(calls, matching)
    assert alleles.tolist() == [[[1, -2], [1, -2]], [[0, 1], [-1, -1]]]
    assert counts_of(alleles).tolist() == [[1, 1], [1, -1]]
    assert calls[0, 0].tolist() == [0, -2], "what was given is not changed"


@pytest.mark.parametrize("wrong", ["20:1:A", "rs123", "20:x:A:G"])
def test_what_names_no_site_is_refused(wrong):
    with pytest.raises(InputError, match="does not name a site"):
        match_sites(MODEL, [wrong])


def test_a_site_given_twice_is_refused():
    with pytest.raises(InputError, match="there twice"):
        match_sites(MODEL, ["20:1:A:G", "chr20:1:A:G"])
