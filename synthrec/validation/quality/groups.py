"""The groups of persons that a schema declares to matter: by quasi-identifier, secret and target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from synthrec.schema.model import TableSpec
from synthrec.schema.vector import BoolArray, IntArray, Vector
from synthrec.validation.quality.ground import Rows, Sides
from synthrec.validation.quality.marginals import is_numeric
from synthrec.validation.stats import FloatArray

SMALLEST = 50
"""Fewest persons of a group, in the training rows and in the holdout."""
PER_COLUMN = 20
"""Most groups that one column makes, the most frequent labels."""


@dataclass(frozen=True, eq=False)
class Group:
    """Persons with one label, or in one quarter of the holdout's values, in one column.

    Exactly one of `label` and `quarter` is set, but for truth values, which are labels as 0 and 1.
    """

    name: str
    column: str
    label: str | int | None = None
    quarter: int = 0
    edges: FloatArray | None = None

    def rows(self, side: Rows) -> IntArray:
        """Positions of the group's rows."""
        return np.flatnonzero(self._member(side.vectors[self.column]))

    def _member(self, vector: Vector) -> BoolArray:
        if self.edges is not None:
            inside = np.searchsorted(self.edges, vector.values.astype(np.float64), "right") == self.quarter
        elif vector.levels is None:
            inside = vector.values.astype(np.int64) == self.label
        elif self.label in vector.levels:
            inside = vector.values == vector.levels.index(str(self.label))
        else:
            inside = np.zeros(len(vector), dtype=bool)
        return np.asarray(inside & ~vector.missing)


def grouping_columns(spec: TableSpec) -> tuple[str, ...]:
    """Modelled columns that are quasi-identifying, sensitive or the target."""
    roles = {"quasi_identifier", "sensitive"}
    return tuple(name for name in spec.modelled if name == spec.target or spec.columns[name].role in roles)


def declared_groups(sides: Sides) -> tuple[Group, ...]:
    """The groups of at least 50 persons, in the training rows and in the holdout."""
    found = (
        group for name in grouping_columns(sides.spec) for group in _of(name, sides.holdout.vectors[name])
    )
    return tuple(group for group in found if _large(group, sides.train) and _large(group, sides.holdout))


def _large(group: Group, side: Rows) -> bool:
    return len(np.unique(side.persons[group.rows(side)])) >= SMALLEST


def _of(column: str, vector: Vector) -> Iterator[Group]:
    if vector.levels is not None:
        counts = np.bincount(vector.values[~vector.missing].astype(np.int64), minlength=len(vector.levels))
        for code in np.argsort(-counts, kind="stable")[:PER_COLUMN]:
            yield Group(f"{column} = {vector.levels[code]}", column, vector.levels[code])
    elif not is_numeric(vector):
        yield from (Group(f"{column} = {name}", column, code) for code, name in enumerate(("false", "true")))
    elif not vector.missing.all():
        edges = np.unique(np.quantile(vector.values[~vector.missing].astype(np.float64), (0.25, 0.5, 0.75)))
        for quarter in range(len(edges) + 1):
            name = f"{column}, part {quarter + 1} of {len(edges) + 1} from below"
            yield Group(name, column, None, quarter, edges)
