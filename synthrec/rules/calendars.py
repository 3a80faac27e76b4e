"""Days of a calendar between two others: a day of each month, days of the week, or every so many days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synthrec.rules.amounts import Amount, FloatArray, Target, impossible
from synthrec.rules.rows import Rows
from synthrec.schema import events_spec as spec
from synthrec.schema.vector import BoolArray, IntArray

FIRST_MONDAY = 4
"""Days from the epoch to Monday, 5 January 1970."""
FRIDAY, SATURDAY = 4, 5
_AROUND = 2
"""Months beyond the window in which a rolled day may come from."""


class Occurrences(Protocol):
    """Days on which something happens."""

    def days(self, parent: Rows, first: IntArray, last: IntArray) -> tuple[IntArray, IntArray]:
        """How many lie in [first, last] for each parent, and all of them, ascending within each parent."""


def calendar(stream: spec.Stream, target: Target) -> Occurrences:
    """The days of a stream that has no rate."""
    if stream.monthly is not None:
        day = Amount.of(stream.monthly.day, target.names)
        return MonthlyDays(day, stream.monthly.roll, target.where)
    if stream.weekly is not None:
        return WeekdayDays(np.isin(np.arange(7), stream.weekly.weekdays))
    assert stream.every is not None  # noqa: S101  (one of the three is given)
    return PeriodicDays(stream.every.days, Amount.of(stream.every.phase, target.names), target.where)


def _spread(first: IntArray, counts: IntArray) -> tuple[IntArray, IntArray]:
    """For each parent the numbers first, first + 1, …, as many as its count; and whose they are."""
    group = np.repeat(np.arange(len(counts)), counts)
    position = np.arange(len(group)) - np.repeat(np.cumsum(counts) - counts, counts)
    return first[group] + position, group


def _whole(amount: Amount, parent: Rows, where: str, bounds: tuple[int, int]) -> IntArray:
    values: FloatArray = amount.present(parent, where)
    low, high = bounds
    if bad := int((~((values >= low) & (values <= high))).sum()):
        raise impossible(where, f"{bad} days outside {low} to {high}", f"use clip(x, {low}, {high})")
    return np.floor(values).astype(np.int64)


def rolled(days: IntArray, roll: str) -> IntArray:
    """Days with those of a weekend moved to the Friday before, the Monday after or the nearer of both."""
    if roll == "none":
        return days
    beyond = np.maximum((days - FIRST_MONDAY) % 7 - FRIDAY, 0)
    if roll == "nearest":
        return np.asarray(days + np.array([0, -1, 1])[beyond])
    return days - beyond if roll == "before" else days + np.where(beyond > 0, 3 - beyond, 0)


def day_of_month(months: IntArray, day: IntArray) -> IntArray:
    """A day of months since January 1970, the last day where the month is shorter."""
    start = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(np.minimum(start + day - 1, following - 1))


@dataclass(frozen=True)
class MonthlyDays:
    """One day of each month, moved off weekends."""

    day: Amount
    roll: str
    where: str

    def days(self, parent: Rows, first: IntArray, last: IntArray) -> tuple[IntArray, IntArray]:
        """The day of every month around the window, and of these the ones within."""
        day = _whole(self.day, parent, self.where, (1, 31))
        month = first.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) - 1
        end = last.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        months, group = _spread(month, np.maximum(end - month + _AROUND, 0))
        days = rolled(day_of_month(months, day[group]), self.roll)
        within: BoolArray = (days >= first[group]) & (days <= last[group])
        return np.bincount(group[within], minlength=len(first)).astype(np.int64), days[within]


@dataclass(frozen=True, eq=False)
class WeekdayDays:
    """All days that fall on some days of the week."""

    wanted: BoolArray
    """Shape (7,), Monday first."""

    def days(self, parent: Rows, first: IntArray, last: IntArray) -> tuple[IntArray, IntArray]:  # noqa: ARG002
        """Numbered from the first Monday on, the days wanted are a line of fixed steps per week."""
        before = np.concatenate(([0], np.cumsum(self.wanted)))
        low, high = self._number(first, before), self._number(last + 1, before)
        counts = np.maximum(high - low, 0)
        numbers, _ = _spread(low, counts)
        week, position = np.divmod(numbers, int(self.wanted.sum()))
        return counts, FIRST_MONDAY + week * 7 + np.flatnonzero(self.wanted)[position]

    def _number(self, days: IntArray, before: IntArray) -> IntArray:
        """How many wanted days lie before these."""
        week, rest = np.divmod(days - FIRST_MONDAY, 7)
        return week * int(self.wanted.sum()) + before[rest]


@dataclass(frozen=True)
class PeriodicDays:
    """Every so many days."""

    period: int
    phase: Amount
    where: str

    def days(self, parent: Rows, first: IntArray, last: IntArray) -> tuple[IntArray, IntArray]:
        """From the first multiple of the period within the window on."""
        origin = FIRST_MONDAY + _whole(self.phase, parent, self.where, (0, 366))
        low = -((origin - first) // self.period)
        counts = np.maximum((last - origin) // self.period - low + 1, 0)
        numbers, group = _spread(low, counts)
        return counts, origin[group] + numbers * self.period
