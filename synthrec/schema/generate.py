"""Check the `generate:` parts of a schema; `faults` is what the schema loader calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from weakref import WeakValueDictionary

from synthrec.schema.events_spec import Given
from synthrec.schema.faults import suggestion
from synthrec.schema.fitted_checks import fitted_problems
from synthrec.schema.generate_model import SIBLINGS, Copy, Sequence
from synthrec.schema.generate_parts import Part
from synthrec.schema.graph_spec import MEETING_FIELDS, Partner
from synthrec.schema.id_number_spec import IdNumber
from synthrec.schema.joint_checks import block_problems
from synthrec.schema.model import LABEL_KINDS, Column, Scalar, Schema
from synthrec.schema.row_sources import GIVEN_LABELS, GIVEN_NUMBERS, source_problems
from synthrec.schema.rule_tables import (
    Problem,
    RuleTable,
    ancestors,
    column_path,
    count_column,
    rule_tables,
    scope,
)
from synthrec.schema.spec_base import MOMENTS, Path

Params = Mapping[str, Scalar]

_SOUND: WeakValueDictionary[int, Schema] = WeakValueDictionary()
"""Schemas without faults, by identity: what is loaded and then run is checked once. They are frozen."""


def faults(schema: Schema) -> list[Problem]:
    """Everything wrong with the `generate:` parts of a schema; empty when there is nothing."""
    if _SOUND.get(id(schema)) is schema:
        return []
    problems = _problems(schema)
    if not problems:
        _SOUND[id(schema)] = schema
    return problems


def _problems(schema: Schema) -> list[Problem]:
    tables = rule_tables(schema)
    if not any(table.makes or table.problems or table.spec.generate for table in tables.values()):
        return []
    problems = [problem for table in tables.values() for problem in table.problems]
    problems += _roots(tables)
    for name, table in tables.items():
        problems += _family(tables, table, schema.params)
        problems += _columns(table, scope(tables, name, schema.params), schema.params)
    return problems


def _roots(tables: Mapping[str, RuleTable]) -> Iterator[Problem]:
    """One root table; every other stands under it."""
    roots = [name for name, table in tables.items() if table.generate.per is None]
    for name in roots[1:]:
        yield (
            ("tables", name, "generate"),
            f"a second root table beside {roots[0]!r}",
            f"say whose child it is, e.g. generate: {{per: {roots[0]}, count: …}}",
        )
    for name, table in tables.items():
        above = ancestors(tables, name)
        last = tables[above[-1]].generate.per if above else table.generate.per
        if last in {name, *above}:
            circle = " → ".join((name, *above, last))
            yield ("tables", name, "generate", "per"), f"parents run in a circle: {circle}", "break it"


def _family(tables: Mapping[str, RuleTable], table: RuleTable, params: Params) -> Iterator[Problem]:
    """Parent, count, order and foreign keys of a table."""
    place: Path = ("tables", table.name, "generate")
    per, order_by = table.generate.per, table.generate.order_by
    if order_by is not None and any(isinstance(make.make, SIBLINGS) for make in table.makes.values()):
        yield (
            (*place, "order_by"),
            "an order after columns that look along the rows",
            "make the rows in order, or sort them",
        )
    if per is not None and per not in tables:
        yield (*place, "per"), f"unknown table {per!r}", suggestion(per, tables)
    ways = (table.generate.count, table.generate.events, table.generate.history)
    if per is not None and ways == (None, None, None):
        yield place, f"no count of rows per {per}", "add e.g. count: {dist: {name: poisson, mean: 2}}"
    if per is None and ways != (None, None, None):
        yield place, "a count, events or a history without a parent", "add per: and the parent's name"
    if order_by is not None and order_by not in table.columns:
        yield (*place, "order_by"), f"unknown column {order_by!r}", suggestion(order_by, table.columns)
    if per is not None and per in tables:
        yield from _count(tables, table, per, params)
        yield from _source(tables, table, per, params)
        yield from _foreign_keys(table, per, tables[per].spec.primary_key)


def _count(tables: Mapping[str, RuleTable], table: RuleTable, per: str, params: Params) -> Iterator[Problem]:
    if table.count is not None:
        part = Part(table.count, count_column(table), scope(tables, per, params))
        place: Path = ("tables", table.name, "generate", "count")
        yield from (((*place, *path), found, repair) for path, found, repair in part.problems())


def _source(tables: Mapping[str, RuleTable], table: RuleTable, per: str, params: Params) -> Iterator[Problem]:
    if table.source is not None:
        key = "events" if table.generate.events is not None else "history"
        place: Path = ("tables", table.name, "generate", key)
        problems = source_problems(table.source, scope(tables, per, params))
        yield from (((*place, *path), found, repair) for path, found, repair in problems)


def _given(table: RuleTable) -> Iterator[Problem]:
    """Columns that come about with the rows: known ones, moments in local wall time."""
    fields = table.source.fields if table.source is not None else frozenset[str]()
    for name, make in table.makes.items():
        if not isinstance(make.make, Given):
            continue
        place: Path = (*column_path(table.name, table.spec, name), "generate", "given")
        column, field = table.columns[name], make.make.field
        if field not in fields:
            yield place, f"{field!r} does not come about with the rows", suggestion(field, fields)
        elif column.kind not in _given_kinds(field):
            yield place, f"{field} for a column of kind {column.kind}", "give it another kind"
        elif column.timezone is not None:
            yield place, "an event with a timezone", "events are in local wall time: remove the timezone"


def _given_kinds(field: str) -> frozenset[str]:
    if field in GIVEN_NUMBERS:
        return frozenset({"float"})
    return frozenset(LABEL_KINDS) if field in GIVEN_LABELS else MOMENTS


def _partners(table: RuleTable) -> Iterator[Problem]:
    """Columns of the parent at the other side: rows have one, and it is of the parent's table."""
    fields = table.source.fields if table.source is not None else frozenset[str]()
    for name, make in table.makes.items():
        if not isinstance(make.make, Partner):
            continue
        place: Path = (*column_path(table.name, table.spec, name), "generate", "partner")
        if not fields >= MEETING_FIELDS:
            yield place, "rows without another side", "give a stream of events a `between:`"
        elif make.make.column.partition(".")[0] != table.generate.per:
            yield place, f"{make.make.column!r} is no column of the parent", f"write {table.generate.per}.…"
        elif not table.columns[name].null.allowed:
            yield place, "a column that is never missing", "write null: {allowed: true}"


def _foreign_keys(table: RuleTable, per: str, key: tuple[str, ...]) -> Iterator[Problem]:
    for i, foreign in enumerate(table.spec.foreign_keys):
        if foreign.references != per:
            place: Path = ("tables", table.name, "foreign_keys", i, "references")
            yield (
                place,
                f"{foreign.references!r} is not the parent",
                f"rules can only refer to {per!r} so far",
            )
            continue
        for column, target in zip(foreign.columns, key, strict=False):
            make = table.makes.get(column)
            name = f"{per}.{target}"
            if make is None or make.make not in (Copy(column=name), Partner(column=name)):
                place = (*column_path(table.name, table.spec, column), "generate")
                yield place, "a foreign key that is not its parent's key", f"write {{copy: {name}}}"


def _columns(table: RuleTable, names: Mapping[str, Column], params: Params) -> Iterator[Problem]:
    """What is wrong with how the columns of a table are made, one by one and together."""
    fixed = set(params) - set(table.columns)
    parts = {name: Part(make, table.columns[name], names, fixed) for name, make in table.makes.items()}
    used = {name: part.names & set(table.columns) for name, part in parts.items()}
    for name, part in parts.items():
        place: Path = (*column_path(table.name, table.spec, name), "generate")
        for path, found, repair in part.problems():
            yield (*place, *path), found, repair
        for other in sorted(used[name]):
            if other not in parts:
                yield place, f"{other!r} has no generate", "say how it is made, or do without it"
            elif isinstance(table.makes[other].make, Sequence | IdNumber):
                yield (
                    place,
                    f"{other!r} is numbered last",
                    "nothing in its own table can depend on a sequence",
                )
    yield from _given(table)
    yield from _partners(table)
    yield from block_problems(table)
    yield from fitted_problems(table)
    yield from _cycle(table, used)


def _cycle(table: RuleTable, used: Mapping[str, set[str]]) -> Iterator[Problem]:
    try:
        TopologicalSorter(used).prepare()
    except CycleError as error:
        path = list(reversed(error.args[1]))
        place: Path = (*column_path(table.name, table.spec, path[0]), "generate")
        yield place, f"columns depend on each other: {' → '.join(path)}", "make one of them without the other"
