"""What may be learned from real values without pointing at a person: bounds and categories of many persons.

A bound comes from the eleventh most extreme person and is widened to a round number; a category is named only
when at least eleven persons hold it (the minimum cell size of 11 that the US Centers for Medicare & Medicaid
Services ask for in releases; Hundepool et al., Statistical Disclosure Control, 2012, section 4.2, on
threshold rules).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthrec.schema.vector import IntArray, Vector

MIN_PERSONS = 11
"""Persons that must share a value before it may be named."""

ROUND_STEPS = 50
"""A learned range is widened to multiples of a round step that cuts it into at most so many parts."""


def learned_bounds(
    values: NDArray[Any], persons: IntArray, *, step: Decimal = Decimal(0)
) -> tuple[Decimal, Decimal] | None:
    """Bounds of the values present: from the eleventh most extreme person on each side, widened.

    Args:
        values: Model numbers without missing ones, shape (n,).
        persons: Dense person ids of the same rows, shape (n,).
        step: Precision of the values in model numbers; a bound is never rounded to anything finer.

    Returns:
        Lowest and highest model number, multiples of a round step (1, 2 or 5 times a power of ten) unless one
        value alone spans the bounds; None where fewer than eleven persons have a value.
    """
    extremes = eleventh_extremes(values, persons)
    if extremes is None:
        return None
    low, high = extremes
    if low == high and len(np.unique(persons[values == low])) >= MIN_PERSONS:
        return exact(low), exact(high)
    return widened(exact(low), exact(high), step)


def eleventh_extremes(values: NDArray[Any], persons: IntArray) -> tuple[Any, Any] | None:
    """The values of the eleventh lowest and the eleventh highest person, not yet widened.

    With fewer than 22 persons the two could cross: then the middle person's lowest value stands for both.
    None with fewer than 11.
    """
    order = np.argsort(values, kind="stable")
    lowest = _first_of_each(values[order], persons[order])
    highest = _first_of_each(values[order[::-1]], persons[order[::-1]])
    if len(lowest) < MIN_PERSONS:
        return None
    low, high = lowest[MIN_PERSONS - 1], highest[MIN_PERSONS - 1]
    middle = lowest[len(lowest) // 2]
    return (low, high) if low <= high else (middle, middle)


def widened(low: Decimal, high: Decimal, step: Decimal = Decimal(0)) -> tuple[Decimal, Decimal]:
    """Bounds moved outward to multiples of a round step; never narrower."""
    span = (high - low) / ROUND_STEPS or max(abs(low), Decimal(1)) / 10
    unit = round_step(max(span, step))
    floor = (low / unit).to_integral_value(ROUND_FLOOR)
    return floor * unit, max((high / unit).to_integral_value(ROUND_CEILING), floor + 1) * unit


def round_step(least: Decimal) -> Decimal:
    """The smallest of 1, 2 and 5 times a power of ten that is not below `least` (positive)."""
    power = Decimal(1).scaleb(least.adjusted())
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def exact(value: np.generic | float) -> Decimal:
    """The decimal number that a model number prints as."""
    return Decimal(str(value))


def learned_categories(vector: Vector, persons: IntArray) -> tuple[str, ...]:
    """Labels that at least eleven persons hold, sorted as `sorted_labels` says."""
    levels = vector.levels or ()
    held = ~vector.missing
    counts = persons_per_level(vector.values[held].astype(np.int64), persons[held], len(levels))
    return sorted_labels(label for label, count in zip(levels, counts, strict=True) if count >= MIN_PERSONS)


def sorted_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels in numeric order where all are integers, else in text order."""
    listed = sorted(labels)
    if all(label.removeprefix("-").isdecimal() for label in listed):
        listed.sort(key=int)
    return tuple(listed)


def persons_per_level(levels: IntArray, persons: IntArray, size: int) -> IntArray:
    """Distinct persons that hold each level, shape (size,).

    Args:
        levels: Level of each row, shape (n,), 0 <= level < size.
        persons: Person ids of the rows, shape (n,), not negative.
        size: Number of levels.
    """
    return np.bincount(distinct_holders(levels, persons)[0], minlength=size)


def distinct_holders(levels: IntArray, persons: IntArray) -> tuple[IntArray, IntArray]:
    """The distinct pairs of level and person, as two arrays of shape (pairs,) in order."""
    people = int(persons.max(initial=0)) + 1
    pairs = np.sort(levels.astype(np.int64) * people + persons)
    distinct = pairs[np.diff(pairs, prepend=-1) != 0]
    return distinct // people, distinct % people


def _first_of_each(values: NDArray[Any], persons: IntArray) -> NDArray[Any]:
    """The first value of each person, in the order of the values."""
    return values[np.sort(np.unique(persons, return_index=True)[1])]
