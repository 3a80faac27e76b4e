"""Curves: lines over the unit square."""

from __future__ import annotations

from markupsafe import Markup

from synthrec.release.reports.markup import WIDTH, drawing, element, line, series_class, text
from synthrec.validation.exhibits import Curves

LEFT, TOP, SQUARE = 44, 24, 290
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def curves(exhibit: Curves) -> Markup:
    """The lines, the line of chance, and both axes from 0 to 1."""
    drawn = _axes(exhibit)
    if exhibit.diagonal:
        drawn.append(line(*_at(0, 0), *_at(1, 1), class_="chance"))
    for number, (name, points) in enumerate(exhibit.series):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_at(*point) for point in points))
        drawn.append(element("polyline", points=path, class_=series_class(name, number)))
    return drawing(f"{exhibit.title}. {exhibit.text}", WIDTH, TOP + SQUARE + 42, *drawn)


def _at(x: float, y: float) -> tuple[float, float]:
    return LEFT + x * SQUARE, TOP + (1 - y) * SQUARE


def _axes(exhibit: Curves) -> list[str]:
    drawn: list[str] = []
    for share in TICKS:
        drawn.append(line(*_at(share, 0), *_at(share, 1), class_="rule"))
        drawn.append(line(*_at(0, share), *_at(1, share), class_="rule"))
        x, y = _at(share, share)
        drawn.append(text(f"{share:g}", x, TOP + SQUARE + 15, text_anchor="middle", class_="small"))
        drawn.append(text(f"{share:g}", LEFT - 6, y + 4, text_anchor="end", class_="small"))
    drawn.append(text(exhibit.across, LEFT + SQUARE / 2, TOP + SQUARE + 34, text_anchor="middle"))
    drawn.append(text(exhibit.up, LEFT, TOP - 10))
    return drawn
