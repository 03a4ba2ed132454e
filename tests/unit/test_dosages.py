"""Dosages kept as numbers: in the store beside genotypes, and read by all that learn from counts of alleles."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
import vcf_files
from parsed_files import parsed
from plink_files import People, Variant, write_pgen
from vcf_zarr_files import write_vcf_zarr

from promoternets.als_net.linear_path import fit_score
from promoternets.als_net.presets import PRESETS
from promoternets.als_net.train import predict_test_people, train_als_net
from promoternets.audit.components import fit_components
from promoternets.baselines.columns import GenotypeColumns, RawGenotypes
from promoternets.baselines.elastic_net import ScreenedGenotypes, site_moments
from promoternets.baselines.polygenic import counts_at
from promoternets.baselines.promoter_sites import PromoterSites, coordinates
from promoternets.clumping import filled
from promoternets.errors import InputError
from promoternets.formats.block_store import BlockStore, write_block_store
from promoternets.formats.outer_fold import OuterFold
from promoternets.formats.selected_store import SelectedStore
from promoternets.formats.variant_store import VariantStore, write_variant_store
from promoternets.genotypes.parse import parse_genotypes
from promoternets.gwas.null_model import fit_null_model
from promoternets.gwas.score_test import ScoreTest
from promoternets.networks.encoding import Encoder
from promoternets.pair_scan import ScanLimits, Sites, scan
from promoternets.prediction.export import site_numbers
from promoternets.ranking.gather import gather_selected
from promoternets.ranking.presets import PRESETS as PRESETS_OF_PROMOTERS
from promoternets.ranking.promoters import Promoters
from promoternets.ranking.score import Scoring, score_members

THREE = People(["ann", "bob", "cat"])
DOSAGES = np.array([[0.04, 1.1, 1.88], [0.5, 1.0, 2.0], [np.nan, 0.02, 1.95]], np.float32)
NEAREST = [[[0, 0], [0, 1], [1, 1]], [[0, 0], [0, 1], [1, 1]], [[-1, -1], [0, 0], [1, 1]]]
FORMAT = '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">\n##contig'


def vcf(path, lines, **options):
    return vcf_files.write(path, vcf_files.text(lines, **options).replace("##contig", FORMAT, 1))


def written(path, contig="1"):
    """Write DOSAGES, without genotypes, as the kind of file that the name asks for."""
    variants = [Variant(contig, position, ".", "A>C") for position in (5, 6, 7)]
    nothing = np.zeros((3, 3, 3), int)
    if path.suffix == ".pgen":
        return write_pgen(path, THREE, variants, nothing, dosages=DOSAGES)
    if path.suffix == ".vcz":
        return write_vcf_zarr(path, THREE, variants, nothing, dosages=DOSAGES)
    cells = [" ".join("." if np.isnan(dosage) else f"{dosage:.2f}" for dosage in row) for row in DOSAGES]
    return vcf(path, [vcf_files.record(contig, v.position, v.alleles, row, form="DS")
                      for v, row in zip(variants, cells, strict=True)])  # fmt: skip


def dosages_of(path):
    return VariantStore.open(path).column("call_DS")


# --------------------------------------------------------------------------------------------- in the store


@pytest.mark.parametrize("file", ["a.vcf", "a.bcf", "a.pgen", "a.vcz"])
def test_dosages_are_kept_beside_the_nearest_genotypes(tmp_path, file):
    held, counts = parsed(written(tmp_path / file), tmp_path / "g.zarr", dosages="real")
    assert held["calls"] == NEAREST and "uncertain_dosages" not in counts
    np.testing.assert_allclose(dosages_of(tmp_path / "g.zarr"), DOSAGES, atol=1e-4)
    read = VariantStore.open(tmp_path / "g.zarr").counts([2, 0])
    np.testing.assert_allclose(read, [[-1, 0.02, 1.95], [0.04, 1.1, 1.88]], atol=1e-4)
    again, _ = parsed(tmp_path / "g.zarr", tmp_path / "again.zarr", dosages="real")  # our own store as VCF Zarr
    assert again == held
    np.testing.assert_array_equal(dosages_of(tmp_path / "again.zarr"), dosages_of(tmp_path / "g.zarr"))
    assert parsed(tmp_path / "g.zarr", tmp_path / "whole.zarr")[0] == held
    assert "call_DS" not in VariantStore.open(tmp_path / "whole.zarr").store


def test_dosages_follow_the_people_and_the_sites_that_are_kept(tmp_path, caplog):
    table = tmp_path / "samples.tsv"
    pd.DataFrame({"sample": ["cat", "dan", "ann"], "phenotype": [1, 0, 0]}).to_csv(table, sep="\t", index=False)
    other = vcf(tmp_path / "b.vcf", [vcf_files.record("1", position, "A>C", "0/1") for position in (5, 6, 7)],
                people=["dan"])  # fmt: skip
    files = [written(tmp_path / "a.vcf"), other]
    held, counts = parsed(files, tmp_path / "g.zarr", dosages="real", samples=table, min_call_rate=0.9)
    assert [site[1] for site in held["sites"]] == [5, 6] and counts["call_rate"] == 1
    assert "3 sites have dosages in some files and whole genotypes in others" in caplog.text
    # of a file without dosages the counts
    np.testing.assert_allclose(dosages_of(tmp_path / "g.zarr"), [[1.88, 1, 0.04], [2, 1, 0.5]], atol=1e-4)


def test_dosages_beside_genotypes_are_read_and_genotypes_stand_where_there_are_none(tmp_path):
    lines = [
        vcf_files.record("1", 5, "A>C", "0|0:0.4 0|1:1.4 1|1:.", form="GT:DS"),
        vcf_files.record("1", 6, "A>C,G", "0|1:1.1,0 2|2:0,1.7 .|.:0.3,0.2", form="GT:DS"),
        vcf_files.record("1", 7, "A>C", "0|0 0|1 .|."),
        vcf_files.record("X", 8, "A>C", "0:0.4 0|1:1.4 1:1.9", form="GT:DS"),
    ]
    held, _ = parsed(vcf(tmp_path / "a.vcf", lines), tmp_path / "g.zarr", dosages="real")
    assert held["phased"][0] == [True] * 3 and held["calls"][0] == [[0, 0], [0, 1], [1, 1]]
    expected = [[0.4, 1.4, 2], [1.1, 0, 0.3], [0, 1.7, 0.2], [0, 1, np.nan], [0, 1, 1]]
    np.testing.assert_allclose(dosages_of(tmp_path / "g.zarr"), expected, atol=1e-6)


@pytest.mark.parametrize("file", ["a.vcf", "a.pgen", "a.vcz"])
def test_dosages_alone_where_men_have_one_allele_are_refused(tmp_path, file):
    with pytest.raises(InputError, match="a man's may count to 1 or to 2"):
        parse_genotypes([written(tmp_path / file, contig="X")], tmp_path / "g.zarr", dosages="real")


# ------------------------------------------------------------------------------------------- from there on


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """A store of 60 people and 24 sites with dosages, blocks of it, and one promoter's sites of a fold."""
    folder = tmp_path_factory.mktemp("dosages")
    rng = np.random.default_rng(2)
    calls = rng.integers(0, 2, (24, 60, 2)).astype(np.int8)
    dosages = np.clip(calls.sum(axis=2) + rng.normal(0, 0.3, (24, 60)), 0, 2).astype(np.float32)
    dosages[3, 5] = np.nan
    calls[3, 5] = -1
    people = [f"p{number}" for number in range(60)]
    write_variant_store(folder / "g.zarr", sample_ids=people, contig="1", positions=np.arange(24) * 50 + 50,
                        alleles=[["A", "C"]] * 24, call_genotype=calls, dosages=dosages)  # fmt: skip
    variant = np.stack([np.arange(0, 10), np.arange(12, 22)]).astype(np.int32)
    variant[1, 0] = -1
    write_block_store(folder / "b.zarr", genotypes=folder / "g.zarr", promoters=np.array(["a", "b"], object),
                      variant=variant, distance=np.where(variant < 0, 0, 7), upstream=8, downstream=2,
                      max_distance=None, oriented=True)  # fmt: skip
    ranking = pd.DataFrame({"promoter": ["a", "b"], "fold": 1, "rank": [1, 2], "selected": 1})
    gather_selected(ranking, [folder / "b.zarr"], 1, folder / "s.zarr")
    liability = dosages[4] + dosages[15] + rng.normal(0, 0.3, 60)
    labels = (liability > np.median(liability)).astype(int)
    outer = OuterFold(np.array(people, object), labels, np.tile([1, 2], 30), np.arange(42), np.arange(42, 60))
    return folder, np.where(np.isnan(dosages), -1, dosages), variant, outer


def test_blocks_and_selected_sites_hold_dosages_and_the_calls_beside_them(cohort):
    folder, dosages, variant, _ = cohort
    blocks = BlockStore.open(folder / "b.zarr")
    rows = np.unique(variant[variant >= 0])
    np.testing.assert_array_equal(blocks.counts(), dosages[rows])
    selected = SelectedStore.open(folder / "s.zarr")
    expected = np.where(variant[:, None] < 0, np.float32(-2), dosages[variant].swapaxes(1, 2))
    np.testing.assert_array_equal(selected.genotype, expected.swapaxes(0, 1))
    np.testing.assert_array_equal(Promoters([folder / "b.zarr"]).read([0, 1], "genotype"), expected)
    assert selected.genotype.dtype == np.float32 and selected.haplotype.dtype == np.int8
    np.testing.assert_array_equal(counts_at(VariantStore.open(folder / "g.zarr"), np.array([1, 7])), dosages[[1, 7]])
    sites = PromoterSites([folder / "b.zarr"], blocks.sample_ids[::2])
    np.testing.assert_array_equal(sites.read(np.array([2, 5])), dosages[rows][[2, 5], ::2].T)


def learned(counts, outer):
    """Return what each reader of counts makes of [people, sites], by name."""
    case, train = outer.labels == 1, outer.training
    covariates = pd.DataFrame(index=range(len(case)))
    study = ScoreTest([fit_null_model(covariates, case, train)], train)
    columns = GenotypeColumns().fit(counts[train])
    screened = ScreenedGenotypes(5).fit(counts[train], case[train])
    names = np.array([f"1:{site}:A:C" for site in range(counts.shape[1])], object)
    sites = Sites(
        names, np.full(len(names), "1", object), np.array(["a"], object), np.ones((len(names), 1), bool), counts
    )
    pairs, _ = scan(sites, case, np.zeros(len(case)), train, pairs=3, limits=ScanLimits(0.05, 1, 0.9))
    stored = torch.from_numpy(counts)
    return {
        "baselines": columns.transform(counts),
        "published baselines": RawGenotypes().fit(counts).transform(counts),
        "screened sites": screened.transform(counts),
        "moments": np.stack(site_moments(counts[train], case[train].astype(float))),
        "components": fit_components(counts[train], 3, seed=1).project(counts),
        "study": study.test(counts[train].T).z,
        "clumping": filled(counts.T, train)[0],
        "pairs": np.array([[pair.one, pair.other, pair.statistic] for pair in pairs]),
        "linear path": fit_score(counts, outer, train[::4]).weight,
        "scalar": Encoder("scalar")(stored).numpy(),
        "standardised": Encoder("standardised").fit(counts[train])(stored).numpy(),
    }


def test_dosages_that_are_whole_numbers_are_learned_from_as_counts_and_others_as_themselves(cohort):
    folder, dosages, _, outer = cohort
    counts = np.where(dosages < 0, -1, np.rint(dosages)).T.astype(np.int8)
    expected = learned(counts, outer)
    for name, found in learned(counts.astype(np.float32), outer).items():
        np.testing.assert_allclose(found, expected[name], rtol=1e-4, atol=1e-5, err_msg=name)
    for name, found in learned(np.ascontiguousarray(dosages.T), outer).items():
        assert np.isfinite(found).all() and found.shape[-1] == expected[name].shape[-1], name
        assert found.shape != expected[name].shape or not np.allclose(found, expected[name], atol=1e-3), name


def test_a_site_whose_dosages_hardly_differ_is_constant_and_no_division_by_nothing():
    rng = np.random.default_rng(1)
    flat = np.float32(1.9999998) + rng.integers(0, 2, 5000).astype(np.float32) * np.float32(1.2e-7)
    columns = GenotypeColumns().fit(np.column_stack([flat, rng.uniform(0, 2, 5000).astype(np.float32)]))
    assert columns.kept_.tolist() == [False, True] and columns.dropped_["constant"] == 1
    close = np.float32(1.99) + rng.normal(0, 1e-3, 5000).astype(np.float32)
    assert GenotypeColumns().fit(close[:, None]).deviation_ == pytest.approx(1e-3, rel=0.05)


def test_coordinates_of_people_come_of_dosages(cohort):
    folder, dosages, variant, outer = cohort
    sites = PromoterSites([folder / "b.zarr"], outer.sample_ids)
    found = coordinates(sites, outer.training)
    rows = np.unique(variant[variant >= 0])
    own = np.where(dosages[rows] < 0, np.nan, dosages[rows]).T
    scaled = (own - np.nanmean(own[outer.training], axis=0)) / np.nanstd(
        np.where(np.isnan(own), np.nanmean(own[outer.training], axis=0), own)[outer.training], axis=0
    )
    products = np.nan_to_num(scaled) @ np.nan_to_num(scaled)[outer.training].T
    np.testing.assert_allclose(found @ found[outer.training].T, products * len(outer.training) / len(rows), atol=0.02)


def test_als_net_trains_on_dosages_and_reads_those_of_people_tested(cohort):
    folder, _, _, outer = cohort
    selected = SelectedStore.open(folder / "s.zarr")
    preset = PRESETS["default"].changed(encoding="standardised", epochs=2, linear_path=True)
    networks, _ = train_als_net(selected, outer, preset, seeds=1, seed=1, device=torch.device("cpu"))
    table = predict_test_people(networks, selected, outer, torch.device("cpu"))
    rounded = dataclasses.replace(selected)
    rounded.__dict__["genotype"] = np.rint(selected.genotype)
    others = predict_test_people(networks, rounded, outer, torch.device("cpu"))
    assert table["probability"].between(0, 1).all()
    assert not np.allclose(table["probability"], others["probability"], atol=1e-7)


def test_what_reads_whole_genotypes_alone_refuses_dosages(cohort):
    folder, _, _, outer = cohort
    selected = SelectedStore.open(folder / "s.zarr")
    with pytest.raises(InputError, match="one-hot encoding reads whole genotypes"):
        Encoder("one_hot")(torch.from_numpy(selected.flat()))
    with pytest.raises(InputError, match="a model folder reads whole genotypes"):
        site_numbers(selected, outer.training)
    with pytest.raises(InputError, match="a trained model reads whole genotypes"):
        parse_genotypes([folder / "a.vcf"], folder / "x.zarr", dosages="real", model=folder)


class Cut(Promoters):
    """Promoters whose dosages are cut off to whole numbers."""

    def read(self, indices, source):
        return np.trunc(super().read(indices, source))


def test_a_promoter_cnn_is_trained_on_dosages_and_scored_by_them(cohort):
    folder, _, _, outer = cohort
    settings = PRESETS_OF_PROMOTERS["default"].changed(epochs=5, batch_size=8)
    found = [
        score_members(
            promoters([folder / "b.zarr"]), outer, Scoring("scalar", "auc", 2, settings, 500), members=[0, 1],
            labels=np.stack([outer.labels] * 2), names=[("a",), ("b",)], size=2, seed=1, device=torch.device("cpu"),
            what="test",
        ).score
        for promoters in (Promoters, Cut)
    ]  # fmt: skip
    assert found[0].mean() > 0.6
    assert not np.allclose(*found, atol=1e-3)
