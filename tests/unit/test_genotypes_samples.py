"""Matching the people of a VCF with a sample table, and reading who is a case."""

import pandas as pd
import pytest
from vcf_files import text, write

from promoternets.errors import InputError
from promoternets.genotypes.samples import match_samples

PEOPLE = ("ann", "bob", "cat", "dan")


@pytest.fixture
def vcf(tmp_path):
    return write(tmp_path / "a.vcf", text([], PEOPLE))


@pytest.fixture
def table(tmp_path):
    """Return a function that writes a sample table from columns."""

    def make(**columns):
        path = tmp_path / "samples.tsv"
        pd.DataFrame(columns).to_csv(path, sep="\t", index=False)
        return path

    return make


def phenotypes(matched):
    return dict(zip(matched.samples["sample"], matched.samples["phenotype"], strict=True))


def reasons(matched):
    return dict(zip(matched.excluded["sample"], matched.excluded["reason"], strict=True))


def test_people_in_both_come_in_the_order_of_the_vcf(table, tmp_path):
    vcf = write(tmp_path / "o.vcf", text([], ("dan", "bob", "ann", "cat")))
    matched = match_samples([vcf], table(sample=["ann", "zoe", "dan", "bob"], phenotype=[0, 1, 1, "NA"]))
    assert matched.samples["sample"].tolist() == ["dan", "ann"]
    assert phenotypes(matched) == {"ann": 0, "dan": 1}
    assert reasons(matched) == {
        "zoe": "not in the VCF",
        "bob": "phenotype missing",
        "cat": "not in the sample table",
    }


def test_batch_files_come_one_after_the_other(vcf, table, tmp_path):
    other = write(tmp_path / "b.vcf", text([], ("eve", "fay")))
    matched = match_samples([vcf, other], table(sample=["fay", "dan", "eve"], phenotype=[1, 0, 1]))
    assert matched.samples["sample"].tolist() == ["dan", "eve", "fay"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["0", "1", "0", "1"], [0, 1, 0, 1]),
        (["1", "2", "2", "1"], [0, 1, 1, 0]),
        (["1", "2", "2", "-9"], [0, 1, 1, None]),
        (["2", "2", "1", "0"], None),
        (["0", "1", "-9", "1"], [0, 1, None, 1]),
        (["1.0", "2.0", "2.0", "1.0"], [0, 1, 1, 0]),
        (["control", "Case", "CASE", "Control"], [0, 1, 1, 0]),
        (["unaffected", "affected", "affected", "unaffected"], [0, 1, 1, 0]),
        (["no", "yes", "yes", "no"], [0, 1, 1, 0]),
        (["False", "True", "True", "False"], [0, 1, 1, 0]),
    ],
)
def test_usual_codings_are_understood_and_a_third_value_is_not_guessed(vcf, table, values, expected):
    if expected is None:
        with pytest.raises(InputError, match="holds 0, 1 and 2.*case: 2"):
            match_samples([vcf], table(sample=PEOPLE, phenotype=values))
        return
    matched = match_samples([vcf], table(sample=PEOPLE, phenotype=values))
    known = {name: value for name, value in zip(PEOPLE, expected, strict=True) if value is not None}
    assert phenotypes(matched) == known
    assert set(reasons(matched).values()) <= {"phenotype missing"}


def test_case_values_leave_everybody_else_as_controls(vcf, table):
    path = table(sample=PEOPLE, population=["FIN", "GBR", "TSI", "fin"])
    matched = match_samples([vcf], path, phenotype="population", case="FIN")
    assert phenotypes(matched) == {"ann": 1, "bob": 0, "cat": 0, "dan": 1}


def test_case_and_control_values_leave_the_others_out(vcf, table):
    path = table(sample=PEOPLE, population=["FIN", "GBR", "TSI", "IBS"])
    matched = match_samples([vcf], path, phenotype="population", case="FIN, IBS", control="GBR")
    assert phenotypes(matched) == {"ann": 1, "bob": 0, "dan": 1}
    assert reasons(matched) == {"cat": "phenotype is neither case nor control"}


def test_control_values_alone_leave_everybody_else_as_cases(vcf, table):
    matched = match_samples([vcf], table(sample=PEOPLE, phenotype=["a", "b", "c", "a"]), control="a")
    assert phenotypes(matched) == {"ann": 0, "bob": 1, "cat": 1, "dan": 0}


def test_all_other_columns_are_covariates_unless_named(vcf, table):
    path = table(
        sample=PEOPLE,
        sex=[1, 2, 1, 2],
        family=["f", "f", "g", "h"],
        status=["no", "yes", "no", "yes"],
        batch=list("xyxy"),
    )
    every = match_samples([vcf], path, phenotype="status").samples
    assert every.columns.tolist() == ["sample", "phenotype", "family", "sex", "batch"]
    assert every["sex"].tolist() == ["1", "2", "1", "2"]
    one = match_samples([vcf], path, phenotype="status", covariates=["batch"]).samples
    assert one.columns.tolist() == ["sample", "phenotype", "family", "batch"]


def test_identifiers_stay_text(table, tmp_path):
    vcf = write(tmp_path / "n.vcf", text([], ("007", "08")))
    assert phenotypes(match_samples([vcf], table(sample=["007", "08"], phenotype=[0, 1]))) == {
        "007": 0,
        "08": 1,
    }


def refused(message, *arguments, **options):
    with pytest.raises(InputError, match=message) as caught:
        match_samples(*arguments, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("values", [["a", "b", "c", "a"], ["0", "1", "2", "3"], ["0.5", "1", "0", "1"]])
def test_a_phenotype_that_is_not_two_classes_is_refused_with_what_was_seen(vcf, table, values):
    refused(f"not two classes.*{values[0]} ", [vcf], table(sample=PEOPLE, phenotype=values))


def test_one_class_among_the_people_in_both_is_refused(vcf, table):
    path = table(sample=["ann", "bob", "zoe"], phenotype=[0, 0, 1])
    refused("not two classes.*0 2.*among the 2 people", [vcf], path)
    refused("not two classes", [vcf], table(sample=PEOPLE, phenotype=[1, 1, 1, 1]))
    refused("not two classes", [vcf], table(sample=PEOPLE, phenotype=["NA"] * 4))


def test_case_values_that_do_not_occur_are_refused(vcf, table):
    path = table(sample=PEOPLE, phenotype=["FIN", "GBR", "TSI", "IBS"])
    refused("case value 'ceu' does not occur", [vcf], path, case="CEU")
    refused("both as a case and as a control", [vcf], path, case="FIN", control="FIN,GBR")


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (["ANN", "BOB", "CAT", "DAN"], "letter case"),
        (["x_ann", "x_bob", "x_cat", "x_dan"], "FID_IID|prefix"),
        (["ann_ann", "bob_bob", "cat_cat", "dan_dan"], "FID_IID"),
        (["idann", "idbob", "idcat", "iddan"], "prefix"),
        (["ann-1", "bob-1", "cat-1", "dan-1"], "suffix"),
        (["joe", "kim", "lea", "mia"], "Use the VCF's names"),
    ],
)
def test_nobody_in_both_is_refused_with_names_of_each_side_and_a_hint(vcf, table, names, hint):
    refused(
        f"share no people.*{names[0]}.*ann, bob, cat.*({hint})",
        [vcf],
        table(sample=names, phenotype=[0, 1, 0, 1]),
    )


def test_leading_zeros_are_noticed(table, tmp_path):
    vcf = write(tmp_path / "n.vcf", text([], ("007", "008")))
    refused("leading zeros", [vcf], table(sample=["7", "8"], phenotype=[0, 1]))


def test_people_that_stand_twice_are_refused(vcf, table, tmp_path):
    refused("more than once.*ann", [vcf], table(sample=["ann", "bob", "ann"], phenotype=[0, 1, 1]))
    other = write(tmp_path / "b.vcf", text([], ("eve", "ann")))
    refused("sample ann is also in", [vcf, other], table(sample=PEOPLE, phenotype=[0, 1, 1, 0]))


def test_missing_columns_are_refused(vcf, table):
    refused("lacks column phenotype", [vcf], table(sample=PEOPLE, status=[0, 1, 1, 0]))
    refused("lacks covariate sex", [vcf], table(sample=PEOPLE, phenotype=[0, 1, 1, 0]), covariates=["sex"])
    refused(
        "phenotype cannot be a covariate",
        [vcf],
        table(sample=PEOPLE, phenotype=[0, 1, 1, 0]),
        covariates=["phenotype"],
    )


def test_a_row_without_a_name_is_refused_with_its_line(vcf, table):
    refused("line 3", [vcf], table(sample=["ann", "", "cat"], phenotype=[0, 1, 1]))


def test_chromosomes_with_other_people_are_refused(vcf, table, tmp_path):
    path = table(sample=PEOPLE, phenotype=[0, 1, 1, 0])
    same = write(tmp_path / "same.vcf", text([], PEOPLE[::-1]))
    assert len(match_samples([vcf], path, others=[vcf, same]).samples) == 4
    fewer = write(tmp_path / "fewer.vcf", text([], ("ann", "bob", "zoe")))
    refused(
        "not hold the same people.*2 lacking, for example cat, dan; 1 more, for example zoe",
        [vcf],
        path,
        others=[fewer],
    )


def test_people_to_predict_need_no_phenotype_no_second_class_and_no_table(vcf, table):
    path = table(sample=["dan", "ann", "cat", "zoe"], pop=["TSI", "GBR", None, "TSI"])
    matched = match_samples([vcf], path, phenotype="pop", case="IBS,TSI", control="GBR", unlabelled=True)
    assert matched.samples["sample"].tolist() == ["ann", "cat", "dan"]
    assert matched.samples["phenotype"].tolist() == [0, pd.NA, 1]
    assert reasons(matched) == {"zoe": "not in the VCF", "bob": "not in the sample table"}
    refused("'ibs' does not occur", [vcf], path, phenotype="pop", case="IBS,TSI", control="GBR")
    one_class = match_samples([vcf], table(sample=PEOPLE, phenotype=[0, 0, 0, 0]), unlabelled=True)
    assert one_class.samples["phenotype"].tolist() == [0, 0, 0, 0]
    no_phenotype = match_samples([vcf], table(sample=PEOPLE, sex=[1, 2, 1, 2]), unlabelled=True)
    assert no_phenotype.samples["phenotype"].isna().all() and len(no_phenotype.samples) == 4
    everybody = match_samples([vcf], None, unlabelled=True)
    assert everybody.samples["sample"].tolist() == list(PEOPLE) and everybody.samples["phenotype"].isna().all()
    assert everybody.excluded.empty
    refused("no sample table", [vcf], None)
