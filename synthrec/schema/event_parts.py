"""Parts of a stream of events: days of a calendar, how long an event lasts, and when it cannot take place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from synthrec.schema.model import Model
from synthrec.schema.spec_base import Amount

HOURS_PER_DAY, DAYS_PER_WEEK, MONTHS_PER_YEAR = 24, 7, 12
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Roll = Literal["none", "before", "after", "nearest"]
"""Where a Saturday or Sunday moves: to the Friday before, to the Monday after, or to the nearer of both."""
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
"""A day of every year, month before day: 12-25."""


class Monthly(Model):
    """On one day of the month, the last one where the month is shorter."""

    day: Amount
    """1 to 31."""
    roll: Roll = "none"


class Weekly(Model):
    """On some days of the week, Monday 0 to Sunday 6."""

    weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(min_length=1)


class Every(Model):
    """Every so many days, e.g. a payday each second Friday."""

    days: int = Field(ge=1, le=366)
    phase: Amount = 0
    """Days of the first occurrence after Monday, 5 January 1970."""


class Lasts(Model):
    """How many days an event lasts: `least` and a negative binomial number more; its end is `until`."""

    mean: Amount
    """Of the days beyond the least."""
    dispersion: float = Field(default=1e6, gt=0, allow_inf_nan=False)
    """Variance of the days is mean + mean**2 / dispersion."""
    least: int = Field(default=0, ge=0, le=366)
    most: int = Field(default=366, ge=0, le=366)
    quiet: tuple[str, ...] = ()
    """Streams whose events do not take place from its beginning to the end of its last day."""
