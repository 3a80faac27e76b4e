"""The `generate:` parts of a schema, parsed: per table its columns, helpers, specs and scope of names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from synthrec.schema.citations import without_citations
from synthrec.schema.faults import suggestion
from synthrec.schema.generate_model import SPECS, Generate, Missing, TableGenerate, build
from synthrec.schema.model import Column, Domain, Kind, Scalar, Schema, TableSpec, label
from synthrec.schema.row_sources import SOURCES, RowSource, parse_source
from synthrec.schema.spec_base import Path

MAX_CHILDREN = 10_000
"""Rows that one parent may have."""
Problem = tuple[Path, str, str]
"""Path of keys into the schema file, what was found, how to repair it."""


class GenerateError(Exception):
    """A `generate:` part that cannot be read; `problems` have paths relative to it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(found for _, found, _ in self.problems))


@dataclass(frozen=True)
class RuleTable:
    """One table of a rule schema."""

    name: str
    spec: TableSpec
    generate: TableGenerate
    columns: Mapping[str, Column]
    """Columns and helpers."""
    makes: Mapping[str, Generate]
    """How each is made."""
    count: Generate | None
    source: RowSource | None = None
    """What makes the rows, where it is not a count."""
    problems: tuple[Problem, ...] = field(default=(), compare=False)
    """What could not be read."""


def parse_generate(raw: Mapping[str, Any]) -> Generate:
    """The spec of one `generate:` part.

    Raises:
        GenerateError: the kind is unknown, or not exactly one is given, or its shape is wrong.
    """
    raw = without_citations(raw)
    keys = [key for key in raw if key != "missing"]
    if unknown := [key for key in keys if key not in SPECS]:
        raise GenerateError(((key,), f"unknown generator {key!r}", suggestion(key, SPECS)) for key in unknown)
    if len(keys) != 1:
        raise GenerateError([((), f"{len(keys)} generators", f"give exactly one of {', '.join(SPECS)}")])
    problems: list[Problem] = []
    parts: dict[str, Any] = {}
    for key in raw:
        try:
            parts[key] = Missing.model_validate(raw[key]) if key == "missing" else build(key, raw[key])
        except ValidationError as error:
            problems += _problems(error, (key,))
    if problems:
        raise GenerateError(problems)
    return Generate(key=keys[0], make=parts[keys[0]], missing=parts.get("missing"))


def _problems(error: ValidationError, path: Path) -> Iterator[Problem]:
    for item in error.errors():
        message = item["msg"].removeprefix("Value error, ")
        repair = (
            "remove it"
            if item["type"] == "extra_forbidden"
            else "correct it as described in schemas/README.md"
        )
        yield (*path, *item["loc"]), message, repair


def rule_tables(schema: Schema) -> dict[str, RuleTable]:
    """The tables of a schema, as far as they can be read, in the order of the file."""
    return {name: _rule_table(name, spec) for name, spec in schema.tables.items()}


def _rule_table(name: str, spec: TableSpec) -> RuleTable:
    path: Path = ("tables", name)
    problems: list[Problem] = []
    try:
        generate = TableGenerate.model_validate(spec.generate or {})
    except ValidationError as error:
        generate = TableGenerate()
        problems += _problems(error, (*path, "generate"))
    helpers = {helper: part.column for helper, part in generate.helpers.items()}
    makes: dict[str, Generate] = {}
    for column, content in {**spec.columns, **helpers}.items():
        try:
            if content.generate is not None:
                makes[column] = parse_generate(content.generate)
        except GenerateError as error:
            place = (*column_path(name, spec, column), "generate")
            problems += [((*place, *inner), found, repair) for inner, found, repair in error.problems]
    count = _count(generate, (*path, "generate", "count"), problems)
    source = _source(generate, (*path, "generate"), problems)
    return RuleTable(name, spec, generate, {**spec.columns, **helpers}, makes, count, source, tuple(problems))


def _count(generate: TableGenerate, path: Path, problems: list[Problem]) -> Generate | None:
    try:
        return None if generate.count is None else parse_generate(generate.count)
    except GenerateError as error:
        problems += [((*path, *inner), found, repair) for inner, found, repair in error.problems]
        return None


def _source(generate: TableGenerate, path: Path, problems: list[Problem]) -> RowSource | None:
    given = {key: raw for key in SOURCES if (raw := getattr(generate, key)) is not None}
    if len(given) + (generate.count is not None) > 1:
        problems.append((path, "several ways to make rows", "give one of count, events, history"))
    for key, raw in given.items():
        try:
            return parse_source(key, without_citations(raw))
        except ValidationError as error:
            problems += _problems(error, (*path, key))
    return None


def column_path(table: str, spec: TableSpec, column: str) -> Path:
    """Where a column or helper stands in the schema file."""
    part = ("columns",) if column in spec.columns else ("generate", "helpers")
    return ("tables", table, *part, column)


def ancestors(tables: Mapping[str, RuleTable], name: str) -> tuple[str, ...]:
    """Parent, parent's parent and so on; ends before an unknown table or a repetition."""
    found: list[str] = []
    parent = tables[name].generate.per
    while parent is not None and parent in tables and parent not in {name, *found}:
        found.append(parent)
        parent = tables[parent].generate.per
    return tuple(found)


def scope(tables: Mapping[str, RuleTable], name: str, params: Mapping[str, Scalar]) -> dict[str, Column]:
    """The names an expression of a table may use: params, own columns, ancestors' as ``table.column``."""
    names = {param: param_column(value) for param, value in params.items()} | dict(tables[name].columns)
    for ancestor in ancestors(tables, name):
        names |= {f"{ancestor}.{column}": content for column, content in tables[ancestor].columns.items()}
    return names


def param_column(value: Scalar) -> Column:
    """A param as a column that holds it in every row."""
    kinds: dict[type, Kind] = {
        bool: "boolean",
        int: "integer",
        float: "float",
        Decimal: "decimal",
        dt.datetime: "datetime",
        dt.date: "date",
    }
    kind = kinds.get(type(value), "category")
    if kind == "category":
        return Column(kind=kind, domain=Domain(values=(label(value),), source="public"))
    places = -int(value.as_tuple().exponent) if isinstance(value, Decimal) else 0
    return Column(kind=kind, scale=max(places, 0) if kind == "decimal" else None)


def count_column(table: RuleTable) -> Column:
    """The number of rows per parent, as a column of the parent."""
    return Column(kind="integer", domain=Domain(min=0, max=most_children(table), source="public"))


def most_children(table: RuleTable) -> int:
    """The most rows that one parent may have."""
    return min(table.spec.max_rows_per_person or MAX_CHILDREN, MAX_CHILDREN)
