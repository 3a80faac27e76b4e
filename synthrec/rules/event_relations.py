"""Events that bear on each other: what follows at once, and what does not happen while another lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synthrec.rules.amounts import Amount, Target, impossible
from synthrec.rules.rows import Rows
from synthrec.rules.sources import Draws
from synthrec.schema import events_spec as spec
from synthrec.schema.event_parts import Lasts
from synthrec.schema.expression_types import MICROSECONDS_PER_DAY
from synthrec.schema.vector import BoolArray, IntArray

MICROSECONDS_PER_SECOND = 1_000_000
_SPAN = 2**22
"""More days than any window of time has."""


@dataclass(frozen=True, eq=False)
class Occasions:
    """Events of several parents, parent by parent and in order of time; all of shape (events,)."""

    group: IntArray
    """The parent."""
    times: IntArray
    until: IntArray
    """When the event is over; its time where it does not last."""
    which: IntArray
    """The stream."""

    def kept(self, those: BoolArray) -> Occasions:
        """Only some of the events."""
        return Occasions(self.group[those], self.times[those], self.until[those], self.which[those])

    def joined(self, other: Occasions) -> Occasions:
        """With others, in order of time."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        group, times, until, which = (np.concatenate(pair) for pair in pairs)
        order = np.lexsort((times, group))
        return Occasions(group[order], times[order], until[order], which[order])

    def of(self, streams: IntArray) -> BoolArray:
        """Which are events of one of some streams."""
        return np.isin(self.which, streams)


class Relation(Protocol):
    """A change to what happened."""

    def apply(self, happened: Occasions, parent: Rows, draws: Draws) -> Occasions:
        """The events after the change."""


@dataclass(frozen=True, eq=False)
class Lasting:
    """Events of one stream take days, in which events of some streams do not take place."""

    name: str
    stream: int
    mean: Amount
    lasts: Lasts
    quiet: IntArray
    where: str

    def apply(self, happened: Occasions, parent: Rows, draws: Draws) -> Occasions:
        """With the end of each event, without those that it keeps quiet."""
        own = happened.which == self.stream
        days = np.zeros(len(own), dtype=np.int64)
        days[own] = self._days(happened.group[own], parent, draws(f"{self.name}:lasts"))
        until = happened.until + days * MICROSECONDS_PER_DAY
        longer = Occasions(happened.group, happened.times, until, happened.which)
        return longer.kept(~(longer.of(self.quiet) & self._within(longer, own)))

    def _days(self, group: IntArray, parent: Rows, rng: np.random.Generator) -> IntArray:
        mean = self.mean.present(parent, self.where)
        if bad := int((~((mean >= 0) & (mean < 1e4))).sum()):
            raise impossible(self.where, f"{bad} means below 0 or beyond 10,000 days", "use clip(x, 0, 100)")
        shape = self.lasts.dispersion
        more = rng.poisson(rng.gamma(shape, mean[group] / shape))
        return np.minimum(self.lasts.least + more.astype(np.int64), self.lasts.most)

    def _within(self, happened: Occasions, own: BoolArray) -> BoolArray:
        """Whether an event comes after one that lasts and not after the end of its last day."""
        day, last = happened.times // MICROSECONDS_PER_DAY, happened.until // MICROSECONDS_PER_DAY
        base = happened.group * _SPAN - (int(day.min()) if len(day) else 0)
        ends = np.maximum.accumulate(np.where(own, base + last, -1))
        return np.concatenate(([-1], ends))[: len(ends)] >= base + day


@dataclass(frozen=True, eq=False)
class Following:
    """Events that follow some of those of other streams at once, in order of the streams of the schema."""

    name: str
    stream: int
    causes: IntArray
    keep: Amount
    delay: int
    """Seconds."""
    where: str

    def apply(self, happened: Occasions, parent: Rows, draws: Draws) -> Occasions:
        """With the events that follow, as far as the day has room."""
        share = self.keep.present(parent, self.where)
        if bad := int((~((share >= 0) & (share <= 1))).sum()):
            raise impossible(self.where, f"{bad} shares outside 0 to 1", "use clip(x, 0, 1)")
        causes = happened.kept(happened.of(self.causes))
        times = causes.times + self.delay * MICROSECONDS_PER_SECOND
        followed = draws(self.name).random(len(times)) < share[causes.group]
        followed &= times // MICROSECONDS_PER_DAY == causes.times // MICROSECONDS_PER_DAY
        which = np.full(len(times), self.stream, dtype=np.int64)
        return happened.joined(Occasions(causes.group, times, times, which).kept(followed))


def relations(events: spec.Events, target: Target) -> tuple[Relation, ...]:
    """First what lasts, then what follows."""
    number = {name: i for i, name in enumerate(events.streams)}
    found: list[Relation] = []
    for name, stream in events.streams.items():
        if stream.lasts is not None:
            where = f"{target.where}.streams.{name}.lasts"
            quiet = np.array([number[other] for other in stream.lasts.quiet], dtype=np.int64)
            mean = Amount.of(stream.lasts.mean, target.names)
            found.append(Lasting(name, number[name], mean, stream.lasts, quiet, where))
    for name, stream in events.streams.items():
        if stream.after is not None:
            where = f"{target.where}.streams.{name}"
            causes = np.array([number[other] for other in stream.after], dtype=np.int64)
            keep = Amount.of(stream.keep, target.names)
            delay = sum(isinstance(relation, Following) for relation in found) + 1
            found.append(Following(name, number[name], causes, keep, delay, where))
    return tuple(found)
