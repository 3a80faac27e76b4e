"""What the engine executes: per table its makers, each after those whose columns it reads, and its checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthrec.errors import Fault, SchemaError
from synthrec.rules.amounts import Names, Target, evaluate
from synthrec.rules.children import Count
from synthrec.rules.correlated import innovations, members
from synthrec.rules.events import EventSource
from synthrec.rules.fitted import Filling, Models, fillings
from synthrec.rules.history import HistorySource
from synthrec.rules.makers import maker
from synthrec.rules.rows import Maker, Rows
from synthrec.rules.sources import Bringing, Source
from synthrec.rules.stages import Check, Stage, stages
from synthrec.schema.events_spec import Events
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.fitted_checks import filled
from synthrec.schema.generate import faults
from synthrec.schema.generate_model import SIBLINGS, Sequence
from synthrec.schema.id_number_spec import IdNumber
from synthrec.schema.model import LABEL_KINDS, Column, Scalar, Schema, TableSpec
from synthrec.schema.rule_tables import RuleTable, count_column, most_children, rule_tables, scope
from synthrec.schema.scalars import model_number
from synthrec.schema.vector import BoolArray

Numbered = Sequence | IdNumber
"""What is made from the number of a row, when all else stands."""


@dataclass(frozen=True)
class TablePlan:
    """How one table is made."""

    name: str
    spec: TableSpec
    per: str | None
    count: Count | None
    source: Bringing | None
    """What brings the rows about, where it is not a count."""
    fillings: tuple[Filling, ...]
    """What fills columns of the rows as they come about."""
    stages: tuple[Stage, ...]
    """How its columns are made; sequences are not among them."""
    sequences: Mapping[str, Numbered]
    order_by: str | None
    late_checks: tuple[Check, ...]
    """Those that look at sequences, which are numbered last and cannot be drawn anew."""
    redraws: Literal["rows", "families"]
    """What is drawn anew where a check is violated: the row, or all rows of its parent."""


def plan(schema: Schema, params: Mapping[str, Scalar], models: Models) -> tuple[TablePlan, ...]:
    """The tables of a rule schema, parents before children.

    Raises:
        SchemaError: a column has no `generate:`, or the `generate:` parts have faults.
        ConfigError: nobody has opened the model of a column.
    """
    problems = [*_unmade(schema), *faults(schema)]
    if problems:
        raise SchemaError(
            Fault(f"schema {schema.info.name}", 0, 0, ".".join(map(str, path)), found, repair)
            for path, found, repair in problems
        )
    tables = rule_tables(schema)
    order = TopologicalSorter({name: _parents(table) for name, table in tables.items()}).static_order()
    return tuple(_table(tables[name], tables, params, models) for name in order)


def _unmade(schema: Schema) -> Iterator[tuple[tuple[str, ...], str, str]]:
    for name, table in schema.tables.items():
        for column, content in table.columns.items():
            if not content.generate:
                yield ("tables", name, "columns", column), "no generate", "say how the column is made"


def _parents(table: RuleTable) -> set[str]:
    return {table.generate.per} if table.generate.per else set()


def _table(
    table: RuleTable, tables: Mapping[str, RuleTable], params: Mapping[str, Scalar], models: Models
) -> TablePlan:
    names = scope(tables, table.name, params)
    block_members = members(table.generate.correlated)
    made = {
        name: maker(
            make,
            Target(
                table.columns[name],
                names,
                f"tables.{table.name}.columns.{name}.generate",
                block_members.get(name),
                name,
            ),
        )
        for name, make in table.makes.items()
        if not isinstance(make.make, Numbered)
    }
    checks = [_by_model(table, check) for check in _checks(table, made)]
    made |= innovations(table.generate.correlated)
    order = TopologicalSorter({name: made[name].names & set(made) for name in made}).static_order()
    return TablePlan(
        name=table.name,
        spec=table.spec,
        per=table.generate.per,
        count=_count(table, tables, params),
        source=_source(table, tables, params),
        fillings=fillings(table, models),
        stages=stages(
            {name: made[name] for name in order}, (check for check in checks if check.names <= set(made))
        ),
        sequences={name: make.make for name, make in table.makes.items() if isinstance(make.make, Numbered)},
        order_by=table.generate.order_by,
        late_checks=tuple(check for check in checks if not check.names <= set(made)),
        redraws="families"
        if any(isinstance(make.make, SIBLINGS) for make in table.makes.values())
        else "rows",
    )


def _count(table: RuleTable, tables: Mapping[str, RuleTable], params: Mapping[str, Scalar]) -> Count | None:
    if table.count is None or table.generate.per is None:
        return None
    names: Names = scope(tables, table.generate.per, params)
    target = Target(count_column(table), names, f"tables.{table.name}.generate.count")
    return Count(maker(table.count, target), most_children(table))


def _source(
    table: RuleTable, tables: Mapping[str, RuleTable], params: Mapping[str, Scalar]
) -> Bringing | None:
    if table.source is None or table.generate.per is None:
        return None
    names: Names = scope(tables, table.generate.per, params)
    column, place = count_column(table), f"tables.{table.name}.generate"
    source: Source
    if isinstance(table.source, Events):
        source = EventSource.of(table.source, Target(column, names, f"{place}.events"))
    else:
        source = HistorySource.of(table.source, Target(column, names, f"{place}.history"))
    return Bringing(source, most_children(table))


def _checks(table: RuleTable, made: Mapping[str, Maker]) -> Iterator[Check]:
    """The table's constraints of severity error, then what its columns allow."""
    for constraint in table.spec.constraints:
        expression = compile_expression(constraint.expr, table.spec.columns)
        if constraint.severity == "error":
            where = f"tables.{table.name}.constraints.{constraint.name}"
            yield Check(where, constraint.expr, expression.names, _broken(expression))
    for name in made:
        column = table.columns[name]
        where = f"tables.{table.name}.columns.{name}"
        if not column.null.allowed:
            yield Check(f"{where}.null", "never missing", frozenset({name}), _missing(name))
        if column.domain is not None:
            yield Check(f"{where}.domain", "within the domain", frozenset({name}), _outside(name, column))


def _by_model(table: RuleTable, check: Check) -> Check:
    """The check, with another repair where it looks at nothing but columns that models fill."""
    learned = {name for columns in filled(table).values() for name in columns}
    if not check.names or not check.names <= learned:
        return check
    repair = "allow it here, or put the rule into the schema that the model is fitted with"
    return replace(check, repair=repair)


def _missing(name: str) -> Callable[[Rows], BoolArray]:
    return lambda rows: rows.made[name].missing


def _broken(expression: Expression) -> Callable[[Rows], BoolArray]:
    def violated(rows: Rows) -> BoolArray:
        result = evaluate(expression, rows)
        return ~result.values.astype(bool) & ~result.missing

    return violated


def _outside(name: str, column: Column) -> Callable[[Rows], BoolArray]:
    """Outside the bounds of a column, or not among its values."""
    domain = column.domain
    low = None if domain is None or domain.min is None else model_number(domain.min, column)
    high = None if domain is None or domain.max is None else model_number(domain.max, column)
    if column.kind in LABEL_KINDS and domain is not None and domain.labels:
        high = len(domain.labels) - 1

    def violated(rows: Rows) -> BoolArray:
        vector = rows.made[name]
        outside = np.zeros(rows.count, dtype=bool)
        if _are_within(vector.values, low, high):
            return outside
        if low is not None:
            outside |= np.less(vector.values, low)
        if high is not None:
            outside |= np.greater(vector.values, high)
        return outside & ~vector.missing

    return violated


def _are_within(values: NDArray[np.generic], low: float | None, high: float | None) -> bool:
    """Whether all values lie between the bounds, seen at the extremes."""
    if not len(values):
        return True
    return bool((low is None or values.min() >= low) and (high is None or values.max() <= high))
