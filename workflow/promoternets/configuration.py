"""The workflow's configuration: checked, completed with defaults, and asked by the rules.

Types, limits and defaults live in ``workflow/schemas/config.schema.yaml`` and nowhere else. This module says what is
wrong in a person's words, finds the chromosomes of each cohort, and hands settings to rules by cohort.
Imports stay light: it runs at every start of Snakemake, in every job.
"""

from __future__ import annotations

import copy
import difflib
import glob
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from promoternets import chromatin_configuration
from promoternets.chromatin_configuration import Chromatin, chromatin_problems, read_chromatin
from promoternets.errors import InputError
from promoternets.formats import contigs, plink_index
from promoternets.formats.confounders import CONFOUNDERS
from promoternets.formats.model_folder import DESCRIPTION
from promoternets.formats.models import GWAS, NETWORK, PUBLISHED_SETTINGS, sites_of
from promoternets.formats.names import ALLOWED, can_name_a_file
from promoternets.formats.rungs import RUNGS

SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "config.schema.yaml"
GROUPS = (
    "promoters", "genotypes", "blocks", "folds", "ranking", "gwas", "als_net", "baselines", "evaluation", "audit",
    "interactions", "saliency", "reruns", "prediction", "fine_tuning",
)  # fmt: skip
KINDS = ("vcf", "plink", "vcf_zarr")  # what variants may be in
FILES = (*KINDS, "samples", "annotation")
FROM_FILES = (*FILES, "build")
PLINK_ENDINGS = tuple(plink_index.COMPANIONS)


@dataclass(frozen=True)
class Cohort:
    """One cohort as the rules see it; a simulated one has the same attributes as one from files.

    Attributes
    ----------
    kind : str
        The configuration's key for what the variants are in: vcf (or BCF), plink or vcf_zarr.
    patterns : list of str
        One path for each batch of people, each with ``{chrom}`` when there is one a chromosome: a file; the .bed or
        .pgen of a PLINK fileset; the folder of a VCF Zarr.
    chromosomes : list of str
        The chromosomes to work on, named as the VCF or the pattern names them.
    settings : dict
        The seed and each setting group with every key, defaults filled in.
    simulate : dict or None
        Settings of the simulation; None for a cohort from files.
    predict_with : str or None
        The cohort, or the model folder, whose networks predict this one; None for a cohort to train on. One that is
        predicted has no annotation, and need not have a sample table.
    """

    name: str
    kind: str
    patterns: list[str]
    samples: str | None
    annotation: str | None
    build: str
    chromosomes: list[str]
    phenotype: str
    case: str | None
    control: str | None
    covariates: list[str] | None
    settings: dict[str, Any]
    simulate: dict[str, Any] | None = None
    predict_with: str | None = None

    def variants(self, chromosome: str) -> list[str]:
        """Return the paths of each batch of people that hold this chromosome: of a PLINK fileset all its files."""
        paths = self._paths(chromosome)
        if self.kind != "plink":
            return paths
        return [str(file) for path in paths for file in plink_index.files_of(path)]

    def with_people(self, chromosome: str | None = None) -> list[str]:
        """Return, of each batch, what names its people: .fam or .psam, else the variants; by default of the first."""
        return [_names_people(path) for path in self._paths(chromosome or next(iter(self.chromosomes), "1"))]

    def _paths(self, chromosome: str) -> list[str]:
        return [pattern.replace("{chrom}", chromosome) for pattern in self.patterns]

    def people_of_other_chromosomes(self) -> list[str]:
        """Return the files whose people must be those of the first chromosome's; none for batches or a simulation."""
        if self.simulate is not None or len(self.patterns) > 1 or "{chrom}" not in self.patterns[0]:
            return []
        return [path for chromosome in self.chromosomes[1:] for path in self.with_people(chromosome)]

    def models(self) -> list[str]:
        """Return the names of the models beside ALS-Net, in the order of the configuration."""
        settings = self.settings["baselines"]
        chosen = settings["models"]
        published = [f"{model}_published" for model in chosen if model in PUBLISHED_SETTINGS]
        by_gwas = [f"{model}{GWAS}" for model in settings["gwas_selected"]]
        return [*chosen, *by_gwas, *(published if settings["published"] else []), *CONFOUNDERS]

    def networks(self) -> list[str]:
        """Return ALS-Net and, where it is asked for, ALS-Net on the sites of a GWAS."""
        return [NETWORK, *(model for model in self.models() if model == NETWORK + GWAS)]

    def folds(self) -> list[int]:
        """Return the numbers of the outer folds, 1 to K."""
        return list(range(1, self.settings["folds"]["count"] + 1))

    def shards(self) -> list[int]:
        """Return the numbers of the shards of the ranking, 1 to S."""
        return list(range(1, self.settings["ranking"]["shards"] + 1))

    def rungs(self) -> list[int]:
        """Return the numbers of the rungs of successive halving, from 1; none where every promoter is trained."""
        return list(range(1, len(RUNGS) + 1)) if self.settings["ranking"]["halving"] else []

    def source(self) -> dict[str, Any]:
        """Return where the cohort comes from, for the record: its files, or the settings of its simulation."""
        if self.simulate is not None:
            return {"simulate": self.simulate, "chromosomes": self.chromosomes}
        keys = ("samples", "annotation", "build", "chromosomes", "phenotype", "case", "control", "covariates")
        return {self.kind: self.patterns} | {key: getattr(self, key) for key in keys}


@dataclass(frozen=True)
class Configuration:
    """The whole configuration. `missing` and `notices` are said by the rules' common part.

    `epigenomes` is the chromatin branch; without one it is empty and `chromatin` refuses to be asked for results.
    `behind` are cohorts that nobody asked for by `only`, but whose model predicts one that was.
    """

    cohorts: dict[str, Cohort]
    gpu: int
    epigenomes: Chromatin
    promoters: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    behind: frozenset[str] = frozenset()

    def setting(self, group: str, key: str) -> Callable[[Any], Any]:
        """Return the function of wildcards that gives a setting of the cohort."""
        return lambda wildcards: self.cohorts[wildcards.cohort].settings[group][key]

    def seed(self, wildcards: Any) -> int:
        """Return the seed of the cohort in `wildcards`."""
        return self.cohorts[wildcards.cohort].settings["seed"]

    def branches(self) -> str:
        """Return the constraint of a wildcard for cohorts and the chromatin branch, which share some stages."""
        return "|".join([*self.cohorts, chromatin_configuration.NAME])

    def promoter_setting(self, key: str) -> Callable[[Any], Any]:
        """Return the function of wildcards that gives a setting of the promoters of a cohort or of the epigenomes."""
        return lambda wildcards: (
            self.cohorts[wildcards.cohort].settings["promoters"] if wildcards.cohort in self.cohorts else self.promoters
        )[key]

    def contigs(self, wildcards: Any) -> list[str] | None:
        """Return the chromosomes whose promoters are wanted; None, for all, in the chromatin branch."""
        return self.cohorts[wildcards.cohort].chromosomes if wildcards.cohort in self.cohorts else None

    def annotation(self, wildcards: Any) -> str:
        """Return the gene annotation of the cohort, or of the epigenomes."""
        branch = self.cohorts.get(wildcards.cohort, self.epigenomes)
        if branch.annotation is None:
            raise InputError("published files come with genes of their own; there is no annotation to read")
        return branch.annotation

    def record(self, wildcards: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Return source, settings and default settings of a cohort or of the chromatin branch."""
        if wildcards.cohort in self.cohorts:
            cohort = self.cohorts[wildcards.cohort]
            return cohort.source(), cohort.settings, defaults()
        return self.epigenomes.source(), self.epigenomes.settings, chromatin_defaults()

    def chromatin(self, *paths: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that gives `paths`, once an epigenome where they hold {epigenome}.

        It raises InputError when no epigenomes are configured.
        """

        def results(_: Any) -> list[str]:
            if not self.epigenomes.epigenomes:
                raise InputError(
                    "no epigenomes are configured",
                    fix="Name them under `chromatin:` in config.yaml (README, 'Your own epigenomes')",
                )
            return self.chromatin_results(*paths)

        return results

    def chromatin_genes(self, wildcards: Any) -> list[str]:
        """Return the table of genes, or the labels where published files come with genes of their own."""
        return self.chromatin("{epigenome}/labels.tsv" if self.epigenomes.published else "genes.tsv")(wildcards)

    def chromatin_results(self, *paths: str) -> list[str]:
        """Return `paths` under the chromatin branch's results, once an epigenome; nothing without epigenomes."""
        if not self.epigenomes.epigenomes:
            return []
        full = [f"{chromatin_configuration.RESULTS}/{path}" for path in paths]
        return [
            made for path in full for made in (self.epigenomes.per_epigenome(path) if "{epigenome}" in path else [path])
        ]

    def offset(self, group: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that gives the offsets that a stage learns on top of, or nothing."""

        def path(wildcards: Any) -> list[str]:
            model = self.cohorts[wildcards.cohort].settings[group]["offset"]
            return [] if model == "none" else [f"results/{wildcards.cohort}/offsets/{model}/fold_{wildcards.fold}.tsv"]

        return path

    def rerun(self, kind: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that gives the table of a rerun, or nothing where no report shows it."""

        def path(wildcards: Any) -> list[str]:
            shown = self.cohorts[wildcards.cohort].settings["reruns"]["in_report"]
            return [f"results/{wildcards.cohort}/{kind}.tsv"] if kind in shown else []

        return path

    def rerun_sentences(self, wildcards: Any) -> list[str]:
        """Return what the reruns that the cohort's report shows say."""
        shown = self.cohorts[wildcards.cohort].settings["reruns"]["in_report"]
        return [f"results/{wildcards.cohort}/{kind}.txt" for kind in shown]

    def simulation(self, key: str) -> Callable[[Any], Any]:
        """Return the function of wildcards that gives a setting of the cohort's simulation."""
        return lambda wildcards: (self.cohorts[wildcards.cohort].simulate or {})[key]

    def of_cohort(self, attribute: str) -> Callable[[Any], Any]:
        """Return the function of wildcards that gives an attribute of the cohort."""
        return lambda wildcards: getattr(self.cohorts[wildcards.cohort], attribute)

    def sample_table(self, wildcards: Any) -> list[str]:
        """Return the sample table of the cohort in `wildcards`; nothing where one that is predicted has none."""
        table = self.cohorts[wildcards.cohort].samples
        return [] if table is None else [table]

    def is_predicted(self, wildcards: Any) -> bool:
        """Return whether the cohort in `wildcards` is predicted, not trained on."""
        return self.cohorts[wildcards.cohort].predict_with is not None

    def model_folder(self, wildcards: Any) -> list[str]:
        """Return the model folder that predicts the cohort in `wildcards`; nothing for a cohort to train on."""
        model = self.cohorts[wildcards.cohort].predict_with
        return [] if model is None else [f"results/{model}/model" if model in self.cohorts else model]

    def promoters_to_read_near(self, wildcards: Any) -> list[str]:
        """Return the promoter table of the cohort in `wildcards` where only sites near promoters are read."""
        cohort = self.cohorts[wildcards.cohort]
        near = cohort.settings["genotypes"]["sites"] == "near_promoters" and cohort.predict_with is None
        return [f"results/{cohort.name}/promoters.tsv"] if near else []

    def predictions(self, *paths: str, evaluated: Iterable[str] = ()) -> list[str]:
        """Return `paths` for each cohort that is predicted, and those `evaluated` where it has a sample table."""
        predicted = [cohort for cohort in self.cohorts.values() if cohort.predict_with is not None]
        return [
            path.replace("{cohort}", cohort.name)
            for cohort in predicted
            for path in [*paths, *(evaluated if cohort.samples is not None else ())]
        ]

    def asked_predictions(self, *paths: str, evaluated: Iterable[str] = ()) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that gives `predictions`; InputError when there is nobody to predict."""

        return _asked(
            lambda: self.predictions(*paths, evaluated=evaluated),
            "no cohort is to be predicted",
            fix="Give one `predict_with:` in config.yaml (README, 'Predict other people')",
        )

    def fine_tuned(self, *paths: str) -> list[str]:
        """Return `paths` for each predicted cohort whose people fine-tune the model."""
        chosen = [
            cohort.name
            for cohort in self.cohorts.values()
            if cohort.predict_with is not None and cohort.settings["fine_tuning"]["layers"] != "none"
        ]
        return [path.replace("{cohort}", name) for name in chosen for path in paths]

    def asked_fine_tuned(self, *paths: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that gives `fine_tuned`; InputError when no cohort fine-tunes a model."""

        return _asked(
            lambda: self.fine_tuned(*paths),
            "no cohort is to fine-tune a model",
            fix="Give one with `predict_with:` the setting `fine_tuning: {layers: all}` "
            "(README, 'Predict other people')",
        )

    def people_to_train_on(self, wildcards: Any) -> str:
        """Return the table of the people of known phenotype: everybody's, but in a cohort that is predicted."""
        part = "fine_tuning/" if self.is_predicted(wildcards) else ""
        return f"results/{wildcards.cohort}/{part}samples.tsv"

    def preprocessing(self, wildcards: Any) -> dict[str, Any]:
        """Return the settings that made the sites of the cohort in `wildcards`."""
        settings = self.cohorts[wildcards.cohort].settings
        return {group: settings[group] for group in ("promoters", "genotypes", "blocks")}

    def variants(self, kind: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that gives the cohort's variants of a chromosome, where they are `kind`."""
        return self._of_kind(kind, lambda cohort, wildcards: cohort.variants(wildcards.chrom))

    def people(self, kind: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that gives what names each batch's people, where variants are `kind`."""
        return self._of_kind(kind, lambda cohort, _: cohort.with_people())

    def _of_kind(self, kind: str, paths: Callable[[Cohort, Any], list[str]]) -> Callable[[Any], list[str]]:
        def chosen(wildcards: Any) -> list[str]:
            cohort = self.cohorts[wildcards.cohort]
            return paths(cohort, wildcards) if cohort.kind == kind else []

        return chosen

    def people_of_other_chromosomes(self, wildcards: Any) -> list[str]:
        """Return the files of the other chromosomes, whose people match_samples compares with the first's."""
        return self.cohorts[wildcards.cohort].people_of_other_chromosomes()

    def per_chromosome(self, path: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that writes `path` once a chromosome of the cohort."""
        return lambda wildcards: self._fill(path, wildcards, chrom=self.cohorts[wildcards.cohort].chromosomes)

    def per_fold(self, path: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that writes `path` once an outer fold of the cohort."""
        return lambda wildcards: self._fill(path, wildcards, fold=self.cohorts[wildcards.cohort].folds())

    def promoter_pairs(self, wildcards: Any) -> list[str]:
        """Return the pairs of promoters of each fold, or nothing where no place is kept for them."""
        settings = self.cohorts[wildcards.cohort].settings["ranking"]
        unwanted = settings["pair_places"] == 0 or settings["per_chromosome"] is not None
        return [] if unwanted else self.per_fold("results/{cohort}/ranking/fold_{fold}/pairs.tsv")(wildcards)

    def per_fold_and_shard(self, path: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that writes `path` once a fold and shard of the cohort."""

        def paths(wildcards: Any) -> list[str]:
            cohort = self.cohorts[wildcards.cohort]
            return self._fill(path, wildcards, fold=cohort.folds(), shard=cohort.shards())

        return paths

    def top_of_halving(self, wildcards: Any) -> int | None:
        """Return how many promoters are selected, where halving asks; else None, so that a change reruns nothing."""
        cohort = self.cohorts[wildcards.cohort]
        return cohort.settings["ranking"]["top"] if cohort.rungs() else None

    def rung_before(self, path: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that writes `path` of the rung before, once a shard; none for the first."""
        return lambda wildcards: self._of_rungs(path, wildcards, [int(wildcards.rung) - 1])

    def last_rung(self, path: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that writes `path` of the last rung of halving, if any, once a shard."""
        return lambda wildcards: self._of_rungs(path, wildcards, self.cohorts[wildcards.cohort].rungs()[-1:])

    def all_rungs(self, path: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that writes `path` once a rung of halving, if any, fold and shard."""

        def paths(wildcards: Any) -> list[str]:
            cohort = self.cohorts[wildcards.cohort]
            return self._of_rungs(path, wildcards, cohort.rungs(), fold=cohort.folds())

        return paths

    def _of_rungs(self, path: str, wildcards: Any, rungs: list[int], **values: list) -> list[str]:
        cohort = self.cohorts[wildcards.cohort]
        rungs = [rung for rung in rungs if rung in cohort.rungs()]
        return self._fill(path, wildcards, rung=rungs, shard=cohort.shards(), **values)

    def per_model_and_fold(self, path: str, *, also: Iterable[str] = ()) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that writes `path` once a model (those in `also` first) and fold."""

        def paths(wildcards: Any) -> list[str]:
            cohort = self.cohorts[wildcards.cohort]
            return self._fill(path, wildcards, model=[*also, *cohort.models()], fold=cohort.folds())

        return paths

    def of_sites(self, **paths: str) -> Callable[[Any], list[str]]:
        """Return the function of wildcards that gives the path for what the model in them is given (`models.sites_of`).

        Where none of `paths` is for that kind it gives nothing. A path with {chrom} is written once a chromosome.
        """

        def chosen(wildcards: Any) -> list[str]:
            names = dict(wildcards.items())
            path = paths.get(sites_of(names.get("model") or names["network"]))
            return [] if path is None else self.per_chromosome(path)(wildcards)

        return chosen

    def of_every_cohort(self, *paths: str, simulated_only: bool = False) -> list[str]:
        """Return `paths` for each cohort to train on, once for every value of the other wildcards in them."""
        chosen = [
            cohort
            for cohort in self.cohorts.values()
            if (cohort.simulate is not None or not simulated_only)
            and cohort.predict_with is None
            and cohort.name not in self.behind
        ]
        return [made for cohort in chosen for path in paths for made in self._of_one_cohort(path, cohort)]

    @staticmethod
    def _of_one_cohort(path: str, cohort: Cohort) -> list[str]:
        values = {
            "cohort": [cohort.name],
            "chrom": cohort.chromosomes,
            "model": [model for model in cohort.models() if model not in cohort.networks()],
            "network": cohort.networks(),
            "fold": cohort.folds(),
            "shard": cohort.shards(),
        }
        return _products(path, **{key: value for key, value in values.items() if f"{{{key}}}" in path})

    def manifests(self, path: str) -> list[str]:
        """Return `path` for each cohort, trained on or predicted, that is asked for, and for the epigenomes."""
        names = [name for name in self.cohorts if name not in self.behind]
        branches = [*names, *([chromatin_configuration.NAME] if self.epigenomes.epigenomes else [])]
        return [path.replace("{cohort}", branch) for branch in branches]

    def truth(self, wildcards: Any) -> list[str]:
        """Return the truth table of a simulated cohort; nothing for a cohort from files."""
        cohort = self.cohorts[wildcards.cohort]
        return [] if cohort.simulate is None else [f"results/{cohort.name}/simulated/truth.tsv"]

    @staticmethod
    def _fill(path: str, wildcards: Any, **values: list) -> list[str]:
        fixed = {key: [value] for key, value in dict(wildcards.items()).items() if key not in values}
        return _products(path, **{key: value for key, value in (fixed | values).items() if f"{{{key}}}" in path})


def _asked(made: Callable[[], list[str]], nothing: str, fix: str) -> Callable[[Any], list[str]]:
    """Return the function of wildcards that gives what is `made`; InputError saying `nothing` where that is nothing."""

    def results(_: Any) -> list[str]:
        paths = made()
        if not paths:
            raise InputError(nothing, fix=fix)
        return paths

    return results


def _names_people(path: str) -> str:
    return str(plink_index.people_table(path)) if plink_index.is_fileset(path) else path


def _products(path: str, **values: Iterable) -> list[str]:
    paths = [path]
    for key, options in values.items():
        paths = [entry.replace(f"{{{key}}}", str(option)) for entry in paths for option in options]
    return paths


@cache
def _schema() -> dict[str, Any]:
    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


def _defaults_of(part: Mapping[str, Any]) -> dict[str, Any]:
    return {key: copy.deepcopy(entry["default"]) for key, entry in part["properties"].items() if "default" in entry}


def defaults() -> dict[str, Any]:
    """Return the seed and every setting group at its defaults, as the schema has them."""
    definitions = _schema()["$defs"]
    return {"seed": definitions["seed"]["default"]} | {group: _defaults_of(definitions[group]) for group in GROUPS}


def read_configuration(
    config: Mapping[str, Any], *, folder: Path | None = None, absolute: bool = False
) -> Configuration:
    """Return the checked and completed configuration.

    Parameters
    ----------
    config : mapping
        What the configuration file and the command line say.
    folder : Path, optional
        The folder that relative paths start from; the working directory when absent.
    absolute : bool
        Whether to make the paths of data absolute. Snakemake puts a module's prefix before every relative path, but
        data are where the configuration says, and the paths in a sheet of epigenomes know of no prefix.

    Raises
    ------
    InputError
        With one line for each thing that is wrong with keys and values. Files of a cohort that do not exist are
        listed in ``missing`` of the result instead, so that rules can be listed and linted without data.
    """
    folder = folder or Path.cwd()
    if not config.get("cohorts") and not config.get("chromatin"):
        raise InputError(
            "no cohort is configured, and no epigenomes",
            fix="Name one under `cohorts:` in config.yaml (README, 'Your own cohort'), or try `make demo`",
        )
    config = _tidied(config)
    problems = _problems(config)
    if problems:
        raise InputError("the configuration cannot be used:\n" + "\n".join(f"  {line}" for line in problems))
    if absolute:
        config = _with_absolute_paths(config, folder.absolute())
    missing: list[str] = []
    notices: list[str] = []
    wanted = config.get("only") or [*config["cohorts"], chromatin_configuration.NAME]
    models = {config["cohorts"][name].get("predict_with") for name in config["cohorts"] if name in wanted}
    behind = frozenset(name for name in config["cohorts"] if name in models and name not in wanted)
    cohorts = {
        name: _cohort(name, entry, config, folder, missing, notices)
        for name, entry in config["cohorts"].items()
        if name in wanted or name in behind
    }
    epigenomes = _chromatin(config if chromatin_configuration.NAME in wanted else {}, folder)
    if absolute and epigenomes.simulate is None:
        files = {name: [str(folder.absolute() / path) for path in paths] for name, paths in epigenomes.files.items()}
        epigenomes = replace(epigenomes, files=files)
    return Configuration(
        cohorts=cohorts,
        gpu=config.get("gpu", 0),
        epigenomes=epigenomes,
        promoters=defaults()["promoters"] | config.get("promoters", {}),
        missing=missing + epigenomes.missing,
        notices=notices + epigenomes.notices,
        behind=behind,
    )


def _with_absolute_paths(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the configuration with the paths of its data, patterns among them, below `folder` unless absolute."""

    def placed(entry: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
        given = {key: entry[key] for key in keys if entry.get(key)}
        return dict(entry) | {
            key: str(folder / path) if isinstance(path, str) else [str(folder / one) for one in path]
            for key, path in given.items()
        }

    config = dict(config) | {"cohorts": {name: placed(one, FILES) for name, one in config["cohorts"].items()}}
    if "chromatin" in config:
        config["chromatin"] = placed(config["chromatin"], chromatin_configuration.FILES)
    return config


def _chromatin(config: Mapping[str, Any], folder: Path) -> Chromatin:
    settings = chromatin_defaults()
    entry = config.get("chromatin")
    if not entry:
        return Chromatin([], {}, settings)
    settings["seed"] = config.get("seed", settings["seed"])
    for group in chromatin_configuration.GROUPS:
        settings[group] |= entry.get(group, {})
    simulate = _defaults_of(_schema()["$defs"]["simulate_epigenomes"]) | (entry.get("simulate") or {})
    return read_chromatin(entry, settings, simulate, folder)


def chromatin_defaults() -> dict[str, Any]:
    """Return the seed and every setting group of the chromatin branch at its defaults."""
    definitions = _schema()["$defs"]
    groups = {group: _defaults_of(definitions[f"chromatin_{group}"]) for group in chromatin_configuration.GROUPS}
    return {"seed": definitions["seed"]["default"]} | groups


def _tidied(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in which harmless spellings are the expected ones, so that only real mistakes are left."""
    config = copy.deepcopy(dict(config))
    config = {key: value for key, value in config.items() if value is not None}
    if isinstance(config.get("only"), (str, int)):
        config["only"] = [name.strip() for name in str(config["only"]).split(",")]
    cohorts = config.setdefault("cohorts", {})
    if not cohorts:
        config["cohorts"] = cohorts = {}
    chromatin = config.get("chromatin")
    if isinstance(chromatin, Mapping):
        config["chromatin"] = {
            key: {} if value is None and key == "simulate" else value
            for key, value in chromatin.items()
            if value is not None or key == "simulate"
        }
    if isinstance(cohorts, Mapping):
        config["cohorts"] = {str(name): _tidied_cohort(entry) for name, entry in cohorts.items()}
    _read_numbers(config, _schema())
    return config


def _tidied_cohort(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    entry = {key: value for key, value in entry.items() if value is not None or key == "simulate"}
    if "simulate" in entry and entry["simulate"] is None:
        entry["simulate"] = {}  # `simulate:` alone asks for a simulation at its defaults
    if isinstance(entry.get("settings"), Mapping):
        entry["settings"] = {key: value for key, value in entry["settings"].items() if value is not None}
    for key in ("chromosomes", "covariates"):
        if _is_text_or_number(entry.get(key)):
            entry[key] = [entry[key]]
        if isinstance(entry.get(key), list):
            entry[key] = [str(value) if _is_text_or_number(value) else value for value in entry[key]]
    for key in ("case", "control"):
        if isinstance(entry.get(key), list) and all(map(_is_text_or_number, entry[key])):
            entry[key] = ",".join(map(str, entry[key]))
        if _is_text_or_number(entry.get(key)):
            entry[key] = str(entry[key])
    return entry


def _is_text_or_number(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _read_numbers(value: Any, part: Mapping[str, Any]) -> None:
    """Turn texts into numbers where a number is wanted: YAML reads 1e-6 as text."""
    if not isinstance(value, dict):
        return
    part = _resolved(part)
    for key, entry in value.items():
        inner = part.get("properties", {}).get(key, part.get("additionalProperties"))
        if not isinstance(inner, Mapping):
            continue
        inner = _resolved(inner)
        if isinstance(entry, str) and "number" in _types(inner):
            try:
                value[key] = float(entry)
            except ValueError:
                continue
        _read_numbers(entry, inner)


def _resolved(part: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = part.get("$ref")
    return part if reference is None else _schema()["$defs"][reference.rsplit("/", 1)[1]]


def _types(part: Mapping[str, Any]) -> list[str]:
    kinds = part.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _problems(config: dict[str, Any]) -> list[str]:
    import jsonschema

    validator = jsonschema.Draft202012Validator(_schema())
    errors = sorted(validator.iter_errors(config), key=lambda error: [str(key) for key in error.absolute_path])
    lines = [line for error in errors for line in _in_words(error)]
    if lines:
        return lines
    for name in config.get("only", []):
        known = [*config["cohorts"], *([chromatin_configuration.NAME] if "chromatin" in config else [])]
        if name not in known:
            lines.append(f"only: there is no cohort {name!r}{_did_you_mean(name, known)}")
    if "chromatin" in config:
        lines += chromatin_problems(config["chromatin"])
    for name, entry in config["cohorts"].items():
        if name == chromatin_configuration.NAME:
            lines.append(f"cohorts.{name}: results/{name} is the chromatin branch's folder; choose another name")
        lines += [f"cohorts.{name}: {line}" for line in _cohort_problems(entry)]
        lines += [f"cohorts.{name}: {line}" for line in _prediction_problems(name, entry, config["cohorts"])]
        settings = _settings(entry, config)
        lines += [f"cohorts.{name}: {line}" for line in _dosage_problems(name, entry, settings, config["cohorts"])]
        wanted = settings["fine_tuning"]["layers"] != "none" and "predict_with" in entry
        if wanted and not {"samples", "plink"} & set(entry):
            lines.append(
                f"cohorts.{name}: fine_tuning needs phenotypes; name the table of people under `samples`, or set "
                "fine_tuning.layers to none under this cohort's `settings`"
            )
        blocks = settings["blocks"]
        if settings["genotypes"]["sites"] == "near_promoters" and (blocks["legacy"] or blocks["max_distance"] is None):
            lines.append(
                f"cohorts.{name}: genotypes.sites is near_promoters, but blocks take sites at any distance; set "
                "blocks.max_distance, without blocks.legacy"
            )
        rounds, inner = settings["ranking"]["rounds"], settings["folds"]["inner"]
        if rounds > inner:
            lines.append(
                f"cohorts.{name}: ranking.rounds is {rounds} but there are only {inner} inner parts (folds.inner)"
            )
        if settings["ranking"]["halving"] and settings["ranking"]["per_chromosome"] is not None:
            lines.append(
                f"cohorts.{name}: ranking.halving keeps the best promoters over all chromosomes, and cannot select "
                "so many on each; set ranking.per_chromosome to null, or leave halving out"
            )
        if (settings["gwas"]["rounds"] or 2) > inner:
            lines.append(
                f"cohorts.{name}: gwas.rounds is {settings['gwas']['rounds']} but there are only {inner} inner parts "
                "(folds.inner)"
            )
    return lines


def _cohort_problems(entry: Mapping[str, Any]) -> list[str]:
    from_files = [key for key in FROM_FILES if key in entry]
    if "simulate" in entry:
        return [f"it has both `simulate` and `{from_files[0]}`; keep one of the two"] if from_files else []
    predicted = "predict_with" in entry
    if not from_files and not predicted:
        return ["it names no data; give vcf, plink or vcf_zarr, samples, annotation and build (or simulate)"]
    needed = ("build",) if predicted else ("annotation", "build")
    lines = [f"`{key}` is missing" for key in needed if key not in entry]
    kinds = [f"`{kind}`" for kind in KINDS if kind in entry]
    if not kinds:
        lines.insert(0, "`vcf`, `plink` or `vcf_zarr` is missing")
    if len(kinds) > 1:
        lines.insert(0, f"it has {' and '.join(kinds)}; keep one of them")
    filesets = _listed(entry.get("plink", []))
    if "samples" not in entry and len(filesets) != 1 and not predicted:
        lines.insert(0, "`samples` is missing" + ("; one table for all batches" if filesets else ""))
    lines += [
        f"plink: {path} ends neither in .bed nor in .pgen; name that file of the fileset"
        for path in filesets
        if not path.endswith(PLINK_ENDINGS)
    ]
    return lines


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _prediction_problems(name: str, entry: Mapping[str, Any], cohorts: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the model that a cohort is to be predicted with, as far as the configuration says."""
    model = entry.get("predict_with")
    if model is None:
        return []
    lines = [
        f"`{key}` is for a cohort to train on; one with `predict_with` is only predicted. To do both, list it twice, "
        "under two names"
        for key in ("simulate", "annotation")
        if key in entry
    ]
    other = cohorts.get(model, {})
    if model == name or "predict_with" in other:
        lines.append(f"predict_with: {model} trains no model; name a cohort that is trained on, or a model folder")
    if "build" in other and "build" in entry and other["build"] != entry["build"]:
        lines.append(
            f"predict_with: the model of {model} reads positions of {other['build']}, but this cohort's build is "
            f"{entry['build']}; positions are not converted between builds (no liftover is done)"
        )
    return lines


def _dosage_problems(
    name: str, entry: Mapping[str, Any], settings: Mapping[str, Any], cohorts: Mapping[str, Any]
) -> list[str]:
    """Return what real-valued dosages cannot be given to."""
    if settings["genotypes"]["dosages"] != "real":
        return []
    lines = [
        f"genotypes.dosages: real is read by {group}.encoding scalar{also}; "
        f"{settings[group]['encoding']} reads whole genotypes"
        for group, also in (("ranking", ""), ("als_net", " or standardised"))
        if settings[group]["encoding"] in ("one_hot", "haplotype")
    ]
    if "predict_with" in entry or any(other.get("predict_with") == name for other in cohorts.values()):
        lines.append("genotypes.dosages: a model folder reads whole genotypes, in training and prediction: use round")
    return lines


def _in_words(error: Any) -> list[str]:
    """Return one line in plain words for each thing that a schema error says."""
    where = ".".join(str(key) for key in error.absolute_path) or "the top level"
    said, value, limit = error.validator, error.instance, error.validator_value
    if said == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [key for key in value if key not in known]
        return [f"{where}: unknown key `{key}`{_did_you_mean(key, known)}" for key in unknown]
    if said == "enum":
        options = [option for option in limit if option is not None]
        return [f"{where}: {value!r} is not one of {', '.join(options)}{_did_you_mean(value, options)}"]
    if said == "type":
        return [f"{where}: {_shown(value)} is not {_kind(limit)}{_advice(value, limit)}"]
    if said in ("minimum", "maximum"):
        return [f"{where}: {value} is too {'small' if said == 'minimum' else 'large'}; the limit is {limit}"]
    if said in ("exclusiveMinimum", "exclusiveMaximum"):
        return [f"{where}: {value} must be {'more' if said == 'exclusiveMinimum' else 'less'} than {limit}"]
    if said in ("minItems", "minLength", "minProperties"):
        return [f"{where}: is empty"]
    if said == "uniqueItems":
        return [f"{where}: names something twice"]
    if said == "required":
        return [f"{where}: `{key}` is missing" for key in limit if key not in value]
    if said == "pattern" and where == "cohorts":
        return [f"cohorts: {value!r} cannot be a cohort's name; use letters, digits, _ and -"]
    if said == "pattern" and "chromosomes" in error.absolute_path:
        return [f"{where}: {value!r} cannot be used, since results would have that name; use {ALLOWED}"]
    return [f"{where}: {error.message}"]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "empty" if value is None else f"{value!r}"


def _kind(limit: str | list[str]) -> str:
    words = {
        "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
        "array": "a list", "object": "a group of keys", "null": "null",
    }  # fmt: skip
    return " or ".join(words[kind] for kind in ([limit] if isinstance(limit, str) else limit))


def _advice(value: Any, limit: str | list[str]) -> str:
    if "string" in limit and isinstance(value, bool):
        return "; YAML reads yes, no, on and off as true or false: put it in quotes"
    return ""


def _did_you_mean(word: Any, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known are {', '.join(known)}" if known else ""


def _settings(entry: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a cohort: defaults, over them the top level's, over them the cohort's own."""
    settings = defaults()
    for layer in (config, entry.get("settings", {})):
        settings["seed"] = layer.get("seed", settings["seed"])
        for group in GROUPS:
            settings[group] |= layer.get(group, {})
    return settings


def _cohort(
    name: str,
    entry: Mapping[str, Any],
    config: Mapping[str, Any],
    folder: Path,
    missing: list[str],
    notices: list[str],
) -> Cohort:
    settings = _settings(entry, config)
    common = {
        "name": name,
        "phenotype": entry.get("phenotype", "phenotype"),
        "case": entry.get("case"),
        "control": entry.get("control"),
        "covariates": entry.get("covariates"),
        "settings": settings,
    }
    if "simulate" in entry:
        simulate = _defaults_of(_schema()["$defs"]["simulate"]) | entry["simulate"]
        if simulate["seed"] is None:
            simulate["seed"] = settings["seed"]
        simulated = f"results/{name}/simulated"
        return Cohort(
            kind="vcf",
            patterns=[f"{simulated}/{{chrom}}.vcf.gz"],
            samples=f"{simulated}/samples.tsv",
            annotation=f"{simulated}/genes.gtf.gz",
            build="other",
            chromosomes=[f"chr{number}" for number in range(1, simulate["chromosomes"] + 1)],
            simulate=simulate,
            **common,
        )
    kind = next(kind for kind in KINDS if kind in entry)
    patterns = _listed(entry[kind])
    model = entry.get("predict_with")
    if model is not None and model not in config["cohorts"] and not (folder / model / DESCRIPTION).is_file():
        missing.append(
            f"cohort {name}: predict_with: {model} is neither a cohort nor a model folder with {DESCRIPTION} "
            f"(looked in {folder})"
        )
    for key in ("samples", "annotation"):
        if key in entry and not (folder / entry[key]).is_file():
            missing.append(f"cohort {name}: {key}: there is no file {entry[key]} (looked in {folder})")
    try:
        chromosomes = find_chromosomes(kind, patterns, entry["build"], entry.get("chromosomes"), folder, notices, name)
    except InputError as error:
        missing.append(f"cohort {name}: {kind}: {error}")
        chromosomes = []
    own_people = None  # of a VCF, or of batches, nobody but a table says who is a case
    if kind == "plink" and len(patterns) == 1:
        own_people = _names_people(patterns[0].replace("{chrom}", next(iter(chromosomes), "1")))
    elif kind == "plink" and "samples" not in entry:
        notices.append(
            f"cohort {name}: phenotypes of several PLINK filesets are not read; to evaluate the predictions, name one "
            "table of all people under `samples`"
        )
    cohort = Cohort(
        kind=kind,
        patterns=patterns,
        samples=entry.get("samples", own_people),
        annotation=entry.get("annotation"),
        build=entry["build"],
        chromosomes=chromosomes,
        predict_with=model,
        **common,
    )
    absent = {path for chrom in chromosomes for path in cohort.variants(chrom) if not _is_there(folder / path, kind)}
    missing += [f"cohort {name}: {kind}: {_is_absent(path, kind, folder)}" for path in sorted(absent)]
    return cohort


def _is_there(path: Path, kind: str) -> bool:
    return path.is_dir() if kind == "vcf_zarr" else path.is_file()


def _is_absent(path: str, kind: str, folder: Path) -> str:
    return f"there is no {'folder' if kind == 'vcf_zarr' else 'file'} {path} (looked in {folder})"


def find_chromosomes(
    kind: str, patterns: list[str], build: str, wanted: list[str] | None, folder: Path, notices: list[str], cohort: str
) -> list[str]:
    """Return the chromosomes of a cohort in their usual order, named as its files name them.

    They are those wanted; else those for which every batch has a file of the pattern; else those with records
    according to the index. Contigs other than 1-22, X, Y and MT of a human build are left aside with a notice, and so
    are those whose names cannot name a file.

    Raises
    ------
    InputError
        When a file, or every file of a pattern, is absent, when an index is needed and absent, when nothing is left.
    """
    patterns = sorted(patterns, key=lambda pattern: "{chrom}" not in pattern)  # file names decide how to name them
    found = [_chromosomes_of(kind, pattern, build, folder, wanted) for pattern in patterns]
    if wanted:
        return [_named(name, found[0], patterns[0]) for name in wanted]
    meant = [{contigs.canonical(name) for name in names} for names in found]
    everywhere = set.intersection(*meant)
    left = {name for names in found for name in names if contigs.canonical(name) not in everywhere}
    if left:
        notices.append(f"cohort {cohort}: not in every batch of files, left aside: {', '.join(contigs.order(left))}")
    names = [name for name in found[0] if contigs.canonical(name) in everywhere]
    if build in contigs.LENGTHS:
        extra = [name for name in names if contigs.canonical(name) not in contigs.LENGTHS[build]]
        if extra:
            notices.append(
                f"cohort {cohort}: {len(extra)} contigs that are no chromosomes of {build} are left aside "
                f"({', '.join(extra[:5])}{', ...' if len(extra) > 5 else ''}); name them in `chromosomes` to use them"
            )
        names = [name for name in names if name not in extra]
    if odd := [name for name in names if not can_name_a_file(name)]:
        notices.append(
            f"cohort {cohort}: {len(odd)} contigs are left aside, since results would have their names, and these hold "
            f"more than {ALLOWED}: {', '.join(map(repr, odd[:5]))}{', ...' if len(odd) > 5 else ''}"
        )
        names = [name for name in names if name not in odd]
    if not names:
        raise InputError(f"no chromosome of {build} has records in {' and '.join(patterns)}")
    return contigs.order(names)


def _chromosomes_of(kind: str, pattern: str, build: str, folder: Path, wanted: list[str] | None) -> list[str]:
    if "{chrom}" in pattern:
        named = _names_in(pattern, folder)
        if not named:
            raise InputError(f"no file matches {pattern} (looked in {folder})")
        return named
    if not _is_there(folder / pattern, kind):
        raise InputError(_is_absent(pattern, kind, folder))
    if wanted:
        return wanted
    if kind == "plink":
        return plink_index.contigs_with_variants(folder / pattern, numbered=build != "other")
    if kind == "vcf_zarr":
        return _contigs_of_zarr(folder / pattern)
    from promoternets.formats.variant_index import contigs_with_records

    return [str(name) for name in contigs_with_records(folder / pattern)]


def _contigs_of_zarr(path: Path) -> list[str]:
    try:
        from promoternets.formats.vcf_zarr import contigs_with_variants
    except ModuleNotFoundError as error:
        raise InputError(
            f"the chromosomes of {path} cannot be read where Snakemake runs without the package {error.name}",
            fix="Name them: `chromosomes: [chr20, chr22]`, or install it there",
        ) from error
    return contigs_with_variants(path)


def _named(wanted: str, names: list[str], pattern: str) -> str:
    name = contigs.match(wanted, names)
    if name is None:
        raise InputError(
            f"no file of {pattern} is for chromosome {wanted}; there are {', '.join(contigs.order(names))}"
        )
    return name


def _names_in(pattern: str, folder: Path) -> list[str]:
    """Return what stands for {chrom} in the names of the files that match the pattern, each once."""
    parts = pattern.split("{chrom}")
    name = "(?P<chrom>[A-Za-z0-9][A-Za-z0-9_.-]*)"
    expression = re.compile(
        name.join(re.escape(part) for part in parts[:2]) + "".join("(?P=chrom)" + re.escape(part) for part in parts[2:])
    )
    paths = glob.glob("*".join(glob.escape(part) for part in parts), root_dir=folder)
    return sorted({found["chrom"] for found in map(expression.fullmatch, paths) if found})
