"""Grids: a square per pair, the darker the lower its value."""

from __future__ import annotations

from markupsafe import Markup

from synthrec.release.reports.markup import WIDTH, drawing, element, shortened, text
from synthrec.validation.exhibits import Grid

LETTER = 5.6
"""Width of a letter of a name."""
ROOMY = 13.0
"""Narrower cells have smaller names."""
LARGEST_CELL = 30.0
NAMED = 26
"""Rows and columns that are named in the drawing; the table beside it names all."""
NAME = 17
"""Characters of a name."""
DARKEST_AT = 0.9
"""The value drawn darkest is the lowest, but not above this: small differences stay pale."""
STEPS = 6


def grid(exhibit: Grid) -> Markup:
    """The squares, the names where there is room, and the scale."""
    values = [value for row in exhibit.values for value in row if value is not None]
    low = max(0.0, min([*values, DARKEST_AT]))
    named = max(len(exhibit.rows), len(exhibit.columns)) <= NAMED
    longest = max((len(shortened(name, NAME)) for name in (*exhibit.rows, *exhibit.columns)), default=0)
    left = top = 12 + longest * LETTER if named else 4.0
    cell = min(LARGEST_CELL, (WIDTH - left) / max(1, len(exhibit.columns)))
    drawn: list[str] = []
    for place, row in enumerate(exhibit.values):
        y = top + place * cell
        drawn += [_square(left + at * cell, y, cell, value, low) for at, value in enumerate(row)]
    if named:
        drawn += _names(exhibit, left, cell)
    bottom = top + len(exhibit.rows) * cell
    return drawing(f"{exhibit.title}. {exhibit.text}", WIDTH, bottom + 34, *drawn, *_scale(low, bottom + 12))


def _square(x: float, y: float, cell: float, value: float | None, low: float) -> Markup:
    side = max(1.0, cell - 1)
    if value is None:
        return element("rect", x=x, y=y, width=side, height=side, class_="empty")
    return element("rect", x=x, y=y, width=side, height=side, class_="cell", fill_opacity=_shade(value, low))


def _shade(value: float, low: float) -> float:
    """From 0.07 for 1 to 1 for `low`."""
    return 0.07 + 0.93 * min(1.0, max(0.0, (1 - value) / (1 - low)))


def _names(exhibit: Grid, room: float, cell: float) -> list[str]:
    size = "tiny" if cell < ROOMY else "name"
    names: list[str] = [
        text(
            shortened(name, NAME), room - 6, room + (place + 0.5) * cell + 3.5, text_anchor="end", class_=size
        )
        for place, name in enumerate(exhibit.rows)
    ]
    for place, name in enumerate(exhibit.columns):
        x, y = room + (place + 0.5) * cell + 3.5, room - 6
        names.append(text(shortened(name, NAME), x, y, transform=f"rotate(-90 {x:.1f} {y:.1f})", class_=size))
    return names


def _scale(low: float, y: float) -> list[str]:
    """What the shades stand for, from 1 to the lowest."""
    drawn: list[str] = [text("1", 0, y + 10, class_="small")]
    for place in range(STEPS):
        value = 1 - (1 - low) * place / (STEPS - 1)
        drawn.append(_square(12 + place * 17, y, 17, value, low))
    return [*drawn, text(f"{low:.2f}", 12 + STEPS * 17 + 4, y + 12, class_="small")]
