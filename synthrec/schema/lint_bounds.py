"""Bounds that no value can keep: constraints, truncations and moments held against domains.

Simple comparisons of one column with constants, joined by ``and`` over all constraints of severity error,
narrow the column's domain; where nothing is left, no row can keep them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from synthrec.schema.dist_spec import Dist
from synthrec.schema.generate_model import Between, Generate
from synthrec.schema.model import Column, Scalar, Schema, label
from synthrec.schema.rule_tables import column_path, rule_tables
from synthrec.schema.yaml_source import Path

Found = tuple[Path, str, str]
_MIRROR: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
}


@dataclass(frozen=True)
class Bounds:
    """What a column may hold; numbers and moments are compared as they are, labels as text."""

    low: object = None
    high: object = None
    low_open: bool = False
    high_open: bool = False
    labels: frozenset[str] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing lies within."""
        if self.labels is not None:
            return not self.labels
        if self.low is None or self.high is None:
            return False
        is_point = self.low == self.high
        return bool(self.low > self.high) or (is_point and (self.low_open or self.high_open))  # type: ignore[operator]

    def above(self, value: object, *, strict: bool) -> Bounds:
        """The part from a value on."""
        if self.low is not None and (self.low > value or (self.low == value and self.low_open)):  # type: ignore[operator]
            return self
        return replace(self, low=value, low_open=strict)

    def below(self, value: object, *, strict: bool) -> Bounds:
        """The part up to a value."""
        if self.high is not None and (self.high < value or (self.high == value and self.high_open)):  # type: ignore[operator]
            return self
        return replace(self, high=value, high_open=strict)


def contradictions(schema: Schema) -> Iterator[Found]:
    """Bounds that leave nothing, each at the place where it shows."""
    for name, table in schema.tables.items():
        bounds = {column: _domain(content) for column, content in table.columns.items()}
        for i, rule in enumerate(table.constraints):
            narrowed = _narrowed(rule.expr, bounds) if rule.severity == "error" else {}
            for column, left in narrowed.items():
                if left.is_empty and not bounds[column].is_empty:
                    found = (
                        f"no value of {column!r} can keep this rule beside its domain and the rules before"
                    )
                    yield (
                        ("tables", name, "constraints", i, "expr"),
                        found,
                        "widen the domain, or mend the rule",
                    )
                bounds[column] = left
    yield from _rules(schema)


def _rules(schema: Schema) -> Iterator[Found]:
    for name, table in rule_tables(schema).items():
        for column, make in table.makes.items():
            place = (*column_path(name, table.spec, column), "generate")
            for path, found, repair in _made(make, table.columns[column]):
                yield (*place, *path), found, repair


def _made(make: Generate, column: Column) -> Iterator[Found]:
    """What one rule asks of the values beside the domain of its column."""
    match make.make:
        case Dist(min=low, max=high):
            bounds = _domain(column)
            for bound, narrow in ((low, bounds.above), (high, bounds.below)):
                if _number(bound) is not None and column.is_numeric:
                    bounds = narrow(_number(bound), strict=False)
            if bounds.is_empty and not _domain(column).is_empty:
                yield (
                    ("dist", "max" if low is None else "min"),
                    "min and max leave nothing of the domain",
                    "mend them, or the domain",
                )
        case Between(start=start, end=end) if isinstance(start, date) and isinstance(end, date):
            if _moment(start) > _moment(end):
                yield ("date",), "the end lies before the start", "swap them"


def _domain(column: Column) -> Bounds:
    domain = column.domain
    if domain is None:
        return Bounds()
    if domain.values is not None:
        return Bounds(labels=frozenset(domain.labels))
    return Bounds(_comparable(domain.min), _comparable(domain.max))


def _comparable(value: Scalar | None) -> object:
    if isinstance(value, date):
        return _moment(value)
    return None if isinstance(value, str) else _number(value)


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Decimal(str(value))


def _moment(value: date) -> datetime:
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
    return moment.replace(tzinfo=None)


def _narrowed(source: str, bounds: dict[str, Bounds]) -> dict[str, Bounds]:
    """The bounds of the columns that a rule compares with constants, narrowed by it."""
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[str, Bounds] = {}
    for name, operator, value in _comparisons(tree):
        if name in bounds:
            found[name] = _cut(found.get(name, bounds[name]), operator, value)
    return found


def _comparisons(tree: ast.expr) -> Iterator[tuple[str, type[ast.cmpop], ast.expr]]:
    """Comparisons of a name with something, as ``name operator value``."""
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        for part in tree.values:
            yield from _comparisons(part)
    if not isinstance(tree, ast.Compare):
        return
    terms = [tree.left, *tree.comparators]
    for left, operator, right in zip(terms, tree.ops, terms[1:], strict=False):
        if isinstance(left, ast.Name):
            yield left.id, type(operator), right
        elif isinstance(right, ast.Name) and type(operator) in _MIRROR:
            yield right.id, _MIRROR[type(operator)], left


def _cut(bounds: Bounds, operator: type[ast.cmpop], value: ast.expr) -> Bounds:
    if bounds.labels is not None:
        return _cut_labels(bounds, operator, value)
    constant = _constant(value)
    given = [bound for bound in (bounds.low, bounds.high) if bound is not None]
    if constant is None or any(type(bound) is not type(constant) for bound in given):
        return bounds
    if operator in {ast.Gt, ast.GtE, ast.Eq}:
        bounds = bounds.above(constant, strict=operator is ast.Gt)
    if operator in {ast.Lt, ast.LtE, ast.Eq}:
        bounds = bounds.below(constant, strict=operator is ast.Lt)
    return bounds


def _cut_labels(bounds: Bounds, operator: type[ast.cmpop], value: ast.expr) -> Bounds:
    parts = value.elts if isinstance(value, ast.List) else [value]
    if bounds.labels is None or not all(isinstance(part, ast.Constant) for part in parts):
        return bounds
    named = {label(part.value) for part in parts if isinstance(part, ast.Constant)}  # type: ignore[arg-type]
    if operator in {ast.Eq, ast.In}:
        return replace(bounds, labels=bounds.labels & named)
    return replace(bounds, labels=bounds.labels - named) if operator in {ast.NotEq, ast.NotIn} else bounds


def _constant(value: ast.expr) -> object:
    """A number or moment that an expression spells; None for anything else."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        inner = _constant(value.operand)
        return -inner if isinstance(inner, Decimal) else None
    if not isinstance(value, ast.Constant):
        return None
    if isinstance(value.value, str):
        try:
            return _moment(datetime.fromisoformat(value.value))
        except ValueError:
            return None
    return _number(value.value)
