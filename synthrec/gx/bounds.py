"""Values of a schema as the JSON values that an expectation compares cells with.

pandas holds decimals as exact `Decimal` objects, while JSON has binary floats. A bound is therefore rounded
to the float on the side that keeps the comparison exact for every value of the column's scale.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any, Literal

from synthrec.schema.model import LABEL_KINDS, Column, Scalar, label
from synthrec.schema.scalars import model_number

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
Side = Literal["min", "max"]


def bound(value: Scalar, column: Column, side: Side, *, strict: bool = False) -> Any:
    """A lower or upper bound of a column as a JSON value.

    Args:
        value: As the schema or a constraint writes it.
        column: Numeric, date or datetime.
        side: Which end.
        strict: Whether the bound itself is outside.

    Raises:
        ValueError: it cannot be compared with the column.
    """
    if column.kind in {"integer", "decimal"}:
        upward = (side == "min") == strict
        return _near(Decimal(label(value)), upward=upward)
    return _moment(value, column) if column.kind in {"date", "datetime"} else float(label(value))


def members(values: tuple[Scalar, ...], column: Column) -> list[Any] | None:
    """Listed values as JSON values; None where JSON has no form in which pandas would find them."""
    if column.kind in LABEL_KINDS:
        return [label(value) for value in values]
    if column.kind == "boolean":
        return [bool(model_number(value, column)) for value in values]
    if column.kind == "float":
        return [float(label(value)) for value in values]
    numbers = [Decimal(label(value)) for value in values] if column.kind in {"integer", "decimal"} else []
    whole = bool(numbers) and all(number == int(number) for number in numbers)
    return [int(number) for number in numbers] if whole else None


def _near(number: Decimal, *, upward: bool) -> int | float:
    """The number itself where it is whole, else the nearest float that is not below (or not above) it."""
    if number == number.to_integral_value():
        return int(number)
    found = float(number)
    wrong = Decimal(found) < number if upward else Decimal(found) > number
    return math.nextafter(found, math.inf if upward else -math.inf) if wrong else found


def _moment(value: Scalar, column: Column) -> str:
    number = int(model_number(value, column))
    if column.kind == "date":
        return (_EPOCH + dt.timedelta(days=number)).date().isoformat()
    moment = _EPOCH + dt.timedelta(microseconds=number)
    return moment.isoformat() if column.timezone else moment.replace(tzinfo=None).isoformat()
