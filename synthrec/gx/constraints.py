"""Row constraints that a built-in expectation states exactly: comparisons joined by ``and``.

A null result of a constraint passes, and the expectations skip rows in which a compared value is missing, so
that both say the same. Everything else (``or``, functions, arithmetic) is left to synthrec's own check.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synthrec.gx.bounds import Side, bound, members
from synthrec.schema.expression_syntax import Place, Source, parse
from synthrec.schema.model import Column, Scalar

Stated = tuple[str, dict[str, Any]]
"""Type and arguments of an expectation."""

_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}
_SKIPPED = "either_value_is_missing"


def stated_by_built_ins(expression: str, columns: Mapping[str, Column]) -> tuple[Stated, ...] | None:
    """The expectations that together say what a constraint says; None where there are none that do."""
    source, tree = parse(expression, Place())
    try:
        return tuple(_conjunction(tree, _Scope(source, columns)))
    except _NotStatedError:
        return None


class _NotStatedError(Exception):
    """No built-in expectation says this."""


@dataclass(frozen=True)
class _Scope:
    source: Source
    columns: Mapping[str, Column]

    def column(self, node: ast.expr) -> str | None:
        name = self.source.name(node)
        return name if name in self.columns else None


def _conjunction(node: ast.expr, scope: _Scope) -> Iterator[Stated]:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            for value in values:
                yield from _conjunction(value, scope)
        case ast.Compare(left=left, ops=operators, comparators=others):
            for a, operator, b in zip([left, *others], operators, others, strict=False):
                yield _comparison(a, operator, b, scope)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield _truth(operand, scope, expected=False)
        case _:
            yield _truth(node, scope, expected=True)


def _truth(node: ast.expr, scope: _Scope, *, expected: bool) -> Stated:
    name = scope.column(node)
    if name is None or scope.columns[name].kind != "boolean":
        raise _NotStatedError
    return "expect_column_values_to_be_in_set", {"column": name, "value_set": [expected]}


def _comparison(left: ast.expr, operator: ast.cmpop, right: ast.expr, scope: _Scope) -> Stated:
    a, b = scope.column(left), scope.column(right)
    if a is not None and b is not None:
        return _pair(a, type(operator), b, scope.columns)
    if a is None and b is not None and type(operator) in _MIRRORED:
        return _with_constant(b, _MIRRORED[type(operator)], left, scope)
    if a is not None:
        return _with_constant(a, type(operator), right, scope)
    raise _NotStatedError


def _pair(a: str, operator: type[ast.cmpop], b: str, columns: Mapping[str, Column]) -> Stated:
    if not _alike(columns[a], columns[b]):
        raise _NotStatedError
    if operator in {ast.Lt, ast.LtE}:
        a, b, operator = b, a, _MIRRORED[operator]
    arguments = {"column_A": a, "column_B": b, "ignore_row_if": _SKIPPED}
    if operator is ast.Eq:
        return "expect_column_pair_values_to_be_equal", arguments
    if operator in {ast.Gt, ast.GtE}:
        both = arguments | {"or_equal": operator is ast.GtE}
        return "expect_column_pair_values_a_to_be_greater_than_b", both
    raise _NotStatedError


def _alike(a: Column, b: Column) -> bool:
    """Whether pandas holds both in one type with an order; labels it holds as unordered categories."""
    return a.is_numeric and (a.kind, a.scale, a.timezone) == (b.kind, b.scale, b.timezone)


def _with_constant(name: str, operator: type[ast.cmpop], node: ast.expr, scope: _Scope) -> Stated:
    column = scope.columns[name]
    if operator in {ast.Lt, ast.LtE, ast.Gt, ast.GtE}:
        return _range(name, operator, _constant(node, scope), column)
    nodes = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    values = tuple(_constant(item, scope) for item in nodes)
    try:
        listed = members(values, column)
    except (ValueError, ArithmeticError):
        raise _NotStatedError from None
    if listed is None or operator not in {ast.Eq, ast.In, ast.NotEq, ast.NotIn}:
        raise _NotStatedError
    positive = operator in {ast.Eq, ast.In}
    name_of = "expect_column_values_to_be_in_set" if positive else "expect_column_values_to_not_be_in_set"
    return name_of, {"column": name, "value_set": listed}


def _range(name: str, operator: type[ast.cmpop], value: Scalar, column: Column) -> Stated:
    if not column.is_numeric:
        raise _NotStatedError
    strict = operator in {ast.Lt, ast.Gt}
    side: Side = "min" if operator in {ast.Gt, ast.GtE} else "max"
    try:
        limit = bound(value, column, side, strict=strict)
    except (ValueError, ArithmeticError):
        raise _NotStatedError from None
    arguments = {"column": name, f"{side}_value": limit} | ({f"strict_{side}": True} if strict else {})
    return "expect_column_values_to_be_between", arguments


def _constant(node: ast.expr, scope: _Scope) -> Scalar:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.Name() if scope.source.name(node) in {"true", "false"}:
            return scope.source.name(node) == "true"
        case _:
            raise _NotStatedError
