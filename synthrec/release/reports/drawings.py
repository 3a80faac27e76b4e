"""Exhibits as figures: a drawing, what is to be seen in words, and the numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from synthrec.release.reports.markup import drawing, element, line, shortened, table, text
from synthrec.validation.exhibits import Bars, Curves, Exhibit, Grid, Listing

WIDTH = 460
LABELS = 165
"""Room for labels at the left."""

BAR, GAP = 9, 8
LARGEST_CELL, LEAST_CELL = 22, 5
NAMED = 28
"""Rows and columns of a grid that are named in the drawing."""

SQUARE, MARGIN = 300, 44


def figure(exhibit: Exhibit) -> Markup:
    """One exhibit: title, words, drawing and numbers."""
    match exhibit:
        case Bars():
            parts = [legend(exhibit.series), bars(exhibit), details(_bar_rows(exhibit))]
        case Grid():
            parts = [grid(exhibit), details(_grid_rows(exhibit))]
        case Curves():
            parts = [legend(exhibit.series), curves(exhibit)]
        case Listing():
            parts = [table(exhibit.header, [*exhibit.rows])]
    caption = element("figcaption", element("b", exhibit.title), " ", exhibit.text)
    return element("figure", caption, *parts)


def bars(exhibit: Bars) -> Markup:
    """A group of horizontal bars per label, one bar per series, all on one scale from 0."""
    most = max((value for _, values in exhibit.series for value in values), default=0.0) or 1.0
    step = len(exhibit.series) * BAR + GAP
    drawn: list[str] = []
    for place, label in enumerate(exhibit.labels):
        top = place * step + GAP
        drawn.append(text(label, LABELS - 8, top + step / 2 - 1, text_anchor="end"))
        for number, (_, values) in enumerate(exhibit.series):
            length = (WIDTH - LABELS - 48) * values[place] / most
            y = top + number * BAR
            drawn.append(_bar(y, length, number))
            drawn.append(text(f"{values[place]:.3g}", LABELS + length + 5, y + BAR - 1.5, class_="small"))
    return drawing(f"{exhibit.title}. {exhibit.text}", WIDTH, len(exhibit.labels) * step + GAP, *drawn)


def _bar(y: float, length: float, number: int) -> Markup:
    return element("rect", x=LABELS, y=y, width=float(length), height=BAR - 1, class_=f"series{number % 6}")


def grid(exhibit: Grid) -> Markup:
    """A square per pair, the darker the lower its value."""
    across = max(len(exhibit.columns), 1)
    cell = max(LEAST_CELL, min(LARGEST_CELL, (WIDTH - LABELS) / across))
    named = across <= NAMED
    top = 130 if named else 10
    drawn: list[str] = []
    for row, (name, values) in enumerate(zip(exhibit.rows, exhibit.values, strict=True)):
        y = top + row * cell
        if named:
            drawn.append(text(name, LABELS - 6, y + cell / 2 + 4, text_anchor="end"))
        drawn += [_square(LABELS + column * cell, y, cell, value) for column, value in enumerate(values)]
    if named:
        drawn += [
            _slanted(name, LABELS + (column + 0.7) * cell, top - 6)
            for column, name in enumerate(exhibit.columns)
        ]
    return drawing(f"{exhibit.title}. {exhibit.text}", WIDTH, top + len(exhibit.rows) * cell + 8, *drawn)


def _square(x: float, y: float, cell: float, value: float | None) -> Markup:
    side = cell - 1
    if value is None:
        return element("rect", x=x, y=y, width=side, height=side, class_="empty")
    shade = min(1.0, 0.06 + 0.94 * (1 - value))
    return element("rect", x=x, y=y, width=side, height=side, class_="cell", fill_opacity=float(shade))


def _slanted(name: str, x: float, y: float) -> Markup:
    return element("text", shortened(name), x=float(x), y=float(y), transform=f"rotate(-55 {x:.1f} {y:.1f})")


def curves(exhibit: Curves) -> Markup:
    """Lines over the unit square."""

    def at(x: float, y: float) -> tuple[float, float]:
        return MARGIN + x * SQUARE, 10 + (1 - y) * SQUARE

    frame = element("rect", x=MARGIN, y=10, width=SQUARE, height=SQUARE, class_="frame")
    drawn: list[str] = [frame]
    if exhibit.diagonal:
        drawn.append(line(*at(0, 0), *at(1, 1), class_="chance"))
    for number, (_, points) in enumerate(exhibit.series):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in points))
        drawn.append(element("polyline", points=path, class_=f"line{number % 6}"))
    for share in (0.0, 0.5, 1.0):
        drawn.append(text(f"{share:g}", at(share, 0)[0], SQUARE + 26, text_anchor="middle"))
        drawn.append(text(f"{share:g}", MARGIN - 8, at(0, share)[1] + 4, text_anchor="end"))
    drawn.append(text(exhibit.across, MARGIN + SQUARE / 2, SQUARE + 44, text_anchor="middle"))
    drawn.append(text(exhibit.up, MARGIN, 4, dominant_baseline="middle"))
    return element(
        "div",
        drawing(f"{exhibit.title}. {exhibit.text}", SQUARE + 2 * MARGIN, SQUARE + 52, *drawn),
        class_="square",
    )


def legend(series: Sequence[tuple[str, object]]) -> Markup:
    """Names of the series, each with its mark."""
    items = (
        element("li", element("span", "", class_=f"mark mark{number % 6}"), " ", name)
        for number, (name, _) in enumerate(series)
    )
    return element("ul", *items, class_="legend")


def details(content: tuple[tuple[str, ...], list[tuple[object, ...]]]) -> Markup:
    """The numbers of a drawing, folded away."""
    return element("details", element("summary", "the numbers"), table(*content))


def _bar_rows(exhibit: Bars) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    columns = [values for _, values in exhibit.series]
    rows = [tuple(row) for row in zip(exhibit.labels, *columns, strict=True)]
    return ("", *(name for name, _ in exhibit.series)), rows


def _grid_rows(exhibit: Grid) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """The lowest values, at most a hundred."""
    cells = [
        (row, column, value)
        for row, values in zip(exhibit.rows, exhibit.values, strict=True)
        for column, value in zip(exhibit.columns, values, strict=True)
        if value is not None
    ]
    return ("", "", "value"), [*sorted(cells, key=lambda cell: cell[2])[:100]]
