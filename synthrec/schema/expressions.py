"""Row expressions: a small grammar compiled to NumPy, with SQL's three-valued null logic.

``compile_expression("discharge >= admit and sex in ['F', 'M']", columns)`` checks names and types against
the columns and returns an `Expression` whose `evaluate` works on whole columns.

Comparisons with null are null; ``and``, ``or`` and ``not`` follow Kleene; ``isnull(x)`` asks for missing
values. Decimals are exact under +, -, comparison, min, max and round. Division by zero, overflow and
functions outside their range give null. Column names that are not plain words are written in backticks:
`` `hours-per-week` > 40 ``.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from typing import TypeVar

import numpy as np

from synthrec.errors import Fault, SchemaError
from synthrec.schema.expression_cells import (
    Array,
    Cells,
    any_of,
    as_float,
    both,
    exact,
    exact_division,
    inexact,
    inexact_division,
    negated,
)
from synthrec.schema.expression_functions import FUNCTIONS
from synthrec.schema.expression_syntax import Place, Source, parse
from synthrec.schema.expression_terms import (
    Operation,
    Run,
    Term,
    binary,
    comparison,
    constant_term,
    converted,
    membership,
    unary,
    unified,
)
from synthrec.schema.expression_types import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    ExpressionTypeError,
    ResultKind,
    Type,
    column_type,
)
from synthrec.schema.model import Column
from synthrec.schema.vector import Vector

_COMPARISONS: dict[type[ast.cmpop], Operation] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
_ARITHMETIC: dict[type[ast.operator], Operation] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.true_divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.remainder,
}
T = TypeVar("T")

_WORDS = {"true": True, "false": False}
"""Booleans as YAML writes them, unless a column has that name."""


@dataclass(frozen=True)
class Expression:
    """A compiled expression."""

    source: str
    kind: ResultKind
    names: frozenset[str]
    """The columns that it reads."""
    run: Run
    parts: tuple[Expression, ...] = ()

    @property
    def conjuncts(self) -> tuple[Expression, ...]:
        """The operands of a top-level ``and``, or the expression itself."""
        return self.parts or (self,)

    def evaluate(self, vectors: Mapping[str, Vector]) -> Vector:
        """The value in every row; null is missing.

        Numbers are int64 if they are integers by type, else float64; decimals enter and leave as values, not
        as minor units. An expression without columns has as many rows as `vectors`, or one.

        Args:
            vectors: at least the columns in `names`, all of one length.
        """
        rows = len(next(iter(vectors.values()))) if vectors else 1
        with np.errstate(all="ignore"):
            return self.run({name: Cells.of(vectors[name]) for name in self.names}).vector(rows)


def compile_expression(
    source: str, columns: Mapping[str, Column], *, file: str = "", line: int = 0, column: int = 0
) -> Expression:
    """Compile an expression over columns.

    Args:
        source: the text.
        columns: the names in scope; parent columns as ``table.column``.
        file: where the text comes from, for faults.
        line: 1-based line of its first character.
        column: 1-based column of its first character.

    Raises:
        SchemaError: the text is outside the grammar, names an unknown column, or mixes types.
    """
    prepared, tree = parse(source, Place(file, line, column))
    return _expression(tree, _Scope(prepared, columns))


@dataclass(frozen=True)
class _Scope:
    source: Source
    columns: Mapping[str, Column]


def _expression(tree: ast.expr, scope: _Scope) -> Expression:
    operands = _operands(tree)
    if len(operands) == 1:
        return _single(tree, scope)
    parts = _collect([partial(_conjunct, operand, scope) for operand in operands])
    run = reduce(lambda a, b: binary(BOOLEAN, both, a, b), [Term(BOOLEAN, part.run) for part in parts]).run
    names = frozenset[str]().union(*(part.names for part in parts))
    return Expression(scope.source.text.strip(), "boolean", names, run, tuple(parts))


def _operands(tree: ast.expr) -> list[ast.expr]:
    """The operands of nested top-level ands, from left to right."""
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        return [operand for value in tree.values for operand in _operands(value)]
    return [tree]


def _conjunct(tree: ast.expr, scope: _Scope) -> Expression:
    _boolean(tree, scope)
    return _single(tree, scope)


def _single(tree: ast.expr, scope: _Scope) -> Expression:
    term = _term(tree, scope)
    if term.type.kind == "number" and term.type.scale != 0:
        term = converted(term, FLOAT)
    names = (scope.source.name(node) for node in ast.walk(tree))
    used = frozenset(name for name in names if name is not None and name in scope.columns)
    return Expression(scope.source.segment(tree), term.type.kind, used, term.run)


def _collect(compilations: list[Callable[[], T]]) -> list[T]:
    """All results, or the faults of all that failed."""
    results: list[T] = []
    faults: list[Fault] = []
    for compilation in compilations:
        try:
            results.append(compilation())
        except SchemaError as error:
            faults.extend(error.faults)
    if faults:
        raise SchemaError(faults)
    return results


def _term(node: ast.expr, scope: _Scope) -> Term:
    try:
        return _compiled(node, scope)
    except ExpressionTypeError as error:
        raise scope.source.error_at(node, error.found, error.repair) from None


def _compiled(node: ast.expr, scope: _Scope) -> Term:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return constant_term(value)
        case ast.Name() | ast.Attribute():
            return _column(node, scope)
        case ast.BoolOp() | ast.UnaryOp() | ast.BinOp():
            return _operation(node, scope)
        case ast.Compare():
            return _chain(node, scope)
        case ast.Call():
            return _call(node, scope)
        case _:
            raise ExpressionTypeError("a list in place of a value", "lists stand after in and in band() only")


def _operation(node: ast.BoolOp | ast.UnaryOp | ast.BinOp, scope: _Scope) -> Term:
    match node:
        case ast.BoolOp(op=operator, values=values):
            terms = _collect([partial(_boolean, value, scope) for value in values])
            logic = both if isinstance(operator, ast.And) else any_of
            return reduce(lambda a, b: binary(BOOLEAN, logic, a, b), terms)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return unary(BOOLEAN, negated, _boolean(operand, scope))
        case ast.UnaryOp(op=operator, operand=operand):
            return _signed(operator, _term(operand, scope).expect("number"))
        case ast.BinOp(left=left, op=operator, right=right):
            return _arithmetic(operator, _term(left, scope), _term(right, scope))


def _column(node: ast.expr, scope: _Scope) -> Term:
    name = scope.source.name(node) or ""
    if name in scope.columns:
        return Term(column_type(scope.columns[name]), lambda rows: rows[name])
    if name in _WORDS:
        return constant_term(_WORDS[name])
    near = difflib.get_close_matches(name, scope.columns, n=1)
    repair = f"did you mean {near[0]}?" if near else f"use one of: {', '.join(list(scope.columns)[:8])}"
    if isinstance(node, ast.Attribute):
        raise ExpressionTypeError(f"'{name}' is neither a column nor a column of the parent table", repair)
    quote = " (write labels in quotes)" if not near else ""
    raise ExpressionTypeError(f"there is no column '{name}'{quote}", repair)


def _boolean(node: ast.expr, scope: _Scope) -> Term:
    term = _term(node, scope)
    if term.type.kind != "boolean":
        raise scope.source.error_at(node, f"{term.type} in place of a condition", "compare it with a value")
    return term


def _signed(operator: ast.unaryop, term: Term) -> Term:
    if isinstance(operator, ast.UAdd):
        return term
    if term.constant is not None and not isinstance(term.constant, str):
        return constant_term(-term.constant)
    return _arithmetic(ast.Sub(), constant_term(0), term)


def _arithmetic(operator: ast.operator, a: Term, b: Term) -> Term:
    operation = _ARITHMETIC[type(operator)]
    if {a.type.kind, b.type.kind} & {"date", "datetime"}:
        raise ExpressionTypeError(
            "arithmetic on dates", "use days_between(start, end) or add_days(date, days)"
        )
    target, (left, right) = unified((a.expect("number"), b.expect("number")))
    is_product = isinstance(operator, ast.Mult) and target.scale != 0
    if target.scale is None or is_product or isinstance(operator, ast.Div):
        return _inexact(operation, left, right)
    kind = INTEGER if isinstance(operator, ast.FloorDiv) else target
    kernel = exact_division if isinstance(operator, ast.FloorDiv | ast.Mod) else exact
    return binary(kind, lambda x, y: kernel(operation, x, y), left, right)


def _inexact(operation: Callable[[Array, Array], Array], a: Term, b: Term) -> Term:
    divides = operation in {np.true_divide, np.floor_divide, np.remainder}
    kernel = inexact_division if divides else inexact

    def run(x: Cells, y: Cells) -> Cells:
        return kernel(operation, as_float(x, a.type.scale), as_float(y, b.type.scale))

    return binary(FLOAT, run, a, b)


def _chain(node: ast.Compare, scope: _Scope) -> Term:
    nodes = [node.left, *node.comparators]
    pairs = zip(nodes, node.ops, nodes[1:], strict=False)
    links = [_link(left, operator, right, scope) for left, operator, right in pairs]
    return reduce(lambda a, b: binary(BOOLEAN, both, a, b), links)


def _link(left: ast.expr, operator: ast.cmpop, right: ast.expr, scope: _Scope) -> Term:
    a = _term(left, scope)
    if isinstance(operator, ast.In | ast.NotIn):
        found = membership(a, _constants(right, scope))
        return found if isinstance(operator, ast.In) else unary(BOOLEAN, negated, found)
    b = _term(right, scope)
    if a.text is not None and b.text is None and isinstance(operator, ast.Eq | ast.NotEq):
        a, b = b, a
    return comparison(_COMPARISONS[type(operator)], a, b)


def _constants(node: ast.expr, scope: _Scope) -> tuple[Term, ...]:
    if not isinstance(node, ast.List | ast.Tuple) or not node.elts:
        raise scope.source.error_at(node, "no list of constants", "write it in brackets, e.g. ['F', 'M']")
    terms = tuple(_term(item, scope) for item in node.elts)
    for item, term in zip(node.elts, terms, strict=True):
        if term.constant is None:
            raise scope.source.error_at(
                item, "a list entry that is not a constant", "join comparisons with or"
            )
    return terms


def _call(node: ast.Call, scope: _Scope) -> Term:
    name = scope.source.name(node.func) or "an expression"
    function = FUNCTIONS.get(name)
    if function is None:
        near = difflib.get_close_matches(name, FUNCTIONS, n=1)
        repair = f"did you mean {near[0]}?" if near else f"use one of: {', '.join(sorted(FUNCTIONS))}"
        raise ExpressionTypeError(f"there is no function {name}", repair)
    if not function.fewest <= len(node.args) <= function.most:
        raise ExpressionTypeError(f"{len(node.args)} arguments for {name}", f"write {function.usage}")
    return function.build(*(_argument(argument, scope) for argument in node.args))


def _argument(node: ast.expr, scope: _Scope) -> Term:
    if isinstance(node, ast.List | ast.Tuple):
        items = _constants(node, scope)
        return Term(Type("label"), items[0].run, items=items)
    return _term(node, scope)
