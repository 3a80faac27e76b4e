"""What a steward may look at: figures and tables as typed data, which a report draws; never on a card.

An exhibit may follow from real records, so only the steward's report shows it. Each says in words what is to
be seen, for readers who cannot see the drawing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bars:
    """Shares side by side, for example of the bins of a column."""

    title: str
    text: str
    """What is to be seen, in one sentence."""
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    """Name and one value per label, for example of real and of synthetic rows."""


@dataclass(frozen=True)
class Grid:
    """A matrix of values from 0 (bad) to 1 (good), for example similarities of pairs of columns."""

    title: str
    text: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    """One tuple per row; None where there is nothing."""


@dataclass(frozen=True)
class Curves:
    """Lines over the unit square, for example the ROC of a membership attack."""

    title: str
    text: str
    across: str
    up: str
    series: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    """Name and points (x, y), x ascending."""
    diagonal: bool = True
    """Whether the line of chance is drawn."""


@dataclass(frozen=True)
class Listing:
    """A table of text and figures, for example of subgroups."""

    title: str
    text: str
    header: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]


Exhibit = Bars | Grid | Curves | Listing
