"""The sheet of epigenomes, from a pattern of file names."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) if "snakemake" not in globals() else None

from promoternets import bridge


def main(*, pattern: str, sheet: Path, marks: list[str] | None = None, validation_mark: str | None = None) -> None:
    """Write which file holds which mark of which epigenome, read from the names of the files.

    Args:
        pattern: path of the files with {epigenome} and {mark}, ending in .bigWig, .bw or .bam
        sheet: table to write: epigenome, mark, path, kind (bigwig or bam)
        marks: the input marks to take; by default all
        validation_mark: mark that is held back; the only one an epigenome may lack
    """
    from promoternets.epigenomes.sheet import list_epigenomes

    list_epigenomes(pattern=pattern, sheet=sheet, marks=marks, validation_mark=validation_mark)


if __name__ == "__main__":
    bridge.run(main, globals().get("snakemake"))
