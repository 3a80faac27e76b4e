"""Makers of dates and datetimes: between two moments, and some time after another."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from synthrec.rules.amounts import Amount, Target, evaluate, impossible
from synthrec.rules.numbers import convert
from synthrec.rules.numeric import AmountNumbers, DistMaker, Numbers
from synthrec.rules.rows import Rows
from synthrec.schema import generate_model as spec
from synthrec.schema import spec_base as base
from synthrec.schema.dist_spec import Dist
from synthrec.schema.expression_types import MICROSECONDS_PER_DAY
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.model import Column
from synthrec.schema.scalars import constants
from synthrec.schema.vector import IntArray, Vector

MICROSECONDS = {
    "days": MICROSECONDS_PER_DAY,
    "hours": 3_600_000_000,
    "minutes": 60_000_000,
    "seconds": 1_000_000,
}


@dataclass(frozen=True, eq=False)
class Moments:
    """A moment for all rows, or one per row, in the model numbers of the column."""

    constant: Vector | None
    expression: Expression | None
    column: Column

    @classmethod
    def of(cls, value: base.Moment, target: Target) -> Moments:
        """From a schema's date, datetime or expression."""
        if isinstance(value, str):
            return cls(None, compile_expression(value, target.names), target.column)
        return cls(constants([value], target.column), None, target.column)

    @property
    def names(self) -> frozenset[str]:
        """The columns it reads."""
        return self.expression.names if self.expression else frozenset()

    def evaluate(self, rows: Rows) -> Vector:
        """The moment in every row."""
        if self.expression is not None:
            return convert(evaluate(self.expression, rows), self.expression.kind, self.column)
        assert self.constant is not None  # noqa: S101  (one of the two is always given)
        return self.constant.take(np.zeros(rows.count, np.int64))


def tick(column: Column) -> int:
    """Distance between neighbouring moments in the column's model numbers: a day or a second by default."""
    precision = column.precision or Decimal(1)
    return int(precision) if column.kind == "date" else int(precision * 1_000_000)


@dataclass(frozen=True, eq=False)
class BetweenMaker:
    """Uniform between two moments, both included, on the column's grid from the first on."""

    start: Moments
    end: Moments
    target: Target

    @classmethod
    def of(cls, make: spec.Between, target: Target) -> BetweenMaker:
        """From its spec."""
        return cls(Moments.of(make.start, target), Moments.of(make.end, target), target)

    @property
    def names(self) -> frozenset[str]:
        """The columns of both ends."""
        return self.start.names | self.end.names

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One uniform draw per row."""
        start, end = self.start.evaluate(rows), self.end.evaluate(rows)
        missing = start.missing | end.missing
        step = tick(self.target.column)
        ticks: IntArray = (end.values.astype(np.int64) - start.values.astype(np.int64)) // step
        if bad := int(((ticks < 0) & ~missing).sum()):
            raise impossible(
                self.target.where, f"from after to in {bad} rows", "take max(from, to) as the end"
            )
        drawn = np.floor(rng.random(rows.count) * (ticks + 1)).astype(np.int64)
        return Vector(np.where(missing, 0, start.values.astype(np.int64) + drawn * step), missing)


@dataclass(frozen=True, eq=False)
class OffsetMaker:
    """Some whole units after another moment."""

    origin: Moments
    distance: Numbers
    unit: int
    """Model numbers of the column in one unit."""

    @classmethod
    def of(cls, make: spec.Offset, target: Target) -> OffsetMaker:
        """From its spec."""
        whole = Target(Column(kind="integer"), target.names, target.where)
        distance: Numbers
        if isinstance(make.distance, Dist):
            distance = DistMaker.of(make.distance, whole)
        else:
            distance = AmountNumbers(Amount.of(make.distance, target.names))
        unit = 1 if target.column.kind == "date" else MICROSECONDS[make.unit]
        return cls(Moments.of(make.origin, target), distance, unit)

    @property
    def names(self) -> frozenset[str]:
        """The columns of origin and distance."""
        return self.origin.names | self.distance.names

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """The distance is what is drawn."""
        origin = self.origin.evaluate(rows)
        distance, absent = self.distance.floats(rows, rng)
        missing = origin.missing | absent
        units = np.rint(np.where(missing, 0.0, distance)).astype(np.int64) * self.unit
        return Vector(np.where(missing, 0, origin.values.astype(np.int64) + units), missing)
