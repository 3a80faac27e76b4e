"""From a table of a schema to its suite, in an order and with ids that are the same on every machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from synthrec.gx.bounds import bound, members
from synthrec.gx.constraints import stated_by_built_ins
from synthrec.gx.expectation import Expectation, Suite
from synthrec.schema.model import LABEL_KINDS, Column, Constraint, Domain, Schema, TableSpec

_TYPES = {
    "integer": ["Int64Dtype", "int64"],
    "decimal": ["Decimal"],
    "float": ["Float64Dtype", "float64"],
    "boolean": ["BooleanDtype", "bool"],
    "date": ["date"],
    "datetime": ["datetime64[us]", "datetime64[ns]"],
}
"""Names that Great Expectations has for the types in which pandas reads our Parquet files.

It has none for categoricals, which hold labels, nor for datetimes with a timezone.
"""

_ANY_TEXT = {"min_value": 0}
"""Lengths of at least 0: true of every text and of nothing else."""


class Made(StrEnum):
    """Who made the records; minted identifiers differ in form."""

    RULES = "rules"
    LEARNED = "learned"


def suites_of(schema: Schema, made: Made | None, rows: Mapping[str, int] | None = None) -> tuple[Suite, ...]:
    """One suite per table, in the schema's order.

    Args:
        schema: What the records are.
        made: Who made them; None where that is not known, and then no form of minted identifiers is demanded.
        rows: Exact number of rows per table; None where it is not to be stated.
    """
    return tuple(
        suite_of(schema, table, made, None if rows is None else rows[table]) for table in schema.tables
    )


def suite_of(schema: Schema, table: str, made: Made | None = None, rows: int | None = None) -> Suite:
    """What the schema says of a table, as far as built-in expectations can state it."""
    spec = schema.tables[table]
    stated = tuple(_stated(spec, made, rows))
    return Suite(table, stated, tuple(_beside(spec, {item.rule for item in stated})), _unstated(spec))


def _stated(spec: TableSpec, made: Made | None, rows: int | None) -> Iterator[Expectation]:
    columns = {"column_set": list(spec.columns), "exact_match": True}
    yield Expectation("expect_table_columns_to_match_set", columns, "columns")
    if rows is not None:
        yield Expectation("expect_table_row_count_to_equal", {"value": rows}, "rows")
    for name, column in spec.columns.items():
        yield from _of_column(name, column, made)
    yield from _of_key(spec.primary_key)
    for constraint in spec.constraints:
        yield from _of_constraint(constraint, spec)


def _of_column(name: str, column: Column, made: Made | None) -> Iterator[Expectation]:
    if not column.null.allowed:
        yield _expect("expect_column_values_to_not_be_null", f"not null: {name}", column=name)
    domain = tuple(_of_domain(name, column))
    form = _form(name, column, made)
    if column.kind not in LABEL_KINDS and not column.timezone:
        types = _TYPES[column.kind]
        yield _expect(
            "expect_column_values_to_be_in_type_list", f"type: {name}", column=name, type_list=types
        )
    elif column.kind in LABEL_KINDS and not domain and form is None:
        yield _expect("expect_column_value_lengths_to_be_between", f"type: {name}", column=name, **_ANY_TEXT)
    yield from domain
    if form is not None:
        yield _expect("expect_column_values_to_match_regex", f"form: {name}", column=name, regex=form)


def _of_domain(name: str, column: Column) -> Iterator[Expectation]:
    """A domain that was learned from real records is not told."""
    rule, domain = f"domain: {name}", column.domain
    if domain is None or domain.source == "learned":
        return
    if domain.values is not None:
        listed = members(domain.values, column)
        if listed is not None:
            yield _expect("expect_column_values_to_be_in_set", rule, column=name, value_set=listed)
    elif column.is_numeric and (ends := _ends(domain, column)):
        yield _expect("expect_column_values_to_be_between", rule, column=name, **ends)


def _ends(domain: Domain, column: Column) -> dict[str, Any]:
    ends: dict[str, Any] = {}
    if domain.min is not None:
        ends["min_value"] = bound(domain.min, column, "min")
    if domain.max is not None:
        ends["max_value"] = bound(domain.max, column, "max")
    return ends


def _form(name: str, column: Column, made: Made | None) -> str | None:
    """The form of minted labels: a prefix that no real identifier has, and a number."""
    sequence = (column.generate or {}).get("sequence")
    listed = column.domain is not None and column.domain.values is not None
    if made is None or column.kind not in LABEL_KINDS or listed:
        return None
    if sequence is not None:
        return f"^{re.escape(sequence.get('prefix', ''))}[0-9]{{{max(sequence.get('width', 0), 1)},}}$"
    if made is Made.LEARNED and column.is_minted:
        return f"^{re.escape(f'SYN-{name}-')}[0-9]{{8,}}$"
    return None


def _of_key(key: tuple[str, ...]) -> Iterator[Expectation]:
    if len(key) == 1:
        yield _expect("expect_column_values_to_be_unique", "primary key", column=key[0])
    elif key:
        kwargs = {"column_list": list(key), "ignore_row_if": "any_value_is_missing"}
        yield Expectation("expect_compound_columns_to_be_unique", kwargs, "primary key")


def _of_constraint(constraint: Constraint, spec: TableSpec) -> Iterator[Expectation]:
    """Warnings are not stated: one unmet expectation fails a checkpoint, whatever its severity."""
    if constraint.severity == "error":
        for kind, kwargs in stated_by_built_ins(constraint.expr, spec.columns) or ():
            yield Expectation(kind, kwargs, f"constraint: {constraint.name}")


def _beside(spec: TableSpec, stated: set[str]) -> Iterator[str]:
    """Rules of the table that its suite does not state, as the conformity check names them."""
    for name, column in spec.columns.items():
        if _has_domain(column) and f"domain: {name}" not in stated:
            yield f"domain: {name}"
    for reference in spec.foreign_keys:
        yield f"foreign key: {', '.join(reference.columns)} in {reference.references}"
    if spec.max_rows_per_person is not None and not spec.one_row_per_person and spec.person is not None:
        yield "rows per person"
    rules = (f"constraint: {constraint.name}" for constraint in spec.constraints)
    yield from (rule for rule in rules if rule not in stated)


def _has_domain(column: Column) -> bool:
    domain = column.domain
    ranged = domain is not None and column.is_numeric and (domain.min, domain.max) != (None, None)
    return domain is not None and (domain.values is not None or ranged)


def _unstated(spec: TableSpec) -> tuple[str, ...]:
    return tuple(
        name for name, column in spec.columns.items() if column.domain and column.domain.source == "learned"
    )


def _expect(kind: str, rule: str, **kwargs: Any) -> Expectation:
    return Expectation(kind, kwargs, rule)
