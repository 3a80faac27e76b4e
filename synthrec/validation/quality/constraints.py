"""The constraints that the schema declares: how many rows keep them, beside how many real rows do.

A null result keeps a constraint, as in SQL CHECK. Real records break rules too; a synthetic share far above
the real one is as unlike them as one far below.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from synthrec.data.table import Table
from synthrec.schema.expressions import compile_expression
from synthrec.schema.model import Constraint
from synthrec.schema.vector import BoolArray
from synthrec.validation.quality.ground import SAMPLED, Answer, Question, Rows, Sides
from synthrec.validation.result import Measure
from synthrec.validation.stats import proportion

_METHOD = "share of rows that keep {}; limits Clopper-Pearson 1934; baseline: of the training rows" + SAMPLED


def answer(sides: Sides) -> Answer | str:
    """The share of rows that keep all constraints, and each of them."""
    constraints = sides.spec.constraints
    if not constraints:
        return "the schema declares no constraint for the table"
    found, floor = (_kept(side, constraints) for side in (sides.synthetic, sides.train))
    mine, real = (reduce(np.logical_and, side.values()) for side in (found, floor))
    measures = (
        _measure("all", mine, real, "every constraint"),
        *(_measure(f"constraint {name}", found[name], floor[name], "it") for name in found),
    )
    return Answer(measures, "all")


QUESTION = Question("quality.constraints", "Are declared constraints kept as often as in real rows?", answer)


def _kept(side: Rows, constraints: tuple[Constraint, ...]) -> dict[str, BoolArray]:
    return {constraint.name: _keeps(side.table, constraint) for constraint in constraints}


def _keeps(table: Table, constraint: Constraint) -> BoolArray:
    result = table.evaluate(compile_expression(constraint.expr, table.spec.columns))
    return np.asarray(result.values.astype(bool) | result.missing)


def _measure(name: str, found: BoolArray, floor: BoolArray, what: str) -> Measure:
    rate = proportion(int(found.sum()), len(found))
    return Measure(
        name, rate.value, rate.low, rate.high, len(found), float(floor.mean()), _METHOD.format(what)
    )
