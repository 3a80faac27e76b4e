"""A scenario beside a schema: every name, expression and `generate:` part checked and compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from synthrec.errors import Fault, FaultsError, SchemaError
from synthrec.rules.amounts import Target
from synthrec.rules.makers import maker
from synthrec.rules.params import overridden, vectors
from synthrec.rules.rows import Maker, Rows
from synthrec.rules.temporal import tick
from synthrec.scenarios.design import column as param_column
from synthrec.scenarios.desk import TALLIES
from synthrec.scenarios.load import ScenarioFile
from synthrec.scenarios.model import Scenario, Step
from synthrec.schema.dist_spec import Dist
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.faults import suggestion
from synthrec.schema.generate_model import Const, Copy, Expr, Helper, Lookup, Offset, Scan
from synthrec.schema.generate_parts import Part
from synthrec.schema.graph_spec import Partner
from synthrec.schema.model import NUMERIC_KINDS, Column, Scalar, Schema
from synthrec.schema.rule_tables import (
    GenerateError,
    RuleTable,
    ancestors,
    parse_generate,
    rule_tables,
    scope,
)
from synthrec.schema.rule_tables import param_column as schema_param
from synthrec.schema.siblings_spec import Split
from synthrec.schema.spec_base import MOMENTS, Spec
from synthrec.schema.vector import Vector
from synthrec.schema.yaml_source import Path

INTEGER = Column(kind="integer")
PLACES = ("row.index", "row.before", "row.after")
"""Number of a row within its instance; rows of the same unit before and after it."""
FOLLOWING = (Const, Copy, Expr, Lookup, Offset, Scan, Split)
"""What follows from other columns and can be made anew, but for an offset of days that are drawn."""

Names = dict[str, Column]


@dataclass(frozen=True, eq=False)
class OnGrid:
    """Another maker's moments, cut to the grid of the column: a stray second would tell them apart."""

    inner: Maker
    tick: int

    @property
    def names(self) -> frozenset[str]:
        """The columns of the moments."""
        return self.inner.names

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """The moments, each at the last tick before it."""
        made = self.inner.draw(rows, rng)
        values = made.values.astype(np.int64)
        return Vector(values - values % self.tick, made.missing)


@dataclass(frozen=True, eq=False)
class BoundStep:
    """A step ready to run."""

    number: int
    step: Step
    when: Expression
    repeat: Expression
    like: Expression
    rows: Expression | None
    makers: Mapping[str, Maker]
    """Hidden values and columns, in the order in which they are made."""


@dataclass(frozen=True, eq=False)
class Bound:
    """An injection ready to run on records of one schema."""

    scenario: Scenario
    schema: Schema
    unit: str
    children: tuple[str, ...]
    """Tables whose rows stand under the unit's, next to it or deeper."""
    where: Expression
    weight: Expression | None
    anchor: Expression | None
    let: Mapping[str, Maker]
    steps: tuple[BoundStep, ...]
    times: Mapping[str, str]
    """By table with rows below: the column that tells when a row is."""
    recompute: Mapping[str, Mapping[str, Maker]] = field(default_factory=dict)
    """By table: columns that the schema's own rule makes anew."""

    @property
    def name(self) -> str:
        """Of the scenario."""
        return self.scenario.scenario.name

    @cached_property
    def growing(self) -> frozenset[str]:
        """Tables that get rows: those into which steps emit, and all below them."""
        tables = rule_tables(self.schema)
        emitted = {step.step.table for step in self.steps if step.step.emit is not None}
        return frozenset(name for name in tables if emitted & {name, *ancestors(tables, name)})


def bind(file: ScenarioFile, schema: Schema) -> Bound:
    """The injection of a scenario file into records of a schema.

    Raises:
        FaultsError: every key that does not fit the schema, with line, column and repair.
    """
    binder = _Binder(file, schema)
    bound = binder.bound()
    if binder.faults or bound is None:
        raise FaultsError(binder.faults)
    return bound


def reweighted(
    file: ScenarioFile, schema: Schema, params: Mapping[str, Scalar], tier: str
) -> dict[str, Scalar]:
    """The params of a schema under a reweighting scenario of one tier.

    Raises:
        FaultsError: the scenario does not fit the schema.
    """
    binder = _Binder(file, schema)
    current = overridden(schema.params, params)
    found = binder.reweighted(current, file.scenario.severity.tiers[tier])
    if binder.faults:
        raise FaultsError(binder.faults)
    return {**params, **found}


class _Binder:
    """Collects faults while it compiles."""

    def __init__(self, file: ScenarioFile, schema: Schema) -> None:
        self.scenario = file.scenario
        self.schema = schema
        self.faults: list[Fault] = []
        self._source = file.source
        self._tables = rule_tables(schema)
        self._params = {name: schema_param(value) for name, value in schema.params.items()}
        self._check_target()

    def add(self, path: Path, found: str, repair: str) -> None:
        """One more fault."""
        self.faults.append(self._source.fault(path, found, repair))

    def _check_target(self) -> None:
        targets, info = self.scenario.targets, self.schema.info
        if targets.schema_name != info.name:
            self.add(("targets", "schema"), f"records of {info.name!r}", f"run it on {targets.schema_name}")
        elif str(targets.major) != info.version.split(".")[0]:
            self.add(("targets", "major"), f"schema version {info.version}", "review it for that version")

    def reweighted(self, params: Mapping[str, Scalar], severity: float) -> dict[str, Scalar]:
        """New values of params."""
        names = {**self._params, "severity": Column(kind="float")}
        values = {**params, "severity": severity}
        found: dict[str, Scalar] = {}
        for name, text in self.scenario.reweight.items():
            if name not in params:
                self.add(("reweight", name), f"unknown param {name!r}", suggestion(name, params))
                continue
            expression = self.expression(("reweight", name), text, names, "number")
            if expression is not None:
                result = expression.evaluate(vectors(values))
                number = float(result.values[0])
                found[name] = round(number) if isinstance(params[name], int) else number
        return found

    def bound(self) -> Bound | None:
        """The injection, as far as it can be compiled."""
        scenario, unit = self.scenario, str(self.scenario.unit)
        if not self._check_tables(unit):
            return None
        where = self.expression(("select", "where"), scenario.select.where, self._unit_names(), "boolean")
        weight = scenario.select.weight
        compiled_weight = (
            None
            if weight is None
            else self.expression(("select", "weight"), weight, self._unit_names(), "number")
        )
        anchor = scenario.anchor
        compiled_anchor = (
            None
            if anchor is None
            else self.expression(
                ("anchor", "where"), anchor.where, self._row_names(anchor.table, {}), "boolean"
            )
        )
        names = self._instance_names()
        let = self._lets(("let",), scenario.let, names)
        steps = [self._step(i, step, names) for i, step in enumerate(scenario.steps)]
        recompute = self._recompute()
        if self.faults or where is None:
            return None
        return Bound(
            scenario=scenario,
            schema=self.schema,
            unit=unit,
            children=self._children,
            where=where,
            weight=compiled_weight,
            anchor=compiled_anchor,
            let=let,
            steps=tuple(step for step in steps if step is not None),
            times={table: time for table in self._children if (time := self._time(table)) is not None},
            recompute=recompute,
        )

    @cached_property
    def _children(self) -> tuple[str, ...]:
        return tuple(name for name in self._tables if self.scenario.unit in ancestors(self._tables, name))

    def _check_tables(self, unit: str) -> bool:
        """Whether all tables and plain columns that the scenario names are where it says."""
        if unit not in self._tables:
            self.add(("unit",), f"unknown table {unit!r}", suggestion(unit, self._tables))
            return False
        known = len(self.faults)
        self._check_prevalence(unit)
        if self.scenario.anchor is not None:
            self._check_child(("anchor", "table"), self.scenario.anchor.table)
        for i, step in enumerate(self.scenario.steps):
            if step.emit is not None:
                self._check_emit(("steps", i, "emit"), step.emit)
            elif step.table != unit:
                self._check_child(("steps", i, "change"), step.table)
        for table, column in self.scenario.order.items():
            if table not in self._children or column not in self.schema.tables[table].columns:
                found = f"no column {table}.{column} under the unit"
                self.add(("order", table), found, "write table: column")
        self._check_coverage()
        return len(self.faults) == known

    def _check_prevalence(self, unit: str) -> None:
        prevalence, columns = self.scenario.prevalence, self.schema.tables[unit].columns
        if prevalence is None:
            return
        if prevalence.per != unit:
            self.add(("prevalence", "per"), f"{prevalence.per!r} is not the unit", f"write {unit}")
        by = prevalence.stratify
        if by is not None and by not in columns:
            self.add(("prevalence", "stratify"), f"unknown column {by!r}", suggestion(by, columns))

    def _check_coverage(self) -> None:
        coverage = self.scenario.coverage
        if coverage is None:
            return
        if coverage.table not in self._tables:
            self.add(("coverage", "table"), "unknown table", suggestion(coverage.table, self._tables))
            return
        columns = dict(self.schema.tables[coverage.table].columns)
        for name, text in coverage.factors.items():
            self.expression(("coverage", "factors", name), text, columns, None)

    def _check_child(self, path: Path, table: str) -> bool:
        if table not in self._children:
            found = f"{table!r} is not below {self.scenario.unit}"
            self.add(path, found, suggestion(table, self._children))
        return table in self._children

    def _check_emit(self, path: Path, table: str) -> None:
        """Whether it is told under which row new rows stand, and by how much those below them move."""
        if not self._check_child(path, table):
            return
        parent, anchor = self._tables[table].generate.per, self.scenario.anchor
        if parent != self.scenario.unit and (
            anchor is None or parent not in {anchor.table, *ancestors(self._tables, anchor.table)}
        ):
            self.add(path, f"no instance has one row of {parent}", f"hang the anchor at {parent} or below")
        if self._time(table) is None and any(t.generate.per == table for t in self._tables.values()):
            self.add(
                path, f"rows of {table} have rows below and no time", f"write order: {{{table}: COLUMN}}"
            )

    def _time(self, table: str) -> str | None:
        """The column of a table that tells when a row is."""
        named = self._tables[table].generate.order_by or self.scenario.order.get(table)
        columns = self.schema.tables[table].columns
        return named if named in columns and columns[named].kind in MOMENTS else None

    # --- names ----------------------------------------------------------------------------------------------

    def _own(self, table: str) -> Names:
        """The columns of a table, hidden ones too, and those of the tables above it."""
        return scope(self._tables, table, self.schema.params)

    def _unit_names(self) -> Names:
        return {**self._own(str(self.scenario.unit)), **dict(self._tallies())}

    def _tallies(self) -> Iterator[tuple[str, Column]]:
        for table in self._children:
            yield f"{table}.count", INTEGER
            for name, content in self._tables[table].columns.items():
                if content.kind in NUMERIC_KINDS | MOMENTS:
                    yield from ((f"{table}.{which}_{name}", content) for which in TALLIES)

    def _instance_names(self) -> Names:
        names = self._unit_names()
        for name, param in self.scenario.params.items():
            if name in names:
                self.add(("params", name), "the name of a column or param of the schema", "choose another")
            names[name] = param_column(param)
        anchor = self.scenario.anchor
        if anchor is not None:
            columns = self._tables[anchor.table].columns
            names |= {f"anchor.{name}": content for name, content in columns.items()}
            names |= {"anchor.before": INTEGER, "anchor.after": INTEGER}
        return {**names, "severity": Column(kind="float")}

    def _row_names(self, table: str, instance: Names) -> Names:
        """What an expression over rows of a table may use."""
        unit = str(self.scenario.unit)
        if table == unit:
            return {**instance, **self._own(unit)}
        above = {
            name: content for name, content in instance.items() if name not in self._tables[unit].columns
        }
        return {**above, **dict.fromkeys(PLACES, INTEGER), **self._own(table)}

    # --- parts ----------------------------------------------------------------------------------------------

    def expression(self, path: Path, text: str, names: Names, kind: str | None) -> Expression | None:
        """A compiled expression of one kind, or of any."""
        try:
            found = compile_expression(text, names)
        except SchemaError as error:
            for fault in error.faults:
                self.add(path, fault.found, fault.repair)
            return None
        if kind is not None and found.kind != kind:
            self.add(path, f"an expression that yields a {found.kind}", f"write a {kind}")
        return found

    def _step(self, number: int, step: Step, instance: Names) -> BoundStep | None:
        path: Path = ("steps", number)
        names = self._row_names(step.table, instance)
        when = self.expression((*path, "when"), step.when or "true", instance, "boolean")
        repeat = self.expression((*path, "repeat"), step.repeat, instance, "number")
        like = self.expression((*path, "like"), step.like, self._like_names(step.table), "boolean")
        rows = None if step.rows is None else self.expression((*path, "rows"), step.rows, names, "boolean")
        makers = self._lets((*path, "let"), step.let, names)
        for column, raw in step.set.items():
            made = self._set((*path, "set", column), column, raw, step.table, names)
            if made is not None:
                makers[column] = made
        if when is None or repeat is None or like is None:
            return None
        return BoundStep(number, step, when, repeat, like, rows, makers)

    def _set(self, path: Path, column: str, raw: Mapping[str, Any], table: str, names: Names) -> Maker | None:
        columns = self._tables[table].columns
        if column not in columns:
            self.add(path, f"unknown column {column!r}", suggestion(column, columns))
            return None
        if columns[column].role == "key" or columns[column].kind == "id":
            self.add(path, "a key", "leave keys alone: rows are numbered anew")
            return None
        made = self._maker(path, raw, columns[column], names)
        return OnGrid(made, tick(columns[column])) if made and columns[column].kind == "datetime" else made

    def _like_names(self, table: str) -> Names:
        """What may be asked of a donor's row: its columns, those above it, and how many rows it has below."""
        below = (name for name, content in self._tables.items() if table in ancestors(self._tables, name))
        return {**self._own(table), **{f"{name}.count": INTEGER for name in below}}

    def _lets(self, path: Path, helpers: Mapping[str, Helper], names: Names) -> dict[str, Maker]:
        """Hidden values, one after the other; `names` gets them, too."""
        makers: dict[str, Maker] = {}
        for name, helper in helpers.items():
            made = self._maker((*path, name, "generate"), helper.generate, helper.column, names)
            names[name] = helper.column
            if made is not None:
                makers[name] = made
        return makers

    def _maker(self, path: Path, raw: Mapping[str, Any], column: Column, names: Names) -> Maker | None:
        known = len(self.faults)
        try:
            make = parse_generate(raw)
        except GenerateError as error:
            for inner, found, repair in error.problems:
                self.add((*path, *inner), found, repair)
            return None
        for inner, found, repair in Part(make, column, names).problems():
            self.add((*path, *inner), found, repair)
        if len(self.faults) > known:
            return None
        return maker(make, Target(column, dict(names), ".".join(map(str, path))))

    def _recompute(self) -> dict[str, dict[str, Maker]]:
        found: dict[str, dict[str, Maker]] = {}
        for i, place in enumerate(self.scenario.recompute):
            table, _, column = place.partition(".")
            make = self._tables[table].makes.get(column) if table in self._children else None
            if make is None:
                self.add(("recompute", i), f"no column {place!r} under the unit", "write table.column")
            elif _drawn(make.make):
                self.add(("recompute", i), f"{place} is drawn", "set it in the steps instead")
            else:
                target = Target(self._tables[table].columns[column], self._own(table), place)
                found.setdefault(table, {})[column] = maker(make, target)
        return found


def _drawn(make: Spec) -> bool:
    """Whether a column is not told by others alone."""
    parts = (make.days, make.hours, make.minutes, make.seconds) if isinstance(make, Offset) else ()
    return not isinstance(make, FOLLOWING) or any(isinstance(part, Dist) for part in parts)


def copies(table: RuleTable) -> Iterator[tuple[str, str, str]]:
    """The columns of a table that copy another's, each with that table and its column."""
    for name, make in table.makes.items():
        if isinstance(make.make, Copy):
            source, _, column = make.make.column.partition(".")
            yield name, source, column


def partners(table: RuleTable) -> Iterator[str]:
    """The columns of a table that are those of the other side."""
    return (name for name, make in table.makes.items() if isinstance(make.make, Partner))
