"""Contig names and lengths: ``chr22`` and ``22`` are the same chromosome."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from promoternets.errors import InputError

_AUTOSOMES = [str(number) for number in range(1, 23)]
CHROMOSOMES = [*_AUTOSOMES, "X", "Y", "MT"]

# Lengths in bp of the assembled chromosomes; source: the Genome Reference Consortium's assembly reports.
LENGTHS: dict[str, dict[str, int]] = {
    "GRCh37": dict(
        zip(
            CHROMOSOMES,
            [
                249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022, 141213431,
                135534747, 135006516, 133851895, 115169878, 107349540, 102531392, 90354753, 81195210, 78077248,
                59128983, 63025520, 48129895, 51304566, 155270560, 59373566, 16569,
            ],
            strict=True,
        )
    ),
    "GRCh38": dict(
        zip(
            CHROMOSOMES,
            [
                248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636, 138394717,
                133797422, 135086622, 133275309, 114364328, 107043718, 101991189, 90338345, 83257441, 80373285,
                58617616, 64444167, 46709983, 50818468, 156040895, 57227415, 16569,
            ],
            strict=True,
        )
    ),
}  # fmt: skip


@lru_cache(maxsize=4096)  # asked for every record
def canonical(name: str) -> str:
    """Return a contig's name without prefix: ``chr22`` -> ``22``, ``chrM`` and ``M`` -> ``MT``; others unchanged."""
    bare = name[3:] if name.lower().startswith("chr") and len(name) > 3 else name
    upper = bare.upper()
    if upper in ("M", "MT"):
        return "MT"
    if upper in ("X", "Y"):
        return upper
    return bare


def order(names: Iterable[str]) -> list[str]:
    """Sort contig names as people do: 1 to 22, X, Y, MT, then the others by name."""
    rank = {name: number for number, name in enumerate(CHROMOSOMES)}
    return sorted(names, key=lambda name: (rank.get(canonical(name), len(rank)), canonical(name), name))


def by_canonical_name(names: Iterable[str], where: str | Path) -> dict[str, str]:
    """Return the contigs of a file by their canonical names.

    Raises
    ------
    InputError
        When two of them mean one chromosome (``22`` and ``chr22``).
    """
    own: dict[str, str] = {}
    for name in names:
        other = own.setdefault(canonical(name), name)
        if other != name:
            raise InputError(f"contigs {other} and {name} mean the same chromosome", where=where,
                             fix="Use one style of names in a file")  # fmt: skip
    return own


def match(wanted: str, available: Iterable[str]) -> str | None:
    """Return the name in `available` that means the same contig as `wanted`, or None.

    Raises
    ------
    InputError
        When two of the available names mean that contig (``22`` and ``chr22`` in one file).
    """
    names = list(dict.fromkeys(available))
    if wanted in names:
        return wanted
    same = [name for name in names if canonical(name) == canonical(wanted)]
    if len(same) > 1:
        raise InputError(
            f"contigs {same[0]} and {same[1]} mean the same chromosome", fix="Use one naming style in a file"
        )
    return same[0] if same else None
