"""One block of records, open for writing: sheets of tables, and rows that see what is above and below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from synthrec.rules.amounts import evaluate
from synthrec.rules.chunks import Block
from synthrec.rules.rows import Rows
from synthrec.scenarios.sheet import Sheet
from synthrec.schema.expressions import Expression
from synthrec.schema.model import Schema
from synthrec.schema.rule_tables import ancestors, rule_tables
from synthrec.schema.vector import BoolArray, IntArray, Vector

Slots = NDArray[np.intp]

TALLIES = ("least", "most")
"""``TABLE.least_C`` and ``TABLE.most_C``: extremes of a column over the rows of a unit."""


class Desk:
    """The sheets of one block; parents come before children."""

    def __init__(self, block: Block, schema: Schema, params: Mapping[str, Vector]) -> None:
        rules = rule_tables(schema)
        self.params = params
        self.above = {name: ancestors(rules, name) for name in block.specs}
        self.sheets = {name: Sheet.of(block, rules[name]) for name in block.specs}

    def line(self, table: str, slots: IntArray) -> dict[str, IntArray]:
        """The slots of some rows, and of all rows above them, by table."""
        found = {table: slots}
        for parent in self.above[table]:
            slots = self.sheets[table].above[slots]
            found[parent], table = slots, parent
        return found

    def places(self, table: str, ancestor: str) -> IntArray:
        """For each row of a table the slot of the row above it in an ancestor's sheet, or its own."""
        return self.line(table, np.arange(len(self.sheets[table])))[ancestor]

    def rows(
        self, table: str, slots: IntArray, parent: Rows | None = None, above: Slots | None = None
    ) -> Seeing:
        """Some rows of a table; under `parent`, at the positions `above`, where what they share stands."""
        made = self.sheets[table].take(slots)
        line = self.line(table, slots)
        return Seeing(table, len(slots), self.params, parent, above, made, desk=self, line=line)

    def tally(self, unit: str, table: str, column: str) -> Vector:
        """Per row of the unit the number of its rows in a table, or an extreme of one of their columns."""
        rows = self.sheets[table].read
        units, owners = len(self.sheets[unit]), self.places(table, unit)[:rows]
        counts = np.bincount(owners, minlength=units)
        if column == "count":
            return Vector.full(counts)
        which, _, name = column.partition("_")
        values = self.sheets[table].vectors[name].take(np.arange(rows))
        return _extreme(values, owners, units, least=which == "least")


@dataclass(eq=False)
class Seeing(Rows):
    """Rows of a desk, which see the rows above them in other tables, and tallies of those below."""

    desk: Desk = field(kw_only=True)
    line: Mapping[str, IntArray] = field(kw_only=True)
    """Slots of the rows above by table, and their own where they have some."""

    def _inherited(self, name: str) -> Vector:
        table, _, column = name.partition(".")
        sheets = self.desk.sheets
        if table in self.line and column in sheets[table].vectors:
            return sheets[table].vectors[column].take(self.line[table])
        if self.parent is None and table in sheets:
            return self.desk.tally(self.table, table, column).take(self.line[self.table])
        return super()._inherited(name)


def true(expression: Expression, rows: Rows) -> BoolArray:
    """Where a condition holds; null does not."""
    result = evaluate(expression, rows)
    return result.values.astype(bool) & ~result.missing


def _extreme(values: Vector, groups: IntArray, count: int, *, least: bool) -> Vector:
    """The smallest or largest value of each group; missing where a group has none."""
    present = np.flatnonzero(~values.missing)
    order = present[np.lexsort((values.values[present], groups[present]))]
    low, high = (np.searchsorted(groups[order], np.arange(count), side) for side in ("left", "right"))
    missing = high == low
    picks = np.where(missing, 0, low if least else high - 1)
    found = values.values[order][picks] if len(order) else np.zeros(count, values.values.dtype)
    return Vector(found, missing, values.levels)
