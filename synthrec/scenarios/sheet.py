"""A table of one block while scenarios write into it: rows are changed in place, new ones put at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.rules.chunks import Block
from synthrec.rules.rows import replaced
from synthrec.schema.model import TableSpec
from synthrec.schema.rule_tables import RuleTable
from synthrec.schema.vector import IntArray, Vector


@dataclass(eq=False)
class Sheet:
    """The columns of a table, hidden ones too, and the row under which each of its rows stands.

    A row keeps its slot, the position at which it was read or put.
    """

    table: RuleTable
    vectors: dict[str, Vector]
    above: IntArray
    """By slot: the slot of the row above in the parent's sheet; its own in the root table."""
    read: int
    """Rows that the rules made; those behind them were put."""

    @classmethod
    def of(cls, block: Block, rules: RuleTable) -> Sheet:
        """The sheet of a table as the rules made it."""
        name = rules.name
        vectors = {column: block.vectors[name][column] for column in rules.columns}
        rows = int(block.ends[name][-1])
        return cls(rules, vectors, block.parents.get(name, np.arange(rows)), rows)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.above)

    @property
    def spec(self) -> TableSpec:
        """The table's part of the schema."""
        return self.table.spec

    def take(self, slots: NDArray[np.intp]) -> dict[str, Vector]:
        """All columns of some rows."""
        return {name: vector.take(slots) for name, vector in self.vectors.items()}

    def change(self, slots: NDArray[np.intp], columns: Mapping[str, Vector]) -> None:
        """Put other values into some columns of some rows."""
        for name, by in columns.items():
            self.vectors[name] = replaced(self.vectors[name], slots, by)

    def append(self, columns: Mapping[str, Vector], above: IntArray) -> NDArray[np.intp]:
        """New rows at the end, under rows of the parent's sheet; their slots."""
        slots = np.arange(len(self), len(self) + len(above))
        for name, old in self.vectors.items():
            self.vectors[name] = replaced(_longer(old, len(above)), slots, columns[name])
        self.above = np.concatenate([self.above, above])
        return slots

    def order(self, above: IntArray, by: str | None) -> NDArray[np.intp]:
        """Slots as the rows are to stand: by the row above, whose positions are given, then by a column."""
        if by is None:
            return np.argsort(above, kind="stable")
        key = self.vectors[by]
        return np.lexsort((key.values, ~key.missing, above))


def _longer(vector: Vector, rows: int) -> Vector:
    values = np.concatenate([vector.values, np.zeros(rows, vector.values.dtype)])
    return Vector(values, np.concatenate([vector.missing, np.zeros(rows, bool)]), vector.levels)
