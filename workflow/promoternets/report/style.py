"""How figures look: colour-blind safe palettes (Okabe and Ito 2008; Tol 2021), quiet axes, text that stays text."""

from __future__ import annotations

import functools
import io
import itertools
import re
from collections.abc import Callable
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from promoternets.formats.models import GWAS

INK = "#1d2733"
QUIET = "#66707c"
RULE = "#c9cfd6"
PALE = "#eef1f4"
BLUE, VERMILLION, ORANGE, GREEN, PURPLE, SKY = (
    "#0072B2",
    "#D55E00",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
)
WINE, TEAL, OLIVE, SAND = "#882255", "#44AA99", "#7A7A29", "#C2A83E"

MODEL_COLOURS = {
    "als_net": BLUE,
    "logistic_regression": VERMILLION,
    "linear_svm": ORANGE,
    "elastic_net": WINE,
    "elastic_net_all": TEAL,
    "ridge_all": OLIVE,
    "polygenic_score": SAND,
    "rbf_svm": PURPLE,
    "random_forest": GREEN,
    "adaboost": SKY,
    "covariates": INK,
    "covariates_pcs": QUIET,
}
GROUP_COLOURS = {"case": VERMILLION, "control": BLUE}

FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "promoternets",
    "font.family": ["DejaVu Sans"],  # ships with matplotlib, so labels are placed alike everywhere; shown in FONTS
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "text.parse_math": False,  # a gene called $x$ is a name, not a formula
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
_WIDTH = 10.0  # inches; the page shows it about 1040 pixels wide


def new_figure(height: float, *, width: float = _WIDTH) -> Figure:
    """Return an empty figure of the page's width with a canvas that can measure text."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def settings() -> Any:
    """Return the context in which figures are drawn and saved."""
    return matplotlib.rc_context(SETTINGS)


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Return a function that draws with the page's settings."""

    @functools.wraps(draw)
    def drawn(*arguments: Any, **named: Any) -> Figure:
        with settings():
            return draw(*arguments, **named)

    return drawn


def colour(model: str) -> str:
    """Return a model's colour; grey for one the palette does not know."""
    return MODEL_COLOURS.get(model.removesuffix("_published").removesuffix(GWAS), QUIET)


def to_svg(figure: Figure, name: str, alt: str) -> str:
    """Return a figure as an SVG element that stands alone and inside a page.

    The same figure gives the same SVG. Ids carry the figure's name, so that several fit in one page; text
    is shown in the reader's system font; `alt` is its accessible name.
    """
    buffer = io.StringIO()
    with settings():
        figure.savefig(
            buffer,
            format="svg",
            dpi=200,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"'DejaVu Sans'[^;\"]*", FONTS.replace('"', "'"), text)
    counted = itertools.count(1)  # pictures are named by their content, so equal ones would share an id
    text = re.sub(r'(\sid="image)[0-9a-f]+', lambda found: f"{found.group(1)}_{next(counted)}", text)
    text = re.sub(r'(\sid=")', rf"\g<1>{name}-", text)
    text = re.sub(r'(href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r"(url\(#)", rf"\g<1>{name}-", text)
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text).groups()
    text = re.sub(r'\swidth="[\d.]+pt"', f' width="{width}"', text, count=1)
    text = re.sub(r'\sheight="[\d.]+pt"', f' height="{height}"', text, count=1)
    return text.replace("<svg ", f'<svg role="img" aria-label="{_attribute(alt)}" ', 1)


def _attribute(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text
