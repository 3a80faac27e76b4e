"""What a bin holds, in words that name no value of a single real person.

Bounds of numeric bins are values of training rows: they are told rounded, to no more digits than keep them
apart. Labels are told where the schema states them or at least 11 persons hold them; others are numbered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from itertools import pairwise

import numpy as np

from synthrec.schema.model import Column
from synthrec.validation.binning import LabelBins, NumericBins
from synthrec.validation.stats import FloatArray

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - columns have no zone
_DAY = 86_400_000_000
"""Microseconds."""

_YEAR, _MONTH = 366, 31
"""Days that are certain to lead into another year or month."""


def names_of(bins: NumericBins | LabelBins, column: Column, common: Collection[str]) -> tuple[str, ...]:
    """What each bin holds.

    Args:
        bins: Of one column.
        column: Its declaration.
        common: Labels that at least 11 persons hold.
    """
    if isinstance(bins, LabelBins):
        stated = {*common, *(column.domain.labels if column.domain else ())}
        told = (label if label in stated else f"label {place + 1}" for label, place in bins.labels.items())
        return (*told, "other labels", "missing")
    return (*_intervals(_bounds(bins.edges, column), column), "missing")


def _intervals(bounds: list[str], column: Column) -> tuple[str, ...]:
    """From bounds, each the first value of its bin, to words."""
    if not bounds:
        return ("any value",)
    ends = [_last(low, high, column) for low, high in pairwise(bounds)]
    return (f"below {bounds[0]}", *ends, f"{bounds[-1]} or more")


def _last(low: str, high: str, column: Column) -> str:
    """A bin of whole numbers by its first and last one, any other up to the next bound."""
    if column.kind == "integer" and "," not in low + high:
        last = int(high) - 1
        return low if last == int(low) else f"{low} to {last}"
    return f"{low} to {high}"


def _bounds(edges: FloatArray, column: Column) -> list[str]:
    if column.kind in {"date", "datetime"}:
        days = edges if column.kind == "date" else edges / _DAY
        return [_day(*each) for each in zip(days.tolist(), _apart(days).tolist(), strict=True)]
    values = edges / 10 ** (column.scale or 0) if column.kind == "decimal" else edges
    room = np.minimum(_apart(values), np.where(values == 0, np.inf, np.abs(values)))
    return [_number(*each) for each in zip(values.tolist(), room.tolist(), strict=True)]


def _apart(edges: FloatArray) -> FloatArray:
    """The distance of each bound to the nearest other one."""
    gaps = np.concatenate([[np.inf], np.diff(edges), [np.inf]])
    return np.asarray(np.minimum(gaps[:-1], gaps[1:]))


def _number(value: float, room: float) -> str:
    """A number rounded to the power of ten that leaves bounds this far apart distinct."""
    if not np.isfinite(room):
        return f"{value:.1g}"
    digits = -int(np.floor(np.log10(room)))
    return f"{round(value, digits) + 0.0:,.{max(0, digits)}f}"


def _day(day: float, room: float) -> str:
    moment = _EPOCH + dt.timedelta(days=day)
    if room >= _YEAR:
        return f"{moment:%Y}"
    if room >= _MONTH:
        return f"{moment:%Y-%m}"
    return f"{moment:%Y-%m-%d}" if room >= 1 else f"{moment:%Y-%m-%d %H:%M}"
