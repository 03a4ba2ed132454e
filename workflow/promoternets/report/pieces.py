"""The pieces a page is made of: cells, tables, figures with their numbers, and the page rendered from them."""

from __future__ import annotations

import base64
import gzip
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from promoternets.formats.outputs import written
from promoternets.report.style import to_svg

EMBED_PLAIN = 200_000  # bytes; a longer table is embedded compressed


@dataclass(frozen=True)
class Cell:
    """One cell: text, a quieter second line, and perhaps a small drawing made here (never from the input).

    `warn` is for what a reader must not miss, such as a network that loses.
    """

    text: str
    below: str = ""
    drawing: Markup | None = None
    number: bool = False
    strong: bool = False
    warn: bool = False


@dataclass(frozen=True)
class Table:
    """A table: caption, column headings, rows of cells; the first cell of a row is its heading.

    `over` is a heading above the headings: for each group of columns its name, empty for none, and its width.
    """

    caption: str
    columns: list[str]
    rows: list[list[Cell]]
    quiet_rows: frozenset[int] = frozenset()
    over: tuple[tuple[str, int], ...] = ()

    @property
    def starts(self) -> frozenset[int]:
        """Return the columns at which a named group begins."""
        found, column = set(), 0
        for name, width in self.over:
            if name:
                found.add(column)
            column += width
        return frozenset(found)


@dataclass(frozen=True)
class Plate:
    """A figure on the page: its drawing, how to read it, and the numbers it was drawn from."""

    name: str
    title: str
    reading: str
    svg: Markup
    numbers: pd.DataFrame
    download: str = ""
    download_name: str = ""


@dataclass
class Page:
    """Everything the template needs, and the plates whose files are written beside the report."""

    context: dict[str, Any]
    plates: dict[str, Plate] = field(default_factory=dict)


def number_cell(text: str, below: str = "", *, strong: bool = False, warn: bool = False) -> Cell:
    """Return a right-aligned cell."""
    return Cell(text, below, number=True, strong=strong, warn=warn)


def tsv(frame: pd.DataFrame) -> str:
    """Return a table as the text of a TSV file, written as every table of the workflow."""
    return frame.to_csv(sep="\t", index=False, na_rep="NA", float_format="%.10g", lineterminator="\n")


def data_uri(frame: pd.DataFrame, name: str) -> tuple[str, str]:
    """Return a link that holds a table itself, and the file name it is saved under."""
    content = tsv(frame).encode()
    if len(content) <= EMBED_PLAIN:
        return f"data:text/tab-separated-values;base64,{base64.b64encode(content).decode()}", f"{name}.tsv"
    packed = gzip.compress(content, mtime=0)
    return f"data:application/gzip;base64,{base64.b64encode(packed).decode()}", f"{name}.tsv.gz"


def plate(name: str, title: str, reading: str, alt: str, drawing: Figure, numbers: pd.DataFrame) -> Plate:
    """Return a figure with its numbers embedded."""
    link, file_name = data_uri(numbers, name)
    return Plate(name, title, reading, Markup(to_svg(drawing, name, alt)), numbers, link, file_name)


def write_plates(plates: Iterable[Plate], figures: Path) -> None:
    """Write each figure and its numbers, ``<name>.svg`` and ``<name>.tsv``, to a folder made anew."""
    with written(figures) as folder:
        folder.mkdir(parents=True)
        for item in plates:
            (folder / f"{item.name}.svg").write_text(str(item.svg), encoding="utf-8")
            (folder / f"{item.name}.tsv").write_text(tsv(item.numbers), encoding="utf-8")


def render(page: Page, template: str, *, figures_link: str) -> str:
    """Return the page as HTML by one of the templates beside this module; everything from the input is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["keep"] = _keep_together
    return environment.get_template(template).render(**page.context, figures_link=figures_link)


def _keep_together(text: str) -> str:
    """Keep an interval and its value on one line, with spaces that do not break."""
    return re.sub(r" ?\[[^\]\[]*\]", lambda found: found.group().replace(" ", "\N{NO-BREAK SPACE}"), text)


def relative_link(target: Path, start: Path) -> str:
    """Return the path of `target` as a link from the folder `start`."""
    return Path(os.path.relpath(target, start)).as_posix()
