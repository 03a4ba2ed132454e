"""What parse_genotypes makes of many VCF files, each tried in a process that may die of it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

WORKFLOW = Path(__file__).resolve().parent.parent / "workflow"
PATIENCE = 60  # seconds for one file


def outcomes(jobs: Sequence[tuple[Path, str | None]], folder: Path) -> list[dict]:
    """Return {outcome, message, left} of each (file, contig or None for all); a store is at `folder`/number/g.zarr.

    The outcome is ``matrix``, ``error`` (an InputError), ``traceback`` or ``crash`` (the process died or hung).
    """
    found: list[dict] = []
    while len(found) < len(jobs):
        start = len(found)
        words = json.dumps([start, [(str(path), contig) for path, contig in jobs[start:]], str(folder)])
        command = [sys.executable, __file__]
        try:
            done = subprocess.run(
                command, input=words, capture_output=True, text=True, check=False, timeout=PATIENCE + len(jobs)
            )
            lines, why = done.stdout.splitlines(), f"exit status {done.returncode}: {done.stderr[-300:]}"
        except subprocess.TimeoutExpired as error:
            lines, why = (error.stdout or b"").decode().splitlines(), "it hung"
        found += [json.loads(line) for line in lines]
        if len(found) < len(jobs):
            found.append({"outcome": "crash", "message": why, "left": []})
    return found


def matrix(store) -> dict[tuple[str, int, str, str], list[tuple[int, int, bool | None]]]:
    """Return a store's calls by (contig, position, REF, ALT), as `vcf_text.read` gives them."""
    rows = slice(None)
    names = [store.contigs[number] for number in store.variant_contigs]
    both = np.concatenate([store.genotypes(rows), store.phased(rows)[:, :, None]], axis=2)
    keys = zip(names, store.positions.tolist(), *store.alleles.T.tolist(), strict=True)
    return {
        key: [(one, two, None if one < 0 or two < 0 else bool(phased)) for one, two, phased in calls]
        for key, calls in zip(keys, both.tolist(), strict=True)
    }


def _try(path: str, contig: str | None, folder: Path) -> dict:
    from promoternets.errors import InputError
    from promoternets.genotypes.parse import parse_genotypes

    message = ""
    try:
        parse_genotypes([Path(path)], folder / "g.zarr", filters=folder / "filters.tsv", chrom=contig, pass_only=False)
        outcome = "matrix"
    except InputError as error:
        outcome, message = "error", str(error)
    except BaseException as error:
        outcome, message = "traceback", repr(error)
    left = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
    return {"outcome": outcome, "message": message, "left": left}


if __name__ == "__main__":
    sys.path.insert(0, str(WORKFLOW))
    first, todo, out = json.loads(sys.stdin.read())
    for number, (path, contig) in enumerate(todo, start=first):
        print(json.dumps(_try(path, contig, Path(out) / str(number))), flush=True)
