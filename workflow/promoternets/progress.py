"""Progress that suits both a terminal (a bar) and a log file (a line now and then)."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
logger = logging.getLogger(__name__)
SECONDS_BETWEEN_LINES = 15.0


def progress(
    iterable: Iterable[Item],
    *,
    total: int | None = None,
    what: str = "",
    unit: str = "it",
    size: Callable[[Item], int] = lambda _: 1,
) -> Iterator[Item]:
    """Pass the items on, showing how far the work is.

    On a terminal a tqdm bar; elsewhere one log line about every 15 seconds and one at the end. An item
    counts for its `size`.
    """
    if total is None and hasattr(iterable, "__len__"):
        total = len(iterable)  # type: ignore[arg-type]
    if sys.stderr.isatty():
        with tqdm(total=total, desc=what, unit=unit, file=sys.stderr) as bar:
            for item in iterable:
                yield item
                bar.update(size(item))
        return
    start = last = time.monotonic()
    done = 0
    for item in iterable:
        yield item
        done += size(item)
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            share = f"{done:,} of {total:,} {unit} ({done / total:.0%})" if total else f"{done:,} {unit}"
            logger.info("%s: %s after %.0f s", what, share, now - start)
    logger.info("%s: %s %s in %.1f s", what, f"{done:,}", unit, time.monotonic() - start)
