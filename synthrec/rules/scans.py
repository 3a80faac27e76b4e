"""Makers that look at a row's siblings: running sums, and the value before or after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from synthrec.rules.amounts import Amount, Target, evaluate
from synthrec.rules.numbers import convert, from_floats
from synthrec.rules.rows import Maker, Rows
from synthrec.rules.temporal import Moments
from synthrec.schema import generate_model as spec
from synthrec.schema import spec_base as base
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.model import Column
from synthrec.schema.vector import IntArray, Vector


def scan(make: spec.Scan, target: Target) -> Maker:
    """A running sum or a neighbour's value."""
    which, source = make.over
    expression = compile_expression(source, target.names)
    if which != "sum":
        return NeighbourMaker(expression, -1 if which == "previous" else 1, target.column)
    anew = None if make.reset is None else compile_expression(make.reset, target.names)
    if target.column.kind == "date":
        moment = cast("base.Moment", make.start)
        return RunningSumMaker(expression, Moments.of(moment, target), Column(kind="integer"), anew)
    amount = cast("base.Amount", make.start)
    return RunningSumMaker(expression, Amount.of(amount, target.names), target.column, anew)


def families(rows: Rows) -> IntArray:
    """The number of each row's parent; a root is its own family."""
    return np.arange(rows.count) if rows.parent_rows is None else rows.parent_rows


def _stretches(rows: Rows, anew: Expression) -> IntArray:
    """Numbers of runs of rows of one parent in which an expression keeps its value."""
    value, family = evaluate(anew, rows), families(rows)
    changes = np.zeros(rows.count, dtype=bool)
    for part in (family, value.values, value.missing):
        changes[1:] |= part[1:] != part[:-1]
    return np.cumsum(changes)


@dataclass(frozen=True)
class NeighbourMaker:
    """The value of an expression in the sibling before (-1) or after (+1)."""

    expression: Expression
    step: int
    column: Column

    @property
    def names(self) -> frozenset[str]:
        """The columns of the expression."""
        return self.expression.names

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """The neighbour's value; missing where there is none."""
        own = convert(evaluate(self.expression, rows), self.expression.kind, self.column)
        values, missing = np.roll(own.values, -self.step), np.roll(own.missing, -self.step)
        group = families(rows)
        alone = np.roll(group, -self.step) != group
        if rows.count:
            alone[0 if self.step < 0 else -1] = True
        absent = missing | alone
        return Vector(np.where(absent, own.values.dtype.type(0), values), absent, own.levels)


@dataclass(frozen=True)
class RunningSumMaker:
    """The sum of an expression over the siblings so far, in units of the column; missing counts as 0."""

    expression: Expression
    start: Moments | Amount
    column: Column
    """The column of the sum; whole days for a date."""
    anew: Expression | None = None
    """Where it changes, the sum starts anew."""

    @property
    def names(self) -> frozenset[str]:
        """The columns of the expression and of the start."""
        reset = self.anew.names if self.anew else frozenset[str]()
        return self.expression.names | self.start.names | reset

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """A cumulative sum that starts anew with every parent."""
        step = convert(evaluate(self.expression, rows), "number", self.column)
        total = np.cumsum(np.where(step.missing, 0, step.values))
        group = families(rows) if self.anew is None else _stretches(rows, self.anew)
        first = np.searchsorted(group, group)
        start = self._start(rows)
        sums = start.values + total - (total[first] - np.where(step.missing, 0, step.values)[first])
        return Vector(np.where(start.missing, 0, sums), start.missing)

    def _start(self, rows: Rows) -> Vector:
        if isinstance(self.start, Moments):
            return self.start.evaluate(rows)
        return from_floats(self.start.present(rows, "scan"), np.zeros(rows.count, dtype=bool), self.column)
