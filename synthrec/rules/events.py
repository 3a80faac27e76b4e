"""Events in time: processes with a rate, the days of a calendar, and what happens between two parents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.rules.amounts import Amount, FloatArray, Target, impossible
from synthrec.rules.calendars import Occurrences, calendar, rolled
from synthrec.rules.event_relations import Occasions, Relation, relations
from synthrec.rules.graph import SIDES, Happened, MeetingStream
from synthrec.rules.poisson import MONDAY, PoissonStream, Profile
from synthrec.rules.rows import Rows
from synthrec.rules.seasons import Closed, Seasonal, thinned
from synthrec.rules.sources import Draws, Origin, Window
from synthrec.schema import event_parts
from synthrec.schema import events_spec as spec
from synthrec.schema.expression_types import MICROSECONDS_PER_DAY
from synthrec.schema.vector import IntArray, Vector


@dataclass(frozen=True, eq=False)
class CalendarStream:
    """Some days of the calendar, each with a time of day."""

    occurrences: Occurrences
    keep: Amount
    hours: Profile
    """Of the hours of one day."""
    jitter: int
    roll: event_parts.Roll
    where: str

    @classmethod
    def of(cls, stream: spec.Stream, target: Target) -> CalendarStream:
        """From its spec, which names days."""
        keep = Amount.of(stream.keep, target.names)
        hours = np.concatenate(([0.0], np.cumsum(stream.hours or (1.0,) * event_parts.HOURS_PER_DAY)))
        day = Profile(hours / hours[-1])
        return cls(calendar(stream, target), keep, day, stream.jitter, stream.roll, target.where)

    def times(
        self, parent: Rows, start: IntArray, end: IntArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """The days that begin within the window or on which it does, then which are kept, then the hours."""
        first, last = start // MICROSECONDS_PER_DAY, (end - 1) // MICROSECONDS_PER_DAY
        counts, days = self.occurrences.days(parent, first, np.where(end > start, last, first - 1))
        group = np.repeat(np.arange(len(counts)), counts)
        kept = rng.random(len(days)) < self._share(parent)[group]
        time_of_day = self._time_of_day(rng.random(len(days)))
        if self.jitter:
            days = days + rng.integers(0, self.jitter, len(days), endpoint=True)
        times = rolled(days, self.roll) * MICROSECONDS_PER_DAY + time_of_day
        return thinned(counts, times, kept & (times >= start[group]) & (times < end[group]))

    def _share(self, parent: Rows) -> FloatArray:
        share = self.keep.present(parent, self.where)
        if bad := int((~((share >= 0) & (share <= 1))).sum()):
            raise impossible(self.where, f"{bad} shares outside 0 to 1", "use clip(x, 0, 1)")
        return share

    def _time_of_day(self, share: FloatArray) -> IntArray:
        return np.asarray(np.minimum(self.hours.inverse(share) - MONDAY, MICROSECONDS_PER_DAY - 1))


StreamMaker = PoissonStream | CalendarStream | Seasonal | Closed | MeetingStream


@dataclass(frozen=True, eq=False)
class EventSource:
    """The union of all streams under each parent, in order of time."""

    window: Window
    names: tuple[str, ...]
    """Of all streams, also those that follow others."""
    streams: dict[str, StreamMaker]
    within: dict[str, Window]
    """Windows of streams that have one of their own."""
    unsorted: bool
    """Whether a stream alone is not in order of time."""
    relations: tuple[Relation, ...]

    @classmethod
    def of(cls, events: spec.Events, target: Target) -> EventSource:
        """From its spec; `target` is the parent's scope."""
        streams: dict[str, StreamMaker] = {}
        within: dict[str, Window] = {}
        for name, stream in events.streams.items():
            place = Target(target.column, target.names, f"{target.where}.streams.{name}")
            if stream.after is not None:
                continue
            streams[name] = _stream(stream, place)
            if stream.start is not None or stream.end is not None:
                start, end = stream.start or events.start, stream.end or events.end
                within[name] = Window.of(start, end, place)
        unsorted = any(stream.jitter for stream in events.streams.values())
        window = Window.of(events.start, events.end, target)
        return cls(window, tuple(events.streams), streams, within, unsorted, relations(events, target))

    def rows(self, parent: Rows, draws: Draws) -> Origin:
        """The events; every stream draws from its own random stream, so that a new one changes no other."""
        whole = self.window.evaluate(parent)
        made = [
            _happened(stream, parent, self._window(name, parent, whole), draws, name)
            for name, stream in self.streams.items()
        ]
        numbers = np.array([self.names.index(name) for name in self.streams], dtype=np.int64)
        which = np.repeat(numbers, [len(part.times) for part in made])
        times = np.concatenate([part.times for part in made])
        group = np.concatenate([np.repeat(np.arange(len(part.counts)), part.counts) for part in made])
        sides = _sides(made)
        if len(made) > 1 or self.unsorted:
            order = np.lexsort((times, group))
            group, times, which = group[order], times[order], which[order]
            sides = {name: vector.take(order) for name, vector in sides.items()}
        occasions = Occasions(group, times, times, which)
        for relation in self.relations:
            occasions = relation.apply(occasions, parent, draws)
        return self._origin(occasions, sides, len(whole[0]))

    def _origin(self, occasions: Occasions, sides: dict[str, Vector], parents: int) -> Origin:
        given = {
            "time": Vector.full(occasions.times),
            "until": Vector.full(occasions.until),
            "stream": Vector.full(occasions.which.astype(np.int32), self.names),
        }
        return Origin(np.bincount(occasions.group, minlength=parents).astype(np.int64), given | sides)

    def _window(self, name: str, parent: Rows, whole: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray]:
        """The part of the whole window that a stream has."""
        if name not in self.within:
            return whole
        start, end = self.within[name].evaluate(parent)
        first = np.maximum(start, whole[0])
        return first, np.maximum(np.minimum(end, whole[1]), first)


def _stream(stream: spec.Stream, target: Target) -> StreamMaker:
    """A stream that stands by itself, with its seasons and free days."""
    if stream.between is not None:
        return MeetingStream.of(stream.between, PoissonStream.of(stream, target), target)
    made = _in_season(stream, target) if stream.rate is not None else CalendarStream.of(stream, target)
    return Closed(made, frozenset(stream.closed)) if stream.closed else made


def _in_season(stream: spec.Stream, target: Target) -> PoissonStream | Seasonal:
    """A process whose rate changes by month, the mean over the months as stated."""
    if stream.months is None:
        return PoissonStream.of(stream, target)
    weights = np.asarray(stream.months)
    fullest = float(weights.max() / weights.mean())
    rate = f"({stream.rate}) * {fullest!r}"
    return Seasonal(
        PoissonStream.of(stream.model_copy(update={"rate": rate}), target), weights / weights.max()
    )


def _happened(
    stream: StreamMaker, parent: Rows, window: tuple[IntArray, IntArray], draws: Draws, name: str
) -> Happened:
    if isinstance(stream, MeetingStream):
        return stream.happened(parent, window, draws(f"{name}:graph"), draws(name))
    return Happened(*stream.times(parent, *window, draws(name)))


def _sides(made: list[Happened]) -> dict[str, Vector]:
    """What rows between two parents have, missing in all others; nothing where there are no such rows."""
    if all(part.meetings is None for part in made):
        return {}
    alone = np.concatenate([np.full(len(part.times), part.meetings is None) for part in made])
    partner, side, shared = (np.zeros(len(alone), kind) for kind in (np.int64, np.int32, np.float64))
    meetings = [part.meetings for part in made if part.meetings is not None]
    partner[~alone] = np.concatenate([one.partners for one in meetings])
    side[~alone] = np.concatenate([one.sides for one in meetings])
    shared[~alone] = np.concatenate([one.shared for one in meetings])
    return {
        "partner": Vector(partner, alone),
        "side": Vector(side, alone, SIDES),
        "shared": Vector(shared, alone),
    }
