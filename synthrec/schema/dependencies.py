"""Which column, helper or param a column's rule reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from synthrec.schema.generate_model import Generate
from synthrec.schema.model import Schema
from synthrec.schema.rule_tables import RuleTable, ancestors, rule_tables, scope

Node = tuple[str, str]
"""Table and column; the table of a param is empty."""

_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"`([^`]+)`|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)")


def dependencies(schema: Schema) -> dict[Node, frozenset[Node]]:
    """What each column and helper with a rule reads; names that do not exist are left out."""
    tables = rule_tables(schema)
    return {
        (name, column): frozenset(_nodes(tables, name, schema, _generate_texts(make)))
        for name, table in tables.items()
        for column, make in table.makes.items()
    }


def read_by_tables(schema: Schema) -> frozenset[Node]:
    """What the number and order of rows read, and what rules of rows look at."""
    tables = rule_tables(schema)
    found: set[Node] = set()
    for name, table in tables.items():
        found |= set(_nodes(tables, name, schema, _table_texts(table)))
    return frozenset(found)


def _generate_texts(make: Generate) -> Iterator[str]:
    yield from (source for _, source in make.expressions())
    yield from (f"`{name}`" if "." not in name else name for _, name in make.references())


def _table_texts(table: RuleTable) -> Iterator[str]:
    raw = table.spec.generate or {}
    yield from _texts({key: value for key, value in raw.items() if key not in {"helpers", "per", "fitted"}})
    yield from (rule.expr for rule in table.spec.constraints)


def _texts(raw: Any) -> Iterator[str]:
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(raw, list | tuple):
        for value in raw:
            yield from _texts(value)


def _nodes(
    tables: Mapping[str, RuleTable], table: str, schema: Schema, texts: Iterable[str]
) -> Iterator[Node]:
    """The nodes that texts name, seen from a table; the count of a child sees the parent's columns bare."""
    own = scope(tables, table, schema.params)
    above = ancestors(tables, table)
    for text in texts:
        for quoted, plain in _NAME.findall(_TEXT.sub("", text)):
            name = quoted or plain
            if name in tables[table].columns:
                yield table, name
            elif name in own:
                yield _split(name)
            elif above and name in tables[above[0]].columns:
                yield above[0], name


def _split(name: str) -> Node:
    table, dot, column = name.partition(".")
    return (table, column) if dot else ("", name)
