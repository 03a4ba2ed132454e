"""A second reading of VCF text, strict and slow, that shares nothing with the product: what a matrix has to be."""

import gzip
import re
from pathlib import Path

import pysam

BASES = re.compile("[ACGTN]+")
GENOTYPE = re.compile(r"(\.|\d+)(?:([/|])(\.|\d+))?")
OTHER_ALLELES = re.compile(r"\*|<[^<>\s]+>|\.[ACGTN]+|[ACGTN]+\.|[^\[\]\s]*[\[\]][^\[\]\s]+:\d+[\[\]][^\[\]\s]*")
SITE_COLUMNS = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".split()


class Invalid(Exception):
    """The text says no genotypes that can be relied on."""


def demand(condition: bool, what: str) -> None:
    if not condition:
        raise Invalid(what)


def text_of(path: Path) -> str:
    """Return the whole text of a VCF, plain or gzipped, or of a BCF through pysam."""
    start = path.read_bytes()[:2]
    content = gzip.open(path).read() if start == b"\x1f\x8b" else path.read_bytes()
    if content.startswith(b"BCF"):
        with pysam.VariantFile(str(path)) as handle:
            return str(handle.header) + "".join(str(record) for record in handle)
    return content.decode("utf-8", errors="replace")


def read(text: str) -> tuple[list[str], dict[tuple[str, int, str, str], list[tuple[int, int, bool | None]]]]:
    """Return people, and by (contig, position, REF, ALT) two alleles of each person and whether they are phased.

    -1 is missing, -2 no second allele; phase is None where it means nothing. Sites at which all called alleles are
    the same are left out, FILTER is not looked at.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    demand(re.fullmatch(r"##fileformat=VCFv4\.\d+\s*", lines[0]) is not None, "fileformat")
    end = next((row for row, line in enumerate(lines) if not line.startswith("##")), len(lines))
    header, rows = lines[end].split("\t") if end < len(lines) else [], lines[end + 1 :]
    while rows and not rows[-1].strip():
        rows.pop()
    demand(not any(row.startswith("#") for row in rows), "# after the header")
    people = header[9:]
    demand(header[:9] == SITE_COLUMNS and bool(people), "header line")
    demand(len(set(people)) == len(people) and all(map(str.strip, people)), "names of people")
    lengths = {}
    for line in lines[:end]:
        found = re.match(r"##contig=<.*?\bID=([^,>]+)", line), re.search(r"\blength=(\d+)", line)
        if found[0] and found[1]:
            lengths[found[0][1]] = int(found[1][1])
    demand(bool(rows), "no records")
    sites: dict = {}
    order: list[tuple[str, int]] = []
    for row in rows:
        contig, position, reference, alleles, cells = record(row, len(people))
        demand(not order or contig != order[-1][0] or position >= order[-1][1], "unsorted")
        demand(not order or contig == order[-1][0] or contig not in {name for name, _ in order}, "contig again")
        order.append((contig, position))
        if any(BASES.fullmatch(allele) for allele in alleles):
            demand(0 < position <= (lengths.get(contig) or position), "beyond the contig")
        if cells is None:
            continue
        calls = [genotype(cell, contig, len(alleles), any_site(alleles)) for cell in cells]
        for number, allele in enumerate(alleles, start=1):
            if BASES.fullmatch(allele):
                key = (contig, position, reference, allele)
                own = [one_allele(call, number) for call in calls]
                alike = sites.setdefault(key, own)
                demand(list(map(counted, alike)) == list(map(counted, own)), "duplicates disagree")
    demand(any(record(row, len(people))[4] is not None for row in rows), "no genotypes")
    return people, {key: calls for key, calls in sites.items() if varies(calls)}


def any_site(alleles: list[str]) -> bool:
    return any(BASES.fullmatch(allele) for allele in alleles)


def record(row: str, people: int) -> tuple[str, int, str, list[str], list[str] | None]:
    """Return a line's contig, position, REF, alternate alleles and genotypes (None without GT)."""
    fields = row.split("\t")
    demand(len(fields) == 9 + people, "columns")
    contig, position, _, reference, alternates, _, status, _, form = fields[:9]
    demand(not re.search(r"[^!-~]|[,\"]|.<|>.|^<?>?$", contig), "CHROM")
    demand("\0" not in row and position.isascii() and position.isdecimal() and int(position) < 2**31, "place")
    reference, alternates = reference.upper(), alternates.upper()
    demand(re.fullmatch("[ACGTNRYKMSWBDHV]+", reference) is not None, "REF")
    alleles = [] if alternates == "." else alternates.split(",")
    for allele in alleles:
        demand(bool(BASES.fullmatch(allele) or OTHER_ALLELES.fullmatch(allele)) and allele != reference, "ALT")
    plain = list(filter(BASES.fullmatch, alleles))
    demand(len(set(plain)) == len(plain), "ALT twice")
    names = status.split(";")
    demand(all(map(str.strip, names)) and (len(names) == 1 or not {"PASS", ".", "0"} & set(names)), "FILTER")
    keys = form.split(":")
    demand("GT" not in keys[1:], "FORMAT")
    values = [cell.split(":") for cell in fields[9:]]
    for cell in values:
        demand(len(cell) <= len(keys) and all(cell), "values")
    return contig, int(position), reference, alleles, [cell[0] for cell in values] if keys[0] == "GT" else None


def genotype(word: str, contig: str, alternates: int, is_site: bool) -> tuple[int, int, bool]:
    """Return two alleles and phase of a genotype; ploidy matters where the record is a site."""
    parts = re.split("[/|]", word)
    demand(all(re.fullmatch(r"\.|\d+", part) for part in parts), "genotype")
    if not is_site:
        return -1, -1, False
    demand(len(parts) <= 2, "ploidy")
    numbers = [-1 if part == "." else int(part) for part in parts]
    demand(max(numbers) <= alternates, "allele not listed")
    if len(numbers) == 1:
        haploid = contig.removeprefix("chr").upper() in ("X", "Y", "M", "MT")
        demand(haploid or numbers == [-1], "haploid")
        return numbers[0], -2 if haploid else -1, False
    return numbers[0], numbers[1], "|" in word


def one_allele(call: tuple[int, int, bool], number: int) -> tuple[int, int, bool | None]:
    """Return a call of one alternate allele: others count as reference, a half call is missing."""
    first, second, phased = call
    if -1 in (first, second):
        return -1, -2 if second == -2 else -1, None
    if second == -2:
        return int(first == number), -2, None
    return int(first == number), int(second == number), phased


def counted(call: tuple[int, int, bool | None]) -> tuple[int, int]:
    return tuple(sorted(call[:2]))  # type: ignore[return-value]


def varies(calls: list[tuple[int, int, bool | None]]) -> bool:
    return {0, 1} <= {allele for call in calls for allele in call[:2]}
