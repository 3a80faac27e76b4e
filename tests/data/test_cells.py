"""What each kind accepts as text, and what it refuses."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

UTC = dt.UTC
local = dt.datetime.fromisoformat


@pytest.mark.parametrize(
    ("column", "cells", "values"),
    [
        (
            {"kind": "integer"},
            ["7", "-7", "+7", " 7 ", "007", "7.0", "7e2", ""],
            [7, -7, 7, 7, 7, 7, 700, None],
        ),
        ({"kind": "integer"}, ["9223372036854775807", "-9223372036854775807"], [2**63 - 1, 1 - 2**63]),
        (
            {"kind": "decimal", "scale": 2},
            ["1.5", "-0.05", "3", "1.500", ".5", "1e1"],
            [
                Decimal("1.50"),
                Decimal("-0.05"),
                Decimal("3.00"),
                Decimal("1.50"),
                Decimal("0.50"),
                Decimal("10.00"),
            ],
        ),
        ({"kind": "decimal", "scale": 2}, ["9999999999999999.99"], [Decimal("9999999999999999.99")]),
        ({"kind": "float"}, ["1.5", "1e-7", "-.5", "0.1", "1e308"], [1.5, 1e-7, -0.5, 0.1, 1e308]),
        (
            {"kind": "boolean"},
            ["true", "FALSE", "Yes", "no", "1", "0", ""],
            [True, False, True, False, True, False, None],
        ),
        (
            {"kind": "date"},
            ["2024-02-29", "2024-01-31 00:00:00"],
            [dt.date(2024, 2, 29), dt.date(2024, 1, 31)],
        ),
        ({"kind": "date", "format": "%d/%m/%Y"}, ["03/04/2024"], [dt.date(2024, 4, 3)]),
        (
            {"kind": "datetime"},
            ["2024-01-31T01:02:03.5", "2024-01-31 01:02", "2024-01-31"],
            [local("2024-01-31T01:02:03.5"), local("2024-01-31T01:02"), local("2024-01-31T00:00")],
        ),
        (
            {"kind": "datetime", "timezone": "Europe/Berlin"},
            ["2024-07-01T12:00:00+02:00", "2024-07-01T10:00:00Z"],
            [dt.datetime(2024, 7, 1, 10, tzinfo=UTC)] * 2,
        ),
        (
            {"kind": "category"},
            ["NA", "None", "nan", "null", " a ", "01", "", '""'],
            ["NA", "None", "nan", "null", " a ", "01", None, None],
        ),
    ],
)
def test_accepted(column_of, column, cells, values):
    assert column_of(cells, **column) == values


@pytest.mark.parametrize(
    ("column", "cell", "found"),
    [
        ({"kind": "integer"}, "abc", "not a number"),
        ({"kind": "integer"}, "NA", "not a number"),
        ({"kind": "integer"}, " ", "not a number"),
        ({"kind": "integer"}, "0x1F", "not a number"),
        ({"kind": "integer"}, "1_000", "a comma or a thousands separator"),
        ({"kind": "integer"}, "٣", "not a number"),
        ({"kind": "integer"}, '"1,000"', "a comma or a thousands separator"),
        ({"kind": "integer"}, "1.5", "not a whole number"),
        ({"kind": "integer"}, "9223372036854775808", "too large for the column's kind"),
        ({"kind": "integer"}, "1e999", "too large for the column's kind"),
        ({"kind": "integer"}, "9" * 90, "too large for the column's kind"),
        ({"kind": "integer"}, "9" * 5000, "not a number"),
        ({"kind": "integer"}, "nan", "infinite or not-a-number"),
        ({"kind": "decimal", "scale": 2}, "1.005", "more decimal places than the column's scale"),
        ({"kind": "decimal", "scale": 2}, "1e-9999", "more decimal places than the column's scale"),
        ({"kind": "decimal", "scale": 2}, "99999999999999999", "too large for the column's kind"),
        ({"kind": "decimal", "scale": 2}, '"12,50"', "a comma or a thousands separator"),
        ({"kind": "float"}, "inf", "infinite or not-a-number"),
        ({"kind": "float"}, "NaN", "infinite or not-a-number"),
        ({"kind": "float"}, "1e999", "too large for the column's kind"),
        ({"kind": "boolean"}, "T", "not a truth value"),
        ({"kind": "date"}, "2023-02-29", "not a date or time in the column's format"),
        ({"kind": "date"}, "20240131", "not a date or time in the column's format"),
        ({"kind": "date"}, "31/01/2024", "not a date or time in the column's format"),
        ({"kind": "date", "format": "%d/%m/%Y"}, "2024-01-31", "not a date or time in the column's format"),
        ({"kind": "date"}, "2024-01-31T10:00", "a date with a time of day"),
        ({"kind": "datetime"}, "2024-01-31T10:00Z", "a time with UTC offset"),
        ({"kind": "datetime", "timezone": "Europe/Berlin"}, "2024-01-31T10:00", "a time without UTC offset"),
        ({"kind": "datetime"}, "2024-01-31T10:00:00.0000001", "a time finer than a microsecond"),
    ],
)
def test_refused(column_of, faults_of, column, cell, found):
    good = {"date": "2024-01-31", "datetime": "2024-01-31", "boolean": "1"}.get(column["kind"], "1")
    if column.get("format"):
        good = "31/01/2024"
    if column.get("timezone"):
        good = "2024-01-31T00:00Z"
    faults = faults_of(lambda: column_of([good, cell, good, cell], **column))
    assert faults == [f"t.x: {found}: 2 cells (rows 2, 4)"]


def test_null_codes_match_by_text_and_by_number(column_of):
    codes = {"allowed": True, "codes": ["-9", "?", "NA"]}
    assert column_of(["-9", "-9.0", "?", "NA", "9"], kind="float", null=codes) == [None] * 4 + [9.0]
    assert column_of(["-9", "-9.00", " ?", "1"], kind="decimal", scale=1, null=codes)[:3] == [None] * 3
    assert column_of(["-9", "-9.0", "?", "NA"], kind="category", null=codes) == [None, "-9.0", None, None]


def test_null_code_of_dates(column_of):
    codes = {"allowed": True, "codes": ["9999-12-31", "unknown"]}
    assert column_of(["9999-12-31", "unknown", "2024-01-01"], kind="date", null=codes) == [
        None,
        None,
        dt.date(2024, 1, 1),
    ]


@pytest.mark.parametrize("kind", ["integer", "category", "date", "boolean", "float"])
def test_missing_is_refused_unless_allowed(column_of, faults_of, kind):
    good = {"date": "2024-01-31"}.get(kind, "1")
    faults = faults_of(lambda: column_of([good, "", good, '""'], kind=kind, null={}))
    assert faults == ["t.x: missing where the schema allows no missing value: 2 cells (rows 2, 4)"]


@pytest.mark.parametrize("source", ["public", "declared"])
@pytest.mark.parametrize(
    "case",
    [
        ({"kind": "integer", "domain": {"min": 0, "max": 10}}, ["-1", "0", "10", "11"], "rows 1, 4"),
        ({"kind": "decimal", "scale": 2, "domain": {"max": 1}}, ["1", "1.00", "1.01"], "row 3"),
        ({"kind": "float", "domain": {"min": 0.5}}, ["0.5", "0.49"], "row 2"),
        ({"kind": "date", "domain": {"min": "2024-01-01"}}, ["2023-12-31", "2024-01-01"], "row 1"),
        ({"kind": "integer", "domain": {"values": [1, 2]}}, ["1", "3"], "row 2"),
        ({"kind": "category", "domain": {"values": ["a", 1]}}, ["a", "1", "b", "1.0"], "rows 3, 4"),
        ({"kind": "code", "domain": {"values": [True, 2.5]}}, ["true", "2.5", "True"], "row 3"),
        ({"kind": "integer", "heaps": [99], "domain": {"max": 10}}, ["99", "98"], "row 2"),
    ],
)
def test_stated_domains_refuse(column_of, faults_of, case, source):
    column, cells, rows = case
    stated = column["domain"] | {"source": source, "basis": "data dictionary", "by": "data office"}
    faults = faults_of(lambda: column_of(cells, **column | {"domain": stated}))
    assert len(faults) == 1
    assert faults[0].startswith("t.x: outside the domain")
    assert faults[0].endswith(f"({rows})")


def test_learned_domains_never_refuse(column_of):
    assert column_of(["5"], kind="integer", domain={"min": 0, "max": 1, "source": "learned"}) == [5]
    assert column_of(["b"], kind="category", domain={"values": ["a"], "source": "learned"}) == ["b"]


def test_only_the_first_rows_are_named(column_of, faults_of):
    faults = faults_of(lambda: column_of(["x"] * 50, kind="integer"))
    assert faults == ["t.x: not a number: 50 cells (rows 1, 2, 3, 4, 5, …)"]
