"""From genotypes to the sites a GWAS selects and a polygenic score, by the scripts; nobody tested has a part."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from promoternets.errors import InputError
from promoternets.formats.block_store import write_block_store
from promoternets.formats.predictions import read_predictions
from promoternets.formats.selected_store import ABSENT, SelectedStore
from promoternets.formats.tables import write_table
from promoternets.formats.variant_store import write_variant_store

PEOPLE, SITES, BLOCK = 240, 90, 8


def write_cohort(folder, *, turned=False):
    """Write two chromosomes with blocks over half of the sites; site 40 of chr2 counts; test people as asked."""
    folder.mkdir()
    random = np.random.default_rng(2)
    names = np.array([f"p{number:03d}" for number in range(PEOPLE)], object)
    fold = np.arange(PEOPLE) % 3 + 1
    calls = random.binomial(1, random.uniform(0.2, 0.6, (2, SITES, 1, 1)), (2, SITES, PEOPLE, 2)).astype(np.int8)
    calls[1, 41] = calls[1, 40]  # a site that says the same
    case = random.random(PEOPLE) < expit(2.0 * (calls[1, 40].sum(axis=1) - calls[1, 40].sum(axis=1).mean()))
    calls[random.random(calls.shape[:3]) < 0.01] = -1
    if turned:
        case[fold == 1] = ~case[fold == 1]
        calls[:, :, fold == 1] = 1 - np.maximum(calls[:, :, fold == 1], 0)
    for number in (0, 1):
        store = folder / f"chr{number + 1}.zarr"
        write_variant_store(store, sample_ids=names.tolist(), contig=f"chr{number + 1}",
                            positions=np.arange(SITES) * 3000 + 7, alleles=[("C", "T")] * SITES,
                            call_genotype=calls[number])  # fmt: skip
        variant = np.stack([np.arange(start, start + BLOCK) for start in range(0, SITES // 2, 6)]).astype(np.int32)
        variant[0, 0] = -1
        write_block_store(folder / f"blocks{number + 1}.zarr", genotypes=store,
                          promoters=np.array([f"g{row}" for row in range(len(variant))], object), variant=variant,
                          distance=np.zeros(variant.shape, np.int32), upstream=6, downstream=2, max_distance=None,
                          oriented=True)  # fmt: skip
    age = random.integers(30, 80, PEOPLE)
    write_table(pd.DataFrame({"sample": names, "phenotype": case.astype(int), "age": age}), folder / "samples.tsv")
    write_table(pd.DataFrame({"sample": names, "fold": fold, "inner": np.arange(PEOPLE) // 3 % 4 + 1}),
                folder / "folds.tsv")  # fmt: skip
    return {"samples": folder / "samples.tsv", "folds": folder / "folds.tsv", "fold": 1}


def run(script, folder, **more):
    """Run both scripts; return the arguments shared by all."""
    shared = write_cohort(folder, **more)
    stores = [folder / "chr1.zarr", folder / "chr2.zarr"]
    script("associate_sites").main(
        genotypes=stores, associations=folder / "gwas.tsv.gz", statistics=folder / "gwas.zarr", rounds=3, **shared
    )
    blocks = [folder / "blocks2.zarr", folder / "blocks1.zarr"]
    script("gather_gwas_sites").main(
        statistics=folder / "gwas.zarr", block_stores=blocks, selected=folder / "selected.zarr", top=3, **shared
    )
    return shared | {"genotypes": stores, "statistics": folder / "gwas.zarr", "block_stores": blocks}


def train(script, folder, given, model, **more):
    own = {name: given[name] for name in ("samples", "folds", "fold")}
    script("train_baseline").main(
        model=model, predictions=folder / f"{model}.tsv", details=folder / f"{model}.json", **own, **more
    )
    return read_predictions(folder / f"{model}.tsv")


@pytest.fixture(scope="module")
def made(script, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gwas") / "as_is"
    return folder, run(script, folder)


def test_the_best_promoter_sites_stand_in_genome_order_and_linked_ones_once(made):
    folder, _ = made
    store = SelectedStore.open(folder / "selected.zarr")
    assert store.site_ids.shape == (3, BLOCK) and store.promoters.tolist()[0] == "gwas_sites_1-8"
    names = store.site_ids.ravel().tolist()
    order = [(name.split(":")[0], int(name.split(":")[1])) for name in names]
    assert order == sorted(order) and len(set(names)) == 24
    assert ("chr2:120007:C:T" in names) != ("chr2:123007:C:T" in names)
    table = pd.read_csv(folder / "gwas.tsv.gz", sep="\t").set_index("site")
    inside = table[table["position"] < 47 * 3000].drop(["chr2:120007:C:T", "chr2:123007:C:T"])
    assert table.loc[names, "p"].max() <= inside["p"].nsmallest(24).max()
    assert (store.genotype >= -1).all() and (store.haplotype.sum(axis=-1)[store.genotype >= 0] ==
                                             store.genotype[store.genotype >= 0]).all()  # fmt: skip


def test_people_tested_have_no_part_in_the_choice_or_the_score(made, script, tmp_path):
    folder, given = made
    turned = run(script, tmp_path / "turned", turned=True)
    one, two = (SelectedStore.open(place / "selected.zarr") for place in (folder, tmp_path / "turned"))
    assert np.array_equal(one.site_ids, two.site_ids)
    details = []
    for place, own in ((folder, given), (tmp_path / "turned", turned)):
        for model, more in (
            ("polygenic_score", {name: own[name] for name in ("genotypes", "statistics")}),
            ("elastic_net_all", {"block_stores": own["block_stores"], "screened_sites": 30}),
        ):
            train(script, place, own, model, **more)
            about = json.loads((place / f"{model}.json").read_text())
            details.append({name: about[name] for name in ("chosen", "tried", "calibration", "columns_used")})
    assert details[:2] == details[2:]


def test_too_few_sites_end_in_absent_ones(made, script, tmp_path, caplog):
    _, given = made
    own = {name: given[name] for name in ("samples", "folds", "fold", "statistics", "block_stores")}
    script("gather_gwas_sites").main(selected=tmp_path / "all.zarr", per_chromosome=20, **own)
    store = SelectedStore.open(tmp_path / "all.zarr")
    count = int(store.present.sum())
    assert count < 20 * 2 * BLOCK and len(store.promoters) == -(-count // BLOCK)
    assert (store.genotype[:, ~store.present] == ABSENT).all() and store.promoters[-1].endswith(f"-{count}")
    assert "promoter sites could be selected, not 320" in caplog.text


@pytest.mark.parametrize("model", ["polygenic_score", "elastic_net_all", "ridge_all", "logistic_regression_gwas"])
def test_each_rival_predicts_from_the_planted_site(made, script, model):
    folder, given = made
    sources = {name: given[name] for name in ("genotypes", "statistics", "block_stores")}
    table = train(script, folder, given, model, selected=folder / "selected.zarr", **sources)
    assert (table["model"] == model).all() and len(table) == PEOPLE // 3
    assert roc_auc_score(table["phenotype"], table["probability"]) > 0.65
    assert json.loads((folder / f"{model}.json").read_text())["model"] == model


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("polygenic_score", "needs all genotypes and the association study"),
        ("ridge_all", "needs the sites of all promoters"),
        ("elastic_net_gwas", "needs the selected sites"),
    ],
)
def test_a_rival_without_its_sites_says_which(made, script, tmp_path, model, message):
    with pytest.raises(InputError, match=message):
        train(script, tmp_path, made[1], model)


def test_the_study_of_another_fold_is_refused(made, script, tmp_path):
    _, given = made
    for run_ in (
        lambda own: train(script, tmp_path, own, "polygenic_score", genotypes=own["genotypes"],
                          statistics=own["statistics"]),
        lambda own: script("gather_gwas_sites").main(selected=tmp_path / "s.zarr", **{
            name: own[name] for name in ("samples", "folds", "fold", "statistics", "block_stores")
        }),
    ):  # fmt: skip
        with pytest.raises(InputError, match="of fold 1, not of fold 2"):
            run_(given | {"fold": 2})
    assert not list(tmp_path.iterdir())
