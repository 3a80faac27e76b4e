"""Elements of HTML and SVG, every text and attribute escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from markupsafe import Markup, escape

from synthrec.release.pages import visible

Layout = Literal["wide", "stacked"]

WIDTH = 350
"""Units across a drawing: about the pixels of a phone, so that its labels can be read there."""

SHORT = 20
"""Characters of a label in a drawing; the table beside it has the whole."""

SYNTHETIC = "synthetic"
"""How the names of series of synthetic rows begin, and their class."""

SERIES = 6
"""Kinds of marks for series; with more, they repeat."""


LEAST = 0.00005
"""Figures nearer to 0 are shown by their power of ten."""


def element(name: str, *children: str, **attributes: object) -> Markup:
    """``element("text", "a < b", x=1, text_anchor="end")``: underscores in attributes become hyphens."""
    given = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    written = "".join(f' {key}="{escape(visible(_number(value)))}"' for key, value in given)
    inside = Markup("").join(map(visible, children))
    return Markup(f"<{name}{written}>{inside}</{name}>")  # noqa: S704 - both parts are escaped


def drawing(label: str, width: float, height: float, *children: str) -> Markup:
    """An SVG image that scales with the page; `label` is what a screen reader says."""
    box = f"0 0 {_number(width)} {_number(height)}"
    return element(
        "svg", *children, viewBox=box, role="img", aria_label=label, xmlns="http://www.w3.org/2000/svg"
    )


def text(content: str, x: float, y: float, **attributes: object) -> Markup:
    """A label of a drawing, where it stands in the units of that."""
    return element("text", content, x=float(x), y=float(y), **attributes)


def shortened(content: str, most: int = SHORT) -> str:
    """At most `most` characters, the last an ellipsis where some are left out."""
    return content if len(content) <= most else content[: most - 1] + "…"


def series_class(name: str, number: int) -> str:
    """The class of a series: synthetic rows look the same in every drawing, others by their number."""
    return SYNTHETIC if name.startswith(SYNTHETIC) else f"series{number % SERIES}"


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> Markup:
    """A straight line."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), **attributes)


def figure_text(value: object) -> str:
    """A figure as tables show it: four decimals below 1, four digits from there; texts as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "—" if value is None else str(value)
    if isinstance(value, int):
        written = f"{value:,}"
    elif value == 0 or abs(value) >= 1:
        written = f"{value:,.4g}"
    else:
        written = f"{value:.4f}" if abs(value) >= LEAST else f"{value:.0e}"
    return written.replace("-", "\N{MINUS SIGN}", 1) if value < 0 else written


def table(header: Sequence[str], rows: Sequence[Sequence[object]], *, layout: Layout = "wide") -> Markup:
    """A table whose figures are set to the right.

    Args:
        header: Names of the columns.
        rows: Texts, figures, or markup of our own.
        layout: On a narrow screen a ``wide`` table is scrolled, and a ``stacked`` one has a block per row.
    """
    kinds = ["number" if any(map(_is_figure, column)) else "text" for column in zip(*rows, strict=True)]
    named = list(zip(header, kinds or ["text"] * len(header), strict=True))
    write = _scrolled if layout == "wide" else _stacked
    return write(named, [[_content(value) for value in row] for row in rows])


Columns = Sequence[tuple[str, str]]
"""Name and kind of each column."""


def _scrolled(columns: Columns, rows: Sequence[Sequence[Markup | None]]) -> Markup:
    head = (element("th", name, scope="col", class_=kind) for name, kind in columns)
    body = (
        element(
            "tr",
            *(
                element("td", "—" if cell is None else cell, class_=kind)
                for (_, kind), cell in zip(columns, row, strict=True)
            ),
        )
        for row in rows
    )
    parts = element("thead", element("tr", *head)), element("tbody", *body)
    return element("div", element("table", *parts), class_="wide", tabindex=0)


def _stacked(columns: Columns, rows: Sequence[Sequence[Markup | None]]) -> Markup:
    """Roles are written out, since browsers forget them where a style sheet lays rows out as blocks."""
    head = (element("th", name, scope="col", class_=kind, role="columnheader") for name, kind in columns)
    body = (element("tr", *map(_labelled, columns, row), role="row") for row in rows)
    parts = (
        element("thead", element("tr", *head, role="row"), role="rowgroup"),
        element("tbody", *body, role="rowgroup"),
    )
    return element("div", element("table", *parts, role="table"), class_="stacked")


def _labelled(column: tuple[str, str], cell: Markup | None) -> Markup:
    name, kind = column
    shown = f"{kind} none" if cell is None else kind
    return element("td", "—" if cell is None else cell, class_=shown, role="cell", data_label=name)


def _content(value: object) -> Markup | None:
    """A cell; None where there is nothing to show."""
    if value is None or isinstance(value, Markup):
        return value
    return escape(visible(figure_text(value)))


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
