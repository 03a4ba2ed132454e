"""Who is related to whom, from the family, father and mother columns of a sample table."""

from __future__ import annotations

import logging

import pandas as pd

logger = logging.getLogger(__name__)
PARENTS = ("father", "mother")
UNKNOWN = "0"  # as in PLINK's .fam; a missing value means the same


def families(frame: pd.DataFrame) -> pd.Series | None:
    """Return each person's family, NA for people without relatives; None when the table says nothing of families.

    People share a family when they have the same value of ``family``, or are parent and child or siblings by
    ``father`` and ``mother``, directly or through others. A parent who is not in the table still joins siblings.
    A family that only parents tell of is called after its first member by name.

    Parameters
    ----------
    frame : text columns sample and any of family, father, mother; a row per person.
    """
    told = [name for name in ("family", *PARENTS) if name in frame.columns]
    if not told:
        return None
    root: dict[str, str] = {}

    def find(node: str) -> str:
        while root.setdefault(node, node) != node:
            root[node] = node = root[root[node]]
        return node

    for name in told:
        kind = "family" if name == "family" else "person"
        known = frame[name].notna() & (frame[name] != UNKNOWN)
        for person, other in zip(frame.loc[known, "sample"], frame.loc[known, name], strict=True):
            first, second = find(f"person {person}"), find(f"{kind} {other}")
            root[max(first, second)] = min(first, second)
    groups = frame["sample"].map(lambda person: find(f"person {person}"))
    related = groups.map(groups.value_counts()) > 1
    if "family" in frame.columns:
        related |= frame["family"].notna() & (frame["family"] != UNKNOWN)
    logger.info("%d people are in %d families of two and more", related.sum(), groups[related].nunique())
    return groups.str.removeprefix("person ").str.removeprefix("family ").where(related)
