"""The portable model folder: what its description says, read without loading a network.

* ``model.json``: what the model is, which sites it reads, how its probabilities are calibrated, who trained it, what
  it is for; keys in `KEYS`
* ``weights.safetensors``: ``fold_<k>/seed_<s>/<parameter>`` of each network, and of each fold ``mean_count`` and
  ``frequency`` float32 [promoters * sites] among its training people, NaN where a site is absent
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from promoternets.errors import InputError
from promoternets.formats.contigs import canonical

FORMAT = 1
KIND = "promoternets ALS-Net ensemble"
DESCRIPTION, WEIGHTS = "model.json", "weights.safetensors"
KEYS = (
    "format", "kind", "cohort", "build", "encoding", "folds", "preprocessing", "calibration", "training_summary",
    "intended_use", "limits", "versions",
)  # fmt: skip
ANY_ALLELE = "."  # the alternate allele of a record in which everybody has the reference


def read_description(folder: str | Path) -> dict[str, Any]:
    """Return what ``model.json`` of a model folder says.

    Raises
    ------
    InputError
        When there is no model folder, or it is of another format or torn.
    """
    path, redo = Path(folder) / DESCRIPTION, "Make it with `snakemake model`, or copy the whole folder again"
    if not path.is_file():
        raise InputError("there is no model folder here", where=folder, fix=redo)
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"cannot be read ({error})", where=path, fix=redo) from error
    if not isinstance(plain, dict) or plain.get("kind") != KIND or plain.get("format") != FORMAT:
        raise InputError(f"is not a model folder of format {FORMAT}", where=path, fix=redo)
    absent = [key for key in KEYS if key not in plain]
    if absent:
        raise InputError(f"lacks {', '.join(absent)}", where=path, fix=redo)
    return plain


def taken_apart(site_id: str) -> tuple[str, int, str, str]:
    """Return contig without chr, position, reference and alternate allele in capitals, of ``chrom:pos:ref:alt``.

    Raises
    ------
    InputError
        When it is not of that form.
    """
    parts = str(site_id).rsplit(":", 3)
    if len(parts) != 4 or not parts[1].isdigit():
        raise InputError(f"{site_id!r} does not name a site", fix="Write chrom:pos:ref:alt, such as 20:1234567:A:G")
    return canonical(parts[0]), int(parts[1]), parts[2].upper(), parts[3].upper()


def distinct_sites(description: dict[str, Any]) -> list[str]:
    """Return every site that some fold of a model reads, each once, in the order of the folds."""
    every = (site for fold in description["folds"] for row in fold["sites"] for site in row if site)
    return list(dict.fromkeys(every))


def positions(description: dict[str, Any]) -> dict[str, frozenset[int]]:
    """Return the positions that a model reads, by contig without chr."""
    found: dict[str, set[int]] = {}
    for site in distinct_sites(description):
        contig, position, _, _ = taken_apart(site)
        found.setdefault(contig, set()).add(position)
    return {contig: frozenset(own) for contig, own in found.items()}


def refuse_other_build(description: dict[str, Any], build: str | None, where: str | Path) -> None:
    """Raise InputError when the genotypes are of another genome build than the model; None is not compared."""
    own = description["build"]
    if build is not None and build != own:
        raise InputError(
            f"the model reads positions of {own}, but the cohort's build is {build}. Positions are not converted "
            "between builds (no liftover is done)",
            where=where,
            fix=f"Give genotypes of {own}, or a model that was trained on {build}",
        )
