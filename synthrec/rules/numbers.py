"""From what expressions and distributions yield to the vector of a column."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from synthrec.schema.expression_types import MICROSECONDS_PER_DAY, ResultKind
from synthrec.schema.model import Column
from synthrec.schema.vector import BoolArray, Vector

FloatArray = NDArray[np.float64]


def grid(column: Column) -> float:
    """Distance between neighbouring values of a numeric column, in its unit; 0 for any float."""
    if column.precision is not None:
        return float(column.precision)
    return 0.0 if column.kind == "float" else 10.0 ** -(column.scale or 0)


def from_floats(values: FloatArray, missing: BoolArray, column: Column) -> Vector:
    """Numbers in the column's unit, rounded half to even to its grid, as a vector of that column."""
    spacing = grid(column)
    present = np.where(missing, 0.0, values) if missing.any() else values
    if not spacing:
        return Vector(present, missing)
    steps = np.rint(present if spacing == 1 else present / spacing)
    if column.kind == "float":
        numerator, denominator = Fraction(str(column.precision)).as_integer_ratio()
        return Vector(steps * numerator / denominator, missing)
    return Vector(steps.astype(np.int64) * round(spacing * 10 ** (column.scale or 0)), missing)


def convert(vector: Vector, kind: ResultKind, column: Column) -> Vector:
    """The result of an expression as a vector of the column; `faults` has seen to it that the kinds fit."""
    match kind:
        case "number":
            return from_floats(vector.values.astype(np.float64), vector.missing, column)
        case "label":
            return from_labels(vector, column)
        case "date" if column.kind == "datetime":
            return Vector(vector.values.astype(np.int64) * MICROSECONDS_PER_DAY, vector.missing)
        case _:
            return vector


def from_labels(vector: Vector, column: Column) -> Vector:
    """Labels as positions in the column's own list of values, followed by labels outside it."""
    listed = column.domain.labels if column.domain else ()
    given = vector.levels or ()
    if not listed or given == listed:
        return vector
    position = {text: i for i, text in enumerate(dict.fromkeys((*listed, *given)))}
    table = np.array([position[text] for text in given], np.int32)
    codes = table[vector.values] if len(table) else vector.values
    return Vector(codes, vector.missing, tuple(position))
