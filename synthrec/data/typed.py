"""Typed Arrow cells (Parquet, frames) to model numbers: exact, or refused."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthrec.data.reasons import Reason, Reasons
from synthrec.data.texts import DECIMAL_LIMIT, INTEGER_LIMIT, Cells, read_texts
from synthrec.schema.model import Column, label
from synthrec.schema.vector import BoolArray, IntArray

_EXACT_FLOAT = 2.0**53
_DAY = 86_400_000_000
"""Microseconds."""
_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_FIRST_DAY = (dt.date.min - dt.date(1970, 1, 1)).days
_LAST_DAY = (dt.date.max - dt.date(1970, 1, 1)).days


def read_typed(array: pa.Array, column: Column) -> Cells:
    """Cells of a typed Arrow array as the model numbers of a column that is not of labels; null becomes 0."""
    match column.kind:
        case "integer":
            cells = _exact(array, column, 0, INTEGER_LIMIT)
        case "decimal":
            cells = _exact(array, column, column.scale or 0, DECIMAL_LIMIT)
        case "float":
            cells = _float(array)
        case "boolean":
            cells = _boolean(array)
        case "date":
            cells = _date(array)
        case _:
            cells = _datetime(array, column)
    reasons = np.where(array.is_null().to_numpy(zero_copy_only=False), np.int8(0), cells.reasons)
    return Cells(np.where(reasons == 0, cells.values, np.zeros((), cells.values.dtype)), reasons)


def read_labels(array: pa.Array) -> tuple[pa.Array, Reasons]:
    """Typed cells as canonical texts (7 and 7.0 are ``7``, dates are ISO 8601), and why a cell has none."""
    if not _is_scalar(array.type):
        held = array.is_valid().to_numpy(zero_copy_only=False)
        return pa.nulls(len(array), pa.string()), _mark(held, Reason.TYPE)
    encoded = array.dictionary_encode()
    values = _python_values(encoded.dictionary)
    texts = [
        None if isinstance(value, float) and not math.isfinite(value) else label(value) for value in values
    ]
    plain = pa.array(texts, pa.string()).take(encoded.indices)
    lost = plain.is_null().to_numpy(zero_copy_only=False) & array.is_valid().to_numpy(zero_copy_only=False)
    return plain, _mark(lost, Reason.FINITE)


def _python_values(array: pa.Array) -> list[Any]:
    """Python values; not-a-number for all of them where one lies outside the calendar."""
    try:
        return list(array.to_pylist())
    except (OverflowError, ValueError):
        return [math.nan] * len(array)


def _is_scalar(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_date(kind)
        or pa.types.is_timestamp(kind)
    )


def _exact(array: pa.Array, column: Column, scale: int, limit: int) -> Cells:
    if pa.types.is_decimal(array.type):
        encoded = array.cast(pa.string()).dictionary_encode()
        return read_texts(encoded.dictionary, column).take(encoded.indices.fill_null(0).to_numpy())
    if pa.types.is_floating(array.type):
        return _exact_floats(_floats(array), scale, limit)
    if not pa.types.is_integer(array.type):
        return _refused(array, Reason.NUMBER)
    numbers = array.fill_null(0).to_numpy()
    bound = limit // 10**scale
    large = (numbers > bound) | (numbers < -bound)
    return Cells(np.where(large, 0, numbers).astype(np.int64) * 10**scale, _mark(large, Reason.LARGE))


def _exact_floats(numbers: NDArray[np.float64], scale: int, limit: int) -> Cells:
    """Minor units of those floats that are the nearest ones to a decimal number of that scale.

    The division of two exactly held integers is correctly rounded, so it gives the nearest float.
    """
    finite = np.isfinite(numbers)
    with np.errstate(over="ignore"):
        units = np.rint(np.where(finite, numbers, 0.0) * 10.0**scale)
    large = np.abs(units) >= (_EXACT_FLOAT if scale else float(limit))
    inexact = finite & ~large & (units / 10.0**scale != numbers)
    reasons = _mark(~finite, Reason.FINITE) + _mark(large, Reason.LARGE)
    reasons += _mark(inexact, Reason.FINE if scale else Reason.WHOLE)
    return Cells(np.where(large, 0.0, units).astype(np.int64), reasons)


def _float(array: pa.Array) -> Cells:
    kind = array.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return _refused(array, Reason.NUMBER)
    numbers = _floats(array)
    return Cells(numbers, _mark(~np.isfinite(numbers), Reason.FINITE))


def _boolean(array: pa.Array) -> Cells:
    if pa.types.is_boolean(array.type):
        return _fine(array.fill_null(False).to_numpy(zero_copy_only=False))
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        return _refused(array, Reason.BOOLEAN)
    numbers = _floats(array)
    return Cells(numbers == 1, _mark((numbers != 0) & (numbers != 1), Reason.BOOLEAN))


def _date(array: pa.Array) -> Cells:
    if pa.types.is_date(array.type):
        return _in_calendar(_days(array), 1)
    if not pa.types.is_timestamp(array.type):
        return _refused(array, Reason.MOMENT)
    if array.type.tz is not None:
        return _refused(array, Reason.AWARE)
    cells = _moments(array)
    moments = cells.values.astype(np.int64)
    clock = (moments % _DAY != 0) & (cells.reasons == 0)
    return Cells(moments // _DAY, cells.reasons + _mark(clock, Reason.CLOCK))


def _datetime(array: pa.Array, column: Column) -> Cells:
    is_date = pa.types.is_date(array.type)
    if not (is_date or pa.types.is_timestamp(array.type)):
        return _refused(array, Reason.MOMENT)
    is_aware = not is_date and array.type.tz is not None
    if is_aware != (column.timezone is not None):
        return _refused(array, Reason.AWARE if is_aware else Reason.NAIVE)
    return _in_calendar(_days(array) * _DAY, _DAY) if is_date else _moments(array)


def _moments(array: pa.Array) -> Cells:
    """Timestamps of any unit as microseconds."""
    numbers = array.cast(pa.int64()).fill_null(0).to_numpy()
    if array.type.unit == "ns":
        microseconds, rest = np.divmod(numbers, 1_000)
        return Cells(microseconds, _mark(rest != 0, Reason.SUBMICRO))
    factor = _UNITS[array.type.unit]
    return _in_calendar(np.clip(numbers, -(2**62) // factor, 2**62 // factor) * factor, _DAY)


def _in_calendar(numbers: IntArray, day: int) -> Cells:
    """Numbers of `day` parts per day that lie in the years 1 to 9999, the others refused."""
    outside = (numbers < _FIRST_DAY * day) | (numbers >= (_LAST_DAY + 1) * day)
    return Cells(numbers, _mark(outside, Reason.MOMENT))


def _days(array: pa.Array) -> IntArray:
    days: IntArray = array.cast(pa.date32()).cast(pa.int32()).fill_null(0).to_numpy().astype(np.int64)
    return days


def _floats(array: pa.Array) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = array.cast(pa.float64(), safe=False).fill_null(0.0).to_numpy()
    return numbers


def _fine(values: NDArray[np.generic]) -> Cells:
    return Cells(values, np.zeros(len(values), np.int8))


def _refused(array: pa.Array, reason: Reason) -> Cells:
    return Cells(np.zeros(len(array), np.int64), np.full(len(array), reason.number, np.int8))


def _mark(mask: BoolArray, reason: Reason) -> Reasons:
    return mask.astype(np.int8) * np.int8(reason.number)
