"""Rows that come about in time: the `events` of a table, one or several streams of them under each parent.

Expressions are over the columns of the parent, as in `count`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from synthrec.schema.model import Model
from synthrec.schema.spec_base import Amount, Moment, Path, Spec

HOURS_PER_DAY, DAYS_PER_WEEK = 24, 7
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
PERIODS = {"hour": 1, "day": 24, "week": 168, "year": 8766}
"""Hours in each period of a rate."""


class Monthly(Model):
    """On one day of the month, the last one where the month is shorter."""

    day: Amount
    """1 to 31."""
    roll: Literal["none", "before", "after"] = "none"
    """Where a Saturday or Sunday moves: to the Friday before or to the Monday after."""


class Weekly(Model):
    """On some days of the week, Monday 0 to Sunday 6."""

    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(min_length=1)


class Every(Model):
    """Every so many days, e.g. a payday each second Friday."""

    days: int = Field(ge=1, le=366)
    phase: Amount = 0
    """Days of the first occurrence after Monday, 5 January 1970."""


class Stream(Model):
    """One stream of events: a Poisson process with a `rate`, or the days of a calendar."""

    rate: Amount | None = None
    """Mean number of events per period; the process follows the profile of hours and weekdays."""
    per: Literal["hour", "day", "week", "year"] = "day"
    dispersion: Amount | None = None
    """Shape k of a gamma factor of mean 1 on the rate of each parent: variance mean + mean**2 / k."""
    monthly: Monthly | None = None
    weekly: Weekly | None = None
    every: Every | None = None
    keep: Amount = 1
    """Probability that an occurrence of the calendar takes place."""
    jitter: int = Field(default=0, ge=0, le=31)
    """Most days by which an occurrence of the calendar may be late; too late for the window, it is lost."""
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
    start: Moment | None = Field(default=None, alias="from")
    """Where the stream begins later than the others; a rate that lasts only for a while is a burst."""
    end: Moment | None = Field(default=None, alias="to")
    """Where it ends sooner; a date is included as a whole."""

    @model_validator(mode="after")
    def _one_kind(self) -> Stream:
        if sum(part is not None for part in (self.rate, self.monthly, self.weekly, self.every)) != 1:
            raise ValueError("give exactly one of rate, monthly, weekly, every")
        if self.rate is None and (self.weekdays or self.week or self.dispersion is not None):
            raise ValueError("weekdays, week and dispersion go with a rate")
        if self.rate is not None and (self.jitter or self.keep != 1):
            raise ValueError("keep and jitter go with a calendar")
        if self.week and (self.hours or self.weekdays):
            raise ValueError("give week, or hours and weekdays")
        if any(
            profile is not None and not sum(profile) for profile in (self.hours, self.weekdays, self.week)
        ):
            raise ValueError("a profile of zeros has no time for events")
        return self

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """Rates, days and shares that depend on the parent."""
        found: dict[Path, Amount | None] = {
            ("rate",): self.rate,
            ("dispersion",): self.dispersion,
            ("keep",): self.keep,
            ("monthly", "day"): None if self.monthly is None else self.monthly.day,
            ("every", "phase"): None if self.every is None else self.every.phase,
        }
        return ((path, value) for path, value in found.items() if isinstance(value, str))


class Events(Model):
    """All events of a parent between two moments, in order of time.

    The window begins at `start` and ends before `end`; a date as the end is included as a whole.
    """

    fields: ClassVar = frozenset({"time", "stream"})
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    streams: dict[str, Stream] = Field(min_length=1)

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


class Given(Spec):
    """What came about with the row itself: `time` or `stream` of an event, or a part of a history's spell."""

    field: str
