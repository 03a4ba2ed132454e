"""A simulated cohort: who is affected, who is drawn, what is planted, and the VCF of the people drawn."""

import numpy as np
import pandas as pd
import pysam
import pytest
from cyvcf2 import VCF

from promoternets.errors import InputError
from promoternets.simulation.effects import block_sites
from promoternets.simulation.haplotypes import load_haplotypes, simulate_haplotypes
from promoternets.simulation.phenotypes import draw_people, highest, simulate_cohort
from promoternets.simulation.vcf import write_vcf

PEOPLE, GENES, SPACING = 2000, 8, 20_000
CHROMOSOMES = ["chr1", "chr2"]
PLANTED = {"additive_promoters": 3, "epistatic_within": 1, "epistatic_across": 1, "weak_promoters": 2}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trees")
    for name in CHROMOSOMES:
        simulate_haplotypes(
            chromosome=name,
            people=PEOPLE,
            genes=GENES,
            gene_spacing=SPACING,
            effective_size=10_000,
            mutation_rate=4e-8,
            recombination_rate=4e-8,
            seed=7,
        ).dump(folder / f"{name}.trees")
    return PLANTED | {
        "trees": [folder / f"{name}.trees" for name in CHROMOSOMES],
        "chromosomes": CHROMOSOMES,
        "genes": GENES,
        "gene_spacing": SPACING,
        "cases": 150,
        "controls": 250,
        "prevalence": 0.1,
        "heritability": 0.6,
        "min_maf": 0.01,
        "batch_effect": 0.0,
        "batches": 2,
        "seed": 11,
    }


@pytest.fixture(scope="module")
def cohort(settings):
    return simulate_cohort(**settings)


@pytest.fixture(scope="module")
def files(settings, cohort, tmp_path_factory):
    """Write the sample table and chr1's VCF; return their paths."""
    folder = tmp_path_factory.mktemp("vcf")
    paths = {name: folder / name for name in ("samples.tsv", "chr1.vcf.gz", "chr1.vcf.gz.tbi")}
    cohort.samples.to_csv(paths["samples.tsv"], sep="\t", index=False)
    write_vcf(
        trees=settings["trees"][0],
        samples=paths["samples.tsv"],
        chromosome="chr1",
        vcf=paths["chr1.vcf.gz"],
        index=paths["chr1.vcf.gz.tbi"],
    )
    return paths


def effect(cohort, kind):
    return cohort.truth[cohort.truth.effect == kind]


def genotypes(settings, name):
    """Return everyone's allele counts at a site chrom:pos:ref:alt, read from the haplotypes."""
    chromosome, position, reference, alternative = name.split(":")
    haplotypes = load_haplotypes(
        settings["trees"][CHROMOSOMES.index(chromosome)], chromosome=chromosome
    ).keep_intervals([[int(position) - 1, int(position)]], simplify=False)
    (variant,) = haplotypes.variants()
    assert variant.alleles == (reference, alternative)
    return variant.genotypes.reshape(-1, 2).sum(axis=1)


def test_the_same_seed_gives_the_same_cohort(settings, cohort):
    again = simulate_cohort(**settings)
    pd.testing.assert_frame_equal(again.samples, cohort.samples)
    pd.testing.assert_frame_equal(again.truth, cohort.truth)
    other = simulate_cohort(**settings | {"seed": 12})
    assert not other.samples["sample"].equals(cohort.samples["sample"])


def test_the_genetic_part_has_the_heritability_asked_for(cohort):
    assert cohort.genetic.var() == pytest.approx(0.6)
    assert cohort.genetic.var() / cohort.liability.var() == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize("heritability", [0.0, 1.0])
def test_the_extremes_of_heritability_work(settings, heritability):
    extreme = simulate_cohort(**settings | {"heritability": heritability})
    assert extreme.genetic.var() == pytest.approx(heritability)
    assert extreme.affected.sum() == 200


def test_a_cohort_without_any_effect_can_be_made(settings):
    null = simulate_cohort(**settings | dict.fromkeys(PLANTED, 0) | {"heritability": 0.0})
    assert set(null.truth.effect) == {"none"} and null.samples.phenotype.sum() == 150


def test_the_prevalence_is_the_share_of_people_above_the_threshold(cohort):
    assert cohort.affected.sum() == 0.1 * PEOPLE
    assert cohort.liability[cohort.affected].min() > cohort.liability[~cohort.affected].max()


def test_ties_at_the_threshold_are_broken_without_favour():
    affected = [highest(np.array([2.0, 1, 1, 1, 0]), 2, np.random.default_rng(seed)) for seed in range(60)]
    assert all(row[0] and not row[4] and row.sum() == 2 for row in affected)
    assert np.sum(affected, axis=0)[1:4].min() > 5


def test_cases_and_controls_are_drawn_once_each_from_the_right_people(cohort):
    people = cohort.samples["sample"].str.removeprefix("S").astype(int).to_numpy()
    assert len(set(people)) == 400 and list(cohort.samples.columns) == [
        "sample",
        "phenotype",
        "sex",
        "batch",
        "age",
    ]
    assert cohort.samples.phenotype.sum() == 150
    np.testing.assert_array_equal(cohort.affected[people], cohort.samples.phenotype == 1)


def test_neither_name_nor_order_gives_the_phenotype_away(cohort):
    people = cohort.samples["sample"].str.removeprefix("S").astype(int)
    for clue in (people, pd.Series(range(400)), cohort.samples.age, cohort.samples.sex == "male"):
        assert abs(np.corrcoef(clue, cohort.samples.phenotype)[0, 1]) < 0.15


def test_the_truth_has_every_gene_once_and_shares_that_sum_to_one(cohort):
    assert cohort.truth.gene_id.is_unique and len(cohort.truth) == 16
    assert cohort.truth.effect.value_counts().to_dict() == {
        "none": 8, "additive": 3, "weak": 2, "epistatic_across": 2, "epistatic_within": 1,
    }  # fmt: skip
    assert cohort.truth.strength.sum() == pytest.approx(1)
    assert (effect(cohort, "none").strength == 0).all() and effect(cohort, "none").sites.isna().all()
    assert effect(cohort, "weak").strength.max() < effect(cohort, "additive").strength.min() / 3
    first, second = effect(cohort, "epistatic_across").itertuples()
    assert (first.partner, second.partner) == (second.gene_id, first.gene_id)
    assert [(gene.tss, gene.strand) for gene in cohort.genes] == list(
        zip(cohort.truth.tss, cohort.truth.strand, strict=True)
    )


def test_both_strands_carry_genes(cohort):
    assert cohort.truth.groupby("chrom").strand.value_counts().tolist() == [4, 4, 4, 4]


def test_strong_sites_shift_the_liability(settings, cohort):
    for sites in effect(cohort, "additive").sites:
        correlation = [abs(np.corrcoef(genotypes(settings, site), cohort.liability)[0, 1]) for site in sites.split(",")]
        assert min(correlation) > 0.15


def test_epistatic_sites_have_an_effect_together_and_next_to_none_alone(settings, cohort):
    within = effect(cohort, "epistatic_within").sites.tolist()[0].split(",")
    across = effect(cohort, "epistatic_across").sites.tolist()
    for pair in (within, across):
        one, other = (genotypes(settings, site) for site in pair)
        together = np.corrcoef((one - one.mean()) * (other - other.mean()), cohort.genetic)[0, 1]
        assert abs(together) > 0.15
        for alone in (one, other):
            assert abs(np.corrcoef(alone, cohort.genetic)[0, 1]) < 0.12 < abs(together)


def test_batches_are_balanced_without_a_batch_effect():
    samples = draw_people(np.arange(400) < 200, cases=100, controls=60, batches=4, batch_effect=0.0, seed=1)
    counts = pd.crosstab(samples.batch, samples.phenotype)
    assert counts[1].tolist() == [25] * 4 and counts[0].tolist() == [15] * 4


def test_a_batch_effect_of_half_tilts_the_batches():
    samples = draw_people(np.arange(400) < 200, cases=100, controls=100, batches=2, batch_effect=0.5, seed=1)
    assert pd.crosstab(samples.batch, samples.phenotype)[1].to_dict() == {"b1": 75, "b2": 25}


def test_a_full_batch_effect_leaves_one_batch_of_cases_and_one_of_controls():
    samples = draw_people(np.arange(400) < 200, cases=90, controls=90, batches=3, batch_effect=1.0, seed=1)
    counts = pd.crosstab(samples.batch, samples.phenotype)
    assert counts.loc["b1"].tolist() == [0, 60] and counts.loc["b3"].tolist() == [60, 0]
    assert counts.loc["b2"].tolist() == [30, 30]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cases": 300}, "Simulate at least 3000 people"),
        ({"controls": 1900}, "Simulate at least 2112 people"),
        ({"cases": 0}, "0 cases"),
        ({"prevalence": 0.0}, "prevalence is 0"),
        ({"heritability": 1.5}, "heritability is 1.5"),
        ({"batch_effect": -0.1}, "batch_effect is -0.1"),
        ({"batches": 1, "batch_effect": 0.5}, "two batches"),
        ({"batches": 0}, "0 batches"),
        ({"additive_promoters": 40}, "but there are 16 genes"),
        ({"artefact_promoters": 10}, "18 promoters shall carry an effect or an artefact, but there are 16 genes"),
        ({"artefact_promoters": -1}, "negative"),
        ({"batches": 1, "artefact_promoters": 1}, "two batches"),
        ({"additive_promoters": -1}, "negative"),
        (dict.fromkeys(PLANTED, 0), "no effect is planted"),
        ({"min_maf": 0.5}, "only 0 of 3 effects of kind additive can be planted"),
        ({"gene_spacing": 10_000}, "160000 bp long"),
        ({"chromosomes": ["chr2", "chr1"]}, "holds chr1, not chr2"),
        ({"chromosomes": ["chr1"]}, "2 tree files"),
    ],
)
def test_settings_that_cannot_work_are_said_plainly(settings, change, message):
    with pytest.raises(InputError, match=message):
        simulate_cohort(**settings | change)


def test_the_vcf_holds_the_haplotypes_of_the_people_drawn(settings, cohort, files):
    haplotypes = load_haplotypes(settings["trees"][0], chromosome="chr1")
    people = cohort.samples["sample"].str.removeprefix("S").astype(int).to_numpy()
    expected = haplotypes.genotype_matrix().reshape(-1, PEOPLE, 2)[:, people]
    varies = np.flatnonzero((expected.sum(axis=(1, 2)) > 0) & (expected.sum(axis=(1, 2)) < 800))
    vcf = VCF(str(files["chr1.vcf.gz"]))
    assert vcf.samples == cohort.samples["sample"].tolist()
    records = list(vcf)
    assert len(records) == varies.size > 100
    for site, record in zip(varies, records, strict=True):
        calls = record.genotype.array()
        np.testing.assert_array_equal(calls[:, :2], expected[site])
        assert calls[:, 2].all()  # phased
        row = haplotypes.site(site)
        assert (record.POS, record.REF, record.ALT) == (
            row.position + 1, row.ancestral_state, [row.mutations[0].derived_state],
        )  # fmt: skip
        assert record.INFO["AC"] == expected[site].sum() and record.INFO["AN"] == 800


def test_the_vcf_is_indexed_and_its_header_has_the_contig(files):
    with pysam.VariantFile(str(files["chr1.vcf.gz"])) as vcf:
        assert vcf.header.contigs["chr1"].length == GENES * SPACING
        positions = [record.pos for record in vcf]
        middle = [record.pos for record in vcf.fetch("chr1", 40_000, 60_000)]
    assert middle == [position for position in positions if 40_000 < position <= 60_000] and middle
    assert positions == sorted(set(positions))


@pytest.mark.parametrize("seed", [11, 1, 2, 3])
def test_planted_sites_lie_in_the_block_of_their_promoter_among_the_people_drawn(settings, seed):
    cohort = simulate_cohort(**settings | {"seed": seed})
    people = cohort.samples["sample"].str.removeprefix("S").astype(int).to_numpy()
    for name, path in zip(CHROMOSOMES, settings["trees"], strict=True):
        haplotypes = load_haplotypes(path, chromosome=name)
        frequency = haplotypes.genotype_matrix().reshape(-1, PEOPLE, 2)[:, people].mean(axis=(1, 2))
        positions = (haplotypes.sites_position[np.minimum(frequency, 1 - frequency) >= 0.01] + 1).astype(int)
        for row in cohort.truth[(cohort.truth.chrom == name) & (cohort.truth.effect != "none")].itertuples():
            block = positions[np.concatenate(block_sites(positions, tss=row.tss, strand=row.strand))]
            planted = {int(site.split(":")[1]) for site in row.sites.split(",")}
            assert len(block) <= 64 and planted <= set(block)


def test_planted_sites_are_records_of_the_vcf(cohort, files):
    names = {f"{record.CHROM}:{record.POS}:{record.REF}:{record.ALT[0]}" for record in VCF(str(files["chr1.vcf.gz"]))}
    planted = cohort.truth[cohort.truth.chrom == "chr1"].sites.dropna().str.split(",").explode()
    assert len(planted) > 0 and set(planted) <= names


def test_missing_calls_grow_from_the_first_batch_to_the_last(settings, files, cohort, tmp_path):
    out = {"vcf": tmp_path / "m.vcf.gz", "index": tmp_path / "m.vcf.gz.tbi"}
    write_vcf(trees=settings["trees"][0], samples=files["samples.tsv"], chromosome="chr1", missing_rate=0.05, **out)
    missing = np.array([record.gt_types == 2 for record in VCF(str(out["vcf"]))]).mean(axis=0)
    first = (cohort.samples.batch == "b1").to_numpy()
    assert missing[first].max() == 0 and missing[~first].mean() == pytest.approx(0.1, abs=0.01)
    record = next(record for record in VCF(str(out["vcf"])) if (record.gt_types == 2).any())
    called = record.genotype.array()[record.gt_types != 2][:, :2]
    assert record.INFO["AN"] == called.size and record.INFO["AC"] == called.sum()


def miscalled_cohort(settings, **change):
    asked = {"artefact_promoters": 3, "batch_effect": 0.6} | change
    return simulate_cohort(**settings | asked)


def test_artefacts_are_marked_in_the_truth_and_change_nothing_else(settings, cohort):
    marked = miscalled_cohort(settings, batch_effect=0.0)
    artefacts, others = marked.truth.effect == "artefact", marked.truth.effect != "artefact"
    assert artefacts.sum() == 3 and set(cohort.truth.effect[artefacts]) == {"none"}
    assert (marked.truth.strength[artefacts] == 0).all() and marked.truth.sites[artefacts].notna().all()
    pd.testing.assert_frame_equal(marked.truth[others], cohort.truth[others])
    pd.testing.assert_frame_equal(marked.samples, cohort.samples)
    np.testing.assert_array_equal(marked.liability, cohort.liability)


def test_artefacts_can_stand_alone_without_any_genetic_effect(settings):
    null = miscalled_cohort(settings, heritability=0.0, **dict.fromkeys(PLANTED, 0))
    assert null.truth.effect.value_counts().to_dict() == {"none": 13, "artefact": 3}
    assert (null.genetic == 0).all() and null.truth.strength.sum() == 0


def test_no_site_of_an_artefact_is_a_planted_one_even_where_all_promoters_are_taken(settings):
    full = miscalled_cohort(settings, artefact_promoters=8)
    planted = ~full.truth.effect.isin(["none", "artefact"])
    wrong, right = (set(full.truth.sites[rows].str.split(",").explode()) for rows in (~planted, planted))
    assert len(wrong) > 100 and not wrong & right


def test_only_heterozygotes_of_the_batch_of_most_cases_are_miscalled_at_artefact_sites(settings, tmp_path):
    marked = miscalled_cohort(settings)
    marked.samples.to_csv(tmp_path / "samples.tsv", sep="\t", index=False)
    marked.truth.to_csv(tmp_path / "truth.tsv", sep="\t", index=False)
    affected = marked.samples.groupby("batch").phenotype.sum().idxmax()
    batch, seen = (marked.samples.batch == affected).to_numpy(), 0
    wanted = set(marked.truth.sites[marked.truth.effect == "artefact"].str.split(",").explode())
    for number, name in enumerate(CHROMOSOMES):
        called = {}
        for rate in (0.0, 0.25):
            vcf = tmp_path / f"{name}.{rate}.vcf.gz"
            write_vcf(
                trees=settings["trees"][number], samples=tmp_path / "samples.tsv", chromosome=name, vcf=vcf,
                index=f"{vcf}.tbi", truth=tmp_path / "truth.tsv", artefact_rate=rate,
            )  # fmt: skip
            called[rate] = {
                f"{row.CHROM}:{row.POS}:{row.REF}:{row.ALT[0]}": (
                    row.genotype.array()[:, :2].sum(axis=1),
                    row.INFO["AC"],
                )
                for row in VCF(str(vcf))
            }
        lost = kept = 0
        for site, (counts, allele_count) in called[0.25].items():
            truly = called[0.0][site][0]
            assert allele_count == counts.sum()
            changed = counts != truly
            assert (truly[changed] == 1).all() and (counts[changed] == 0).all()
            assert not changed[~batch].any() and (site in wanted or not changed.any())
            if site in wanted:
                lost, kept = lost + changed.sum(), kept + (truly[batch] == 1).sum()
        if kept:
            assert lost / kept == pytest.approx(0.25, abs=0.05)
            seen += 1
    assert seen


def test_the_values_of_the_people_drawn_say_who_is_affected(cohort):
    values = cohort.values
    assert list(values.columns) == ["sample", "genetic", "liability"]
    assert values["sample"].equals(cohort.samples["sample"])
    case = cohort.samples.phenotype == 1
    assert values.liability[case].min() > values.liability[~case].max()
    assert values.genetic[case].mean() > values.genetic[~case].mean() + 0.5


def test_a_vcf_that_cannot_be_written_leaves_nothing_behind(settings, tmp_path):
    samples = tmp_path / "samples.tsv"
    out = {"vcf": tmp_path / "out" / "x.vcf.gz", "index": tmp_path / "out" / "x.vcf.gz.tbi"}
    for names, message in (
        (["S000001", "NA12878"], "'NA12878' is not one of the 2000"),
        (["S002000"], "'S002000' is not one"),
        (["S000001", "S000001"], "names a sample twice"),
        ([], "is empty"),
    ):
        pd.DataFrame({"sample": names}).to_csv(samples, sep="\t", index=False)
        with pytest.raises(InputError, match=message):
            write_vcf(trees=settings["trees"][0], samples=samples, chromosome="chr1", **out)
        assert not out["vcf"].parent.exists() or list(out["vcf"].parent.iterdir()) == []


def test_a_population_of_clones_gives_no_empty_vcf(tmp_path):
    one = simulate_haplotypes(
        chromosome="chr1", people=50, genes=1, gene_spacing=1000, effective_size=1000,
        mutation_rate=1e-6, recombination_rate=0, seed=2,
    )  # fmt: skip
    one.dump(tmp_path / "chr1.trees")
    matrix = one.genotype_matrix().reshape(-1, 50, 2)
    person = np.flatnonzero((matrix[:, :, 0] == matrix[:, :, 1]).all(axis=0))[0]
    (tmp_path / "samples.tsv").write_text(f"sample\nS{person:06d}\n")
    out = {"vcf": tmp_path / "out" / "x.vcf.gz", "index": tmp_path / "out" / "x.vcf.gz.tbi"}
    with pytest.raises(InputError, match="no site of chr1 varies among the 1 people"):
        write_vcf(trees=tmp_path / "chr1.trees", samples=tmp_path / "samples.tsv", chromosome="chr1", **out)
    assert list(out["vcf"].parent.iterdir()) == []
