"""The scripts of the interactions read what selection and audit wrote, and say what is left of claimed pairs."""

import numpy as np
import pandas as pd
import pytest

from promoternets.errors import InputError
from promoternets.formats.components import write_components
from promoternets.formats.selected_store import write_selected_store
from promoternets.formats.tables import read_table, write_table

PEOPLE, SITES, FOLDS = 1200, 6, 2


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Two promoters; the phenotype is the doing of a product of a site of each. One site is missing at times."""
    folder = tmp_path_factory.mktemp("cohort")
    random = np.random.default_rng(0)
    names = np.array([f"p{number:04d}" for number in range(PEOPLE)], object)
    haplotype = (random.random((PEOPLE, 2, SITES, 2)) < 0.4).astype(np.int8)
    genotype = haplotype.sum(axis=3).astype(np.int8)
    value = 1.6 * (genotype[:, 0, 1] - 0.8) * (genotype[:, 1, 4] - 0.8)
    case = random.random(PEOPLE) < 1 / (1 + np.exp(-value))
    gone = random.random(PEOPLE) < 0.02
    genotype[gone, 0, 3], haplotype[gone, 0, 3] = -1, -1
    genotype[:, 1, 0], haplotype[:, 1, 0] = -2, -2  # padding
    site_ids = np.array([[f"{p + 1}:{s + 1}:A:C" for s in range(SITES)] for p in range(2)], object)
    site_ids[1, 0] = ""
    samples = {"sample": names, "phenotype": case.astype(int), "batch": random.choice(["x", "y"], PEOPLE),
               "age": random.normal(60, 9, PEOPLE).round(1)}  # fmt: skip
    write_table(pd.DataFrame(samples), folder / "samples.tsv")
    write_table(
        pd.DataFrame({"sample": names, "fold": np.arange(PEOPLE) % FOLDS + 1, "inner": 1}), folder / "folds.tsv"
    )
    write_table(pd.DataFrame({"promoter": ["a", "b"], "symbol": ["SOD1", None]}), folder / "blocks.tsv")
    write_components(folder / "components.tsv", samples=names, components=random.normal(size=(PEOPLE, 2)))
    write_selected_store(
        folder / "selected.zarr", sample_ids=names, genotype=genotype, haplotype=haplotype,
        promoters=np.array(["a", "b"], object), site_ids=site_ids, distance=np.zeros((2, SITES), np.int32), fold=1,
        upstream=4, downstream=2,
    )  # fmt: skip
    return folder


def find(script, cohort, out, fold=1, **changed):
    given = {"samples": cohort / "samples.tsv", "pairs": 2} | changed
    script("find_interactions").main(
        selected=cohort / "selected.zarr", folds=cohort / "folds.tsv", components=cohort / "components.tsv",
        fold=fold, interactions=out, **given,
    )  # fmt: skip
    return read_table(out)


def test_the_planted_pair_is_an_interaction_in_every_fold_and_over_them(script, cohort, tmp_path):
    paths = [tmp_path / f"fold_{fold}.tsv" for fold in (1, 2)]
    for fold, path in enumerate(paths, start=1):
        assert len(find(script, cohort, path, fold=fold)) == 4
    script("summarise_interactions").main(
        tables=paths, blocks=cohort / "blocks.tsv", interactions=tmp_path / "all.tsv", summary=tmp_path / "all.txt"
    )
    table = read_table(tmp_path / "all.tsv")
    planted = table[(table["site_1"] == "1:2:A:C") & (table["site_2"] == "2:5:A:C")]
    assert sorted(planted["fold"]) == ["1", "2", "all"]
    assert set(planted["verdict"]) == {"interaction"}
    assert set(planted["symbol_1"]) == {"SOD1"} and set(planted["symbol_2"]) == {"b"}
    lines = (tmp_path / "all.txt").read_text().splitlines()
    assert lines[0].startswith("Of 8 pairs claimed in training people 2 are shown to interact in people not seen (SOD1")
    assert 1 <= len(lines) <= 3


def test_a_result_does_not_depend_on_the_order_of_people_in_the_tables(script, cohort, tmp_path):
    first = find(script, cohort, tmp_path / "a.tsv")
    shuffled = pd.read_csv(cohort / "samples.tsv", sep="\t").sample(frac=1, random_state=1)
    write_table(shuffled, tmp_path / "samples.tsv")
    pd.testing.assert_frame_equal(first, find(script, cohort, tmp_path / "b.tsv", samples=tmp_path / "samples.tsv"))


def test_where_no_site_is_common_enough_the_table_is_empty_and_the_sentence_says_so(script, cohort, tmp_path):
    assert find(script, cohort, tmp_path / "fold_1.tsv", min_maf=0.49).empty
    script("summarise_interactions").main(
        tables=[tmp_path / "fold_1.tsv"], blocks=cohort / "blocks.tsv", interactions=tmp_path / "all.tsv",
        summary=tmp_path / "all.txt",
    )  # fmt: skip
    assert read_table(tmp_path / "all.tsv").empty
    assert "common enough" in (tmp_path / "all.txt").read_text()


def test_a_person_without_components_stops_it_before_anything_is_written(script, cohort, tmp_path):
    write_components(tmp_path / "few.tsv", samples=["p0000"], components=np.zeros((1, 2)))
    with pytest.raises(InputError, match="lacks 1199 people"):
        script("find_interactions").main(
            selected=cohort / "selected.zarr", samples=cohort / "samples.tsv", folds=cohort / "folds.tsv",
            components=tmp_path / "few.tsv", fold=1, interactions=tmp_path / "none.tsv",
        )  # fmt: skip
    assert not (tmp_path / "none.tsv").exists()
