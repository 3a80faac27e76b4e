"""Bars: shares side by side, the first series as a broad bar behind the narrower one of the next."""

from __future__ import annotations

import math

from markupsafe import Markup

from synthrec.release.reports.markup import WIDTH, drawing, element, line, series_class, shortened, text
from synthrec.validation.exhibits import Bars

LABELS = 128
"""Room for labels at the left."""
ROW, TOP = 18, 6
BROAD, NARROW = 13, 5
TICKS = 4
DRAWN = 24
"""Labels that are drawn; the table beside the drawing has all."""


def bars(exhibit: Bars) -> Markup:
    """One line per label, all on one scale from 0."""
    most = max((value for _, values in exhibit.series for value in values), default=0.0) or 1.0
    step = tick(most)
    end = step * math.ceil(most / step - 1e-9)
    labels = exhibit.labels[:DRAWN]
    bottom = len(labels) * ROW + TOP
    drawn = _scale(step, end, bottom)
    for place, label in enumerate(labels):
        middle = place * ROW + TOP + ROW / 2
        drawn.append(text(shortened(label), LABELS - 8, middle + 4, text_anchor="end"))
        for number, (name, values) in enumerate(exhibit.series):
            height = max(2.0, (BROAD if number == 0 else NARROW) - 2 * max(0, number - 1))
            drawn.append(
                element(
                    "rect",
                    x=LABELS,
                    y=middle - height / 2,
                    width=float(_x(values[place], end) - LABELS),
                    height=height,
                    rx=1,
                    class_=series_class(name, number),
                )
            )
    return drawing(f"{exhibit.title}. {exhibit.text}", WIDTH, bottom + 20, *drawn)


def tick(most: float) -> float:
    """The distance of ticks: 1, 2 or 5 times a power of ten, at most `TICKS` of them up to `most`."""
    power = 10.0 ** math.floor(math.log10(most / TICKS))
    return next(unit * power for unit in (1, 2, 5, 10) if unit * power * TICKS >= most * (1 - 1e-9))


def _scale(step: float, end: float, bottom: float) -> list[str]:
    places = [number * step for number in range(round(end / step) + 1)]
    lines: list[str] = [line(_x(at, end), TOP, _x(at, end), bottom, class_="rule") for at in places]
    words = (
        text(f"{at:.4g}", _x(at, end), bottom + 13, text_anchor="middle", class_="small") for at in places
    )
    return [*lines, *words]


def _x(value: float, end: float) -> float:
    return LABELS + (WIDTH - LABELS - 14) * min(max(value, 0.0), end) / end
