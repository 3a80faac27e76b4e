"""Rows of one table while they are made: what exists so far, and the parent rows they stand under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthrec.rules.run import Run
from synthrec.schema.vector import IntArray, Vector


@dataclass(eq=False)
class Rows:
    """Some rows of a table; `made` holds the columns that exist so far."""

    table: str
    count: int
    params: Mapping[str, Vector]
    """Each of one row; it holds in every row."""
    parent: Rows | None = None
    parent_rows: IntArray | None = None
    """Position of each row's parent, ascending."""
    made: dict[str, Vector] = field(default_factory=dict)
    run: Run = field(default_factory=Run)
    """The run they are made for."""
    given: Mapping[str, Vector] = field(default_factory=dict)
    """What came about together with the rows, such as the times of events."""

    def vector(self, name: str) -> Vector:
        """A column of these rows, of an ancestor (``table.column``) or a param."""
        if name in self.made:
            return self.made[name]
        return self._param(name) if name in self.params else self._inherited(name)

    def vectors(self, names: Iterable[str]) -> dict[str, Vector]:
        """Several columns by name."""
        return {name: self.vector(name) for name in names}

    def _param(self, name: str) -> Vector:
        return self.params[name].take(np.zeros(self.count, np.int64))

    def _inherited(self, name: str) -> Vector:
        if self.parent is None or self.parent_rows is None:
            raise KeyError(name)
        table, _, column = name.partition(".")
        return self.parent.vector(column if table == self.parent.table else name).take(self.parent_rows)

    def at(self, rows: NDArray[np.intp]) -> Rows:
        """The same rows at some positions, with nothing made yet."""
        above = None if self.parent_rows is None else self.parent_rows[rows]
        given = {name: vector.take(rows) for name, vector in self.given.items()}
        return Rows(self.table, len(rows), self.params, self.parent, above, given=given, run=self.run)


class Maker(Protocol):
    """Makes one column, drawing in row order from one random stream."""

    @property
    def names(self) -> frozenset[str]:
        """The columns, ancestors' columns and params it reads."""

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """The column for some rows."""


def replaced(vector: Vector, rows: NDArray[np.intp], by: Vector) -> Vector:
    """The vector with the values of `by` at some positions."""
    new, levels = by.values, vector.levels
    if by.levels is not None and by.levels != levels:
        position = {text: i for i, text in enumerate(dict.fromkeys((*(levels or ()), *by.levels)))}
        table = np.array([position[text] for text in by.levels], np.int32)
        new, levels = table[by.values], tuple(position)
    values, missing = vector.values.copy(), vector.missing.copy()
    values[rows], missing[rows] = new, by.missing
    return Vector(values, missing, levels)
