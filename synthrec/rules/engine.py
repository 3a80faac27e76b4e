"""The rule engine: from a schema whose every column says how it is made to records, without any data.

Roots (rows of the one table without a parent) are made in blocks of `BLOCK_ROOTS` together with all their
descendants. A column draws from the stream of its name and block, always for the whole block; what was not
asked for is cut off afterwards. Hence the first m roots are the same in every longer run, whatever the chunk
size, and a new column changes no other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from synthrec.data.table import Records
from synthrec.errors import ConfigError
from synthrec.rng import Streams
from synthrec.rules.amounts import impossible
from synthrec.rules.children import root_of, sort_within_parents, under
from synthrec.rules.chunks import Block, Piece, assembled, joined
from synthrec.rules.fitted import Models
from synthrec.rules.id_numbers import id_numbers
from synthrec.rules.makers import numbered
from synthrec.rules.params import overridden, vectors
from synthrec.rules.plan import Numbered, TablePlan, plan
from synthrec.rules.prevalence import Cuts, PrevalenceMaker, counted
from synthrec.rules.quotas import Census, Cut, Quota
from synthrec.rules.rows import Maker, Rows, replaced
from synthrec.rules.run import Run
from synthrec.rules.scans import families
from synthrec.rules.stages import Check, Stage
from synthrec.schema.id_number_spec import IdNumber
from synthrec.schema.model import Scalar, Schema, TableSpec
from synthrec.schema.vector import BoolArray, IntArray, Vector

BLOCK_ROOTS = Run.block
"""Roots per block: bounds the memory of their descendants."""
REDRAWS = 20
"""Rounds in which rows that violate a constraint are drawn anew."""


class RuleEngine:
    """Makes the records of a rule schema; `params` override the schema's own.

    `models` fill the columns that the schema leaves to them, by table and block. Smaller blocks than usual
    make a few rows sooner; the rows are then others.

    Raises:
        SchemaError: the schema cannot be executed.
        ConfigError: a param is unknown or has the wrong kind, or a model is not given.
    """

    def __init__(
        self,
        schema: Schema,
        params: Mapping[str, Scalar] | None = None,
        *,
        models: Models = MappingProxyType({}),
        block_roots: int = BLOCK_ROOTS,
    ) -> None:
        self.schema = schema
        self._block_roots = block_roots
        self.params = overridden(schema.params, params or {})
        self._plans = plan(schema, self.params, models)

    def stream(self, n: int, *, streams: Streams, chunk_rows: int = 65_536) -> Iterator[Records]:
        """The first n roots of the endless sample that `streams` names, with all their descendants.

        Prefix-stable and independent of `chunk_rows`; a root and its descendants share a chunk, in which no
        table has more than `chunk_rows` rows unless a single root has.

        Raises:
            ConfigError: n is negative or `chunk_rows` not positive.
            SchemaError: rows still violate a constraint after `REDRAWS` rounds, or a parameter is impossible.
            PolicyRefusedError: a model that fills columns may not give so many rows.
        """
        if n < 0 or chunk_rows < 1:
            raise ConfigError("the number of roots is at least 0 and that of rows per chunk at least 1")
        return joined(self._pieces(n, streams, chunk_rows), self._specs, chunk_rows)

    def blocks(self, n: int, *, streams: Streams) -> Iterator[Records]:
        """The same records in blocks of roots with all their descendants, the last one shorter."""
        return (assembled([piece], self._specs) for piece in self._pieces(n, streams, sys.maxsize // 2))

    def whole_blocks(self, n: int, *, streams: Streams) -> Iterator[Block]:
        """The same blocks with all columns, hidden ones too."""
        for making in self._makings(n, streams, self._cuts(n, streams)):
            yield making.block(self._plans).first(min(making.run.wanted, self._block_roots))

    @property
    def _specs(self) -> dict[str, TableSpec]:
        return {table.name: table.spec for table in self._plans}

    def _pieces(self, n: int, streams: Streams, chunk_rows: int) -> Iterator[Piece]:
        for making in self._makings(n, streams, self._cuts(n, streams)):
            made = making.block(self._plans)
            wanted = min(making.run.wanted, self._block_roots)
            yield from made.pieces(wanted, chunk_rows) if n else [made.piece(0, 0)]

    def _makings(self, n: int, streams: Streams, cuts: Cuts) -> Iterator[Making]:
        """One pass over the blocks of a run, each still to be made."""
        run = Run(n, self._block_roots, quotas=self._quotas(cuts))
        for block, run.start in enumerate(range(0, max(n, 1), self._block_roots)):
            yield Making(streams, block, self._param_vectors, run)

    def _quotas(self, cuts: Cuts) -> dict[str, Sequence[Quota]]:
        exact = (maker for table in self._plans for stage in table.stages for maker in stage.exact.values())
        known = {maker.where: maker for maker in exact if not maker.counts or maker.where in cuts}
        return {where: maker.quotas(self._params_alone, cuts.get(where)) for where, maker in known.items()}

    def _cuts(self, n: int, streams: Streams) -> Cuts:
        """Which rows the counts of the run choose, found stage by stage in passes of their own."""
        cuts: dict[str, Sequence[Cut | None]] = {}
        for table in self._plans:
            for number, stage in enumerate(table.stages):
                counting = {name: maker for name, maker in stage.exact.items() if maker.counts}
                if counting:
                    cuts |= self._census(Asked(table.name, number, counting), self._makings(n, streams, cuts))
        return cuts

    def _census(self, asked: Asked, makings: Iterable[Making]) -> Cuts:
        censuses = {name: maker.censuses(self._params_alone) for name, maker in asked.makers.items()}
        for making in makings:
            making.take_census(self._plans, asked, censuses)
        return {maker.where: maker.cuts(censuses[name]) for name, maker in asked.makers.items()}

    @cached_property
    def _params_alone(self) -> Rows:
        return Rows("", 1, self._param_vectors)

    @cached_property
    def _param_vectors(self) -> Mapping[str, Vector]:
        return vectors(self.params)


@dataclass(frozen=True)
class Asked:
    """Columns of an exact prevalence whose counts are settled in one pass."""

    table: str
    stage: int
    makers: Mapping[str, PrevalenceMaker]


class Making:
    """One block in the making."""

    def __init__(self, streams: Streams, block: int, params: Mapping[str, Vector], run: Run) -> None:
        self.run = run
        self._streams = streams
        self._block = block
        self._params = params
        self._tables: dict[str, Rows] = {}

    def take_census(
        self, plans: tuple[TablePlan, ...], asked: Asked, censuses: Mapping[str, Sequence[Census | None]]
    ) -> None:
        """Make the tables above the asked one and what comes before the asked columns; add their keys."""
        by_name = {table.name: table for table in plans}
        line = [asked.table]
        while (above := by_name[line[-1]].per) is not None:
            line.append(above)
        for name in reversed(line[1:]):
            self._tables[name] = self._table(by_name[name])
        rows = self._empty(by_name[asked.table])
        for stage in by_name[asked.table].stages[: asked.stage]:
            self._stage(by_name[asked.table], stage, rows)
        for column, maker in asked.makers.items():
            strata, keys = maker.keys(rows, self._stream(f"{asked.table}.{column}"))
            counted(strata, keys, censuses[column])
        self.run.made[asked.table] += rows.count

    def block(self, plans: tuple[TablePlan, ...]) -> Block:
        """All tables, parents first."""
        for table in plans:
            self._tables[table.name] = self._table(table)
        return Block(
            specs={table.name: table.spec for table in plans},
            vectors={name: rows.made for name, rows in self._tables.items()},
            ends={name: _ends(rows, self.run.block) for name, rows in self._tables.items()},
            parents={
                name: rows.parent_rows for name, rows in self._tables.items() if rows.parent_rows is not None
            },
        )

    def _stream(self, purpose: str) -> np.random.Generator:
        return self._streams.sampling(f"rules:{purpose}", self._block)

    def _table(self, table: TablePlan) -> Rows:
        rows = self._empty(table)
        for stage in table.stages:
            self._stage(table, stage, rows)
        if table.order_by is not None:
            sort_within_parents(rows, table.order_by)
        for name, make in table.sequences.items():
            rows.made[name] = self._numbered(table, name, make, rows)
        self.run.made[table.name] += rows.count
        _refuse(table.late_checks, rows)
        return rows

    def _numbered(self, table: TablePlan, name: str, make: Numbered, rows: Rows) -> Vector:
        first = self.run.made[table.name]
        if isinstance(make, IdNumber):
            keys = self._streams.sampling(f"rules:{table.name}.{name}")
            return id_numbers(make, first, rows, keys, f"tables.{table.name}.columns.{name}.generate")
        return numbered(make, table.spec.columns[name], first, rows.count)

    def _empty(self, table: TablePlan) -> Rows:
        """The rows of a table with only what comes about with them."""
        rows = self._bare(table)
        for filling in table.fillings:
            rows.given = {**rows.given, **filling.given(rows, self.run.made[table.name])}
        return rows

    def _bare(self, table: TablePlan) -> Rows:
        if table.per is None:
            return Rows(table.name, self.run.block, self._params, run=self.run)
        if table.source is not None:
            return table.source.under(self._tables[table.per], table.name, self._stream)
        assert table.count is not None  # noqa: S101  (a table below another has one or the other)
        return under(self._tables[table.per], table.name, table.count, self._stream(f"{table.name}:count"))

    def _stage(self, table: TablePlan, stage: Stage, rows: Rows) -> None:
        self._draw(stage.exact, rows, "")
        self._draw(stage.makers, rows, "")
        self._redraw(table, stage, rows)

    def _draw(self, makers: Mapping[str, Maker], rows: Rows, suffix: str) -> None:
        for name, maker in makers.items():
            rows.made[name] = maker.draw(rows, self._stream(f"{rows.table}.{name}{suffix}"))

    def _redraw(self, table: TablePlan, stage: Stage, rows: Rows) -> None:
        """Draw the rows that violate a check anew, all the stage's columns, until none does."""
        for attempt in range(REDRAWS):
            bad = np.flatnonzero(_to_redraw(table, stage, rows))
            if not len(bad):
                return
            fresh = rows.at(bad)
            fresh.made = {name: rows.made[name].take(bad) for name in stage.earlier & set(rows.made)}
            self._draw(stage.makers, fresh, f":redraw{attempt}")
            for name in stage.makers:
                rows.made[name] = replaced(rows.made[name], bad, fresh.made[name])
        _refuse(stage.checks, rows)


def _ends(rows: Rows, roots: int) -> IntArray:
    return np.searchsorted(root_of(rows), np.arange(roots + 1), side="left")


def _violations(stage: Stage, rows: Rows) -> BoolArray:
    violated = np.zeros(rows.count, dtype=bool)
    for check in stage.checks:
        violated |= check.violated(rows)
    return violated


def _to_redraw(table: TablePlan, stage: Stage, rows: Rows) -> BoolArray:
    violated = _violations(stage, rows)
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
                check.repair,
            )
