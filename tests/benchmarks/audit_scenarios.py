"""The simulated cohorts of `make audit-benchmark`: one entry a scenario, every number easy to change.

An entry holds how many replicates are run by default, the simulation, and settings over `SETTINGS`. Replicate r is
simulated and analysed with the seed r. Keys are those of workflow/schemas/config.schema.yaml. Cohorts are as small as
the statement they shall show allows, and have two folds, since most of a small cohort's time is the start of its jobs.
"""

from __future__ import annotations

from typing import Any

NONE = {"additive_promoters": 0, "weak_promoters": 0, "epistatic_within": 0, "epistatic_across": 0}
RIVALS = ["logistic_regression", "elastic_net", "elastic_net_all", "ridge_all", "polygenic_score"]

SETTINGS: dict[str, Any] = {
    "folds": {"count": 2, "inner": 3},
    "ranking": {"top": 8, "shards": 1, "rounds": 1, "epochs": 8},
    "als_net": {"seeds": 1, "epochs": 24},
    "baselines": {"models": ["logistic_regression"], "published": False, "gwas_selected": []},
    "audit": {"components": 5},
    "evaluation": {"bootstrap": 1000},
}

SIMULATION: dict[str, Any] = NONE | {
    "chromosomes": 1,
    "genes": 16,
    "population": 5000,
    "prevalence": 0.05,
    "cases": 200,
    "controls": 200,
    "batches": 2,
    "heritability": 0,
}
# Cohorts in which a network of 800,000 parameters can learn something.
LARGE: dict[str, Any] = SIMULATION | {"population": 12000, "prevalence": 0.2, "batches": 1}
LARGE_SETTINGS: dict[str, Any] = {
    "als_net": {"seeds": 2, "epochs": 60},
    "baselines": {"models": RIVALS, "gwas_selected": ["logistic_regression"]},
}

TRAP = {"artefact_promoters": 4, "artefact_rate": 0.4}

SCENARIOS: dict[str, dict[str, Any]] = {
    "null": {"replicates": 20, "simulate": SIMULATION, "settings": {"als_net": {"epochs": 8}}},
    "batch": {"replicates": 5, "simulate": SIMULATION | TRAP | {"batch_effect": 0.8}, "settings": {}},
    "additive": {
        "replicates": 3,
        "simulate": LARGE | {"heritability": 0.6, "additive_promoters": 5, "cases": 1000, "controls": 1000},
        "settings": LARGE_SETTINGS,
    },
    "epistatic": {
        "replicates": 3,
        "simulate": LARGE
        | {"heritability": 0.8, "epistatic_within": 3, "epistatic_across": 1, "cases": 1500, "controls": 1500},
        "settings": LARGE_SETTINGS | {"ranking": {"epochs": 16}},
    },
    # Planted: about 0.75 by the batch, 0.93 by the genotype, 0.95 by both, so that their order is beyond chance.
    "mixed": {
        "replicates": 5,
        "simulate": SIMULATION
        | TRAP
        | {
            "heritability": 0.6,
            "additive_promoters": 4,
            "batch_effect": 0.5,
            "population": 10000,
            "cases": 400,
            "controls": 400,
        },
        "settings": {"als_net": {"epochs": 40}},
    },
}


def configuration(scenario: str, replicate: int) -> dict[str, Any]:
    """Return the workflow's configuration of one replicate; its cohort is named after the scenario."""
    entry = SCENARIOS[scenario]
    settings = {
        group: values | entry["settings"].get(group, {})
        for group, values in (dict.fromkeys(entry["settings"], {}) | SETTINGS).items()
    }
    return {"cohorts": {scenario: {"simulate": entry["simulate"]}}, "seed": replicate} | settings
