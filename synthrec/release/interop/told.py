"""From a schema to what an export may tell of it, and from there to a schema document again.

A domain that was learned from real records is not told: neither its bounds nor its values. Code systems are
named and not listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synthrec.release.card_blocks.interop import (
    Catalogue,
    InteropPart,
    ToldColumn,
    ToldDomain,
    ToldTable,
)
from synthrec.release.card_blocks.records import ColumnSummary, SchemaPart
from synthrec.schema.model import Column, Scalar, Schema, TableSpec, label

SAME = ("description", "unit", "scale", "timezone", "format")
"""Keys of a column that stand in a schema document as they are told."""


def told(schema: Schema, part: SchemaPart, catalogues: Sequence[Catalogue]) -> InteropPart | None:
    """What files for catalogues say of a schema; None where none are asked for.

    Args:
        schema: The schema of the records.
        part: What the card says of it: there, a domain may be learned although the schema does not say so.
        catalogues: The standards asked for.
    """
    if not catalogues:
        return None
    return InteropPart(
        catalogues=tuple(catalogues),
        description=schema.info.description,
        tables=tuple(_table(name, spec, part.columns[name]) for name, spec in schema.tables.items()),
    )


def _table(name: str, spec: TableSpec, summaries: Mapping[str, ColumnSummary]) -> ToldTable:
    columns = (_column(column, spec.columns[column], summaries[column]) for column in spec.columns)
    return ToldTable(
        name=name,
        description=spec.description,
        columns=tuple(columns),
        primary_key=spec.primary_key,
        foreign_keys=spec.foreign_keys,
        person=spec.person,
        one_row_per_person=spec.one_row_per_person,
        max_rows_per_person=spec.max_rows_per_person,
    )


def _column(name: str, column: Column, summary: ColumnSummary) -> ToldColumn:
    return ToldColumn(
        name=name,
        kind=column.kind,
        role=column.role,
        **{key: getattr(column, key) for key in SAME},
        system=column.system,
        nullable=column.null.allowed,
        domain=_domain(column, summary),
    )


def _domain(column: Column, summary: ColumnSummary) -> ToldDomain | None:
    domain = column.domain
    if summary.domain == "learned":
        return ToldDomain(source="learned")
    if domain is None:
        return None
    return ToldDomain(
        source=domain.source,
        min=_text(domain.min),
        max=_text(domain.max),
        values=None if domain.values is None or column.system is not None else domain.labels,
        ordered=domain.ordered,
    )


def _text(value: Scalar | None) -> str | None:
    return None if value is None else label(value)


# --- back to a schema document ----------------------------------------------------------------------------


def document(part: InteropPart, records: SchemaPart) -> dict[str, Any]:
    """What is told, as a schema document with tables and columns in the order of the files."""
    info = {"name": records.name, "title": records.title, "description": part.description}
    return {
        "synthrec": 1,
        "schema": _stated(info) | {"version": records.version},
        "tables": {table.name: dict(_table_keys(table)) for table in part.tables},
    }


def _table_keys(table: ToldTable) -> Iterator[tuple[str, Any]]:
    stated = table.model_dump(mode="json", exclude={"name", "columns"}, exclude_defaults=True)
    yield from stated.items()
    yield "columns", {column.name: dict(_column_keys(column)) for column in table.columns}


def _column_keys(column: ToldColumn) -> Iterator[tuple[str, Any]]:
    yield "kind", column.kind
    if column.role != "attribute":
        yield "role", column.role
    yield from _stated({key: getattr(column, key) for key in SAME}).items()
    if column.nullable:
        yield "null", {"allowed": True}
    if column.domain is not None:
        domain = column.domain.model_dump(mode="json", exclude_defaults=True)
        ends = {end: number(domain[end], column.kind) for end in ("min", "max") if end in domain}
        yield "domain", {**domain, **ends}


def number(text: str, kind: str) -> int | float | str:
    """A bound as the number that its text spells; of dates and datetimes the text."""
    if kind == "integer":
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return float(text) if kind in {"decimal", "float"} else text


def _stated(items: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in items.items() if value is not None}
