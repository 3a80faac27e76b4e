"""What a condition on rows says about single columns: the levels that it leaves possible.

The condition is cut at its top-level ``and``. A part that names one column is evaluated on the values of each
level, and a level stays allowed when any of its values satisfies the part. So the evidence holds every row
that satisfies the condition; parts over several columns, and values within a level, are left to the exact
filter.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Any

import numpy as np

from synthrec.codec.base import ColumnCodec
from synthrec.codec.label import BooleanCodec, LabelCodec
from synthrec.codec.lattice import model_number, unit
from synthrec.codec.numeric import NumericCodec
from synthrec.schema.expression_syntax import Place, Source, parse
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.model import TEMPORAL_KINDS, Column
from synthrec.schema.vector import BoolArray, IntArray, Vector

FEW_POINTS = 2**20
"""Lattices of no more points are evaluated point by point."""

DENSE_POINTS = 2**24
"""Up to so many points this is done too where a part is no plain comparison with constants."""

CHUNK = 2**20
"""Lattice points evaluated at once."""


@dataclass(frozen=True)
class Part:
    """One term of the top-level ``and`` that names a single column."""

    column: str
    expression: Expression
    source: Source
    tree: ast.expr


def single_column_parts(where: str, columns: Mapping[str, Column]) -> Iterator[Part]:
    """The terms of a condition that name one column each.

    Raises:
        SchemaError: the condition is no valid expression over the columns.
    """
    source, tree = parse(where, Place("--where"))
    for term in _terms(tree):
        expression = compile_expression(source.segment(term), columns, file="--where")
        if len(expression.names) == 1:
            yield Part(next(iter(expression.names)), expression, source, term)


def _terms(tree: ast.expr) -> Iterator[ast.expr]:
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        yield from chain.from_iterable(map(_terms, tree.values))
    else:
        yield tree


def allowed_levels(part: Part, column: Column, codec: ColumnCodec) -> BoolArray:
    """Levels of the column in which some value satisfies the part, shape (size,)."""
    match codec:
        case NumericCodec():
            values = _numeric_levels(part, column, codec)
        case LabelCodec(labels=labels):
            codes = np.arange(len(labels), dtype=np.int32)
            values = _satisfied(part, Vector(codes, np.zeros(len(labels), dtype=bool), labels))
        case BooleanCodec():
            values = _satisfied(part, Vector.full(np.array([False, True])))
        case _:
            values = np.ones(codec.size - codec.has_missing, dtype=bool)
    if not codec.has_missing:
        return values
    nothing = codec.decode(np.array([codec.size - 1], dtype=np.int32), np.random.default_rng(0))
    return np.append(values, _satisfied(part, nothing))


def _satisfied(part: Part, vector: Vector) -> BoolArray:
    """Rows for which the part is true; null is not true. Shape (n,)."""
    result = part.expression.evaluate({part.column: vector})
    return result.values.astype(bool) & ~result.missing


def _numeric_levels(part: Part, column: Column, codec: NumericCodec) -> BoolArray:
    bins = codec.bins
    points = bins.last - bins.first + 1
    breaks = _breakpoints(part, column) if points > FEW_POINTS else None
    if breaks is None and points <= DENSE_POINTS:
        return _dense(part, codec)
    ends = _at(part, codec, bins.low) | _at(part, codec, bins.low + bins.width - 1)
    inside = np.ones(len(bins), dtype=bool) if breaks is None else _touched(breaks, codec)
    return ends | (inside & (bins.width > 1))


def _touched(breaks: list[Decimal], codec: NumericCodec) -> BoolArray:
    """Levels that hold a breakpoint or a neighbour of one."""
    near = [codec.lattice.floor(number) + offset for number in breaks for offset in (-1, 0, 1, 2)]
    inside = [index for index in near if codec.bins.first <= index <= codec.bins.last]
    touched = np.zeros(len(codec.bins), dtype=bool)
    touched[codec.bins.find(np.array(inside, dtype=np.int64))] = True
    return touched


def _dense(part: Part, codec: NumericCodec) -> BoolArray:
    """Levels with a lattice point in their draw range that satisfies the part; exact."""
    bins = codec.bins
    found = np.zeros(len(bins), dtype=bool)
    for start in range(bins.first, bins.last + 1, CHUNK):
        points = np.arange(start, min(start + CHUNK, bins.last + 1), dtype=np.int64)
        levels = bins.find(points)
        drawn = (points >= bins.low[levels]) & (points < (bins.low + bins.width)[levels])
        found[levels[_at(part, codec, points) & drawn]] = True
    return found


def _at(part: Part, codec: NumericCodec, indices: IntArray) -> BoolArray:
    return _satisfied(part, Vector.full(codec.lattice.values(indices)))


def _breakpoints(part: Part, column: Column) -> list[Decimal] | None:
    """Model numbers where plain comparisons of the column with constants change; None for anything else."""
    nodes = [node for node in ast.walk(part.tree) if isinstance(node, ast.expr)]
    if not all(isinstance(node, _PLAIN) or part.source.name(node) == part.column for node in nodes):
        return None
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    try:
        numbers = [_constant(value, column) for value in values]
    except ValueError:
        return None
    return numbers + [-number for number in numbers]


_PLAIN = (ast.BoolOp, ast.UnaryOp, ast.Compare, ast.List, ast.Tuple, ast.Constant)
"""Nodes of comparisons with constants; a sign before a constant is a unary operation."""


def _constant(value: Any, column: Column) -> Decimal:
    if isinstance(value, str):
        return model_number(value, column)
    if isinstance(value, bool) or column.kind in TEMPORAL_KINDS:
        raise ValueError("not a constant of the column")
    return Decimal(str(value)) * unit(column)


def intersection(levels: Sequence[BoolArray]) -> BoolArray:
    """Levels that all parts allow."""
    allowed: BoolArray = np.logical_and.reduce(levels)
    return allowed
