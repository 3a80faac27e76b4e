"""Dates and datetimes in expressions: local calendar parts and day arithmetic."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthrec.schema.expression_cells import Array, Cells, exact, rounded, with_nulls
from synthrec.schema.expression_types import EPOCH, MICROSECONDS_PER_DAY, Type
from synthrec.schema.vector import IntArray

MICROSECONDS_PER_HOUR = MICROSECONDS_PER_DAY // 24
FIRST_DAY = (dt.date.min - EPOCH.date()).days
LAST_DAY = (dt.date.max - EPOCH.date()).days


def within_calendar(cells: Cells, unit: int) -> Cells:
    """Null for what lies outside the years 1 to 9999; `unit` is the length of a day in the cells' unit."""
    outside = (cells.values < FIRST_DAY * unit) | (cells.values >= (LAST_DAY + 1) * unit)
    kept = with_nulls(cells.values, cells.missing, np.asarray(outside))
    return replace(kept, values=np.where(outside, 0, kept.values)) if outside.any() else kept


def local_time(cells: Cells, kind: Type) -> Cells:
    """Microseconds of local wall time."""
    cells = within_calendar(cells, MICROSECONDS_PER_DAY)
    if kind.timezone is None:
        return cells
    moments = pa.array(np.atleast_1d(cells.values), pa.int64()).cast(pa.timestamp("us", tz=kind.timezone))
    local = pc.local_timestamp(moments).cast(pa.int64()).to_numpy()
    return replace(cells, values=local.reshape(cells.values.shape))


def local_days(cells: Cells, kind: Type) -> Cells:
    """Days since the epoch of the local date."""
    if kind.kind == "date":
        return within_calendar(cells, 1)
    local = local_time(cells, kind)
    return replace(local, values=np.floor_divide(local.values, MICROSECONDS_PER_DAY))


def calendar_part(part: Callable[[IntArray], Array], kind: Type) -> Callable[[Cells], Cells]:
    """A part of the local date, as a function of cells."""

    def run(cells: Cells) -> Cells:
        days = local_days(cells, kind)
        return replace(days, values=part(days.values.astype(np.int64)))

    return run


def year(days: IntArray) -> Array:
    """Calendar year."""
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def month(days: IntArray) -> Array:
    """Month, 1 to 12."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1


def day(days: IntArray) -> Array:
    """Day of the month, 1 to 31."""
    dates = days.astype("datetime64[D]")
    first = dates.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray((dates - first).astype(np.int64) + 1)


def weekday(days: IntArray) -> Array:
    """Day of the week, Monday 0 to Sunday 6."""
    return (days + 3) % 7


def hour(cells: Cells, kind: Type) -> Cells:
    """Local hour of the day, 0 to 23."""
    local = local_time(cells, kind)
    return replace(local, values=local.values // MICROSECONDS_PER_HOUR % 24)


def moved(cells: Cells, days: Cells, scale: int | None, unit: int) -> Cells:
    """Dates or datetimes moved by days; `unit` is the length of a day in the cells' unit."""
    if scale == 0:
        step = exact(np.multiply, days, Cells(np.asarray(unit, dtype=np.int64)))
    else:
        divisor = 10**scale if scale else 1
        step = rounded(replace(days, values=days.values * (unit / divisor)), None, 0, np.rint)
    return within_calendar(exact(np.add, cells, step), unit)
