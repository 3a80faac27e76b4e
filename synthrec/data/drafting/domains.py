"""Precision, bounds, heaps, grid and categories of a column, learned by person."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthrec.data.learn import (
    MIN_PERSONS,
    eleventh_extremes,
    learned_bounds,
    learned_categories,
    persons_per_level,
)
from synthrec.schema.model import TEMPORAL_KINDS, Column, Domain, Scalar
from synthrec.schema.vector import BoolArray, IntArray, Vector

FINE_POINTS = 256
"""Domains of no more lattice points need no heaps and no grid."""
HEAP_SHARE = 0.005
"""Least share of rows that share a heap's value."""
RARE_SHARE = 0.001
"""Largest share of rows that a precision may leave out."""
FLOAT_PLACES = 6
"""Floats of no more decimal places have a precision."""

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001
_CLOCK_STEPS = tuple(Decimal(step) for step in ("86400", "3600", "60", "1", "0.001"))


def with_domain(column: Column, vector: Vector, persons: IntArray) -> Column:
    """The column with everything learned from its values.

    Args:
        column: Kind, scale, format and role.
        vector: Its values, n rows.
        persons: Person ids of the rows, shape (n,).
    """
    if column.kind == "boolean":
        return column
    if not column.is_numeric:
        values = learned_categories(vector, persons) or None
        return column.model_copy(update={"domain": Domain(values=values, source="learned")})
    held = ~vector.missing
    return _numeric(column, vector.values[held], persons[held])


def _numeric(column: Column, values: NDArray[Any], persons: IntArray) -> Column:
    column = column.model_copy(update={"precision": _precision(column, values, persons)})
    step = _step(column)
    bounds = _bounds(column, values, persons, step)
    if bounds is None:
        return column.model_copy(update={"domain": Domain(source="learned")})
    low, high = bounds
    domain = Domain(min=_scalar(low, column), max=_scalar(high, column), source="learned")
    if step and (high - low) / step < FINE_POINTS:
        return column.model_copy(update={"domain": domain})
    heavy = column.kind not in TEMPORAL_KINDS and _is_heavy(values, float(low), float(high))
    reach = np.minimum(float(high - low), np.abs(values) * 8.0 if heavy else np.inf) / FINE_POINTS
    heaps = tuple(_scalar(Decimal(str(heap)), column) for heap in _heaps(values, persons, reach))
    grid = "asinh" if heavy else "uniform"
    return column.model_copy(update={"domain": domain, "heaps": heaps, "grid": grid})


def _precision(column: Column, values: NDArray[Any], persons: IntArray) -> Decimal | None:
    """The common step of the values in the column's unit, if it is not the default of the kind."""
    match column.kind:
        case "integer":
            step = _common_step(values, persons)
            return Decimal(step) if step > 1 else None
        case "decimal":
            step = _common_step(values, persons)
            return Decimal(step).scaleb(-(column.scale or 0)) if step > 1 else None
        case "float":
            return _float_step(values, persons)
        case "datetime":
            fits = (step for step in _CLOCK_STEPS if not (values % int(step * 1_000_000)).any())
            found = next(fits, Decimal("0.000001"))
            return None if found == 1 else found
        case _:
            return None


def _common_step(values: NDArray[Any], persons: IntArray) -> int:
    """The largest of 1, 2 and 5 times a power of ten that nearly all values are multiples of."""
    middle = int(np.quantile(np.abs(values), 0.9)) if len(values) else 0
    powers = (10**power for power in reversed(range(len(str(middle)))))
    steps = (power * factor for power in powers for factor in (5, 2, 1))
    return next((step for step in steps if step <= middle and _few(values % step != 0, persons)), 1)


def _float_step(values: NDArray[Any], persons: IntArray) -> Decimal | None:
    for places in range(FLOAT_PLACES + 1):
        with np.errstate(over="ignore"):
            scaled = np.rint(values * 10.0**places)
        if np.abs(scaled).max(initial=0) < 2**52 and _few(scaled / 10.0**places != values, persons):
            return Decimal(_common_step(scaled.astype(np.int64), persons)).scaleb(-places)
    return None


def _few(exceptions: BoolArray, persons: IntArray) -> bool:
    """Whether exceptions are so few that a pattern holds without them: what a few persons do stays unsaid."""
    rare = np.count_nonzero(exceptions) <= RARE_SHARE * len(exceptions)
    return bool(rare) and len(np.unique(persons[exceptions])) < MIN_PERSONS


def _step(column: Column) -> Decimal:
    """The precision in model numbers; 0 for floats without one."""
    match column.kind:
        case "decimal":
            return column.precision * 10 ** (column.scale or 0) if column.precision else Decimal(1)
        case "datetime":
            return (column.precision or Decimal(1)) * 1_000_000
        case "float":
            return column.precision or Decimal(0)
        case _:
            return column.precision or Decimal(1)


def _bounds(
    column: Column, values: NDArray[Any], persons: IntArray, step: Decimal
) -> tuple[Decimal, Decimal] | None:
    """Bounds in model numbers; dates and datetimes are widened to whole months or years."""
    if column.kind not in TEMPORAL_KINDS:
        return learned_bounds(values, persons, step=step)
    extremes = eleventh_extremes(values, persons)
    if extremes is None:
        return None
    unit = dt.timedelta(days=1) if column.kind == "date" else dt.timedelta(microseconds=1)
    first, last = (_EPOCH + int(extreme) * unit for extreme in extremes)
    whole_years = first == last or (last - first).days > 730
    start = first.replace(month=1 if whole_years else first.month, day=1).date()
    month = 12 if whole_years else last.month
    stop = dt.date(last.year, month, calendar.monthrange(last.year, month)[1])
    days = (start - _EPOCH.date()).days, (stop - _EPOCH.date()).days
    if column.kind == "date":
        return Decimal(days[0]), Decimal(days[1])
    return Decimal(days[0] * 86_400_000_000), (days[1] + 1) * Decimal(86_400_000_000) - step


def _heaps(values: NDArray[Any], persons: IntArray, reach: NDArray[np.float64]) -> list[Any]:
    """Values that many rows and at least eleven persons share, and that stand out among their neighbours.

    Args:
        values: Model numbers, shape (n,).
        persons: Person ids, shape (n,).
        reach: How far the neighbourhood of each value goes, about a bin's width; shape (n,), or (1,) for all.
    """
    distinct, first, codes, counts = np.unique(
        values, return_index=True, return_inverse=True, return_counts=True
    )
    ordered, near = np.sort(values), np.broadcast_to(reach, values.shape)[first]
    around = np.searchsorted(ordered, distinct + near, "right") - np.searchsorted(ordered, distinct - near)
    standing = (counts >= HEAP_SHARE * len(values)) & (counts >= 0.5 * around)
    shared = persons_per_level(codes, persons, len(distinct)) >= MIN_PERSONS
    heaps: list[Any] = distinct[standing & shared].tolist()
    return heaps


def _is_heavy(values: NDArray[Any], low: float, high: float) -> bool:
    """Whether a grid that is fine near zero serves better: values reach near zero, and most lie close by."""
    first, tenth, ninetieth, last = np.quantile(values.astype(np.float64), [0.01, 0.1, 0.9, 0.99])
    if first > 0.01 * high or last < 0.01 * low:
        return False
    return bool(ninetieth - tenth < 0.4 * (high - low))


def _scalar(number: Decimal, column: Column) -> Scalar:
    """A model number as it is written in a schema."""
    match column.kind:
        case "integer":
            return int(number)
        case "decimal":
            return number.scaleb(-(column.scale or 0))
        case "date":
            return (_EPOCH + dt.timedelta(days=int(number))).date()
        case "datetime":
            return _EPOCH + dt.timedelta(microseconds=int(number))
        case _:
            return number
