"""match_samples.py as a program."""

import pandas as pd
from vcf_files import text, write


def table(path, **columns):
    pd.DataFrame(columns).to_csv(path, sep="\t", index=False)
    return path


def run(run_script, tmp_path, *more, people=("ann", "bob", "cat"), **columns):
    vcf = write(tmp_path / "a.vcf.gz", text([], people), index=False)
    return run_script(
        "match_samples",
        "--vcf", vcf,
        "--sample-table", table(tmp_path / "cohort.tsv", **columns),
        "--samples", tmp_path / "samples.tsv",
        "--excluded", tmp_path / "excluded.tsv",
        *more,
    )  # fmt: skip


def test_people_and_those_left_out_are_written(run_script, tmp_path):
    done = run(
        run_script,
        tmp_path,
        "--phenotype",
        "pop",
        "--case",
        "FIN",
        sample=["cat", "ann", "zoe"],
        pop=["FIN", "GBR", "GBR"],
        sex=[1, 2, 1],
    )
    assert done.returncode == 0, done.stderr
    samples = pd.read_csv(tmp_path / "samples.tsv", sep="\t")
    assert samples.to_dict("list") == {"sample": ["ann", "cat"], "phenotype": [0, 1], "sex": [2, 1]}
    excluded = pd.read_csv(tmp_path / "excluded.tsv", sep="\t")
    assert excluded.to_dict("list") == {
        "sample": ["zoe", "bob"],
        "reason": ["not in the VCF", "not in the sample table"],
    }
    assert "2 people: 1 cases, 1 controls" in done.stderr


def test_nobody_left_out_gives_a_table_with_a_header_only(run_script, tmp_path):
    done = run(run_script, tmp_path, sample=["ann", "bob", "cat"], phenotype=[0, 1, 1])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "excluded.tsv").read_text() == "sample\treason\n"


def test_bad_input_is_one_line_and_leaves_nothing(run_script, tmp_path):
    done = run(run_script, tmp_path, sample=["x1", "x2"], phenotype=[0, 1])
    assert done.returncode == 2
    assert "share no people" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "samples.tsv").exists()
    assert not (tmp_path / "excluded.tsv").exists()


def test_people_of_a_fileset_are_those_of_its_fam(run_script, tmp_path):
    (tmp_path / "a.fam").write_text("f ann 0 0 1 2\nf bob 0 0 2 1\ng cat 0 0 0 -9\n")
    done = run_script(
        "match_samples", "--plink", tmp_path / "a.fam", "--sample-table", tmp_path / "a.fam",
        "--samples", tmp_path / "samples.tsv", "--excluded", tmp_path / "excluded.tsv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    samples = pd.read_csv(tmp_path / "samples.tsv", sep="\t").to_dict("list")
    assert samples == {"sample": ["ann", "bob"], "phenotype": [1, 0], "family": ["f", "f"], "sex": [1, 2]}
    assert (tmp_path / "excluded.tsv").read_text() == "sample\treason\ncat\tphenotype missing\n"


def test_names_that_lead_elsewhere_are_text_like_any_other(script, tmp_path):
    people = ["../../x; rm -rf .", "$(touch x)", "<script>alert(1)</script>", "='[x]a'!A1"]
    given = pd.DataFrame({"sample": people, "phenotype": [0, 1, 0, 1], "batch": people[::-1], "$(x)": [1, 2, 3, 4]})
    before = write(tmp_path / "a.vcf.gz", text([], people), index=False)
    given.to_csv(tmp_path / "cohort.tsv", sep="\t", index=False)
    script("match_samples").main(
        vcf=[before], sample_table=tmp_path / "cohort.tsv", samples=tmp_path / "samples.tsv",
        excluded=tmp_path / "excluded.tsv",
    )  # fmt: skip
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "samples.tsv", sep="\t"), given)
    assert {path.name for path in tmp_path.iterdir()} == {"a.vcf.gz", "cohort.tsv", "samples.tsv", "excluded.tsv"}
