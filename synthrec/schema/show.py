"""A schema as plain text for people."""

from __future__ import annotations

from collections.abc import Iterator

from synthrec.schema.fitted_checks import filled
from synthrec.schema.model import Column, Domain, PersonVia, Schema, TableSpec, label
from synthrec.schema.presets import in_words
from synthrec.schema.rule_tables import RuleTable, rule_tables

MAX_VALUES = 6
_HEADINGS = ("column", "kind", "role", "domain", "says", "missing")


def describe(schema: Schema) -> str:
    """Tables with their columns, keys, persons and constraints, one screen per table."""
    return "\n".join(_lines(schema)) + "\n"


def _lines(schema: Schema) -> Iterator[str]:
    info = schema.info
    yield f"{info.name} {info.version}" + (f" — {info.title}" if info.title else "")
    yield schema.digest
    terms = {
        "intended use": info.use.intended,
        "out of scope": info.use.out_of_scope,
        "custodian": info.source.custodian,
        "licence": info.source.licence or info.license,
    }
    yield from (f"{name}: {text}" for name, text in terms.items() if text)
    yield from (f"param {name} = {label(value)}" for name, value in schema.params.items())
    yield from (in_words(name, preset) for name, preset in schema.presets.items())
    for name, table in rule_tables(schema).items():
        yield ""
        yield from _table(name, table.spec)
        yield from _filled(table)
        yield from _rules(table.spec)


def _table(name: str, table: TableSpec) -> Iterator[str]:
    minted = f", {len(table.minted)} always made anew" if table.minted else ""
    yield f"table {name}: {len(table.columns)} columns{minted}"
    facts = {
        "primary key": ", ".join(table.primary_key),
        "foreign key": "; ".join(
            f"{', '.join(key.columns)} → {key.references}" for key in table.foreign_keys
        ),
        "person": _person(table),
        "target": table.target or "",
    }
    yield from (f"  {key}: {text}" for key, text in facts.items() if text)
    yield from _columns(table)


def _rules(table: TableSpec) -> Iterator[str]:
    yield from (f"  {rule.severity} {rule.name}: {' '.join(rule.expr.split())}" for rule in table.constraints)


def _person(table: TableSpec) -> str:
    limit = f", at most {table.max_rows_per_person} rows each" if table.max_rows_per_person else ""
    if table.one_row_per_person:
        return "one row per person"
    if isinstance(table.person, PersonVia):
        return f"that of the parent, via {table.person.via}{limit}"
    return f"{table.person}{limit}" if table.person else ""


def _columns(table: TableSpec) -> Iterator[str]:
    rows = [_HEADINGS, *(_row(name, column) for name, column in table.columns.items())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADINGS))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _filled(table: RuleTable) -> Iterator[str]:
    """The columns and helpers that come from fitted models."""
    for block, columns in filled(table).items():
        yield f"  filled by the model {table.generate.fitted[block].model}: {', '.join(columns)}"


def _row(name: str, column: Column) -> tuple[str, ...]:
    domain = column.domain
    return (
        name,
        _kind(column),
        column.role,
        _domain(domain, column) if domain else "",
        domain.source if domain else "",
        _missing(column),
    )


def _kind(column: Column) -> str:
    detail = [str(part) for part in (column.scale, column.timezone) if part is not None]
    return column.kind + (f"({', '.join(detail)})" if detail else "")


def _domain(domain: Domain, column: Column) -> str:
    unit = f" {column.unit}" if column.unit else ""
    if domain.values is not None:
        shown = ", ".join(domain.labels[:MAX_VALUES])
        more = len(domain.labels) - MAX_VALUES
        return shown + (f", … {more} more" if more > 0 else "")
    if domain.min is None and domain.max is None:
        return ""
    low, high = ("" if bound is None else label(bound) for bound in (domain.min, domain.max))
    return f"{low} … {high}{unit}"


def _missing(column: Column) -> str:
    if not column.null.allowed:
        return "never"
    return ", ".join(("empty", *(f"'{code}'" for code in column.null.codes)))
