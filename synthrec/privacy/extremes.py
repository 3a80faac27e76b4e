"""Persons at the edge of what a schema admits, made without data: bounds on one person must hold for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthrec.data.persons import person_column
from synthrec.data.table import Table
from synthrec.schema.model import LABEL_KINDS, Column, TableSpec
from synthrec.schema.scalars import dtype, model_number
from synthrec.schema.vector import BoolArray, Vector

SLACK = 2.0**20
"""Factor on the vectors and losses of extreme persons, so that every clip is reached."""

PERSONS = 4

MOST_ROWS = 64
"""Rows of an extreme person where the plan admits more."""

_PARTS = (0.0, 1.0, 1 / 3, 2 / 3)
"""Place of the value of each person between the lowest and the highest."""

_FAR = {"integer": 10**15, "decimal": 10**15, "float": 10**15, "date": 10**6, "datetime": 10**15}


def extreme_persons(name: str, spec: TableSpec, limit: int) -> list[Table]:
    """All extreme persons, then the same without each of them in turn.

    Person 0 has as many rows as admitted, all at the lowest or first values; person 1 as many at the highest
    or last; person 2 as many, missing where admitted and inner values in turn; person 3 a single row of
    other inner values. So bounds, missing values and categories each hang on one person where a domain is
    wide enough.
    """
    rows = min(limit, MOST_ROWS)
    owners = np.repeat(np.arange(PERSONS), [rows, rows, rows, 1])
    missing = (owners == 2) & (np.arange(len(owners)) % 2 == 0)
    person = person_column(spec)
    vectors = {
        column: _names(item, owners) if column == person else _values(item, owners, missing)
        for column, item in spec.columns.items()
    }
    everyone = Table.from_vectors(name, spec, vectors)
    return [everyone, *(everyone.take(owners != leaver) for leaver in range(PERSONS))]


def _names(column: Column, owners: NDArray[np.int64]) -> Vector:
    if column.kind in LABEL_KINDS:
        return Vector.full(owners.astype(np.int32), tuple(f"extreme-{number}" for number in range(PERSONS)))
    return Vector.full(owners.astype(dtype(column)))


def _values(column: Column, owners: NDArray[np.int64], missing: BoolArray) -> Vector:
    """The value of each owner: first, last, and two in between."""
    gone = missing & column.null.allowed
    if column.kind in LABEL_KINDS:
        labels = column.domain.labels if column.domain else ()
        names = labels or tuple(f"only-{number}" for number in range(PERSONS))
        places = np.array([int(part * (len(names) - 1)) for part in _PARTS], dtype=np.int32)
        return Vector(np.where(gone, 0, places[owners]).astype(np.int32), gone, names)
    values = np.array(_points(column)).astype(dtype(column))
    return Vector(np.where(gone, values.dtype.type(0), values[owners]), gone)


def _points(column: Column) -> list[float]:
    """The lowest value, the highest, and two in between; far out where the schema states no bound."""
    if column.kind == "boolean":
        return [0, 1, 0, 1]
    far = _FAR.get(column.kind, 1)
    domain = column.domain
    low = -far if domain is None or domain.min is None else model_number(domain.min, column)
    high = far if domain is None or domain.max is None else model_number(domain.max, column)
    inner = [low + (high - low) * part for part in _PARTS[2:]]
    return [low, high, *(inner if column.kind == "float" else map(int, inner))]
