"""What a cohort's run read, made and was made with, for the record and for checking."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge  # noqa: E402


def main(
    *,
    settings: Path,
    sources: list[Path],
    results: list[Path],
    logs: list[Path],
    benchmarks: list[Path],
    memory: Path,
    manifest: Path,
    jobs: Path,
) -> None:
    """Write the manifest of a cohort's run, and the time, memory and device of its jobs.

    Args:
        settings: JSON with the cohort's source, settings and seed, which collect_settings wrote
        sources: files that the run read and did not make
        results: files and folders that it made
        logs: the log of each job
        benchmarks: the benchmark file of each job, in the same order
        memory: JSON file that keeps SHA-256 of the sources, by size and time, for the next time
        manifest: JSON file to write
        jobs: table of the jobs to write
    """
    from promoternets.manifest.write import write_jobs, write_manifest

    write_jobs(logs=logs, benchmarks=benchmarks, jobs=jobs)
    write_manifest(settings=settings, sources=sources, results=results, manifest=manifest, memory=memory)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
