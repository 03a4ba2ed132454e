"""A .fam or .psam as a sample table: PLINK's phenotypes, sexes and families."""

import pytest

from promoternets.errors import InputError
from promoternets.genotypes.samples import match_samples

PEOPLE = ("ann", "bob", "cat", "dan", "eve")


def fam(path, *, family="0 0 0 0 0", parents=("0 0",) * 5, sex="1 2 1 2 0", phenotype="1 2 1 2 2"):
    """Write a .fam of five people."""
    rows = zip(family.split(), PEOPLE, parents, sex.split(), phenotype.split(), strict=True)
    path.write_text("".join(" ".join(row) + "\n" for row in rows))
    return path


def matched_with_itself(path, **options):
    return match_samples([path], path, **options)


def columns(path, **options):
    return matched_with_itself(path, **options).samples.fillna("NA").to_dict("list")


def reasons(found):
    return dict(zip(found.excluded["sample"], found.excluded["reason"], strict=True))


def test_phenotype_and_sex_are_those_of_plink(tmp_path):
    assert columns(fam(tmp_path / "a.fam")) == {
        "sample": list(PEOPLE),
        "phenotype": [0, 1, 0, 1, 1],
        "sex": ["1", "2", "1", "2", "NA"],
    }


def test_people_without_phenotype_are_left_out_with_the_reason(tmp_path):
    found = matched_with_itself(fam(tmp_path / "a.fam", phenotype="1 0 -9 2 NA"))
    assert found.samples["sample"].tolist() == ["ann", "dan"]
    assert reasons(found) == dict.fromkeys(("bob", "cat", "eve"), "phenotype missing")


def test_unknown_sex_of_everybody_is_no_covariate(tmp_path):
    assert set(columns(fam(tmp_path / "a.fam", sex="0 0 0 0 0"))) == {"sample", "phenotype"}


@pytest.mark.parametrize("family", ["ann bob cat dan eve", "0 0 0 0 0", "x x x x x"])
def test_family_numbers_that_join_nobody_or_everybody_say_nothing(tmp_path, family):
    assert "family" not in columns(fam(tmp_path / "a.fam", family=family))


def test_people_of_one_family_number_or_with_parents_are_related(tmp_path):
    assert columns(fam(tmp_path / "a.fam", family="f1 f1 f2 0 0"))["family"] == ["f1", "f1", "NA", "NA", "NA"]
    parents = ("0 0", "0 0", "ann bob", "0 0", "0 0")
    assert columns(fam(tmp_path / "a.fam", parents=parents))["family"] == ["ann", "ann", "ann", "NA", "NA"]


def test_other_codings_are_named_with_case_and_control(tmp_path):
    path = fam(tmp_path / "a.fam", phenotype="0 1 0 1 1")
    with pytest.raises(InputError, match="no phenotype is 2.*`case: 1` and `control: 0`"):
        matched_with_itself(path)
    assert columns(path, case="1", control="0")["phenotype"] == [0, 1, 0, 1, 1]


def test_a_missing_phenotype_is_no_control_when_only_the_case_is_named(tmp_path):
    found = matched_with_itself(fam(tmp_path / "a.fam", phenotype="2 1 0 -9 2"), case="2")
    assert found.samples["phenotype"].tolist() == [1, 0, 1]
    assert reasons(found) == {"cat": "phenotype missing", "dan": "phenotype missing"}


@pytest.mark.parametrize("values", ["-9 -9 -9 -9 -9", "0 0 -9 0 NA"])
def test_a_fam_without_phenotypes_asks_for_a_table(tmp_path, values):
    with pytest.raises(InputError, match="nobody has a phenotype .* name a table of people under `samples`"):
        matched_with_itself(fam(tmp_path / "a.fam", phenotype=values))


def test_a_measured_phenotype_is_not_two_classes(tmp_path):
    with pytest.raises(InputError, match="not two classes"):
        matched_with_itself(fam(tmp_path / "a.fam", phenotype="1.5 2 3.25 0.1 7"))


def test_a_row_of_another_length_is_named(tmp_path):
    path = fam(tmp_path / "a.fam")
    path.write_text(path.read_text().replace("0 cat 0 0", "0 cat 0"))
    with pytest.raises(InputError, match=r"a.fam, line 3: 5 columns, where 6"):
        matched_with_itself(path)


def test_two_people_of_one_name_are_refused_even_in_two_families(tmp_path):
    path = fam(tmp_path / "a.fam", family="1 2 3 4 5")
    path.write_text(path.read_text().replace("cat", "ann"))
    with pytest.raises(InputError, match="'ann' stands twice in column IID"):
        matched_with_itself(path)


def test_columns_of_a_psam_are_covariates_but_for_other_phenotypes(tmp_path):
    path = tmp_path / "a.psam"
    path.write_text(
        "#IID\tSEX\tPHENO1\tPHENO2\tage\tAD\nann\tM\t1\t2\t40\t2\nbob\tF\t2\t2\tnan\t1\ncat\tNA\tNA\t1\t50\t2\n"
    )
    assert columns(path) == {
        "sample": ["ann", "bob"], "phenotype": [0, 1], "sex": ["1", "2"], "age": ["40", "NA"], "AD": ["2", "1"],
    }  # fmt: skip
    assert columns(path, phenotype="AD", covariates=["sex"]) == {
        "sample": ["ann", "bob", "cat"], "phenotype": [1, 0, 1], "sex": ["1", "2", "NA"],
    }  # fmt: skip
    with pytest.raises(InputError, match="there is no phenotype PD; the columns are IID, SEX"):
        matched_with_itself(path, phenotype="PD")


def test_a_psam_without_header_is_read_as_a_fam(tmp_path):
    assert columns(fam(tmp_path / "a.psam"))["phenotype"] == [0, 1, 0, 1, 1]


def test_people_of_a_fileset_who_are_not_in_the_table_are_named_and_the_other_way_round(tmp_path):
    table = tmp_path / "samples.tsv"
    table.write_text("sample\tphenotype\neve\t1\nzoe\t1\nann\t0\n")
    found = match_samples([fam(tmp_path / "a.fam")], table)
    assert found.samples["sample"].tolist() == ["ann", "eve"]
    assert reasons(found)["zoe"] == "not in the PLINK fileset"
    assert reasons(found)["bob"] == "not in the sample table"
    table.write_text("sample\tphenotype\n0_eve\t1\n0_ann\t0\n0_bob\t0\n")
    with pytest.raises(InputError, match="table and the PLINK fileset share no people"):
        match_samples([fam(tmp_path / "a.fam")], table)


def test_chromosomes_of_a_fileset_hold_the_same_people(tmp_path):
    one, other = fam(tmp_path / "1.fam"), fam(tmp_path / "2.fam")
    assert len(match_samples([one], one, others=[other]).samples) == 5
    other.write_text(other.read_text().replace("eve", "fay"))
    with pytest.raises(InputError, match="1 lacking, for example eve; 1 more, for example fay"):
        match_samples([one], one, others=[other])


@pytest.mark.parametrize(
    ("values", "phenotypes"),
    [
        ("-9 0 -9 NA 0", ["NA"] * 5),
        ("1 -9 1 1 1", [0, "NA", 0, 0, 0]),
        ("2 2 0 2 2", [1, 1, "NA", 1, 1]),
        ("1 2 -9 2 1", [0, 1, "NA", 1, 0]),
    ],
)
def test_people_to_predict_are_all_taken_with_what_is_known_of_them(tmp_path, values, phenotypes):
    path = fam(tmp_path / "a.fam", phenotype=values)
    samples = matched_with_itself(path, unlabelled=True).samples
    assert samples["sample"].tolist() == list(PEOPLE)
    assert samples["phenotype"].astype(object).fillna("NA").tolist() == phenotypes


def test_people_to_predict_need_no_phenotype_column_but_one_that_is_named_and_a_coding_that_is_clear(tmp_path):
    path = tmp_path / "a.psam"
    path.write_text("#IID\tSEX\nann\tM\nbob\tF\n")
    assert matched_with_itself(path, unlabelled=True).samples["phenotype"].isna().tolist() == [True, True]
    with pytest.raises(InputError, match="there is no phenotype PD"):
        matched_with_itself(path, unlabelled=True, phenotype="PD")
    path = fam(tmp_path / "b.fam", phenotype="0 1 0 1 1")
    with pytest.raises(InputError, match="no phenotype is 2"):
        matched_with_itself(path, unlabelled=True)
    coded = matched_with_itself(path, unlabelled=True, case="1", control="0")
    assert coded.samples["phenotype"].tolist() == [0, 1, 0, 1, 1]
