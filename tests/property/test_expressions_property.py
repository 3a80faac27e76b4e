"""Compiled expressions against an independent row-by-row interpreter that has None for null."""

from __future__ import annotations

import ast
import datetime as dt
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthrec.errors import SchemaError
from synthrec.schema.expressions import compile_expression
from synthrec.schema.model import Column, Domain
from synthrec.schema.vector import Vector

LABELS = ("F", "M", "U")
COLUMNS = {
    "a": Column(kind="integer"),
    "b": Column(kind="integer"),
    "c": Column(kind="decimal", scale=2),
    "e": Column(kind="decimal", scale=1),
    "k": Column(kind="boolean"),
    "m": Column(kind="boolean"),
    "s": Column(kind="category", domain=Domain(values=LABELS, source="public")),
    "t": Column(kind="category"),
    "d": Column(kind="date"),
}
SCALES = {"a": 0, "b": 0, "c": 2, "e": 1}

CONSTANTS = st.sampled_from(["0", "1", "-2", "3", "0.5", "0.25", "-1.5", "0.1", "7"])
NUMBERS = st.recursive(
    st.sampled_from(["a", "b", "c", "e"]) | CONSTANTS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "//", "%"]), inner),
        st.builds("min({}, {})".format, inner, inner),
        st.builds("max({}, {}, a)".format, inner, inner),
        st.builds("abs({})".format, inner),
        st.builds("coalesce({}, {})".format, inner, inner),
        st.builds("clip({}, -3, 5)".format, inner),
        st.builds("round({}, 1)".format, inner),
        st.builds("floor({})".format, inner),
        st.builds("(-{})".format, inner),
    ),
    max_leaves=5,
)
INTEGERS = st.builds("({} * {})".format, st.sampled_from("ab"), st.sampled_from(["a", "b", "3"]))
ORDER = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
EQUAL = st.sampled_from(["==", "!="])
ATOMS = st.one_of(
    st.builds("{} {} {}".format, NUMBERS | INTEGERS, ORDER, NUMBERS),
    st.builds("{} < {} <= {}".format, NUMBERS, NUMBERS, NUMBERS),
    st.builds("{} {} [1, 0.5, -3]".format, NUMBERS, st.sampled_from(["in", "not in"])),
    st.builds("s {} '{}'".format, EQUAL, st.sampled_from(LABELS)),
    st.builds("'{}' {} t".format, st.sampled_from("FMX"), EQUAL),
    st.builds("s {} t".format, EQUAL),
    st.builds("s {} ['F', 'U']".format, st.sampled_from(["in", "not in"])),
    st.builds("d {} '2024-02-{:02}'".format, ORDER, st.integers(1, 28)),
    st.builds("isnull({})".format, NUMBERS | st.sampled_from(["s", "k", "d"])),
    st.sampled_from(["k", "m", "True", "false", "k == m", "lower(t) == 'f'", "matches(t, '[FM]')"]),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("where({}, {}, {})".format, inner, inner, inner),
    ),
    max_leaves=6,
)

small = st.integers(-9, 9)
ROW = st.fixed_dictionaries(
    {
        "a": st.none() | small,
        "b": st.none() | small,
        "c": st.none() | st.integers(-300, 300),
        "e": st.none() | st.integers(-30, 30),
        "k": st.none() | st.booleans(),
        "m": st.none() | st.booleans(),
        "s": st.none() | st.sampled_from(LABELS),
        "t": st.none() | st.sampled_from(("M", "X", "F")),
        "d": st.none() | st.dates(dt.date(2024, 2, 1), dt.date(2024, 2, 28)),
    }
)


def _vector(name, rows):
    cells = [row[name] for row in rows]
    missing = np.array([cell is None for cell in cells])
    if name in "st":
        levels = LABELS if name == "s" else ("X", "F", "M")
        codes = [0 if cell is None else levels.index(cell) for cell in cells]
        return Vector(np.array(codes, np.int32), missing, levels)
    if name == "d":
        days = [0 if cell is None else (cell - dt.date(1970, 1, 1)).days for cell in cells]
        return Vector(np.array(days, np.int64), missing)
    return Vector(np.array([cell or 0 for cell in cells], bool if name in "km" else np.int64), missing)


def _half_even(number, places):
    return Fraction(round(number * 10**places), 10**places)


def _floor_mod(operation, x, y):
    if y == 0:
        return None
    return x // y if isinstance(operation, ast.FloorDiv) else x % y


def _kleene(values, absorbing):
    if absorbing in values:
        return absorbing
    return None if None in values else not absorbing


class Oracle:
    """Values of one row; numbers are exact fractions."""

    def __init__(self, row):
        self.row = {
            name: Fraction(cell, 10 ** SCALES[name]) if name in SCALES and cell is not None else cell
            for name, cell in row.items()
        }

    def __call__(self, node):
        return getattr(self, type(node).__name__)(node)

    def Name(self, node):  # noqa: N802
        return {"false": False, "true": True}.get(node.id, self.row.get(node.id))

    def Constant(self, node):  # noqa: N802
        value = node.value
        return (
            Fraction(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value
        )

    def BoolOp(self, node):  # noqa: N802
        return _kleene([self(value) for value in node.values], isinstance(node.op, ast.Or))

    def UnaryOp(self, node):  # noqa: N802
        value = self(node.operand)
        if value is None:
            return None
        return (not value) if isinstance(node.op, ast.Not) else -value

    def BinOp(self, node):  # noqa: N802
        x, y = self(node.left), self(node.right)
        if x is None or y is None:
            return None
        match node.op:
            case ast.Add():
                return x + y
            case ast.Sub():
                return x - y
            case ast.Mult():
                return x * y
            case _:
                return _floor_mod(node.op, x, y)

    def Compare(self, node):  # noqa: N802
        sides = [node.left, *node.comparators]
        links = [self.link(x, op, y) for x, op, y in zip(sides, node.ops, sides[1:], strict=False)]
        return _kleene(links, False)

    def link(self, left, op, right):
        x = self(left)
        if x is None:
            return None
        if isinstance(op, ast.In | ast.NotIn):
            return (x in [self(item) for item in right.elts]) == isinstance(op, ast.In)
        y = self(right)
        if y is None:
            return None
        if isinstance(x, dt.date):
            y = dt.date.fromisoformat(y)
        return {
            ast.Eq: x == y,
            ast.NotEq: x != y,
            **(
                {} if isinstance(x, str) else {ast.Lt: x < y, ast.LtE: x <= y, ast.Gt: x > y, ast.GtE: x >= y}
            ),
        }[type(op)]

    def Call(self, node):  # noqa: N802
        name, values = node.func.id, [self(argument) for argument in node.args]
        if name == "isnull":
            return values[0] is None
        if name == "where":
            return values[1] if values[0] else values[2]
        if name == "coalesce":
            return next((value for value in values if value is not None), None)
        if None in values:
            return None
        return {
            "min": lambda: min(values),
            "max": lambda: max(values),
            "clip": lambda: min(max(values[0], values[1]), values[2]),
            "abs": lambda: max(values[0], -values[0]),
            "round": lambda: _half_even(values[0], 1),
            "floor": lambda: Fraction(values[0] // 1),
            "lower": lambda: str.lower(values[0]),
            "matches": lambda: values[0] in "FM",
        }[name]()


def _evaluated(source, rows):
    expression = compile_expression(source, COLUMNS)
    result = expression.evaluate({name: _vector(name, rows) for name in COLUMNS})
    assert not result.values[result.missing].any()
    return [None if gone else cell for cell, gone in zip(result.values.tolist(), result.missing, strict=True)]


@settings(max_examples=400, deadline=None)
@given(CONDITIONS, st.lists(ROW, min_size=1, max_size=6))
def test_conditions_follow_three_valued_logic(source, rows):
    tree = ast.parse(source, mode="eval").body
    assert _evaluated(source, rows) == [Oracle(row)(tree) for row in rows]


@settings(max_examples=300, deadline=None)
@given(NUMBERS, st.lists(ROW, min_size=1, max_size=6))
def test_exact_numbers_are_exact(source, rows):
    tree = ast.parse(source, mode="eval").body
    wanted = [Oracle(row)(tree) for row in rows]
    assert _evaluated(source, rows) == [None if value is None else float(value) for value in wanted]


@settings(max_examples=100, deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=4), st.lists(ROW, min_size=1, max_size=4))
def test_a_conjunction_is_the_and_of_its_conjuncts(sources, rows):
    expression = compile_expression(" and ".join(sources), COLUMNS)
    parts = [_evaluated(part.source, rows) for part in expression.conjuncts]
    assert _evaluated(expression.source, rows) == [
        _kleene(values, False) for values in zip(*parts, strict=True)
    ]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text("ab.()[]'\"`#+-*/%=<>!andornotin 01\\\n:,{}λ", max_size=40))
def test_any_text_compiles_or_is_refused(source):
    faults = ()
    try:
        compile_expression(source, COLUMNS)
    except SchemaError as error:
        faults = error.faults
    assert all(fault.repair and fault.line >= 1 and fault.column >= 1 for fault in faults)


HOSTILE = [
    "__import__('os').system('true')",
    "a.__class__",
    "a.__class__.__mro__[1]",
    "().__class__.__bases__",
    "'x'.format(a)",
    "s.upper()",
    "a[0]",
    "'abc'[0]",
    "lambda: 1",
    "(lambda x: x)(1)",
    "[x for x in [1]]",
    "{x for x in [1]}",
    "{x: 1 for x in [1]}",
    "(x for x in [1])",
    "[1, 2]",
    "(1, 2)",
    "{1: 2}",
    "{1}",
    "2 ** 99999999",
    "a ** b",
    "(a := 3)",
    "f'{a}'",
    "f'{a!r}' == 'x'",
    "min(*[a, b])",
    "min(a, b, **{})",
    "round(a, digits=1)",
    "b'x' == s",
    "1j > a",
    "9007199254740993 > a",
    "1e999 > a",
    "a @ b",
    "a << 2",
    "a & b",
    "a | b",
    "~a",
    "a is None",
    "a if k else b",
    "await a",
    "yield a",
    "eval('1')",
    "exec('1')",
    "open('x')",
    "getattr(a, 'b')",
    "a; b",
    "a\\\n> 1",
    "a > 1 # b",
    "None",
    "...",
    "print(a)",
    "where.__globals__",
    "",
    "   \n ",
    "a > 1)",
    "((a > 1)",
    "'unclosed == s",
    "'''x''' == s",
    "a > 1) or (b > 2",
    "not",
    "a in b",
    "a in []",
    "a in [b]",
    "x" * 2_001,
    "(" * 500 + "a" + ")" * 500,
    "-" * 1_000 + "a",
    "not " * 60 + "k",
    " + ".join(["a"] * 200),
    "[" * 900,
    "9" * 1_900 + " > a",
    "\x00",
    "a > 1\x00",
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_refused(source):
    with pytest.raises(SchemaError) as caught:
        compile_expression(source, COLUMNS, file="f.yaml", line=3, column=7)
    assert all(fault.line >= 3 and fault.repair for fault in caught.value.faults)
