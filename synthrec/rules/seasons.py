"""Streams of events that follow the seasons of the year, or keep some days of the year free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synthrec.rules.amounts import FloatArray
from synthrec.rules.rows import Rows
from synthrec.schema.expression_types import MICROSECONDS_PER_DAY
from synthrec.schema.vector import BoolArray, IntArray


class Timed(Protocol):
    """A stream of events under each parent."""

    def times(
        self, parent: Rows, start: IntArray, end: IntArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """Events per parent, and all times in [start, end), parent by parent."""


@dataclass(frozen=True, eq=False)
class Seasonal:
    """A stream thinned by month (Lewis & Shedler 1979); its own rate is that of the fullest month."""

    stream: Timed
    share: FloatArray
    """Of each month, relative to the fullest; shape (12,)."""

    def times(
        self, parent: Rows, start: IntArray, end: IntArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """The events that are kept."""
        counts, times = self.stream.times(parent, start, end, rng)
        month = times.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) % len(self.share)
        return thinned(counts, times, rng.random(len(times)) < self.share[month])


@dataclass(frozen=True, eq=False)
class Closed:
    """A stream without the events of some days of the year."""

    stream: Timed
    days: frozenset[str]
    """As month and day, 12-25."""

    def times(
        self, parent: Rows, start: IntArray, end: IntArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """The events of other days."""
        counts, times = self.stream.times(parent, start, end, rng)
        days, where = np.unique(times // MICROSECONDS_PER_DAY, return_inverse=True)
        dates = np.datetime_as_string(days.astype("datetime64[D]"))
        is_open = np.array([str(date)[-5:] not in self.days for date in dates], dtype=bool)
        return thinned(counts, times, is_open[where])


def thinned(counts: IntArray, times: IntArray, kept: BoolArray) -> tuple[IntArray, IntArray]:
    """Counts per parent and times of the events that are kept."""
    group = np.repeat(np.arange(len(counts)), counts)
    return np.bincount(group[kept], minlength=len(counts)).astype(np.int64), times[kept]
