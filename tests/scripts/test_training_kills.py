"""Training that is killed (kill -9) goes on from its checkpoint: it loses at most one epoch, and ends the same."""

import logging
import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from epigenome_files import write_epigenome

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit"))
import trained_cohort
from stores import write_blocks

from promoternets.training import ensemble


def cohort(folder, people):
    """Write samples.tsv and folds.tsv: two folds of three inner parts, every second person a case."""
    names = [f"p{number}" for number in range(people)]
    table = pd.DataFrame({"sample": names, "phenotype": [number % 2 for number in range(people)]})
    table.to_csv(folder / "samples.tsv", sep="\t", index=False)
    table["fold"], table["inner"] = [[number // 2 % part + 1 for number in range(people)] for part in (2, 3)]
    table.drop(columns="phenotype").to_csv(folder / "folds.tsv", sep="\t", index=False)
    return {"samples": folder / "samples.tsv", "folds": folder / "folds.tsv", "fold": 1}


def promoter_cnn(folder):
    blocks = write_blocks(folder, people=60, promoters=(3, 2), planted=(0, 1))
    given = {"blocks": blocks, **cohort(folder, 60), "epochs": 4, "rounds": 2, "permutations": 0, "memory_mb": 120}
    return given, ["scores", "null"]


def als_net(folder):
    made = trained_cohort.train(folder, seeds=1)
    given = {"selected": made["selected"][0], "samples": made["samples"], "folds": made["folds"], "fold": 1}
    return given | {"epochs": 5, "seeds": 2}, ["weights", "model", "history", "predictions"]


def chromatin(folder):
    (bins, labels), (more, others) = write_epigenome(folder, "E1"), write_epigenome(folder, "E2", genes=200, seed=1)
    given = {"bins": [bins, more], "labels": [labels, others], "epochs": 5, "seeds": 2, "model": "deepchrome"}
    return given, ["weights", "network", "history", "predictions"]


def started(main, given, folder):
    """Start training in a process of its own, which saves after each epoch, writes a byte when one ends, and rests."""

    def train():
        ended = os.open(folder / "epochs", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        logging.basicConfig(level=logging.INFO, filename=folder / "log", force=True)
        whole = ensemble._Stack.run_epoch

        def run_epoch(stack):
            whole(stack)
            os.write(ended, b".")
            time.sleep(0.02)

        ensemble.SHARE_FOR_CHECKPOINTS = float("inf")
        ensemble._Stack.run_epoch = run_epoch
        main(**given, checkpoints=folder / "checkpoints")

    folder.mkdir(exist_ok=True)
    process = multiprocessing.get_context("fork").Process(target=train)  # a fresh one would import torch each time
    process.start()
    return process


def ended_well(process):
    process.join()
    return process.exitcode == 0


def epochs(folder):
    return (folder / "epochs").stat().st_size if (folder / "epochs").exists() else 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "prepared"),
    [("train_promoter_cnn", promoter_cnn), ("train_als_net", als_net), ("train_chromatin", chromatin)],
)
def test_training_that_is_killed_loses_at_most_one_epoch(script, tmp_path, name, prepared):
    main, (given, outputs) = script(name).main, prepared(tmp_path)
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    at = {folder: given | {output: folder / output for output in outputs} for folder in (undisturbed, disturbed)}
    assert ended_well(started(main, at[undisturbed], undisturbed))
    whole, chance, kills = epochs(undisturbed), random.Random(1), 4
    for number in range(kills):
        process = started(main, at[disturbed], disturbed)
        while epochs(disturbed) < (number + 1) * whole // (kills + 1):
            assert process.is_alive(), (disturbed / "log").read_text()
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.06))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert not any((disturbed / output).exists() for output in outputs)
    assert ended_well(started(main, at[disturbed], disturbed))
    assert whole <= epochs(disturbed) <= whole + kills
    assert (disturbed / "log").read_text().count("resuming: ") >= kills
    for output in outputs:
        assert (disturbed / output).read_bytes() == (undisturbed / output).read_bytes(), output
    assert not (disturbed / "checkpoints").exists()
