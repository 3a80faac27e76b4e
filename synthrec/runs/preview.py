"""The first rows of each table that a rule schema makes, to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from synthrec.errors import ConfigError
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema.model import Scalar, Schema

ROOTS = 192
"""Roots that are made, so that children have rows to show."""


@dataclass(frozen=True)
class Preview:
    """Some rows of each table; a small draw of its own, not the rows that `sample` begins with."""

    schema: str
    tables: Mapping[str, pa.Table]

    def document(self) -> dict[str, Any]:
        """The rows as plain values, table by table."""
        return {name: table.to_pylist() for name, table in self.tables.items()}

    def text(self) -> str:
        """The rows as aligned text."""
        return "\n".join(line for name, table in self.tables.items() for line in _lines(name, table))


def preview(schema: Schema, params: Mapping[str, Scalar], *, rows: int, seed: int) -> Preview:
    """Make a few roots and keep the first rows of each table.

    Raises:
        ConfigError: the schema has no rules, or a param is unknown.
        SchemaError: the rules cannot be executed.
    """
    if not schema.is_rule_schema:
        raise ConfigError(
            f"schema {schema.info.name} describes data; only rule schemas make rows by themselves"
        )
    roots = max(ROOTS, rows)
    (records,) = RuleEngine(schema, params, block_roots=roots).blocks(roots, streams=Streams(seed))
    return Preview(schema.info.name, {name: table.data.slice(0, rows) for name, table in records.items()})


def _lines(name: str, table: pa.Table) -> Iterator[str]:
    cells = [[field, *map(_cell, table[field].to_pylist())] for field in table.column_names]
    widths = [max(map(len, column)) for column in cells]
    yield f"{name}"
    for row in zip(*cells, strict=True):
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""


def _cell(value: object) -> str:
    if value is None:
        return "-"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return "".join(character if character.isprintable() else "?" for character in text)
