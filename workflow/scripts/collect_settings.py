"""Settings and versions behind a cohort's results, as JSON."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(*, cohort: str, source: str, settings: str, defaults: str, record: Path) -> None:
    """Write the record of how a cohort's results were made: source, seed, settings, defaults, versions.

    Args:
        cohort: name of the cohort
        source: files of the cohort, or settings of its simulation (JSON)
        settings: the seed and every setting group (JSON)
        defaults: the same at their defaults (JSON)
        record: JSON file to write
    """
    import json

    from promoternets.provenance import write_settings

    write_settings(
        record,
        cohort=cohort,
        source=json.loads(source),
        settings=json.loads(settings),
        defaults=json.loads(defaults),
    )


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
