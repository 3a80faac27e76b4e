"""Schemas, looked at: read, linted, previewed, drawn, and taken to and from other formats."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from synthrec.assets import find_schema
from synthrec.runs.params import parse_params
from synthrec.runs.preview import Preview
from synthrec.runs.preview import preview as preview_schema
from synthrec.schema.graph import render_graph
from synthrec.schema.interop.exchange import Exchange, Format, exported, imported
from synthrec.schema.lint import Hint
from synthrec.schema.lint import lint as lint_schema
from synthrec.schema.load import load_schema as read_schema
from synthrec.schema.model import Schema


def load_schema(source: str | Path) -> Schema:
    """The schema in a file, else the shipped schema of that short name.

    Raises:
        SchemaError: every fault of the file, with line and repair.
        ConfigError: there is neither a file nor a shipped schema of that name.
    """
    return read_schema(schema_file(source))


def lint(source: str | Path) -> tuple[Hint, ...]:
    """What is sound in a schema but hardly meant: contradictions, what cannot occur, what nothing uses.

    Raises:
        SchemaError: the schema has faults.
    """
    return lint_schema(schema_file(source))


def preview(
    source: Schema | str | Path,
    *,
    rows: int = 10,
    seed: int = 0,
    params: Mapping[str, str] | None = None,
) -> Preview:
    """Some rows of each table that a rule schema makes: a small draw of its own.

    Raises:
        ConfigError: the schema has no rules, or a parameter is unknown.
    """
    schema = as_schema(source)
    return preview_schema(schema, parse_params(schema, params or {}), rows=rows, seed=seed)


def graph(source: Schema | str | Path) -> str:
    """A drawing (SVG) of the tables of a schema, their references, and what each column is made from."""
    return render_graph(as_schema(source))


def export_schema(source: Schema | str | Path, to: Format) -> Exchange:
    """A schema as SDV metadata, Frictionless data package or JSON Schema, and what these cannot hold."""
    return exported(as_schema(source), to)


def import_schema(file: str | Path) -> Exchange:
    """The YAML text of a schema from such a file, and what had no place in it; the format is recognised.

    Raises:
        SchemaError: the file is none of these formats.
    """
    return imported(Path(file))


def schema_file(source: str | Path) -> Path:
    """A file, or that of the shipped schema of a short name."""
    path = Path(source)
    return path if path.is_file() else find_schema(str(source))


def as_schema(source: Schema | str | Path) -> Schema:
    """A schema as it is, or read from a file or by short name."""
    return source if isinstance(source, Schema) else load_schema(source)
