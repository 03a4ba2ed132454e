"""Results checked against their manifest: python workflow/scripts/verify_results.py --results results/mycohort"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge  # noqa: E402
from promoternets.errors import InputError  # noqa: E402


def main(*, results: list[Path]) -> None:
    """Check each file of the results against its manifest, and name those changed, missing or extra.

    Args:
        results: folders of cohorts' results, each with its manifest.json
    """
    from promoternets.manifest.verify import verify

    unlike = []
    for folder in results:
        differences = verify(folder)
        lines = differences.lines()
        print(*lines, sep="\n", end="\n" if lines else "")
        print(f"{folder}: {differences.same} results are as the manifest says, {len(lines)} are not")
        unlike += [folder] if lines else []
    if unlike:
        raise InputError(
            "the results are not those of the manifest",
            where=", ".join(map(str, unlike)),
            fix="Remove what is extra. For the rest type the run's own command with --forcerun and their paths: it "
            "makes them and all that follows anew, where a plain run keeps a changed file",
        )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
