"""The people of a predicted cohort whose phenotype is known: only they can train."""

from __future__ import annotations

import logging
from pathlib import Path

from promoternets.errors import InputError
from promoternets.formats.tables import read_table, write_table

logger = logging.getLogger(__name__)


def select_labelled(*, samples: Path, labelled: Path) -> None:
    """Write the rows of the sample table, all columns, that have a phenotype.

    Raises
    ------
    InputError
        When nobody has one.
    """
    people = read_table(samples, columns=["sample", "phenotype"], what="table of samples")
    known = people[people["phenotype"].notna()]
    if known.empty:
        raise InputError("nobody's phenotype is known: there is nothing to fine-tune on", where=samples,
                         fix="Give a sample table with phenotypes, or leave `fine_tuning` out")  # fmt: skip
    logger.info("%d people, %d without phenotype are left out", len(known), len(people) - len(known))
    write_table(known, labelled)
