"""What brings rows about together with some of their columns: events in time, or the spells of a history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synthrec.rules.amounts import Target, impossible
from synthrec.rules.numbers import from_labels
from synthrec.rules.rows import Rows
from synthrec.rules.temporal import Moments, tick
from synthrec.schema.events_spec import Given
from synthrec.schema.expression_types import MICROSECONDS_PER_DAY
from synthrec.schema.expressions import compile_expression
from synthrec.schema.model import Column
from synthrec.schema.spec_base import Moment
from synthrec.schema.vector import IntArray, Vector

Draws = Callable[[str], np.random.Generator]
"""The random stream of a purpose."""


@dataclass(frozen=True, eq=False)
class Origin:
    """The rows of a table: how many each parent has, and what came about with them."""

    counts: IntArray
    """Rows per parent, shape (parents,)."""
    given: dict[str, Vector]
    """Columns of the rows, parents in order and each parent's rows in order of time."""


class Source(Protocol):
    """Brings about all rows under some parents."""

    def rows(self, parent: Rows, draws: Draws) -> Origin:
        """The rows; every purpose draws from its own stream."""


@dataclass(frozen=True)
class Bringing:
    """What brings about the rows of a table, and the most that one parent may have."""

    source: Source
    most: int

    def under(self, parent: Rows, table: str, stream: Draws) -> Rows:
        """The rows, with only those columns that come about with them.

        Raises:
            SchemaError: a parent has more than the most.
        """
        origin = self.source.rows(parent, lambda purpose: stream(f"{table}:rows:{purpose}"))
        if bad := int((origin.counts > self.most).sum()):
            found = f"{bad} of {parent.count} parents with more than {self.most} rows"
            raise impossible(
                f"tables.{table}.generate", found, "lower the rate, or raise max_rows_per_person"
            )
        parent_rows = np.repeat(np.arange(parent.count), origin.counts)
        return Rows(
            table, len(parent_rows), parent.params, parent, parent_rows, given=origin.given, run=parent.run
        )


@dataclass(frozen=True, eq=False)
class Window:
    """The time in which rows come about, per parent."""

    start: Moments
    end: Moments
    whole_day: bool
    """Whether the end is a date, which is included as a whole."""

    @classmethod
    def of(cls, start: Moment, end: Moment, target: Target) -> Window:
        """From its two ends; `target` names what is in scope."""
        moment = Target(Column(kind="datetime"), target.names, target.where)
        if isinstance(end, str):
            whole_day = compile_expression(end, target.names).kind == "date"
        else:
            whole_day = not hasattr(end, "hour")
        return cls(Moments.of(start, moment), Moments.of(end, moment), whole_day)

    def evaluate(self, parent: Rows) -> tuple[IntArray, IntArray]:
        """First moment and the first one beyond, int64 microseconds; an empty window where one is missing."""
        start, end = self.start.evaluate(parent), self.end.evaluate(parent)
        first = start.values.astype(np.int64)
        beyond = end.values.astype(np.int64) + (MICROSECONDS_PER_DAY if self.whole_day else 0)
        absent = start.missing | end.missing
        return first, np.where(absent, first, np.maximum(beyond, first))


@dataclass(frozen=True)
class GivenMaker:
    """A column that came about with the rows."""

    field: str
    column: Column
    names = frozenset[str]()

    @classmethod
    def of(cls, make: Given, target: Target) -> GivenMaker:
        """From its spec."""
        return cls(make.field, target.column)

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """The given values, moments rounded down to the column's grid."""
        vector = rows.given[self.field]
        if vector.levels is not None:
            return from_labels(vector, self.column)
        if self.column.kind == "float":
            return vector
        unit = MICROSECONDS_PER_DAY if self.column.kind == "date" else 1
        whole = vector.values.astype(np.int64) // unit
        step = tick(self.column)
        return Vector(np.where(vector.missing, 0, whole - whole % step), vector.missing)
