"""What successive halving saves and loses: simulated cohorts ranked with it and without.

For each cohort the promoters of fold 1 are scored twice, with their null of permuted labels: all trained to the end,
and by halving. Writes halving.tsv (one row a cohort) beside this file, and prints what it says. A cohort that
ended is not run again; delete its folder for that.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "workflow"))
os.environ["OMP_NUM_THREADS"] = "1"

import pandas as pd  # noqa: E402
import torch  # noqa: E402
import yaml  # noqa: E402

from promoternets.formats.outer_fold import read_outer_fold  # noqa: E402
from promoternets.formats.outputs import written  # noqa: E402
from promoternets.formats.rungs import RUNGS  # noqa: E402
from promoternets.formats.strata import read_stratum  # noqa: E402
from promoternets.formats.tables import write_table  # noqa: E402
from promoternets.permutations import permutations_for  # noqa: E402
from promoternets.ranking import score as scoring_module  # noqa: E402
from promoternets.ranking.halving import null_sample, survivors  # noqa: E402
from promoternets.ranking.presets import PRESETS  # noqa: E402
from promoternets.ranking.promoters import Promoters  # noqa: E402
from promoternets.ranking.score import Scoring, default_metric, score_promoters  # noqa: E402
from promoternets.training.device import choose_device  # noqa: E402

TOP, ROUNDS, MEMORY_MB = 32, 2, 2000


def configuration(promoters: int, people: int, number: int) -> dict:
    """Return the workflow's configuration for one simulated cohort."""
    simulate = {
        "chromosomes": 4, "genes": promoters // 4, "gene_spacing": 40_000, "population": 10 * people,
        "cases": people // 2, "controls": people // 2, "additive_promoters": 5, "weak_promoters": 10,
        "epistatic_within": 1, "epistatic_across": 1, "heritability": 0.6,
    }  # fmt: skip
    return {"seed": number, "folds": {"count": 3}, "cohorts": {"cohort": {"simulate": simulate}}}


class Counted:
    """Counts epochs of all networks that `score_promoters` trains, and the processor's seconds, while it is open."""

    def __enter__(self) -> Counted:
        self.epochs, self._whole, self._start = 0, scoring_module.train_ensemble, time.process_time()

        def counting(*arguments, **options):
            members = self._whole(*arguments, **options)
            self.epochs += sum(len(member.history) for member in members)
            return members

        scoring_module.train_ensemble = counting
        return self

    def __exit__(self, *_: object) -> None:
        scoring_module.train_ensemble = self._whole
        self.seconds = time.process_time() - self._start


def compare(folder: Path, number: int, promoters: int, people: int) -> dict:
    """Simulate a cohort, rank it both ways, and return a row of the table."""
    done = folder / "row.json"
    config = configuration(promoters, people, number)
    asked = {"configuration": config, "rungs": [asdict(rung) for rung in RUNGS], "top": TOP}
    if done.is_file() and (row := json.loads(done.read_text())).get("asked") == asked:
        return row["row"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    command = [
        sys.executable, "-m", "snakemake", "--cores", "1", "--directory", str(folder), "--configfile",
        str(folder / "config.yaml"), "--quiet", "all", "--", "blocks", "folds",
    ]  # fmt: skip
    with (folder / "run.log").open("w") as log:
        subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=True)
    results = folder / "results" / "cohort"
    stores = [results / "blocks" / f"chr{chrom}.zarr" for chrom in range(1, 5)]
    everyone = Promoters(stores)
    fold = read_outer_fold(everyone.sample_ids, results / "samples.tsv", results / "folds.tsv", 1)
    stratum, _ = read_stratum(results / "samples.tsv", everyone.sample_ids, None)
    scoring = Scoring("one_hot", default_metric(fold.labels, stratum), ROUNDS, PRESETS["default"], MEMORY_MB)
    options = {
        "fold": 1, "shard": 1, "shards": 1, "seed": number, "device": choose_device(0, 1), "stratum": stratum,
    }  # fmt: skip
    null = permutations_for(len(everyone))
    with Counted() as whole:
        full, _ = score_promoters(everyone, fold, scoring, permutations=null, **options)
    with Counted() as little:
        chosen = None
        for rung, own in enumerate(RUNGS, start=1):
            tried, _ = score_promoters(everyone, fold, scoring.of_rung(own, scoring.metric), chosen=chosen, **options)
            path = folder / f"rung_{rung}.tsv"
            write_table(tried.assign(rung=rung), path)
            chosen = survivors([path], rung, everyone.ids, fold=1, top=TOP)
        null_of = null_sample(len(everyone), TOP)
        half, _ = score_promoters(
            everyone,
            fold,
            scoring,
            chosen=chosen,
            null_of=null_of,
            permutations=permutations_for(len(null_of)),
            **options,
        )
    truth = pd.read_csv(results / "simulated" / "truth.tsv", sep="\t")
    genes = truth.loc[truth["effect"].notna() & (truth["effect"] != "none"), "gene_id"]
    blocks = pd.read_csv(results / "blocks.tsv", sep="\t")
    planted = set(blocks.loc[blocks["gene_id"].isin(genes), "promoter"])
    ranked = [table.sort_values("score", ascending=False, kind="stable")["promoter"].tolist() for table in (full, half)]
    top, other = ranked[0][:TOP], set(ranked[1][:TOP])
    lost = [rank for rank, promoter in enumerate(top, start=1) if promoter not in other]
    both = half.set_index("promoter")["score"] - full.set_index("promoter")["score"].reindex(half["promoter"])
    row = {
        "cohort": number,
        "people": len(everyone.sample_ids),
        "promoters": len(everyone),
        "trained_to_the_end": len(chosen),
        "same_of_top": TOP - len(lost),
        "ranks_lost": " ".join(map(str, lost)),
        "planted_in_top": len(planted & set(top)),
        "planted_in_top_halving": len(planted & other),
        "score_difference": float(both.abs().max()),
        "epochs": whole.epochs,
        "epochs_halving": little.epochs,
        "epochs_ratio": whole.epochs / little.epochs,
        "cpu_s": whole.seconds,
        "cpu_s_halving": little.seconds,
        "cpu_ratio": whole.seconds / little.seconds,
    }
    with written(done) as partial:
        partial.write_text(json.dumps({"asked": asked, "row": row}))
    return row


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, run, write the table, print what it says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohorts", type=int, default=10)
    parser.add_argument("--promoters", type=int, default=1200)
    parser.add_argument("--people", type=int, default=600)
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="cohorts at a time")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "halving", help="of the runs")
    parser.add_argument("--table", type=Path, default=HERE / "halving.tsv")
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING)
    torch.set_num_threads(1)
    rows = []
    with ProcessPoolExecutor(asked.cores) as pool:
        jobs = [
            pool.submit(compare, asked.folder.resolve() / str(number), number, asked.promoters, asked.people)
            for number in range(1, asked.cohorts + 1)
        ]
        for job in jobs:
            rows.append(job.result())
            print({key: round(value, 4) if isinstance(value, float) else value for key, value in rows[-1].items()})
    table = pd.DataFrame(rows)
    write_table(table, asked.table)
    whole = (table["same_of_top"] == TOP).sum()
    print(
        f"{whole} of {len(table)} cohorts have the same {TOP} promoters, {table['same_of_top'].mean():.1f} on average; "
        f"{table['planted_in_top_halving'].sum()} planted ones among them, {table['planted_in_top'].sum()} without "
        f"halving; {table['epochs_ratio'].median():.2f} times fewer epochs, {table['cpu_ratio'].median():.2f} times "
        "less processor time (medians)"
    )


if __name__ == "__main__":
    main()
