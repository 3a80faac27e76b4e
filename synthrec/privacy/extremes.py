"""Persons at the edge of what a schema admits, made without data: bounds on one person must hold for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthrec.data.persons import person_column
from synthrec.data.table import Table
from synthrec.schema.model import LABEL_KINDS, Column, TableSpec
from synthrec.schema.scalars import model_number
from synthrec.schema.vector import Vector

SLACK = 2.0**20
"""Factor on the vectors and losses of extreme persons, so that every clip is reached."""

PERSONS = 4

MOST_ROWS = 64
"""Rows of an extreme person where the plan admits more."""

_FAR = {"integer": 10**15, "decimal": 10**15, "float": 10**15, "date": 10**6, "datetime": 10**15}


def extreme_persons(name: str, spec: TableSpec, limit: int) -> list[Table]:
    """All extreme persons, then the same without each of them in turn.

    Person 0 has as many rows as admitted, all at the lowest values; person 1 as many at the highest; person 2
    alternates between them and missing values; person 3 has a single row, missing where it may be.
    """
    rows = min(limit, MOST_ROWS)
    owners = np.repeat(np.arange(PERSONS), [rows, rows, rows, 1])
    levels = np.concatenate([np.zeros(rows), np.ones(rows), np.arange(rows) % 3, [2]]).astype(np.int64)
    person = person_column(spec)
    vectors = {
        column: _owners(spec.columns[column], owners)
        if column == person
        else _values(spec.columns[column], levels, owners)
        for column in spec.columns
    }
    everyone = Table.from_vectors(name, spec, vectors)
    return [everyone, *(everyone.take(owners != leaver) for leaver in range(PERSONS))]


def _owners(column: Column, owners: NDArray[np.int64]) -> Vector:
    if column.kind in LABEL_KINDS:
        return Vector.full(owners.astype(np.int32), tuple(f"extreme-{number}" for number in range(PERSONS)))
    return Vector.full(owners.astype(_dtype(column)))


def _values(column: Column, levels: NDArray[np.int64], owners: NDArray[np.int64]) -> Vector:
    """Level 0 is the lowest or first value, 1 the highest or last, 2 missing where admitted, or else 1."""
    missing = (levels == 2) & column.null.allowed
    place = np.minimum(levels, 1)
    if column.kind in LABEL_KINDS:
        labels = column.domain.labels if column.domain else ()
        listed = (labels[0], labels[-1]) if len(set(labels)) > 1 else labels
        names = listed or tuple(f"only-{number}" for number in range(PERSONS))
        found = np.minimum(place, len(names) - 1) if listed else owners
        return Vector(np.where(missing, 0, found).astype(np.int32), missing, names)
    ends = np.array(_ends(column), dtype=_dtype(column))
    return Vector(np.where(missing, ends.dtype.type(0), ends[place]), missing)


def _ends(column: Column) -> tuple[float, float]:
    if column.kind == "boolean":
        return 0, 1
    far = _FAR.get(column.kind, 1)
    domain = column.domain
    low = None if domain is None or domain.min is None else model_number(domain.min, column)
    high = None if domain is None or domain.max is None else model_number(domain.max, column)
    return -far if low is None else _number(low, column), far if high is None else _number(high, column)


def _number(value: object, column: Column) -> float:
    return float(value) if column.kind == "float" else int(value)  # type: ignore[arg-type,call-overload]


def _dtype(column: Column) -> type[np.generic]:
    return {"float": np.float64, "boolean": np.bool_}.get(column.kind, np.int64)
