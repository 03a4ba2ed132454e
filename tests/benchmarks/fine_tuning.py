"""Does fine-tuning help? A model of one simulated cohort goes on to other people of the same population.

Each replicate simulates one population, trains on 400 cases and 400 controls of it, and fine-tunes on 100 + 100 or
200 + 200 others (`fine_tune`), once with all layers and once with the dense ones. Writes fine_tuning.tsv beside this
file: a row a replicate, size and choice of layers, with the AUC of the fine-tuned model, of the model as it was and of
networks trained anew, and the paired difference with its 95% interval.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FIRST, SIZES, LAYERS = 400, (100, 200), ("all", "head")
SETTINGS = {
    "folds": {"count": 3}, "ranking": {"epochs": 6}, "als_net": {"seeds": 1, "epochs": 26},
    "baselines": {"models": ["logistic_regression"], "published": False},
}  # fmt: skip
SIMULATED = {
    "chromosomes": 4, "genes": 24, "cases": 600, "controls": 600, "population": 20_000, "additive_promoters": 5,
}  # fmt: skip


def run(folder: Path, config: dict[str, Any], cores: str, target: str) -> None:
    """Run one target of the workflow in `folder`; stop with the place of its log if it fails."""
    (folder / "config.yaml").write_text(yaml.safe_dump(config | SETTINGS, sort_keys=False))
    command = [sys.executable, "-m", "snakemake", target, "--cores", cores, "--directory", str(folder)]
    command += ["--rerun-triggers", "mtime", "--quiet", "all", "--configfile", str(folder / "config.yaml")]
    with (folder / "run.log").open("a") as log:
        done = subprocess.run(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    if done.returncode:
        sys.exit(f"error: {target} failed: see {folder / 'run.log'}")


def parts(samples: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the people trained on first, and those of each size fine-tuned on: none in the first and another."""
    numbered = samples.groupby("phenotype").cumcount()
    later = {f"second_{size}": samples[(numbered >= FIRST) & (numbered < FIRST + size)] for size in SIZES}
    return {"first": samples[numbered < FIRST]} | later


def replicate(folder: Path, seed: int, cores: str) -> pd.DataFrame:
    """Run one replicate; return its rows."""
    folder.mkdir(parents=True, exist_ok=True)
    pool = {"pool": {"simulate": SIMULATED}}
    run(folder, {"cohorts": pool, "seed": seed}, cores, "simulate")
    simulated = Path("results/pool/simulated")
    files = {"vcf": str(simulated / "{chrom}.vcf.gz"), "build": "other"}
    cohorts: dict[str, Any] = {}
    for name, people in parts(pd.read_csv(folder / simulated / "samples.tsv", sep="\t")).items():
        people.to_csv(folder / f"{name}.tsv", sep="\t", index=False)
        own = files | {"samples": f"{name}.tsv"}
        if name == "first":
            cohorts[name] = own | {"annotation": str(simulated / "genes.gtf.gz")}
            continue
        for layers in LAYERS:
            tuned = {"fine_tuning": {"layers": layers}}
            cohorts[f"{name}_{layers}"] = own | {"predict_with": "first", "settings": tuned}
    run(folder, {"cohorts": cohorts, "seed": seed}, cores, "fine_tune")
    rows = []
    for name in cohorts:
        if name == "first":
            continue
        found = pd.read_csv(folder / "results" / name / "fine_tuning" / "comparison.tsv", sep="\t")
        auc = found[found["against"].isna()].set_index("model")["auc"]
        apart = found.set_index("against").loc["unchanged"]
        rows.append({
            "replicate": seed, "people": 2 * int(name.split("_")[1]), "layers": name.split("_")[2],
            "fine_tuned": auc["fine_tuned"], "unchanged": auc["unchanged"], "from_scratch": auc["from_scratch"],
            "difference": apart["auc"], "low": apart["low"], "high": apart["high"],
        })  # fmt: skip
    return pd.DataFrame(rows)


def main() -> None:
    """Run the replicates asked for and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "fine_tuning", help="where the runs lie")
    parser.add_argument("--replicates", type=int, default=3, help="simulated populations")
    parser.add_argument("--cores", default="all", help="cores of each run")
    asked = parser.parse_args()
    table = []
    for seed in range(1, asked.replicates + 1):
        table.append(replicate(asked.folder / f"replicate_{seed}", seed, asked.cores))
        print(table[-1].round(3).to_string(index=False), flush=True)
        pd.concat(table).round(4).to_csv(HERE / "fine_tuning.tsv", sep="\t", index=False)


if __name__ == "__main__":
    main()
