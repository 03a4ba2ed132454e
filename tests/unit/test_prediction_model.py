"""A model folder predicts what its networks predict, tells nobody's genotypes, and refuses what it cannot read."""

import json

import numpy as np
import pandas as pd
import pytest
import trained_cohort
from safetensors.numpy import load_file
from scipy.special import expit, logit

from promoternets.calibration import platt
from promoternets.errors import InputError
from promoternets.formats.model_folder import positions, read_description
from promoternets.formats.outer_fold import read_outer_fold
from promoternets.formats.tables import write_table
from promoternets.prediction.export import export_model, site_numbers
from promoternets.prediction.model import load_model


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Return a function of an encoding that gives what was trained with it, and its model folder; each made once."""
    made = {}

    def of(encoding):
        if encoding not in made:
            folder = tmp_path_factory.mktemp(encoding)
            # one of the four without a linear path, and with one seed
            plain = encoding == "scalar"
            trained = trained_cohort.train(folder, encoding=encoding, linear_path=not plain, seeds=1 if plain else 2)
            export_model(folder=folder / "model", **trained)
            made[encoding] = trained, folder / "model"
        return made[encoding]

    return of


@pytest.fixture(scope="module")
def trained(exported):
    return exported("one_hot")[0]


@pytest.fixture(scope="module")
def folder(exported):
    return exported("one_hot")[1]


@pytest.fixture(scope="module")
def model(folder):
    return load_model(folder)


def stored_predictions(trained):
    """Return out-of-fold probabilities, mean over seeds, by sample."""
    frame = pd.concat([pd.read_csv(path, sep="\t") for path in trained["predictions"]])
    return frame.groupby("sample").agg({"probability": "mean", "phenotype": "first"})


@pytest.mark.parametrize("encoding", ["one_hot", "scalar", "haplotype", "standardised"])
def test_a_fold_s_test_people_get_what_training_wrote_for_them(encoding, exported):
    trained, folder = exported(encoding)
    loaded = load_model(folder)
    site_ids, alleles = trained_cohort.distinct()
    order = np.random.default_rng(0).permutation(len(site_ids))  # columns in another order than the model's
    site_ids, alleles = [site_ids[at].removeprefix("chr") for at in order], alleles[:, order]
    found = loaded.uncalibrated(alleles, loaded.match(site_ids))
    for number, path in enumerate(trained["predictions"]):
        wide = pd.read_csv(path, sep="\t").pivot(index="seed", columns="sample", values="probability")
        people = [int(name.removeprefix("person")) for name in wide.columns]
        assert np.allclose(found[number][:, people], wide.to_numpy(), atol=1e-6)


def test_swapped_alleles_change_nothing(model):
    site_ids, alleles = trained_cohort.distinct()
    whole = model.predict(alleles, site_ids)
    swapped = [at for at, site in enumerate(site_ids) if site.split(":", 2)[2] not in ("A:T", "C:G")]
    renamed = list(site_ids)
    for at in swapped:
        contig, position, reference, alternate = site_ids[at].split(":")
        renamed[at] = f"{contig}:{position}:{alternate}:{reference}"
    turned = alleles.copy()
    turned[:, swapped] = np.where(turned[:, swapped] >= 0, 1 - turned[:, swapped], turned[:, swapped])
    assert np.allclose(model.predict(turned, renamed), whole)
    assert not np.allclose(model.predict(alleles, renamed), whole), "the flip is what makes them equal"


def test_counts_do_as_well_as_alleles(model):
    site_ids, alleles = trained_cohort.distinct()
    counts = np.where((alleles < 0).any(-1), -1, alleles.sum(-1)).astype(np.int8)
    assert np.allclose(model.predict(counts, site_ids), model.predict(alleles, site_ids))


def test_a_person_s_prediction_does_not_depend_on_who_else_is_asked(model):
    site_ids, alleles = trained_cohort.distinct()
    together = model.predict(alleles[:, 1:], site_ids[1:])
    assert np.allclose([model.predict(alleles[[at], 1:], site_ids[1:])[0] for at in range(5)], together[:5])


def test_probabilities_are_calibrated_on_people_that_the_networks_had_not_seen(trained, model, folder, tmp_path):
    table = stored_predictions(trained)
    slope, intercept = platt(logit(table["probability"].to_numpy()), table["phenotype"].to_numpy() == 1)
    own = read_description(folder)["calibration"]
    assert (own["method"], own["people"]) == ("platt", trained_cohort.PEOPLE)
    assert own["slope"] == pytest.approx(slope, rel=1e-4) and own["intercept"] == pytest.approx(intercept, abs=1e-4)
    site_ids, alleles = trained_cohort.distinct()
    raw = model.uncalibrated(alleles, model.match(site_ids))
    by_hand = np.mean([expit(slope * logit(fold.mean(0)) + intercept) for fold in raw], axis=0)
    assert np.allclose(model.predict(alleles, site_ids), by_hand, atol=1e-4)


def test_numbers_of_a_fold_come_from_its_training_people_alone(trained, folder, tmp_path):
    stored = load_file(folder / "weights.safetensors")
    store = trained_cohort.write_store(tmp_path / "plain.zarr", 1)
    people = read_outer_fold(store.sample_ids, trained["samples"], trained["folds"], 1)
    for who, equal in ((people.test, True), (people.training, False)):
        other = trained_cohort.write_store(tmp_path / f"{equal}.zarr", 1, scramble=who)
        for name, value in site_numbers(other, people.training).items():
            assert np.array_equal(value.numpy(), stored[f"fold_1/{name}"], equal_nan=True) == equal, name


def test_absent_sites_get_the_training_mean_or_no_call(model):
    site_ids, alleles = trained_cohort.distinct()
    gone = site_ids.index("chr20:1000:A:G")  # in fold 1 alone
    rest = [at for at in range(len(site_ids)) if at != gone]
    mean = model.folds[0].mean_count[np.flatnonzero(model.folds[0].index == model.site_ids.index(site_ids[gone]))[0]]
    counts = np.where((alleles < 0).any(-1), -1, alleles.sum(-1)).astype(np.int8)
    for rule, filled in (("mean", round(mean)), ("missing", -1)):
        counts[:, gone] = filled
        found = model.predict(counts[:, rest], [site_ids[at] for at in rest], absent_sites=rule)
        assert np.allclose(found, model.predict(counts, site_ids)), rule


def test_a_haplotype_model_fills_an_absent_site_with_the_more_frequent_allele(exported):
    loaded = load_model(exported("haplotype")[1])
    site_ids, alleles = trained_cohort.distinct()
    fold = loaded.folds[0]
    common = fold.frequency[np.flatnonzero(fold.index == loaded.site_ids.index(site_ids[0]))[0]] > 0.5
    alleles[:, 0] = int(common)
    assert np.allclose(loaded.predict(alleles[:, 1:], site_ids[1:]), loaded.predict(alleles, site_ids))
    with pytest.raises(InputError, match="reads haplotypes"):
        loaded.predict(alleles.sum(-1), site_ids)


def test_too_few_sites_are_refused_and_counted(model):
    site_ids, alleles = trained_cohort.distinct()
    with pytest.raises(InputError, match=r"29.4% of the model's 17 sites.*80% are needed.*12 absent"):
        model.predict(alleles[:, :5], site_ids[:5])
    assert len(model.predict(alleles[:, :5], site_ids[:5], min_coverage=0.2)) == trained_cohort.PEOPLE


def test_another_build_is_refused_and_no_liftover_is_done(model):
    site_ids, alleles = trained_cohort.distinct()
    with pytest.raises(InputError, match=r"positions of GRCh37.*GRCh38.*no liftover"):
        model.predict(alleles, site_ids, build="GRCh38")


def test_the_folder_is_two_files_and_says_what_a_user_must_know(folder, model):
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "weights.safetensors"]
    said = read_description(folder)
    trained_by = said["training_summary"]
    assert (trained_by["people"], trained_by["cases"], trained_by["networks"]) == (60, 30, 4)
    assert 0 <= trained_by["auc"]["low"] <= trained_by["auc"]["value"] <= trained_by["auc"]["high"] <= 1
    assert said["intended_use"] and said["limits"] and said["versions"]["torch"]
    assert positions(said) == {"20": frozenset(int(site.split(":")[1]) for site in model.site_ids)}


def test_nobody_s_name_or_genotype_is_in_the_folder(folder):
    both = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"person" not in both.replace(b"each person by", b"").replace(b"a person's", b"")
    assert all(trained_cohort.PEOPLE not in value.shape for value in load_file(folder / "weights.safetensors").values())


def test_folders_that_are_no_model_or_torn_are_refused(folder, tmp_path):
    with pytest.raises(InputError, match="no model folder"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps({"kind": "other"}))
    with pytest.raises(InputError, match="not a model folder"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_bytes((folder / "model.json").read_bytes())
    (tmp_path / "weights.safetensors").write_bytes((folder / "weights.safetensors").read_bytes()[:5000])
    with pytest.raises(InputError, match="cannot be read"):
        load_model(tmp_path)


def test_networks_of_other_sites_are_refused_and_nothing_is_left(trained, tmp_path):
    swapped = trained | {"selected": trained["selected"][::-1]}
    with pytest.raises(InputError, match="trained on other sites"):
        export_model(folder=tmp_path / "model", **swapped)
    lacking = pd.read_csv(trained["predictions"][0], sep="\t").iloc[2:]
    write_table(lacking, tmp_path / "lacking.tsv")
    with pytest.raises(InputError, match="does not predict"):
        export_model(
            folder=tmp_path / "model",
            **trained | {"predictions": [tmp_path / "lacking.tsv", trained["predictions"][1]]},
        )
    assert not (tmp_path / "model").exists()
