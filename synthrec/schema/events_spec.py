"""Rows that come about in time: the `events` of a table, one or several streams of them under each parent.

Expressions are over the columns of the parent, as in `count`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from synthrec.schema.event_parts import (
    DAYS_PER_WEEK,
    HOURS_PER_DAY,
    MONTHS_PER_YEAR,
    Every,
    Lasts,
    MonthDay,
    Monthly,
    Roll,
    Weekly,
    Weight,
)
from synthrec.schema.graph_spec import MEETING_FIELDS, Between
from synthrec.schema.model import Model
from synthrec.schema.spec_base import Amount, Moment, Path, Spec

PERIODS = {"hour": 1, "day": 24, "week": 168, "year": 8766}
"""Hours in each period of a rate."""


class Stream(Model):
    """One stream of events: a Poisson process with a `rate`, days of a calendar, or what follows others."""

    rate: Amount | None = None
    """Mean number of events per period; the process follows the profile of hours and weekdays."""
    per: Literal["hour", "day", "week", "year"] = "day"
    dispersion: Amount | None = None
    """Shape k of a gamma factor of mean 1 on the rate of each parent: variance mean + mean**2 / k."""
    monthly: Monthly | None = None
    weekly: Weekly | None = None
    every: Every | None = None
    after: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Streams whose events these follow at once, on the same day."""
    keep: Amount = 1
    """Probability that an occurrence of the calendar takes place, or that an event is followed."""
    jitter: int = Field(default=0, ge=0, le=31)
    """Most days by which an occurrence of the calendar may be late; too late for the window, it is lost."""
    roll: Roll = "none"
    """Where an occurrence of the calendar that is late by its jitter moves off a weekend."""
    closed: tuple[MonthDay, ...] = ()
    """Days of every year on which none takes place."""
    lasts: Lasts | None = None
    hours: tuple[Weight, ...] | None = Field(default=None, min_length=HOURS_PER_DAY, max_length=HOURS_PER_DAY)
    """Relative weight of each hour of the day."""
    weekdays: tuple[Weight, ...] | None = Field(
        default=None, min_length=DAYS_PER_WEEK, max_length=DAYS_PER_WEEK
    )
    """Relative weight of each day of the week from Monday on; for a rate."""
    week: tuple[Weight, ...] | None = Field(
        default=None, min_length=HOURS_PER_DAY * DAYS_PER_WEEK, max_length=HOURS_PER_DAY * DAYS_PER_WEEK
    )
    """Relative weight of each hour of the week, in place of `hours` and `weekdays`."""
    months: tuple[Weight, ...] | None = Field(
        default=None, min_length=MONTHS_PER_YEAR, max_length=MONTHS_PER_YEAR
    )
    """Relative weight of each month; for a rate."""
    start: Moment | None = Field(default=None, alias="from")
    """Where the stream begins later than the others; a rate that lasts only for a while is a burst."""
    end: Moment | None = Field(default=None, alias="to")
    """Where it ends sooner; a date is included as a whole."""
    between: Between | None = None
    """Events between two parents, each of them two rows; the rate is that of one contact in one direction."""

    @model_validator(mode="after")
    def _one_kind(self) -> Stream:
        kinds = (self.rate, self.monthly, self.weekly, self.every, self.after)
        if sum(part is not None for part in kinds) != 1:
            raise ValueError("give exactly one of rate, monthly, weekly, every, after")
        if self.rate is None and (self.weekdays or self.week or self.months or self.dispersion is not None):
            raise ValueError("weekdays, week, months and dispersion go with a rate")
        if self.rate is not None and (self.jitter or self.keep != 1 or self.roll != "none"):
            raise ValueError("keep, jitter and roll go with a calendar")
        if self.after is not None and (self.jitter or self.roll != "none" or self.hours or self.closed):
            raise ValueError("what follows at once has no jitter, roll, hours or closed days of its own")
        if self.between is not None and (self.rate is None or self.dispersion is not None):
            raise ValueError("between goes with a rate, and not with a dispersion")
        if self.between is not None and (self.months or self.closed):
            raise ValueError("between goes without months and closed days")
        if self.week and (self.hours or self.weekdays):
            raise ValueError("give week, or hours and weekdays")
        if any(
            profile is not None and not sum(profile)
            for profile in (self.hours, self.weekdays, self.week, self.months)
        ):
            raise ValueError("a profile of zeros has no time for events")
        return self

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """Rates, days and shares that depend on the parent."""
        found: dict[Path, Amount | None] = {
            ("rate",): self.rate,
            ("dispersion",): self.dispersion,
            ("keep",): self.keep,
            ("lasts", "mean"): None if self.lasts is None else self.lasts.mean,
            ("monthly", "day"): None if self.monthly is None else self.monthly.day,
            ("every", "phase"): None if self.every is None else self.every.phase,
        }
        return ((path, value) for path, value in found.items() if isinstance(value, str))


class Events(Model):
    """All events of a parent between two moments, in order of time.

    The window begins at `start` and ends before `end`; a date as the end is included as a whole.
    """

    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    streams: dict[str, Stream] = Field(min_length=1)

    @model_validator(mode="after")
    def _known_streams(self) -> Events:
        first = {name for name, stream in self.streams.items() if stream.after is None}
        if any(stream.after or stream.lasts for stream in self.streams.values()) and any(
            stream.between for stream in self.streams.values()
        ):
            raise ValueError("events between two parents cannot stand beside those with after or lasts")
        for name, stream in self.streams.items():
            if unknown := sorted({*(stream.after or ())} - first):
                raise ValueError(f"{name} follows {', '.join(unknown)}: no stream that stands by itself")
            if stream.lasts and (unknown := sorted({*stream.lasts.quiet} - first)):
                raise ValueError(f"{name} keeps {', '.join(unknown)} quiet: no stream that stands by itself")
        return self

    @property
    def fields(self) -> frozenset[str]:
        """What comes about with the rows."""
        has_sides = any(stream.between is not None for stream in self.streams.values())
        return frozenset({"time", "until", "stream"}) | (MEETING_FIELDS if has_sides else frozenset())

    def moments(self) -> Iterator[tuple[Path, Moment]]:
        """Both ends of all windows, each with its path."""
        yield ("from",), self.start
        yield ("to",), self.end
        for name, stream in self.streams.items():
            for key, moment in (("from", stream.start), ("to", stream.end)):
                if moment is not None:
                    yield ("streams", name, key), moment

    def expressions(self) -> Iterator[tuple[Path, str, str]]:
        """Path, source and the kind that it has to yield."""
        for name, stream in self.streams.items():
            for path, source in stream.expressions():
                yield ("streams", name, *path), source, "number"
            for path, source, kind in stream.between.expressions() if stream.between else ():
                yield ("streams", name, "between", *path), source, kind


class Given(Spec):
    """What came with the row: `time`, `until` or `stream` of an event, or a part of a history's spell."""

    field: str
