"""From trained folds to another cohort's probabilities, script by script, as the rules call them."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from plink_files import People, Variant, write_bed, write_vcf

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit"))
import trained_cohort

from promoternets.errors import InputError
from promoternets.prediction.model import load_model


@pytest.fixture(scope="module")
def folder(script, tmp_path_factory):
    """A model folder of export_model.py."""
    path = tmp_path_factory.mktemp("trained")
    trained = trained_cohort.train(path, seeds=1)
    script("export_model").main(**trained | {"model": path / "model", "preprocessing": '{"genotypes": {}}'})
    return path / "model"


SWAPPED = {"chr20:1000:A:G", "chr20:1020:A:T"}  # the second is strand-ambiguous
GONE = "chr20:2010:C:T"
REFERENCE_ONLY = "chr20:2030:G:A"


def five_people():
    """Variants and calls of five people: two sites swapped, one without alternate, one gone, one not of the model."""
    site_ids, alleles = trained_cohort.distinct()
    alleles = np.maximum(alleles[:5], 0)
    variants, calls = [], []
    for at, site in enumerate(site_ids):
        _, position, reference, alternate = site.split(":")
        own = alleles[:, at]
        if site == GONE:
            continue
        if site == REFERENCE_ONLY:
            own, alternate = np.zeros_like(own), "."
        if site in SWAPPED:
            own, reference, alternate = 1 - own, alternate, reference
        variants.append(Variant("20", int(position), ".", f"{reference}>{alternate}"))
        calls.append(own)
    variants.append(Variant("20", 3999, ".", "A>C"))
    calls.append(np.tile([0, 1], (5, 1)))
    return variants, np.pad(np.stack(calls), ((0, 0), (0, 0), (0, 1)), constant_values=1)


PEOPLE = People("vwxyz", phenotype=["1", "2", "-9", "2", "1"])


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """The five people as a VCF, without phenotypes."""
    return {"vcf": [write_vcf(tmp_path_factory.mktemp("cohort") / "b.vcf.gz", PEOPLE, *five_people())]}


def predicted(script, folder, files, out, table=None, build="GRCh37", **options):
    """Run the scripts in order; return the tables."""
    script("match_samples").main(
        **files, sample_table=table, samples=out / "samples.tsv", excluded=out / "excluded.tsv", unlabelled=True
    )
    script("parse_genotypes").main(
        **files, genotypes=out / "20.zarr", samples=out / "samples.tsv", chrom="20", build=build, model=folder
    )
    paths = {name: out / f"{name}.tsv" for name in ("predictions", "coverage", "sites")}
    script("predict_cohort").main(
        genotypes=[out / "20.zarr"], model=folder, samples=out / "samples.tsv", cohort="b", build=build,
        summary=out / "summary.txt", **paths, **options,
    )  # fmt: skip
    script("evaluate_predictions").main(
        predictions=paths["predictions"], samples=out / "samples.tsv", cohort="b", bootstrap=100,
        metrics=out / "metrics.tsv",
    )  # fmt: skip
    return {path.stem: pd.read_csv(path, sep="\t") for path in [*paths.values(), out / "metrics.tsv"]}


def test_people_without_a_table_get_the_probabilities_of_their_genotypes(script, folder, cohort, tmp_path):
    found = predicted(script, folder, cohort, tmp_path)
    assert found["predictions"]["sample"].tolist() == list("vwxyz") and found["predictions"]["phenotype"].isna().all()
    status = found["sites"].set_index("site")["status"]
    assert status[status != "matched"].to_dict() == {
        "chr20:1000:A:G": "flipped", "chr20:1020:A:T": "ambiguous", GONE: "absent",
    }  # fmt: skip
    site_ids, alleles = trained_cohort.distinct()
    alleles = np.maximum(alleles[:5], 0)
    alleles[:, site_ids.index(REFERENCE_ONLY)] = 0
    kept = [at for at, site in enumerate(site_ids) if site not in (GONE, "chr20:1020:A:T")]
    expected = load_model(folder).predict(alleles[:, kept], [site_ids[at] for at in kept])
    assert np.allclose(found["predictions"]["probability"], expected, atol=1e-6)
    overall = found["coverage"].iloc[0]
    assert (overall["part"], overall["sites"], overall["ambiguous"], overall["absent"]) == ("all", 17, 1, 1)
    assert overall["coverage"] == pytest.approx(15 / 17)
    promoters = found["coverage"].query("part == 'promoter'").set_index("name")
    assert promoters["sites"].to_dict() == {"ENSG1": 6, "ENSG2": 6, "ENSG3": 5}
    assert promoters.loc["ENSG2", "absent"] == 1 and promoters.loc["ENSG3", "coverage"] == 1
    said = (tmp_path / "summary.txt").read_text()
    assert "88.2% of its 17 sites are read" in said and "1 swapped A/T or C/G sites" in said
    assert found["metrics"]["value"].tolist() == [0, 0]


def test_a_table_says_who_is_predicted_and_one_class_is_enough(script, folder, cohort, tmp_path):
    table = tmp_path / "people.tsv"
    pd.DataFrame({"sample": ["y", "v", "w"], "phenotype": ["0", "0", None]}).to_csv(table, sep="\t", index=False)
    found = predicted(script, folder, cohort, tmp_path, table)
    assert found["predictions"]["sample"].tolist() == ["v", "w", "y"]
    assert found["predictions"]["phenotype"].isna().tolist() == [False, True, False]
    assert found["metrics"].set_index("metric")["value"].loc[["people", "cases"]].tolist() == [2, 0]


def test_a_fileset_gives_the_predictions_of_the_same_vcf_and_the_phenotypes_of_its_fam(
    script, folder, cohort, tmp_path
):
    expected = predicted(script, folder, cohort, tmp_path / "vcf")
    fileset = write_bed(tmp_path / "b.bed", PEOPLE, *five_people())
    found = predicted(script, folder, {"plink": [fileset]}, tmp_path / "bed", tmp_path / "b.fam")
    for name in ("sites", "coverage"):
        pd.testing.assert_frame_equal(found[name], expected[name])
    known = found["predictions"].pop("phenotype")
    pd.testing.assert_frame_equal(found["predictions"], expected["predictions"].drop(columns="phenotype"))
    assert known.fillna(-1).tolist() == [0, 1, -1, 1, 0]
    assert found["metrics"].set_index("metric")["value"].loc[["people", "cases"]].tolist() == [4, 2]


def test_too_little_of_the_model_is_refused_with_counts_and_nothing_is_written(script, folder, cohort, tmp_path):
    with pytest.raises(InputError, match=r"88.2% of the model's 17 sites are there, at least 95% are needed"):
        predicted(script, folder, cohort, tmp_path, min_coverage=0.95)
    assert not (tmp_path / "predictions.tsv").exists() and not (tmp_path / "summary.txt").exists()
    found = predicted(script, folder, cohort, tmp_path, min_coverage=0.9, ambiguous="flip")
    assert found["coverage"]["ambiguous"].iloc[0] == 0 and len(found["predictions"]) == 5


def test_another_build_is_refused_before_a_record_is_read(script, folder, cohort, tmp_path):
    with pytest.raises(InputError, match=r"positions of GRCh37, but the cohort's build is GRCh38.*no liftover"):
        predicted(script, folder, cohort, tmp_path, build="GRCh38")
    assert not (tmp_path / "20.zarr").exists()
    script("parse_genotypes").main(**cohort, genotypes=tmp_path / "20.zarr", chrom="20", build="GRCh37")
    samples = tmp_path / "samples.tsv"
    pd.DataFrame({"sample": list("vwxyz"), "phenotype": 0}).to_csv(samples, sep="\t", index=False)
    with pytest.raises(InputError, match="no liftover"):
        script("predict_cohort").main(
            genotypes=[tmp_path / "20.zarr"], model=folder, samples=samples, cohort="b", build="GRCh38",
            **{name: tmp_path / name for name in ("predictions", "coverage", "sites", "summary")},
        )  # fmt: skip
