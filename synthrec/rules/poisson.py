"""Inhomogeneous Poisson processes whose rate follows the hour of the week.

Given its number of events, the times of a Poisson process are independent with density proportional to its
rate (Kingman 1993, section 2.4); they are drawn by inverting the cumulated rate, so none is thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.rules.amounts import Amount, FloatArray, Target, impossible
from synthrec.rules.rows import Rows
from synthrec.schema import event_parts
from synthrec.schema import events_spec as spec
from synthrec.schema.expression_types import MICROSECONDS_PER_DAY
from synthrec.schema.rule_tables import MAX_CHILDREN
from synthrec.schema.vector import IntArray

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
        days = np.asarray(stream.weekdays or (1.0,) * event_parts.DAYS_PER_WEEK)
        hours = np.asarray(stream.hours or (1.0,) * event_parts.HOURS_PER_DAY)
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
        return self.drawn(self.weekly(parent, rng), start, end, rng)

    def drawn(
        self, weekly: FloatArray, start: IntArray, end: IntArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """Events per window [start, end) at a rate per week each, and their times, window by window."""
        low, high = self.profile.cumulated(start), self.profile.cumulated(end)
        counts = rng.poisson(weekly * (high - low)).astype(np.int64)
        if bad := int((counts > MAX_CHILDREN).sum()):
            found = f"{bad} of {len(counts)} parents with more than {MAX_CHILDREN} rows"
            raise impossible(self.where, found, "lower the rate, or shorten the window")
        share = sorted_uniforms(counts, rng)
        weight = np.repeat(low, counts) + share * np.repeat(high - low, counts)
        first, last = np.repeat(start, counts), np.repeat(end, counts) - 1
        return counts, np.clip(self.profile.inverse(weight), first, last)

    def weekly(self, parent: Rows, rng: np.random.Generator) -> FloatArray:
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
