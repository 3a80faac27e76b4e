"""The rule engine: from a schema whose every column says how it is made to records, without any data.

Roots (rows of the one table without a parent) are made in blocks of `BLOCK_ROOTS` together with all their
descendants. A column draws from the stream of its name and block, always for the whole block; what was not
asked for is cut off afterwards. Hence the first m roots are the same in every longer run, whatever the chunk
size, and a new column changes no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np

from synthrec.data.table import Records
from synthrec.errors import ConfigError
from synthrec.rng import Streams
from synthrec.rules.amounts import impossible
from synthrec.rules.children import root_of, sort_within_parents, under
from synthrec.rules.chunks import Block, joined
from synthrec.rules.makers import numbered
from synthrec.rules.params import overridden, vectors
from synthrec.rules.plan import Check, TablePlan, plan
from synthrec.rules.rows import Rows, replaced
from synthrec.rules.scans import families
from synthrec.schema.model import Scalar, Schema
from synthrec.schema.vector import BoolArray, IntArray, Vector

BLOCK_ROOTS = 4_096
"""Roots per block: bounds the memory of their descendants."""
REDRAWS = 20
"""Rounds in which rows that violate a constraint are drawn anew."""


class RuleEngine:
    """Makes the records of a rule schema; `params` override the schema's own.

    Raises:
        SchemaError: the schema cannot be executed.
        ConfigError: a param is unknown or has the wrong kind.
    """

    def __init__(self, schema: Schema, params: Mapping[str, Scalar] | None = None) -> None:
        self.schema = schema
        self.params = overridden(schema.params, params or {})
        self._plans = plan(schema, self.params)

    def stream(self, n: int, *, streams: Streams, chunk_rows: int = 65_536) -> Iterator[Records]:
        """The first n roots of the endless sample that `streams` names, with all their descendants.

        Prefix-stable and independent of `chunk_rows`; a root and its descendants share a chunk, in which no
        table has more than `chunk_rows` rows unless a single root has.

        Raises:
            ConfigError: n is negative or `chunk_rows` not positive.
            SchemaError: rows still violate a constraint after `REDRAWS` rounds, or a parameter is impossible.
        """
        if n < 0 or chunk_rows < 1:
            raise ConfigError("the number of roots is at least 0 and that of rows per chunk at least 1")
        return joined(self._pieces(n, streams, chunk_rows), chunk_rows)

    def _pieces(self, n: int, streams: Streams, chunk_rows: int) -> Iterator[Records]:
        numbers: Counter[str] = Counter()
        for block, start in enumerate(range(0, max(n, 1), BLOCK_ROOTS)):
            made = _Making(streams, block, self._param_vectors, numbers).block(self._plans)
            yield from made.pieces(min(n - start, BLOCK_ROOTS), chunk_rows) if n else [made.records(0, 0)]

    @cached_property
    def _param_vectors(self) -> Mapping[str, Vector]:
        return vectors(self.params)


class _Making:
    """One block in the making."""

    def __init__(
        self, streams: Streams, block: int, params: Mapping[str, Vector], numbers: Counter[str]
    ) -> None:
        self._streams = streams
        self._block = block
        self._params = params
        self._numbers = numbers
        """Rows of each table in earlier blocks."""
        self._tables: dict[str, Rows] = {}

    def block(self, plans: tuple[TablePlan, ...]) -> Block:
        """All tables, parents first."""
        for table in plans:
            self._tables[table.name] = self._table(table)
        return Block(
            specs={table.name: table.spec for table in plans},
            vectors={name: rows.made for name, rows in self._tables.items()},
            ends={name: _ends(rows) for name, rows in self._tables.items()},
        )

    def _stream(self, purpose: str) -> np.random.Generator:
        return self._streams.sampling(f"rules:{purpose}", self._block)

    def _table(self, table: TablePlan) -> Rows:
        rows = self._empty(table)
        self._draw(table, rows, "")
        self._redraw(table, rows)
        if table.order_by is not None:
            sort_within_parents(rows, table.order_by)
        for name, sequence in table.sequences.items():
            first = self._numbers[table.name]
            rows.made[name] = numbered(sequence, table.spec.columns[name], first, rows.count)
        self._numbers[table.name] += rows.count
        _refuse(table.late_checks, rows)
        return rows

    def _empty(self, table: TablePlan) -> Rows:
        if table.per is None or table.count is None:
            return Rows(table.name, BLOCK_ROOTS, self._params)
        return under(self._tables[table.per], table.name, table.count, self._stream(f"{table.name}:count"))

    def _draw(self, table: TablePlan, rows: Rows, suffix: str) -> None:
        for name, maker in table.makers.items():
            rows.made[name] = maker.draw(rows, self._stream(f"{table.name}.{name}{suffix}"))

    def _redraw(self, table: TablePlan, rows: Rows) -> None:
        """Draw the rows that violate a check anew, all their columns, until none does."""
        for attempt in range(REDRAWS):
            bad = np.flatnonzero(_to_redraw(table, rows))
            if not len(bad):
                return
            fresh = rows.at(bad)
            self._draw(table, fresh, f":redraw{attempt}")
            for name in table.makers:
                rows.made[name] = replaced(rows.made[name], bad, fresh.made[name])
        _refuse(table.checks, rows)


def _ends(rows: Rows) -> IntArray:
    return np.searchsorted(root_of(rows), np.arange(BLOCK_ROOTS + 1), side="left")


def _violations(table: TablePlan, rows: Rows) -> BoolArray:
    violated = np.zeros(rows.count, dtype=bool)
    for check in table.checks:
        violated |= check.violated(rows)
    return violated


def _to_redraw(table: TablePlan, rows: Rows) -> BoolArray:
    violated = _violations(table, rows)
    if table.redraws == "rows" or rows.parent is None:
        return violated
    family = families(rows)
    return np.bincount(family[violated], minlength=rows.parent.count)[family] > 0


def _refuse(checks: tuple[Check, ...], rows: Rows) -> None:
    """Raise for the first check that rows violate."""
    for check in checks:
        if count := int(check.violated(rows).sum()):
            share = f"{count} of {rows.count} rows ({count / rows.count:.2%})"
            raise impossible(
                check.where,
                f"{share} violate {check.rule!r} after {REDRAWS} redraws",
                "make the columns so that the rule holds, e.g. by offset or clip()",
            )
