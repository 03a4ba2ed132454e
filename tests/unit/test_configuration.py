"""The configuration is checked in a person's words and completed from the schema alone."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from plink_files import People, Variant
from vcf_zarr_files import write_vcf_zarr

from promoternets import chromatin_configuration, configuration
from promoternets.configuration import defaults, read_configuration
from promoternets.errors import InputError

SIMULATED = {"cohorts": {"toy": {"simulate": {"chromosomes": 2}}}}


def wildcards(**values):
    return SimpleNamespace(items=values.items, **values)


@pytest.fixture
def data(tmp_path):
    """A folder with the files of a cohort; their content does not matter before a job reads it."""
    for name in ("chr1", "chr2", "chr10", "chrX", "notes.old"):
        (tmp_path / f"{name}.vcf.gz").touch()
    (tmp_path / "samples.tsv").touch()
    (tmp_path / "genes.gtf.gz").touch()
    return tmp_path


HOSTILE = "../../x; rm -rf ."


def from_files(**changes):
    entry = {
        "vcf": "{chrom}.vcf.gz",
        "samples": "samples.tsv",
        "annotation": "genes.gtf.gz",
        "build": "GRCh38",
    }
    return {"cohorts": {"mine": {key: value for key, value in (entry | changes).items() if value is not None}}}


def refused(config, **options):
    with pytest.raises(InputError) as error:
        read_configuration(config, **options)
    return str(error.value)


def test_defaults_come_from_the_schema_and_fill_every_group():
    cohort = read_configuration(SIMULATED).cohorts["toy"]
    assert cohort.settings == defaults()
    assert cohort.settings["blocks"]["upstream"] == 56
    assert cohort.settings["genotypes"]["min_hwe_p"] == 1e-6
    of_simulation = yaml.safe_load(configuration.SCHEMA.read_text())["$defs"]["simulate"]["properties"]
    assert cohort.simulate["genes"] == of_simulation["genes"]["default"]


def test_defaults_are_valid_by_their_own_schema():
    read_configuration(SIMULATED | defaults())


def test_every_property_of_the_schema_is_described_and_each_setting_has_a_default():
    definitions = yaml.safe_load(configuration.SCHEMA.read_text())["$defs"]
    of_chromatin = [f"chromatin_{group}" for group in chromatin_configuration.GROUPS]
    for group in (*configuration.GROUPS, "simulate", "simulate_epigenomes", *of_chromatin):
        for key, entry in definitions[group]["properties"].items():
            assert entry.get("description"), f"{group}.{key}"
            assert "default" in entry, f"{group}.{key}"
            assert set(entry) <= {
                "description", "default", "type", "enum", "minimum", "maximum", "exclusiveMinimum",
                "exclusiveMaximum", "items", "minItems", "uniqueItems", "multipleOf",
            }, f"{group}.{key}"  # fmt: skip


def test_a_cohort_s_own_settings_go_over_those_of_the_top_level_and_these_over_the_defaults():
    config = {
        "seed": 7,
        "ranking": {"top": 8, "shards": 5},
        "cohorts": {
            "one": {"simulate": None},
            "two": {"simulate": None, "settings": {"seed": 9, "ranking": {"top": 4}}},
        },
    }
    cohorts = read_configuration(config).cohorts
    assert (cohorts["one"].settings["seed"], cohorts["two"].settings["seed"]) == (7, 9)
    assert (cohorts["one"].settings["ranking"]["top"], cohorts["two"].settings["ranking"]["top"]) == (8, 4)
    assert cohorts["two"].settings["ranking"]["shards"] == 5
    assert cohorts["two"].settings["ranking"]["encoding"] == "one_hot"
    assert cohorts["two"].simulate["seed"] == 9


def test_an_empty_group_means_its_defaults():
    assert read_configuration(SIMULATED | {"ranking": None}).cohorts["toy"].settings == defaults()


def test_a_number_that_yaml_reads_as_text_is_a_number():
    config = yaml.safe_load("genotypes: {min_hwe_p: 1e-8}\ncohorts: {toy: {simulate: {mutation_rate: 1e-8}}}")
    cohort = read_configuration(config).cohorts["toy"]
    assert cohort.settings["genotypes"]["min_hwe_p"] == 1e-8
    assert cohort.simulate["mutation_rate"] == 1e-8


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rankng": {}}, "unknown key `rankng`; did you mean `ranking`?"),
        ({"ranking": {"tpo": 3}}, "ranking: unknown key `tpo`; did you mean `top`?"),
        ({"ranking": {"top": "many"}}, "ranking.top: 'many' is not a whole number"),
        ({"folds": {"count": 1}}, "folds.count: 1 is too small; the limit is 2"),
        ({"genotypes": {"variants": "snvs"}}, "genotypes.variants: 'snvs' is not one of snv, snv_indel; did you mean"),
        ({"genotypes": {"pass_only": "maybe"}}, "genotypes.pass_only: 'maybe' is not true or false"),
        ({"baselines": {"models": ["svm"]}}, "baselines.models.0: 'svm' is not one of"),
        ({"ranking": 3}, "ranking: 3 is not a group of keys"),
        ({"ranking": {"rounds": 4}, "folds": {"inner": 3}}, "cohorts.toy: ranking.rounds is 4 but there are only 3"),
        ({"gpu": 4}, "gpu: 4 is too large; the limit is 1"),
        ({"only": "tyo"}, "only: there is no cohort 'tyo'; did you mean `toy`?"),
        ({"cohorts": {"a b": {"simulate": None}}}, "'a b' cannot be a cohort's name"),
        ({"cohorts": {"../../x; rm -rf .": {"simulate": None}}}, "'../../x; rm -rf .' cannot be a cohort's name"),
        ({"cohorts": {"a\n": {"simulate": None}}}, "'a\\n' cannot be a cohort's name"),
        ({"cohorts": {"toy": {"simulate": {"gene": 3}}}}, "toy.simulate: unknown key `gene`; did you mean `genes`?"),
        ({"cohorts": {"toy": {"vcf": "x.vcf.gz"}}}, "cohorts.toy: `samples` is missing"),
        ({"cohorts": {"toy": {"samples": "x.tsv"}}}, "cohorts.toy: `vcf`, `plink` or `vcf_zarr` is missing"),
        ({"cohorts": {"toy": {"vcf": "x", "plink": "y.bed"}}}, "it has `vcf` and `plink`; keep one of them"),
        ({"cohorts": {"toy": {"plink": "x"}}}, "cohorts.toy: plink: x ends neither in .bed nor in .pgen"),
        ({"cohorts": {"toy": {"plink": ["x.bed", "y.bed"]}}}, "`samples` is missing; one table for all batches"),
        ({"cohorts": {"toy": {}}}, "cohorts.toy: it names no data"),
        ({"cohorts": {"toy": {"simulate": None, "vcf": "x"}}}, "cohorts.toy: it has both `simulate` and `vcf`"),
        ({"cohorts": ["toy"]}, "cohorts: ['toy'] is not a group of keys"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key_and_a_remedy(change, said):
    text = refused(SIMULATED | change)
    assert said in text
    assert "schema" not in text
    assert "Traceback" not in text


def test_all_mistakes_are_said_at_once():
    text = refused(SIMULATED | {"ranking": {"tpo": 3}, "folds": {"count": 0}})
    assert "tpo" in text
    assert "folds.count" in text


def test_no_cohort_at_all_says_what_to_do():
    assert "no cohort is configured" in refused({})
    assert "make demo" in refused({"cohorts": None})


def test_an_unquoted_yes_as_case_is_explained():
    text = refused(from_files(case=True, control=False))
    assert "cohorts.mine.case: true is not text" in text
    assert "put it in quotes" in text


def test_several_values_may_mean_case(data):
    assert read_configuration(from_files(case=["AFR", 3]), folder=data).cohorts["mine"].case == "AFR,3"


def test_people_are_compared_between_files_of_one_batch_only(data):
    one = read_configuration(from_files(), folder=data).cohorts["mine"]
    assert one.people_of_other_chromosomes() == ["chr2.vcf.gz", "chr10.vcf.gz", "chrX.vcf.gz"]
    two = read_configuration(from_files(vcf=["{chrom}.vcf.gz", "{chrom}.vcf.gz"]), folder=data).cohorts["mine"]
    assert two.people_of_other_chromosomes() == []


def test_numbers_as_case_control_and_chromosomes_become_text(data):
    cohort = read_configuration(from_files(case=2, control=1, chromosomes=[2, 1]), folder=data).cohorts["mine"]
    assert (cohort.case, cohort.control) == ("2", "1")
    assert cohort.chromosomes == ["chr2", "chr1"]


def test_only_takes_one_name_a_list_or_names_with_commas():
    config = {"cohorts": {name: {"simulate": None} for name in ("one", "two", "three")}}
    assert list(read_configuration(config | {"only": "two"}).cohorts) == ["two"]
    assert list(read_configuration(config | {"only": ["one", "three"]}).cohorts) == ["one", "three"]
    assert list(read_configuration(config | {"only": "three, one"}).cohorts) == ["one", "three"]


def to_predict(data, **changes):
    """Return a cohort to train on, `mine`, and one to predict, `other`, with changes to the second."""
    entry = {"vcf": "{chrom}.vcf.gz", "build": "GRCh38", "predict_with": "mine"} | changes
    return {"cohorts": from_files()["cohorts"] | {"other": {key: value for key, value in entry.items() if value}}}


def test_a_cohort_is_predicted_by_the_model_of_another_or_by_a_folder_and_not_trained_on(data):
    found = read_configuration(to_predict(data), folder=data)
    assert found.missing == [] and found.cohorts["other"].samples is None
    of_other, of_mine = wildcards(cohort="other"), wildcards(cohort="mine")
    assert found.model_folder(of_other) == ["results/mine/model"] and found.model_folder(of_mine) == []
    assert found.is_predicted(of_other) and not found.is_predicted(of_mine)
    assert found.sample_table(of_other) == [] and found.sample_table(of_mine) == ["samples.tsv"]
    assert found.of_every_cohort("{cohort}/x") == ["mine/x"]
    assert found.predictions("{cohort}/p", evaluated=["{cohort}/m"]) == ["other/p"]
    (data / "folder").mkdir()
    (data / "folder" / "model.json").touch()
    config = to_predict(data, predict_with="folder", samples="samples.tsv")
    found = read_configuration(config, folder=data)
    assert found.missing == [] and found.model_folder(of_other) == ["folder"]
    assert found.predictions("{cohort}/p", evaluated=["{cohort}/m"]) == ["other/p", "other/m"]


def test_the_cohort_behind_a_prediction_is_known_but_not_asked_for(data):
    found = read_configuration(to_predict(data) | {"only": "other"}, folder=data)
    assert list(found.cohorts) == ["mine", "other"] and found.behind == {"mine"}
    assert found.of_every_cohort("{cohort}/x") == [] and found.predictions("{cohort}/p") == ["other/p"]
    assert list(read_configuration(to_predict(data) | {"only": "mine"}, folder=data).cohorts) == ["mine"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"build": "GRCh37"}, "reads positions of GRCh38, but this cohort's build is GRCh37; positions are not conv"),
        ({"annotation": "genes.gtf.gz"}, "`annotation` is for a cohort to train on"),
        ({"predict_with": "other"}, "other trains no model"),
        ({"settings": {"fine_tuning": {"layers": "all"}}}, "fine_tuning needs phenotypes"),
        ({"build": None}, "cohorts.other: `build` is missing"),
    ],
)
def test_a_prediction_that_cannot_be_made_is_refused(data, changes, said):
    assert said in refused(to_predict(data, **changes), folder=data)


def test_a_model_that_is_not_there_is_said_before_anything_runs(data):
    (said,) = read_configuration(to_predict(data, predict_with="mien"), folder=data).missing
    assert said.startswith("cohort other: predict_with: mien is neither a cohort nor a model folder")


def test_chromosomes_come_from_the_files_of_the_pattern_in_their_usual_order(data):
    read = read_configuration(from_files(), folder=data)
    assert read.cohorts["mine"].chromosomes == ["chr1", "chr2", "chr10", "chrX"]
    assert read.missing == []
    assert "notes.old" in " ".join(read.notices)


def test_other_builds_keep_every_contig(data):
    names = read_configuration(from_files(build="other"), folder=data).cohorts["mine"].chromosomes
    assert names == ["chr1", "chr2", "chr10", "chrX", "notes.old"]


def test_a_wanted_chromosome_is_found_in_the_other_style_and_missed_by_name(data):
    assert read_configuration(from_files(chromosomes="10"), folder=data).cohorts["mine"].chromosomes == ["chr10"]
    missing = read_configuration(from_files(chromosomes=["chr9"]), folder=data).missing
    assert missing == [
        "cohort mine: vcf: no file of {chrom}.vcf.gz is for chromosome chr9; "
        "there are chr1, chr2, chr10, chrX, notes.old"
    ]


def test_a_pattern_may_sit_in_another_folder_and_name_the_chromosome_twice(tmp_path):
    for name in ("21", "22"):
        (tmp_path / "in" / f"c{name}").mkdir(parents=True)
        (tmp_path / "in" / f"c{name}" / f"all.{name}.vcf.gz").touch()
    (tmp_path / "in" / "c22" / "all.21.vcf.gz").touch()
    (tmp_path / "run").mkdir()
    for name in ("samples.tsv", "genes.gtf.gz"):
        (tmp_path / name).touch()
    config = from_files(vcf="../in/c{chrom}/all.{chrom}.vcf.gz", samples="../samples.tsv", annotation="../genes.gtf.gz")
    cohort = read_configuration(config, folder=tmp_path / "run").cohorts["mine"]
    assert cohort.chromosomes == ["21", "22"]
    assert cohort.variants("22") == ["../in/c22/all.22.vcf.gz"]


def test_batches_share_their_chromosomes_and_say_which_are_left_aside(data):
    (data / "more").mkdir()
    for name in ("chr2", "chrX"):
        (data / "more" / f"{name}.vcf.gz").touch()
    read = read_configuration(from_files(vcf=["{chrom}.vcf.gz", "more/{chrom}.vcf.gz"]), folder=data)
    cohort = read.cohorts["mine"]
    assert cohort.chromosomes == ["chr2", "chrX"]
    assert cohort.variants("chrX") == ["chrX.vcf.gz", "more/chrX.vcf.gz"]
    assert cohort.with_people() == ["chr2.vcf.gz", "more/chr2.vcf.gz"]
    assert "chr1, chr10" in " ".join(read.notices)


def test_missing_files_are_said_with_cohort_key_and_path(data):
    (data / "samples.tsv").unlink()
    read = read_configuration(from_files(vcf="none/{chrom}.bcf"), folder=data)
    assert read.missing == [
        f"cohort mine: samples: there is no file samples.tsv (looked in {data})",
        f"cohort mine: vcf: no file matches none/{{chrom}}.bcf (looked in {data})",
    ]
    assert (
        read_configuration(from_files(vcf="all.vcf.gz"), folder=data)
        .missing[-1]
        .startswith("cohort mine: vcf: there is no file all.vcf.gz")
    )


def test_a_cohort_left_out_by_only_may_lack_its_files(data):
    config = from_files(vcf="none.vcf.gz")
    config["cohorts"]["toy"] = {"simulate": None}
    assert read_configuration(config | {"only": "toy"}, folder=data).missing == []


def test_one_file_gives_the_chromosomes_of_its_index(data, monkeypatch):
    from promoternets.formats import variant_index

    monkeypatch.setattr(variant_index, "contigs_with_records", lambda path: ["22", "7", "X", "GL000220.1"])
    read = read_configuration(from_files(vcf="chr1.vcf.gz", build="GRCh37"), folder=data)
    assert read.cohorts["mine"].chromosomes == ["7", "22", "X"]
    assert "GL000220.1" in " ".join(read.notices)


def test_a_contig_whose_name_leads_elsewhere_is_left_aside_or_refused_where_it_is_wanted(data, monkeypatch):
    from promoternets.formats import variant_index

    names = ["2", HOSTILE, "..", "HLA-A*01:01", "scaffold_1.1"]
    monkeypatch.setattr(variant_index, "contigs_with_records", lambda path: names)
    read = read_configuration(from_files(vcf="chr1.vcf.gz", build="other"), folder=data)
    assert read.cohorts["mine"].chromosomes == ["2", "scaffold_1.1"]
    assert "3 contigs are left aside" in " ".join(read.notices) and repr(HOSTILE) in " ".join(read.notices)
    assert f"chromosomes.0: {HOSTILE!r} cannot be used" in refused(from_files(chromosomes=[HOSTILE]))


def test_models_are_the_baselines_those_on_gwas_sites_published_twins_and_the_covariates():
    config = SIMULATED | {"baselines": {"models": ["adaboost", "ridge_all"]}}
    assert read_configuration(config).cohorts["toy"].models() == [
        "adaboost", "ridge_all", "logistic_regression_gwas", "adaboost_published", "covariates", "covariates_pcs",
    ]  # fmt: skip
    config["baselines"] |= {"published": False, "gwas_selected": []}
    assert read_configuration(config).cohorts["toy"].models() == [
        "adaboost", "ridge_all", "covariates", "covariates_pcs",
    ]  # fmt: skip


def test_als_net_on_gwas_sites_is_a_network_among_the_models():
    config = SIMULATED | {"baselines": {"models": [], "gwas_selected": ["als_net"]}, "folds": {"count": 2}}
    read = read_configuration(config)
    assert read.cohorts["toy"].models() == ["als_net_gwas", "covariates", "covariates_pcs"]
    assert read.of_every_cohort("{network}/{fold}") == [
        "als_net/1", "als_net/2", "als_net_gwas/1", "als_net_gwas/2",
    ]  # fmt: skip
    assert read.of_every_cohort("{model}") == ["covariates", "covariates_pcs"]


@pytest.mark.parametrize(
    ("name", "value", "given"),
    [
        ("model", "elastic_net", ["cnn/1"]),
        ("model", "elastic_net_gwas", ["gwas/1"]),
        ("network", "als_net_gwas", ["gwas/1"]),
        ("model", "elastic_net_all", ["blocks/chr1", "blocks/chr2"]),
        ("model", "polygenic_score", ["all/chr1", "all/chr2"]),
        ("model", "covariates", []),
        ("model", "adaboost_published", ["cnn/1"]),
    ],
)
def test_a_model_is_given_its_own_kind_of_sites(name, value, given):
    paths = read_configuration(SIMULATED).of_sites(
        cnn="cnn/{fold}", gwas="gwas/{fold}", promoters="blocks/{chrom}", genome="all/{chrom}"
    )
    assert paths(wildcards(cohort="toy", fold="1", **{name: value})) == given


def test_more_rounds_than_inner_parts_are_refused_for_the_association_study_too():
    with pytest.raises(InputError, match="gwas.rounds is 5 but there are only 3 inner parts"):
        read_configuration(SIMULATED | {"gwas": {"rounds": 5}, "folds": {"inner": 3}})


def test_paths_are_written_for_every_chromosome_fold_shard_and_model():
    config = SIMULATED | {
        "folds": {"count": 2},
        "ranking": {"shards": 2},
        "baselines": {"models": [], "gwas_selected": [], "published": False},
    }
    read = read_configuration(config)
    toy = wildcards(cohort="toy")
    assert read.per_chromosome("r/{cohort}/{chrom}")(toy) == ["r/toy/chr1", "r/toy/chr2"]
    assert read.per_fold("r/{cohort}/{fold}")(toy) == ["r/toy/1", "r/toy/2"]
    assert read.per_fold_and_shard("{fold}.{shard}")(toy) == ["1.1", "1.2", "2.1", "2.2"]
    assert read.per_model_and_fold("{model}.{fold}", also=["als_net"])(toy) == [
        "als_net.1", "als_net.2", "covariates.1", "covariates.2", "covariates_pcs.1", "covariates_pcs.2",
    ]  # fmt: skip
    assert read.of_every_cohort("{cohort}/{chrom}", "{cohort}/x") == ["toy/chr1", "toy/chr2", "toy/x"]
    assert read.truth(toy) == ["results/toy/simulated/truth.tsv"]


def test_a_cohort_from_files_has_no_truth_and_no_simulation_target(data):
    read = read_configuration(from_files(), folder=data)
    assert read.truth(wildcards(cohort="mine")) == []
    assert read.of_every_cohort("{cohort}/truth.tsv", simulated_only=True) == []


def test_starting_needs_no_heavy_package(repository):
    code = (
        "import sys; sys.path.insert(0, 'workflow'); import promoternets.configuration, promoternets.dependencies;"
        "promoternets.configuration.read_configuration({'cohorts': {'a': {'simulate': None}}});"
        "print(sorted({'numpy', 'pandas', 'torch', 'zarr', 'cyvcf2', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_shipped_configurations_are_valid(repository: Path):
    for name in ("config.yaml", "resources/demo.yaml"):
        assert read_configuration(yaml.safe_load((repository / name).read_text())).cohorts
    shown = yaml.safe_load((repository / "config.yaml").read_text())
    for group in set(shown) & set(configuration.GROUPS):
        for key, value in shown[group].items():
            assert value == defaults()[group][key], f"config.yaml says {group}.{key} is at its default"


def epigenomes_from_files(folder, **changes):
    """Return a chromatin part whose files exist in `folder`."""
    for name in ("rpkm.tsv", "genes.bed", "a.bw", "b.bw", "c.bw"):
        (folder / name).touch()
    rows = ["epigenome\tmark\tpath\tkind", "E2\tH3K4me3\tb.bw\tbigwig", "E1\tH3K4me3\ta.bw\tbigwig"]
    (folder / "sheet.tsv").write_text("\n".join([*rows, "E1\tH3K27ac\tc.bw\tbigwig"]) + "\n")
    return {"epigenomes": "sheet.tsv", "expression": "rpkm.tsv", "annotation": "genes.bed"} | changes


def test_paths_of_data_are_absolute_where_a_prefix_would_move_them_and_those_of_results_are_not(data):
    cohorts = from_files()["cohorts"] | SIMULATED["cohorts"]
    config = {"cohorts": cohorts, "chromatin": epigenomes_from_files(data, validation_mark="H3K27ac")}
    read = read_configuration(config, folder=data, absolute=True)
    mine = read.cohorts["mine"]
    assert mine.variants("chr2") == [str(data / "chr2.vcf.gz")] and mine.chromosomes == [
        "chr1",
        "chr2",
        "chr10",
        "chrX",
    ]
    assert (mine.samples, mine.annotation) == (str(data / "samples.tsv"), str(data / "genes.gtf.gz"))
    assert read.epigenomes.sheet == str(data / "sheet.tsv") and read.epigenomes.annotation == str(data / "genes.bed")
    assert all(path.startswith(f"{data}/") for paths in read.epigenomes.files.values() for path in paths)
    assert read.cohorts["toy"].samples == "results/toy/simulated/samples.tsv"
    batches = read_configuration(from_files(vcf=["{chrom}.vcf.gz", "chr1.vcf.gz"], chromosomes=["chr1"]), folder=data)
    assert batches.cohorts["mine"].variants("chr1") == ["chr1.vcf.gz", "chr1.vcf.gz"], (
        "without a prefix as they are given"
    )


def test_epigenomes_are_those_of_the_sheet_with_their_files(tmp_path):
    found = read_configuration({"chromatin": epigenomes_from_files(tmp_path)}, folder=tmp_path)
    assert found.cohorts == {} and found.missing == []
    assert found.epigenomes.epigenomes == ["E2", "E1"]
    assert found.epigenomes.signal_files(wildcards(epigenome="E1")) == ["a.bw", "c.bw"]
    assert found.epigenomes.settings["bins"]["count"] == 100 and found.epigenomes.settings["seed"] == 42


def test_epigenomes_may_be_named_by_a_pattern_of_their_files(tmp_path):
    part = epigenomes_from_files(tmp_path) | {"epigenomes": "{epigenome}.{mark}.bw", "validation_mark": "H3K27ac"}
    for name in ("E1.H3K4me3.bw", "E1.H3K27ac.bw", "E2.H3K4me3.bw"):
        (tmp_path / name).touch()
    found = read_configuration({"chromatin": part}, folder=tmp_path)
    assert found.missing == []
    assert found.epigenomes.files == {"E1": ["E1.H3K27ac.bw", "E1.H3K4me3.bw"], "E2": ["E2.H3K4me3.bw"]}
    assert found.epigenomes.sheet == "results/chromatin/epigenomes.tsv"
    assert found.notices == ["chromatin: epigenomes: 3 signal file(s) not used: a.bw, b.bw, c.bw"]
    placed = read_configuration({"chromatin": part}, folder=tmp_path, absolute=True).epigenomes
    assert placed.pattern == str(tmp_path / "{epigenome}.{mark}.bw")
    assert placed.files["E2"] == [str(tmp_path / "E2.H3K4me3.bw")]
    elsewhere = part | {"epigenomes": "x/{epigenome}.{mark}.bw"}
    (said,) = read_configuration({"chromatin": elsewhere}, folder=tmp_path).missing
    assert said.startswith("chromatin: epigenomes: no file matches x/{epigenome}.{mark}.bw")


def test_epigenomes_are_dealt_to_jobs_and_joint_or_published_networks_take_all(tmp_path):
    part = epigenomes_from_files(tmp_path, training={"together": 1, "joint": True}, published_networks="{epigenome}.pt")
    found = read_configuration({"chromatin": part}, folder=tmp_path).epigenomes
    assert found.groups("deepchrome") == [["E2"], ["E1"]]
    assert found.groups("attentivechrome_joint") == found.groups("attentivechrome_published") == [["E2", "E1"]]
    paths = found.with_epigenome("network.json")(wildcards(epigenome="E1"))
    assert len(paths) == 9 and "results/chromatin/training/deepchrome/group_2/network.json" in paths


def test_published_files_name_their_epigenomes(tmp_path):
    for name in ("E003", "E004"):
        (tmp_path / name).mkdir()
        for part in ("train", "valid", "test"):
            (tmp_path / name / f"{part}.csv").touch()
    found = read_configuration({"chromatin": {"published": "{epigenome}/{part}.csv"}}, folder=tmp_path)
    assert found.epigenomes.epigenomes == ["E003", "E004"]
    assert found.epigenomes.published_file("valid")(wildcards(epigenome="E004")) == "E004/valid.csv"
    (tmp_path / "E004" / "test.csv").unlink()
    found = read_configuration({"chromatin": {"published": "{epigenome}/{part}.csv"}}, folder=tmp_path)
    assert found.missing == ["chromatin: published: there is no file E004/test.csv"]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"marks": ["H3K4me3"]}, "it names no data"),
        ({"simulate": None, "published": "{epigenome}{part}"}, "both `published` and `simulate`"),
        ({"epigenomes": "x", "annotation": "y"}, "chromatin: `expression` is missing"),
        ({"published": "data/{part}.csv"}, "chromatin.published:"),
        (
            {"epigenomes": "{epigenome}.bw", "expression": "x", "annotation": "y"},
            "chromatin.epigenomes: the pattern {epigenome}.bw needs both {epigenome} and {mark}",
        ),
        ({"published": "{epigenome}{part}", "labels": {"target": "expression"}}, "hold labels, no expression"),
        ({"simulate": {}, "split": {"train_share": 0.9}}, "leave no gene to test"),
        ({"simulate": {}, "bins": {"count": 101}}, "chromatin.bins.count: 101"),
        ({"simulate": {}, "training": {"models": ["deepcrome"]}}, "is not one of attentivechrome, lstm_alpha"),
        ({"simulate": {}, "published_networks": "x.pt"}, "it needs {epigenome}"),
    ],
)
def test_a_chromatin_part_that_cannot_be_used_is_refused(part, said):
    assert said in refused({"chromatin": part})


def test_no_cohort_may_take_the_chromatin_branch_s_folder_and_no_epigenome_a_result_s(tmp_path):
    assert "choose another name" in refused({"cohorts": {"chromatin": {"simulate": {}}}})
    part = epigenomes_from_files(tmp_path)
    for name in ("logs", "checkpoints"):
        (tmp_path / "sheet.tsv").write_text(f"epigenome\tmark\tpath\tkind\n{name}\tH3K4me3\ta.bw\tbigwig\n")
        (said,) = read_configuration({"chromatin": part}, folder=tmp_path).missing
        assert f"'{name}' cannot name an epigenome" in said


@pytest.mark.parametrize("name", [HOSTILE, "..", "a/b", "$(touch x)", "<script>"])
def test_an_epigenome_whose_name_leads_elsewhere_is_refused_before_anything_runs(tmp_path, name):
    part = epigenomes_from_files(tmp_path)
    (tmp_path / "sheet.tsv").write_text(f"epigenome\tmark\tpath\tkind\n{name}\tH3K4me3\ta.bw\tbigwig\n")
    (said,) = read_configuration({"chromatin": part}, folder=tmp_path).missing
    assert f"{name!r} cannot name an epigenome: use letters" in said
    if "/" not in name:
        for file in ("H3K4me3.bw", "train.csv", "valid.csv", "test.csv"):
            (tmp_path / f"of-{name}-{file}").touch()
        patterns = (part | {"epigenomes": "of-{epigenome}-{mark}.bw"}, {"published": "of-{epigenome}-{part}.csv"})
        for pattern in patterns:
            missing = read_configuration({"chromatin": pattern}, folder=tmp_path).missing
            assert f"{name!r} cannot name an epigenome: use letters" in "\n".join(missing)


def test_a_missing_expression_table_is_said_before_anything_runs(tmp_path):
    part = epigenomes_from_files(tmp_path)
    (tmp_path / "rpkm.tsv").unlink()
    (said,) = read_configuration({"chromatin": part}, folder=tmp_path).missing
    assert said.startswith("chromatin: expression: there is no file rpkm.tsv")


def test_a_sheet_without_rows_that_can_be_read_is_said_before_anything_runs(tmp_path):
    part = epigenomes_from_files(tmp_path)
    (tmp_path / "sheet.tsv").write_text("epigenome,mark,path,kind\nE1,H3K4me3,a.bw,bigwig\n")
    (said,) = read_configuration({"chromatin": part}, folder=tmp_path).missing
    assert "no row has an epigenome and a path; it needs tab-separated columns" in said


def test_signal_files_that_do_not_exist_are_said_before_anything_runs(tmp_path):
    part = epigenomes_from_files(tmp_path)
    (tmp_path / "b.bw").unlink()
    (said,) = read_configuration({"chromatin": part}, folder=tmp_path).missing
    assert said.startswith("chromatin: epigenomes: sheet.tsv: there is no file b.bw")


def test_an_active_mark_that_is_no_input_is_said_before_anything_runs(tmp_path):
    wrong = {"validation_mark": "H3K27ac", "attention": {"active_mark": "H3K4me9"}}
    (said,) = read_configuration({"chromatin": epigenomes_from_files(tmp_path, **wrong)}, folder=tmp_path).missing
    assert "active_mark: H3K4me9 is not among the input marks H3K4me3" in said


# ------------------------------------------------------------------------------------------------ PLINK filesets


def write_fileset(path, rows, *, without=()):
    """Write tables of a fileset with `rows` as (contig, position), and an empty .bed or .pgen."""
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".bed":
        tables = {".bim": "", ".fam": "0 ann 0 0 1 2\n"}
        tables[".bim"] = "".join(f"{contig}\t.\t0\t{position}\tA\tC\n" for contig, position in rows)
    else:
        tables = {".pvar": "##source=x\n#CHROM\tPOS\tID\tREF\tALT\n", ".psam": "#IID\tSEX\nann\t1\n"}
        tables[".pvar"] += "".join(f"{contig}\t{position}\t.\tA\tC\n" for contig, position in rows)
    for suffix, text in (tables | {path.suffix: "x"}).items():
        if suffix not in without:
            path.with_suffix(suffix).write_text(text)


ROWS = [("0", 0), ("1", 5), ("1", 9), ("22", 3), ("23", 3), ("25", 7)]


@pytest.mark.parametrize(("suffix", "tables"), [(".bed", (".bim", ".fam")), (".pgen", (".pvar", ".psam"))])
def test_a_fileset_tells_its_chromosomes_and_who_is_a_case(data, suffix, tables):
    write_fileset(data / f"all{suffix}", ROWS)
    read = read_configuration(from_files(vcf=None, samples=None, plink=f"all{suffix}"), folder=data)
    cohort = read.cohorts["mine"]
    assert read.missing == []
    assert cohort.chromosomes == ["1", "22", "X"]
    assert "XY" in " ".join(read.notices)
    assert cohort.variants("22") == [f"all{suffix}", f"all{tables[0]}", f"all{tables[1]}"]
    assert cohort.people_of_other_chromosomes() == []
    assert cohort.samples == f"all{tables[1]}" and cohort.with_people() == [f"all{tables[1]}"]
    assert cohort.source()["plink"] == [f"all{suffix}"]
    asked = wildcards(cohort="mine", chrom="1")
    assert (read.variants("vcf")(asked), read.people("vcf")(asked)) == ([], [])
    assert read.variants("plink")(asked) == cohort.variants("1")
    assert read.people("plink")(asked) == [f"all{tables[1]}"]
    other = read_configuration(from_files(vcf=None, plink=f"all{suffix}", build="other"), folder=data).cohorts["mine"]
    assert other.chromosomes == ["1", "22", "23", "25"]
    assert other.samples == "samples.tsv"


def test_filesets_of_a_chromosome_each_or_of_batches_are_found(data):
    for name in ("chr1", "chr22"):
        write_fileset(data / f"{name}.bed", [(name, 5)])
        write_fileset(data / "more" / f"{name}.pgen", [(name, 5)])
    read = read_configuration(from_files(vcf=None, samples=None, plink="{chrom}.bed"), folder=data)
    cohort = read.cohorts["mine"]
    assert (cohort.chromosomes, cohort.samples, read.missing) == (["chr1", "chr22"], "chr1.fam", [])
    assert cohort.people_of_other_chromosomes() == ["chr22.fam"]
    both = from_files(vcf=None, plink=["{chrom}.bed", "more/{chrom}.pgen"])
    cohort = read_configuration(both, folder=data).cohorts["mine"]
    assert cohort.variants("chr22") == ["chr22.bed", "chr22.bim", "chr22.fam",
                                        "more/chr22.pgen", "more/chr22.pvar", "more/chr22.psam"]  # fmt: skip
    assert cohort.with_people() == ["chr1.fam", "more/chr1.psam"]


def test_missing_files_of_a_fileset_are_said_by_name(data):
    config = from_files(vcf=None, plink="all.bed")
    assert (
        read_configuration(config, folder=data).missing[-1].startswith("cohort mine: plink: there is no file all.bed")
    )
    write_fileset(data / "all.bed", ROWS, without=[".bim"])
    assert "the fileset of all.bed has no all.bim" in read_configuration(config, folder=data).missing[-1]
    write_fileset(data / "chr1.bed", [("1", 5)], without=[".fam"])
    (data / "chr1.fam").unlink(missing_ok=True)
    missing = read_configuration(from_files(vcf=None, plink="{chrom}.bed", chromosomes=["1"]), folder=data).missing
    assert missing == [f"cohort mine: plink: there is no file chr1.fam (looked in {data})"]


def test_a_fileset_to_predict_brings_its_own_people_and_batches_bring_no_phenotypes(data):
    write_fileset(data / "all.bed", [("1", 5)])
    write_fileset(data / "more" / "all.pgen", [("1", 5)])
    found = read_configuration(to_predict(data, vcf=None, plink="all.bed"), folder=data)
    of_other = wildcards(cohort="other", chrom="1")
    assert found.missing == [] and found.sample_table(of_other) == ["all.fam"]
    assert found.variants("vcf")(of_other) == [] and found.variants("plink")(of_other) == [
        "all.bed",
        "all.bim",
        "all.fam",
    ]
    assert found.predictions("{cohort}/p", evaluated=["{cohort}/m"]) == ["other/p", "other/m"]
    found = read_configuration(to_predict(data, vcf=None, plink=["all.bed", "more/all.pgen"]), folder=data)
    assert found.missing == [] and found.sample_table(of_other) == []
    assert "cohort other: phenotypes of several PLINK filesets are not read" in " ".join(found.notices)
    assert found.predictions("{cohort}/p", evaluated=["{cohort}/m"]) == ["other/p"]
    found = read_configuration(to_predict(data, vcf=None, plink="all.bed", samples="samples.tsv"), folder=data)
    assert found.sample_table(of_other) == ["samples.tsv"]
    assert "other: `vcf`, `plink` or `vcf_zarr` is missing" in refused(to_predict(data, vcf=None), folder=data)
    assert "other: it has `vcf` and `plink`" in refused(to_predict(data, plink="all.bed"), folder=data)


# ------------------------------------------------------------------------------------------------------ VCF Zarr


def write_store(path, *contigs):
    variants = [Variant(contig, position, ".", "A>C") for contig in contigs for position in (5, 9)]
    return write_vcf_zarr(path, People(["ann"]), variants, np.zeros((len(variants), 1, 3), int))


def test_a_store_tells_its_chromosomes_and_each_may_have_one(data):
    write_store(data / "all.vcz", "chr1", "chr22", "chrUn")
    read = read_configuration(from_files(vcf=None, vcf_zarr="all.vcz"), folder=data)
    cohort = read.cohorts["mine"]
    assert (read.missing, cohort.chromosomes, cohort.kind) == ([], ["chr1", "chr22"], "vcf_zarr")
    assert "chrUn" in " ".join(read.notices)
    asked = wildcards(cohort="mine", chrom="chr1")
    assert read.variants("vcf_zarr")(asked) == read.people("vcf_zarr")(asked) == ["all.vcz"]
    assert read.variants("vcf")(asked) == read.variants("plink")(asked) == []
    assert cohort.source()["vcf_zarr"] == ["all.vcz"]
    for name in ("chr1", "chr2"):
        (data / f"{name}.vcz").mkdir()  # named by its file, it is not opened
    cohort = read_configuration(from_files(vcf=None, vcf_zarr="{chrom}.vcz"), folder=data).cohorts["mine"]
    assert (cohort.chromosomes, cohort.variants("chr2")) == (["chr1", "chr2"], ["chr2.vcz"])
    assert cohort.people_of_other_chromosomes() == ["chr2.vcz"]


def test_what_is_no_store_is_said_before_anything_runs(data):
    def missing(**changes):
        (said,) = read_configuration(from_files(vcf=None, **changes), folder=data).missing
        return said

    assert missing(vcf_zarr="all.vcz") == f"cohort mine: vcf_zarr: there is no folder all.vcz (looked in {data})"
    (data / "all.zip").touch()
    assert "there is no folder all.zip" in missing(vcf_zarr="all.zip")
    (data / "all.vcz").mkdir()
    assert "cohort mine: vcf_zarr:" in missing(vcf_zarr="all.vcz") and "not a VCF Zarr" in missing(vcf_zarr="all.vcz")
    assert missing(vcf_zarr=["all.vcz", "more/{chrom}.vcz"], chromosomes=["chr1"]).endswith(
        f"no file matches more/{{chrom}}.vcz (looked in {data})"
    )
    assert "`samples` is missing" in refused(from_files(vcf=None, samples=None, vcf_zarr="all.vcz"), folder=data)


def test_without_zarr_beside_snakemake_the_chromosomes_have_to_be_named(data, monkeypatch):
    write_store(data / "all.vcz", "1")
    monkeypatch.setitem(sys.modules, "zarr", None)
    monkeypatch.delitem(sys.modules, "promoternets.formats.vcf_zarr", raising=False)
    (said,) = read_configuration(from_files(vcf=None, vcf_zarr="all.vcz"), folder=data).missing
    assert "without the package zarr" in said and "chromosomes: [" in said
    read = read_configuration(from_files(vcf=None, vcf_zarr="all.vcz", chromosomes=["1"]), folder=data)
    assert read.missing == [] and read.cohorts["mine"].chromosomes == ["1"]


# ------------------------------------------------------------------------------------------ real-valued dosages


def test_real_valued_dosages_need_encodings_that_read_numbers(data):
    real = {"genotypes": {"dosages": "real"}}
    said = refused(from_files() | real, folder=data)
    assert "cohorts.mine: genotypes.dosages: real is read by ranking.encoding scalar; one_hot reads whole" in said
    scalar = real | {"ranking": {"encoding": "scalar"}}
    assert read_configuration(from_files() | scalar, folder=data).cohorts["mine"].settings["genotypes"] == (
        defaults()["genotypes"] | {"dosages": "real"}
    )
    assert "als_net.encoding scalar or standardised; haplotype" in refused(
        from_files() | scalar | {"als_net": {"encoding": "haplotype"}}, folder=data
    )
    said = refused(to_predict(data) | scalar, folder=data)
    assert said.count("a model folder reads whole genotypes, in training and prediction") == 2


def test_sites_near_promoters_need_a_distance():
    config = SIMULATED | {"genotypes": {"sites": "near_promoters"}}
    cohort = read_configuration(config)
    assert cohort.promoters_to_read_near(wildcards(cohort="toy")) == ["results/toy/promoters.tsv"]
    assert read_configuration(SIMULATED).promoters_to_read_near(wildcards(cohort="toy")) == []
    assert "set blocks.max_distance" in refused(config | {"blocks": {"max_distance": None}})
    assert "set blocks.max_distance" in refused(config | {"blocks": {"legacy": True}})
