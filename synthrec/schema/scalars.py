"""Values as people write them in a schema, as the model numbers of a column's vector."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import numpy as np

from synthrec.schema.expression_types import (
    ExpressionTypeError,
    Type,
    column_type,
    datetime_number,
    time_constant,
)
from synthrec.schema.model import LABEL_KINDS, Column, Scalar, label
from synthrec.schema.vector import Vector


def dtype(column: Column) -> type[np.generic]:
    """Type of the values of a column's vector."""
    match column.kind:
        case "float":
            return np.float64
        case "boolean":
            return np.bool_
        case kind:
            return np.int32 if kind in LABEL_KINDS else np.int64


def constants(values: Sequence[Scalar], column: Column) -> Vector:
    """Values as a vector of the column, one row each.

    Raises:
        ValueError: one of them cannot be a value of the column.
    """
    if column.kind in LABEL_KINDS:
        return labels(values, column)
    return Vector.full(np.array([model_number(value, column) for value in values], dtype(column)))


def labels(values: Sequence[Scalar], column: Column) -> Vector:
    """Values as positions in the column's list of values, or in the list of those given."""
    texts = [label(value) for value in values]
    listed = column.domain.labels if column.domain else ()
    levels = listed or tuple(dict.fromkeys(texts))
    if unknown := sorted(set(texts) - set(levels)):
        raise ValueError(f"{', '.join(unknown)} not in the column's domain")
    return Vector.full(np.array([levels.index(text) for text in texts], np.int32), levels)


def model_number(value: Scalar, column: Column) -> int | float | bool:
    """A value as the model number of a column that is not of labels.

    Raises:
        ValueError: it cannot be a value of the column.
    """
    try:
        match column.kind:
            case "boolean":
                return {"true": True, "false": False}[label(value)]
            case "float":
                return float(Decimal(label(value)))
            case "date" | "datetime":
                return _moment(value, column_type(column))
            case _:
                return _units(Decimal(label(value)), column.scale or 0)
    except (KeyError, InvalidOperation, ExpressionTypeError):
        raise ValueError(f"{label(value)} is not a value of kind {column.kind}") from None


def _units(value: Decimal, scale: int) -> int:
    units = value.scaleb(scale)
    if units != units.to_integral_value():
        raise ValueError(f"{value} has more than {scale} decimal places")
    return int(units)


def _moment(value: Scalar, kind: Type) -> int:
    if isinstance(value, dt.datetime) and kind.kind == "datetime":
        return datetime_number(value, kind.timezone)
    if isinstance(value, dt.date) and kind.kind == "datetime":
        return datetime_number(dt.datetime.combine(value, dt.time()), kind.timezone)
    return time_constant(label(value), kind)
