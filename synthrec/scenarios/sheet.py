"""A table of one block while scenarios write into it: rows are changed in place, new ones put at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthrec.data.table import Table
from synthrec.rules.children import compacted
from synthrec.rules.makers import numbered
from synthrec.rules.rows import Maker, Rows, replaced
from synthrec.schema.generate_model import Sequence
from synthrec.schema.model import TableSpec
from synthrec.schema.rule_tables import RuleTable
from synthrec.schema.vector import IntArray, Vector


@dataclass(eq=False)
class Sheet:
    """The columns of a child table, and the row of the unit under which each of its rows stands.

    A row keeps its slot, the position at which it was read or put, until `finished`.
    """

    table: RuleTable
    vectors: dict[str, Vector]
    owners: IntArray
    """By slot: position of the unit's row in the block."""

    @classmethod
    def of(cls, table: Table, rules: RuleTable, unit: str, keys: Vector) -> Sheet:
        """The sheet of a table as the rules made it."""
        vectors = table.vectors()
        return cls(rules, vectors, owners(vectors[foreign_key(table.spec, unit)], keys))

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.owners)

    @property
    def spec(self) -> TableSpec:
        """The table's part of the schema."""
        return self.table.spec

    def change(self, slots: NDArray[np.intp], columns: Mapping[str, Vector]) -> None:
        """Put other values into some columns of some rows."""
        for name, by in columns.items():
            self.vectors[name] = replaced(self.vectors[name], slots, by)

    def append(self, columns: Mapping[str, Vector], owners_: IntArray) -> NDArray[np.intp]:
        """New rows at the end, sequences left open; their slots."""
        slots = np.arange(len(self), len(self) + len(owners_))
        for name, old in self.vectors.items():
            longer = _longer(old, len(owners_))
            self.vectors[name] = replaced(longer, slots, columns[name]) if name in columns else longer
        self.owners = np.concatenate([self.owners, owners_])
        return slots

    def finished(
        self, unit: Rows, recompute: Mapping[str, Maker], first: int | None, by: str | None = None
    ) -> tuple[Table, IntArray]:
        """The table in order, and the new position of every slot.

        Args:
            unit: All rows of the unit in the block.
            recompute: Columns made anew from their own rule, by maker.
            first: Number of the table's first row in the run where rows were added somewhere, so that all
                are numbered anew; None where the table only changed.
            by: Column by which the unit's rows are ordered where the schema names none.
        """
        order = self._order(self.table.generate.order_by or by)
        made = {name: vector.take(order) for name, vector in self.vectors.items()}
        rows = Rows(self.table.name, len(self), unit.params, unit, self.owners[order], made)
        for name, maker in recompute.items():
            made[name] = maker.draw(rows, np.random.default_rng(0))
        for name in self.sequences if first is not None else ():
            make = self.table.makes[name].make
            assert isinstance(make, Sequence)  # noqa: S101  (that is what `sequences` lists)
            made[name] = numbered(make, self.spec.columns[name], first or 0, len(self))
        position = np.empty(len(self), np.int64)
        position[order] = np.arange(len(self))
        columns = {name: _tidied(made[name], self.spec, name) for name in self.spec.columns}
        return Table.from_vectors(self.table.name, self.spec, columns), position

    @property
    def sequences(self) -> tuple[str, ...]:
        """Columns that number the rows."""
        return tuple(name for name in self.spec.columns if isinstance(self.table.makes[name].make, Sequence))

    def _order(self, by: str | None) -> NDArray[np.intp]:
        if by is None:
            return np.argsort(self.owners, kind="stable")
        key = self.vectors[by]
        return np.lexsort((key.values, ~key.missing, self.owners))


def foreign_key(spec: TableSpec, unit: str) -> str:
    """The column of a child table that holds the unit's key."""
    return next(foreign.columns[0] for foreign in spec.foreign_keys if foreign.references == unit)


def owners(foreign: Vector, keys: Vector) -> IntArray:
    """For each row of a child table the position of its parent, by key."""
    if foreign.levels is None or keys.levels is None:
        found = pc.index_in(pa.array(foreign.values), value_set=pa.array(keys.values))
        return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)
    rows = np.empty(len(keys.levels), np.int64)
    rows[keys.values] = np.arange(len(keys))
    levels = pc.index_in(pa.array(foreign.levels, pa.string()), value_set=pa.array(keys.levels, pa.string()))
    table = rows[np.asarray(levels.to_numpy(zero_copy_only=False), np.int64)]
    return table[foreign.values] if len(foreign) else np.zeros(0, np.int64)


def _longer(vector: Vector, rows: int) -> Vector:
    values = np.concatenate([vector.values, np.zeros(rows, vector.values.dtype)])
    return Vector(values, np.concatenate([vector.missing, np.zeros(rows, bool)]), vector.levels)


def _tidied(vector: Vector, spec: TableSpec, name: str) -> Vector:
    domain = spec.columns[name].domain
    return vector if domain is not None and domain.labels else compacted(vector)
