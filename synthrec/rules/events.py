"""Events in time: inhomogeneous Poisson processes by hour of the week, and the days of a calendar.

Given its number of events, the times of a Poisson process are independent with density proportional to its
rate (Kingman 1993, section 2.4); they are drawn by inverting the cumulated rate, so none is thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synthrec.rules.amounts import Amount, FloatArray, Target, impossible
from synthrec.rules.calendars import Occurrences, calendar
from synthrec.rules.rows import Rows
from synthrec.rules.sources import Draws, Origin, Window
from synthrec.schema import events_spec as spec
from synthrec.schema.expression_types import MICROSECONDS_PER_DAY
from synthrec.schema.rule_tables import MAX_CHILDREN
from synthrec.schema.vector import IntArray, Vector

MICROSECONDS_PER_HOUR = MICROSECONDS_PER_DAY // 24
MICROSECONDS_PER_WEEK = 7 * MICROSECONDS_PER_DAY
MONDAY = 4 * MICROSECONDS_PER_DAY
"""The first Monday after the epoch, from which weeks are counted."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Operational time: the cumulated weight of the hours of the week, one unit per week."""

    upto: FloatArray
    """Share of the week's weight before each hour and at its end, shape (hours + 1,)."""

    @classmethod
    def of(cls, stream: spec.Stream) -> Profile:
        """From weights by hour of the week, or by hour of the day times day of the week."""
        days = np.asarray(stream.weekdays or (1.0,) * spec.DAYS_PER_WEEK)
        hours = np.asarray(stream.hours or (1.0,) * spec.HOURS_PER_DAY)
        weights = np.asarray(stream.week) if stream.week else np.outer(days, hours).ravel()
        upto = np.concatenate(([0.0], np.cumsum(weights)))
        return cls(upto / upto[-1])

    def cumulated(self, times: IntArray) -> FloatArray:
        """Weight from the first Monday to moments in microseconds, in weeks."""
        week, rest = np.divmod(times - MONDAY, MICROSECONDS_PER_WEEK)
        return week + np.interp(rest / MICROSECONDS_PER_HOUR, np.arange(len(self.upto)), self.upto)

    def inverse(self, weight: FloatArray) -> IntArray:
        """The moment at which so much weight is cumulated."""
        week = np.floor(weight)
        share = weight - week
        hour = np.minimum(np.searchsorted(self.upto, share, side="right"), len(self.upto) - 1) - 1
        within = (share - self.upto[hour]) / np.maximum(self.upto[hour + 1] - self.upto[hour], 1e-300)
        rest = (hour + np.clip(within, 0.0, 1.0)) * MICROSECONDS_PER_HOUR
        return np.asarray(MONDAY + week.astype(np.int64) * MICROSECONDS_PER_WEEK + rest.astype(np.int64))


class StreamMaker(Protocol):
    """One stream of events."""

    def times(
        self, parent: Rows, start: IntArray, end: IntArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """Events per parent, and all times in [start, end), parent by parent; in order unless some late."""


@dataclass(frozen=True, eq=False)
class PoissonStream:
    """A Poisson process whose rate follows the hour of the week."""

    per_week: Amount
    hours: int
    """Hours of the period of the rate."""
    dispersion: Amount | None
    profile: Profile
    where: str

    @classmethod
    def of(cls, stream: spec.Stream, target: Target) -> PoissonStream:
        """From its spec, which has a rate."""
        assert stream.rate is not None  # noqa: S101  (the caller has looked)
        dispersion = None if stream.dispersion is None else Amount.of(stream.dispersion, target.names)
        rate = Amount.of(stream.rate, target.names)
        return cls(rate, spec.PERIODS[stream.per], dispersion, Profile.of(stream), target.where)

    def times(
        self, parent: Rows, start: IntArray, end: IntArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """Numbers first, then one uniform draw per event."""
        low, high = self.profile.cumulated(start), self.profile.cumulated(end)
        counts = rng.poisson(self._rate(parent, rng) * (high - low)).astype(np.int64)
        if bad := int((counts > MAX_CHILDREN).sum()):
            found = f"{bad} of {len(counts)} parents with more than {MAX_CHILDREN} rows"
            raise impossible(self.where, found, "lower the rate, or shorten the window")
        share = sorted_uniforms(counts, rng)
        weight = np.repeat(low, counts) + share * np.repeat(high - low, counts)
        first, last = np.repeat(start, counts), np.repeat(end, counts) - 1
        return counts, np.clip(self.profile.inverse(weight), first, last)

    def _rate(self, parent: Rows, rng: np.random.Generator) -> FloatArray:
        """Mean number of events per week and parent."""
        rate = self.per_week.present(parent, self.where)
        if bad := int((~((rate >= 0) & (rate < 1e9))).sum()):
            raise impossible(self.where, f"{bad} rates below 0 or beyond 1e9", "use max(x, 0)")
        weekly = rate * (spec.PERIODS["week"] / self.hours)
        if self.dispersion is None:
            return weekly
        shape = self.dispersion.present(parent, self.where)
        if bad := int((~(shape > 0)).sum()):
            raise impossible(self.where, f"{bad} dispersions of 0 or less", "use max(x, 0.1)")
        return weekly * rng.gamma(shape) / shape


def sorted_uniforms(counts: IntArray, rng: np.random.Generator) -> FloatArray:
    """So many uniform draws for each parent, sorted within it; shape (sum of counts,)."""
    group = np.repeat(np.arange(len(counts)), counts)
    return np.clip(np.sort(group + rng.random(len(group))) - group, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class CalendarStream:
    """Some days of the calendar, each with a time of day."""

    occurrences: Occurrences
    keep: Amount
    hours: Profile
    """Of the hours of one day."""
    jitter: int
    where: str

    @classmethod
    def of(cls, stream: spec.Stream, target: Target) -> CalendarStream:
        """From its spec, which names days."""
        keep = Amount.of(stream.keep, target.names)
        hours = np.concatenate(([0.0], np.cumsum(stream.hours or (1.0,) * spec.HOURS_PER_DAY)))
        return cls(calendar(stream, target), keep, Profile(hours / hours[-1]), stream.jitter, target.where)

    def times(
        self, parent: Rows, start: IntArray, end: IntArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """The days that begin within the window or on which it does, then which are kept, then the hours."""
        first, last = start // MICROSECONDS_PER_DAY, (end - 1) // MICROSECONDS_PER_DAY
        counts, days = self.occurrences.days(parent, first, np.where(end > start, last, first - 1))
        group = np.repeat(np.arange(len(counts)), counts)
        kept = rng.random(len(days)) < self._share(parent)[group]
        times = days * MICROSECONDS_PER_DAY + self._time_of_day(rng.random(len(days)))
        if self.jitter:
            times += rng.integers(0, self.jitter, len(days), endpoint=True) * MICROSECONDS_PER_DAY
        kept &= (times >= start[group]) & (times < end[group])
        return np.bincount(group[kept], minlength=len(counts)).astype(np.int64), times[kept]

    def _share(self, parent: Rows) -> FloatArray:
        share = self.keep.present(parent, self.where)
        if bad := int((~((share >= 0) & (share <= 1))).sum()):
            raise impossible(self.where, f"{bad} shares outside 0 to 1", "use clip(x, 0, 1)")
        return share

    def _time_of_day(self, share: FloatArray) -> IntArray:
        return np.asarray(np.minimum(self.hours.inverse(share) - MONDAY, MICROSECONDS_PER_DAY - 1))


@dataclass(frozen=True, eq=False)
class EventSource:
    """The union of all streams under each parent, in order of time."""

    window: Window
    streams: dict[str, StreamMaker]
    within: dict[str, Window]
    """Windows of streams that have one of their own."""
    unsorted: bool
    """Whether a stream alone is not in order of time."""

    @classmethod
    def of(cls, events: spec.Events, target: Target) -> EventSource:
        """From its spec; `target` is the parent's scope."""
        streams: dict[str, StreamMaker] = {}
        within: dict[str, Window] = {}
        for name, stream in events.streams.items():
            place = Target(target.column, target.names, f"{target.where}.streams.{name}")
            kind = CalendarStream if stream.rate is None else PoissonStream
            streams[name] = kind.of(stream, place)
            if stream.start is not None or stream.end is not None:
                start, end = stream.start or events.start, stream.end or events.end
                within[name] = Window.of(start, end, place)
        unsorted = any(stream.jitter for stream in events.streams.values())
        return cls(Window.of(events.start, events.end, target), streams, within, unsorted)

    def rows(self, parent: Rows, draws: Draws) -> Origin:
        """The events; every stream draws from its own random stream, so that a new one changes no other."""
        whole = self.window.evaluate(parent)
        made = [
            stream.times(parent, *self._window(name, parent, whole), draws(name))
            for name, stream in self.streams.items()
        ]
        times = np.concatenate([times for _, times in made])
        which = np.repeat(np.arange(len(made), dtype=np.int32), [len(times) for _, times in made])
        if len(made) > 1 or self.unsorted:
            groups = [np.repeat(np.arange(len(counts)), counts) for counts, _ in made]
            order = np.lexsort((times, np.concatenate(groups)))
            times, which = times[order], which[order]
        labels = Vector.full(which, tuple(self.streams))
        return Origin(sum_of([counts for counts, _ in made]), {"time": Vector.full(times), "stream": labels})

    def _window(self, name: str, parent: Rows, whole: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray]:
        """The part of the whole window that a stream has."""
        if name not in self.within:
            return whole
        start, end = self.within[name].evaluate(parent)
        first = np.maximum(start, whole[0])
        return first, np.maximum(np.minimum(end, whole[1]), first)


def sum_of(counts: list[IntArray]) -> IntArray:
    """Events per parent over all streams."""
    return np.asarray(np.sum(counts, axis=0, dtype=np.int64))
