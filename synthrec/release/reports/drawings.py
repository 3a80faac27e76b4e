"""Exhibits as figures: a drawing, what is to be seen in words, and the numbers as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from markupsafe import Markup

from synthrec.release.reports.bars import DRAWN, bars
from synthrec.release.reports.curves import curves
from synthrec.release.reports.grids import grid
from synthrec.release.reports.markup import SYNTHETIC, element, series_class, table
from synthrec.validation.exhibits import Bars, Curves, Exhibit, Grid, Listing

KINDS = {Bars: "drawn bars", Grid: "drawn grid", Curves: "drawn curves", Listing: "table"}

READ_AT = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75)
"""Where curves are read off for the table beside them."""

FIRST = 12
"""Rows of a listing that are shown at once."""

LOWEST = 100
"""Cells of a grid in the table beside it, the lowest ones."""


def figure(exhibit: Exhibit) -> Markup:
    """One exhibit: title, words, drawing and numbers."""
    match exhibit:
        case Bars():
            hidden = len(exhibit.labels) - DRAWN
            called = f"The numbers, and {hidden} labels that are not drawn" if hidden > 0 else "The numbers"
            ordered = replace(exhibit, series=tuple(sorted(exhibit.series, key=_is_synthetic)))
            parts = [legend(ordered.series), bars(ordered), _folded(*_bar_rows(ordered), called)]
        case Grid():
            parts = [grid(exhibit), _folded(*_grid_rows(exhibit))]
        case Curves():
            parts = [legend(exhibit.series), curves(exhibit), _folded(*_curve_rows(exhibit))]
        case Listing():
            parts = [*_listed(exhibit)]
    caption = element("figcaption", element("b", exhibit.title), " ", exhibit.text)
    return element("figure", caption, *parts, class_=KINDS[type(exhibit)])


def _is_synthetic(series: tuple[str, object]) -> bool:
    """Synthetic rows are drawn last, in front of what they are compared with."""
    return series_class(series[0], 0) == SYNTHETIC


def legend(series: Sequence[tuple[str, object]]) -> Markup:
    """Names of the series, each with its mark."""
    items = (
        element("li", element("span", "", class_=f"mark {series_class(name, number)}"), " ", name)
        for number, (name, _) in enumerate(series)
    )
    return element("ul", *items, class_="legend")


def _folded(
    header: tuple[str, ...], rows: Sequence[tuple[object, ...]], called: str = "The numbers"
) -> Markup:
    """Rows of a table, folded away."""
    return element("details", element("summary", called), table(header, rows))


def _bar_rows(exhibit: Bars) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    columns = [values for _, values in exhibit.series]
    rows = [tuple(row) for row in zip(exhibit.labels, *columns, strict=True)]
    return ("", *(name for name, _ in exhibit.series)), rows


def _grid_rows(exhibit: Grid) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """The lowest values; those of a symmetric grid once."""
    twofold = exhibit.rows == exhibit.columns
    cells = [
        (row, column, value)
        for place, (row, values) in enumerate(zip(exhibit.rows, exhibit.values, strict=True))
        for other, (column, value) in enumerate(zip(exhibit.columns, values, strict=True))
        if value is not None and not (twofold and other <= place)
    ]
    return ("", "", "value"), [*sorted(cells, key=lambda cell: cell[2])[:LOWEST]]


def _curve_rows(exhibit: Curves) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Heights of the curves at some places."""
    heights = [_heights(points) for _, points in exhibit.series]
    return (exhibit.across, *(name for name, _ in exhibit.series)), [*zip(READ_AT, *heights, strict=True)]


def _heights(points: Sequence[tuple[float, float]]) -> list[float]:
    across, up = np.array(points, dtype=np.float64).reshape(-1, 2).T
    return [float(np.interp(at, across, up)) for at in READ_AT] if len(across) else [np.nan] * len(READ_AT)


def _listed(exhibit: Listing) -> Iterator[Markup]:
    """The first rows, and the others folded away."""
    rows = [tuple(cell if cell != "" else None for cell in row) for row in exhibit.rows]
    yield table(exhibit.header, rows[:FIRST])
    if len(rows) > FIRST:
        yield _folded(exhibit.header, rows[FIRST:], f"{len(rows) - FIRST} more rows")
