"""What a PLINK fileset holds, seen from its tables: contigs, variants, people, and whether its files fit together.

A PLINK 1 fileset is a .bed with its .bim and .fam, a PLINK 2 fileset a .pgen with its .pvar and .psam; a fileset goes
by the path of its .bed or .pgen. Formats: cog-genomics.org/plink/1.9/formats and /plink/2.0/formats.
Only the standard library is used: Snakemake asks while it reads the Snakefile, before any environment exists.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from promoternets.errors import InputError

COMPANIONS = {".bed": (".bim", ".fam"), ".pgen": (".pvar", ".psam")}  # the tables of variants and of people
PEOPLE = (".fam", ".psam")
MAGIC = b"\x6c\x1b"
BLOCK = 1 << 20  # bytes of a table of variants looked at together
# PLINK's numbers for human chromosomes beyond the autosomes; 25 and XY are the pseudo-autosomal part of X
NUMBERED = {"23": "X", "24": "Y", "25": "XY", "26": "MT"}
COPY_FIX = "Copy the fileset again, all of its files of one run of PLINK"
UNPLACED = "0"  # the chromosome of variants whose position is not known
FORMS = {
    ".bim": "PLINK's .bim has chromosome, name, centimorgans, position and two alleles",
    ".pvar": "PLINK's .pvar has a header line that starts with #CHROM, with POS, ID, REF and ALT",
    ".fam": "PLINK's .fam has family, person, father, mother, sex and phenotype",
    ".psam": "PLINK's .psam has a header line that starts with #FID or #IID",
}


class Run(NamedTuple):
    """Variants of one contig that follow each other: where they start in the table and in the genotypes."""

    contig: str  # X, Y, XY and MT for 23 to 26 where numbers are PLINK's
    first: int  # row of the first variant, from 0
    variants: int
    offset: int  # of the first variant's line, in bytes


def is_fileset(path: str | Path) -> bool:
    """Return whether a path is the .bed or .pgen of a PLINK fileset."""
    return Path(path).suffix in COMPANIONS


def filesets(paths: Sequence[Path]) -> list[Path]:
    """Return the .bed and .pgen among the files of filesets.

    Raises
    ------
    InputError
        When a file is of no fileset among them: a path without one of PLINK's endings, or a table alone.
    """
    named = [Path(path) for path in paths if is_fileset(path)]
    known = {file for path in named for file in files_of(path)}
    for path in paths:
        if Path(path) not in known:
            raise InputError(
                "this is not the .bed or .pgen of a PLINK fileset", where=path, fix="Name the .bed or .pgen itself"
            )
    return named


def variants_table(path: str | Path) -> Path:
    """Return the .bim or .pvar beside a .bed or .pgen."""
    return Path(path).with_suffix(COMPANIONS[Path(path).suffix][0])


def people_table(path: str | Path) -> Path:
    """Return the .fam or .psam beside a .bed or .pgen; such a table itself as it is."""
    path = Path(path)
    return path if path.suffix in PEOPLE else path.with_suffix(COMPANIONS[path.suffix][1])


def files_of(path: str | Path) -> list[Path]:
    """Return the three files of a fileset, genotypes first."""
    return [Path(path), variants_table(path), people_table(path)]


def refuse_incomplete(path: str | Path) -> None:
    """Raise InputError where a file of the fileset is missing or empty."""
    path = Path(path)
    for file in files_of(path):
        if file.is_file() and file.stat().st_size:
            continue
        if file.is_file():
            raise InputError("the file is empty", where=file, fix=COPY_FIX)
        if file.suffix == ".pvar" and Path(f"{file}.zst").is_file():
            raise InputError(
                "the table of variants is packed with zstd, which cannot be read",
                where=f"{file}.zst",
                fix=f"Unpack it: `plink2 --zst-decompress {file.name}.zst > {file.name}`",
            )
        what = "the PLINK fileset does not exist" if file == path else f"the fileset of {path.name} has no {file.name}"
        raise InputError(what, where=file, fix="The three files of a fileset lie side by side, with one name")


# --------------------------------------------------------------------------------------------------- people


def fields_of_people(path: Path) -> tuple[list[str] | None, list[list[str]]]:
    """Return the column names of a .fam or .psam (None without header), and its rows.

    Raises
    ------
    InputError
        When the file is missing, not text, or has rows of different length or too few columns.
    """
    if not path.is_file():
        raise InputError("the table of people does not exist", where=path, fix="Check the path in the configuration")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError("the table of people is not UTF-8 text", where=path, fix=FORMS[path.suffix]) from error
    names: list[str] | None = None
    rows = []
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if path.suffix == ".psam" and line.startswith("#"):
            names = [fields[0][1:], *fields[1:]] if fields[0] in ("#FID", "#IID") else names
        elif fields:
            wanted = len(names) if names else 6
            if len(fields) != wanted:
                raise InputError(
                    f"{len(fields)} columns, where {wanted} are expected",
                    where=f"{path}, line {number}",
                    fix=FORMS[path.suffix],
                )
            rows.append(fields)
    if not rows or (names and "IID" not in names):
        raise InputError("the table names no people", where=path, fix=FORMS[path.suffix])
    return names, rows


def people(path: str | Path) -> list[str]:
    """Return the people (IID) of a fileset, or of a .fam or .psam, in file order.

    Raises
    ------
    InputError
        When the table cannot be read, or two people have one IID.
    """
    table = people_table(path)
    names, rows = fields_of_people(table)
    column = names.index("IID") if names else 1
    found = [row[column] for row in rows]
    if len(set(found)) < len(found):
        seen: set[str] = set()
        doubled = next(name for name in found if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise InputError(
            f"sample {doubled!r} stands twice in column IID; people are told apart by it alone, without FID",
            where=table,
            fix="Give each person a name of their own (`plink2 --update-ids`), in the sample table too",
        )
    return found


# ------------------------------------------------------------------------------------------------- variants


def variant_columns(path: str | Path) -> tuple[list[str], int, dict[str, int | None]]:
    """Return columns of the table of variants of a fileset, bytes before its first row, and ##contig lengths (bp).

    Raises
    ------
    InputError
        When a .pvar has no header, or one that lacks a column.
    """
    table = variants_table(path)
    if table.suffix == ".bim":
        return ["CHROM", "ID", "CM", "POS", "ALT", "REF"], 0, {}
    lengths: dict[str, int | None] = {}
    offset = 0
    with table.open("rb") as handle:
        for line in handle:
            text = line.decode("utf-8", errors="replace").strip()
            offset += len(line)
            if text.startswith("##contig=<"):
                parts = dict(part.split("=", 1) for part in text[10:].rstrip(">").split(",") if "=" in part)
                length = parts.get("length", "")
                lengths[parts.get("ID", "")] = int(length) if length.isdigit() else None
            if not text.startswith("##"):
                break
    columns = text[1:].split() if text.startswith("#CHROM") else []
    absent = [name for name in ("POS", "ID", "REF", "ALT") if name not in columns]
    if absent:
        what = f"lacks column {', '.join(absent)}" if columns else "has no header line that starts with #CHROM"
        raise InputError(f"the table of variants {what}", where=table, fix="Write it anew: `plink2 --make-pgen`")
    return columns, offset, lengths


def contig_runs(path: str | Path, *, numbered: bool = True) -> list[Run]:
    """Return the runs of variants of one contig in a fileset, in file order; a sorted fileset has one a contig.

    `numbered` says that 23 to 26 are X, Y, XY and MT, as in PLINK for people; else they stay numbers.

    Raises
    ------
    InputError
        When a file of the fileset is missing, or its table of variants is not one.
    """
    refuse_incomplete(path)
    _, offset, _ = variant_columns(path)
    runs: list[list] = []
    rows = 0
    with variants_table(path).open("rb") as handle:
        handle.seek(offset)
        while lines := _whole_lines(handle):
            if runs and _all_of(runs[-1][0], lines):  # nearly all blocks of a large table: a hundred times faster
                count = lines.count(b"\n")
                runs[-1][2] += count
                rows, offset = rows + count, offset + len(lines)
                continue
            for line in lines.splitlines(keepends=True):
                contig = line.split(None, 1)[0] if line.strip() else None
                if contig is not None:
                    if not runs or runs[-1][0] != contig:
                        runs.append([contig, rows, 0, offset])
                    runs[-1][2] += 1
                    rows += 1
                offset += len(line)
    named = NUMBERED if numbered else {}
    texts = [(contig.decode("utf-8", errors="replace"), first, count, start) for contig, first, count, start in runs]
    return [Run(named.get(contig, contig), first, count, start) for contig, first, count, start in texts]


def _whole_lines(handle: BinaryIO) -> bytes:
    return handle.read(BLOCK) + handle.readline()


def _all_of(contig: bytes, lines: bytes) -> bool:
    start = contig + b"\t"
    return lines.endswith(b"\n") and lines.startswith(start) and lines.count(b"\n" + start) + 1 == lines.count(b"\n")


def contigs_with_variants(path: str | Path, *, numbered: bool = True) -> list[str]:
    """Return the contigs that a fileset has variants of, but for unplaced ones, in file order; see `contig_runs`."""
    names = dict.fromkeys(run.contig for run in contig_runs(path, numbered=numbered))
    return [name for name in names if name != UNPLACED]


# ------------------------------------------------------------------------------------------------ genotypes


def refuse_other_size(path: str | Path, *, variants: int, samples: int) -> None:
    """Raise InputError where the .bed or .pgen is not one, or not of so many variants and people."""
    path = Path(path)
    with path.open("rb") as handle:
        start = handle.read(11)
    if path.suffix == ".bed":
        _refuse_other_bed(path, start, variants, samples)
        return
    if start[:2] != MAGIC or len(start) < 11:
        raise InputError("this is not a PLINK 2 .pgen file", where=path, fix=COPY_FIX)
    if start[2] < 2:
        raise InputError(
            "the .pgen holds PLINK 1 genotypes", where=path, fix="Name it .bed, or write it anew: `plink2 --make-pgen`"
        )
    if start[2] in (0x20, 0x21):
        raise InputError(
            "the .pgen keeps its index in a file of its own (.pgen.pgi), which cannot be read",
            where=path,
            fix="Write it anew: `plink2 --make-pgen`",
        )
    _refuse_other_counts(path, struct.unpack("<II", start[3:11]), (variants, samples))


def _refuse_other_bed(path: Path, start: bytes, variants: int, samples: int) -> None:
    if start[:2] != MAGIC or start[2:3] not in (b"\x00", b"\x01"):
        raise InputError(
            "this is not a PLINK 1 .bed file", where=path, fix="A .bed of genotypes is wanted, not one of intervals"
        )
    if start[2] == 0:
        raise InputError(
            "the .bed holds one person after another, not one variant after another (SNP-major)",
            where=path,
            fix="Write it anew: `plink --make-bed`",
        )
    size, wanted = path.stat().st_size, 3 + variants * ((samples + 3) // 4)
    if size != wanted:
        raise InputError(
            f"the .bed has {size:,} bytes, but {variants:,} variants in the .bim and {samples:,} people in the .fam "
            f"make {wanted:,}",
            where=path,
            fix=f"The file is truncated, or the three are not of one fileset. {COPY_FIX}",
        )


def _refuse_other_counts(path: Path, found: Sequence[int], wanted: Sequence[int]) -> None:
    for what, here, there, table in zip(("variants", "people"), found, wanted, COMPANIONS[".pgen"], strict=True):
        if here != there:
            raise InputError(
                f"the .pgen has {here:,} {what}, but the {table} {there:,}",
                where=path,
                fix=f"The files are not of one fileset. {COPY_FIX}",
            )
