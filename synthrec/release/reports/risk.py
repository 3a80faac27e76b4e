"""Every risk on one scale: where chance is, where the limit is, and how far the audit can tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from synthrec.release.reports.markup import WIDTH, drawing, element, line, shortened, text
from synthrec.validation.result import Finding, Measure

LABELS, ROW = 128, 24
LOWEST, HIGHEST = -0.6, 1.6
"""Ends of the scale: 0 is chance, 1 is the limit; what lies beyond is drawn at the end."""

TITLE = "Risk against limits"
TEXT = (
    "Dots are what was measured, bars reach from the lower to the upper 99 % bound. Each attack is drawn on "
    "its own scale from chance to its limit, and passes where its bar ends before the limit; what lies "
    "further out is drawn at the end."
)


@dataclass(frozen=True)
class Row:
    """One limited measure on the common scale."""

    label: str
    verdict: str
    low: float
    value: float
    high: float


def risk_chart(findings: Iterable[Finding]) -> Markup:
    """The chart; empty where nothing was limited."""
    rows = [row for finding in findings if (row := _row(finding)) is not None]
    if not rows:
        return Markup("")
    bottom = len(rows) * ROW + 16
    drawn: list[str] = [line(_x(at), 6, _x(at), bottom, class_=name) for at, name in _LINES]
    drawn += [text(word, _x(at), bottom + 14, text_anchor="middle") for at, word in _WORDS]
    for place, row in enumerate(rows):
        drawn += _drawn(row, place * ROW + 24)
    caption = element("figcaption", element("b", TITLE), " ", TEXT)
    drawn_chart = drawing(f"{TITLE}. {TEXT}", WIDTH, bottom + 20, *drawn)
    return element("figure", caption, drawn_chart, class_="drawn")


_LINES = ((0.0, "chance"), (1.0, "limit"))
_WORDS = ((0.0, "chance"), (1.0, "limit"))


def _drawn(row: Row, y: float) -> list[str]:
    return [
        text(shortened(row.label), LABELS - 10, y + 4, text_anchor="end"),
        line(_x(row.low), y, _x(row.high), y, class_=f"interval {row.verdict}"),
        element("circle", cx=_x(row.value), cy=y, r=4, class_=f"dot {row.verdict}"),
    ]


def _row(finding: Finding) -> Row | None:
    """The finding of an upper limit; None where there is no figure or no distance from chance to limit."""
    measure = _measured(finding)
    if measure is None or finding.limit is None or finding.sense != "at most":
        return None
    chance = measure.baseline or 0.0
    span = finding.limit - chance
    if span <= 0:
        return None
    low, value, high = ((bound - chance) / span for bound in (measure.low, measure.value, measure.high))
    return Row(f"{finding.result.check} {measure.name}", str(finding.verdict), low, value, high)


def _measured(finding: Finding) -> Measure | None:
    named = (measure for measure in finding.result.measures if measure.name == finding.measure)
    return next(named, None)


def _x(at: float) -> float:
    inside = min(max(at, LOWEST), HIGHEST)
    return LABELS + (WIDTH - LABELS - 20) * (inside - LOWEST) / (HIGHEST - LOWEST)
