"""Put the rows of a block in order after scenarios have written into it: keys, copies, columns made anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from synthrec.data.table import Records, Table
from synthrec.rng import Streams
from synthrec.rules.children import compacted, root_of
from synthrec.rules.id_numbers import id_numbers
from synthrec.rules.makers import numbered
from synthrec.rules.rows import Maker, Rows, replaced
from synthrec.scenarios.bind import Bound, copies
from synthrec.scenarios.desk import Desk
from synthrec.scenarios.sheet import Sheet
from synthrec.schema.generate_model import Sequence as Numbers
from synthrec.schema.id_number_spec import IdNumber
from synthrec.schema.model import Schema, TableSpec
from synthrec.schema.vector import IntArray, Vector


@dataclass(frozen=True)
class Finished:
    """The records of a block, and the new position of every slot by table."""

    records: Records
    positions: Mapping[str, IntArray]


@dataclass(eq=False)
class Finisher:
    """Finishes block after block, and numbers rows on from one to the next."""

    schema: Schema
    bounds: Sequence[Bound]
    streams: Streams
    _numbers: Counter[str] = field(default_factory=Counter)

    def finished(self, desk: Desk, roots: IntArray) -> Finished:
        """All tables of a block; `roots` are the positions of root entities with an instance."""
        done: dict[str, Rows] = {}
        positions: dict[str, IntArray] = {}
        for name, sheet in desk.sheets.items():
            parent = sheet.table.generate.per
            above = sheet.above if parent is None else positions[parent][sheet.above]
            order = sheet.order(above, sheet.table.generate.order_by or self._by.get(name))
            parents = None if parent is None else above[order]
            made = sheet.take(order)
            rows = Rows(name, len(sheet), desk.params, done.get(str(parent)), parents, made)
            self._number(sheet, rows)
            self._make_anew(name, rows, roots)
            positions[name] = np.empty(len(sheet), np.int64)
            positions[name][order] = np.arange(len(sheet))
            done[name] = rows
            self._numbers[name] += len(sheet)
        return Finished(
            {name: _table(rows, self.schema.tables[name]) for name, rows in done.items()}, positions
        )

    def _number(self, sheet: Sheet, rows: Rows) -> None:
        """Number the rows of tables that grow in this run, and copy numbers from those above."""
        name, first = rows.table, self._numbers[rows.table]
        for column, make in sheet.table.makes.items() if name in self._growing else ():
            if isinstance(make.make, Numbers):
                rows.made[column] = numbered(make.make, sheet.spec.columns[column], first, rows.count)
            elif isinstance(make.make, IdNumber):
                stream = self.streams.sampling(f"rules:{name}.{column}")
                rows.made[column] = id_numbers(make.make, first, rows, stream, f"{name}.{column}")
        for column, source, original in copies(sheet.table):
            if source in self._growing:
                rows.made[column] = rows.vector(f"{source}.{original}")

    def _make_anew(self, name: str, rows: Rows, roots: IntArray) -> None:
        """Columns that the schema's own rule makes anew, for root entities with an instance."""
        if not len(roots) or name not in self._recompute:
            return
        touched = np.flatnonzero(np.isin(root_of(rows), roots))
        for column, maker in self._recompute[name].items():
            new = maker.draw(rows, np.random.default_rng(0))
            rows.made[column] = replaced(rows.made[column], touched, new.take(touched))

    @cached_property
    def _recompute(self) -> Mapping[str, Mapping[str, Maker]]:
        found: dict[str, dict[str, Maker]] = {}
        for bound in self.bounds:
            for table, makers in bound.recompute.items():
                found.setdefault(table, {}).update(makers)
        return found

    @cached_property
    def _growing(self) -> frozenset[str]:
        """Tables that get rows somewhere in the run."""
        return frozenset(name for bound in self.bounds for name in bound.growing)

    @cached_property
    def _by(self) -> Mapping[str, str]:
        """Columns that order rows, by table, as the first scenario says that says so."""
        orders = (bound.scenario.order for bound in reversed(self.bounds))
        return {table: column for order in orders for table, column in order.items()}


def _table(rows: Rows, spec: TableSpec) -> Table:
    columns = {name: _tidied(rows.made[name], spec, name) for name in spec.columns}
    return Table.from_vectors(rows.table, spec, columns)


def _tidied(vector: Vector, spec: TableSpec, name: str) -> Vector:
    domain = spec.columns[name].domain
    return vector if domain is not None and domain.labels else compacted(vector)
