"""One faulty column at a time: what is found and what to do."""

from __future__ import annotations

import pytest

INTEGER = "domain: {min: 0, max: 9, source: public}"


@pytest.mark.parametrize(
    ("column", "where", "found", "repair"),
    [
        ("{kind: decimal, domain: {source: learned}}", "kind", "without scale", "scale: 2"),
        ("{kind: boolean, scale: 2}", "scale", "scale on a column of kind boolean", "decimal"),
        (f"{{kind: integer, timezone: UTC, {INTEGER}}}", "timezone", "timezone on", "datetime"),
        (
            "{kind: datetime, timezone: Europe/Berln, domain: {source: learned}}",
            "timezone",
            "unknown timezone",
            "Europe/Berlin",
        ),
        (
            "{kind: datetime, timezone: ../etc/passwd, domain: {source: learned}}",
            "timezone",
            "unknown timezone",
            "IANA",
        ),
        ("{kind: boolean, format: '%Y'}", "format", "format on", "date"),
        ("{kind: date, format: '%m/%Y', domain: {source: learned}}", "format", "whole date", "%d/%m/%Y"),
        (
            "{kind: datetime, format: '%d/%m/%Y', domain: {source: learned}}",
            "format",
            "whole datetime",
            "%H:%M",
        ),
        ("{kind: category, grid: asinh, domain: {values: [a], source: public}}", "grid", "grid on", "remove"),
        (f"{{kind: integer, grid_scale: 3, {INTEGER}}}", "grid_scale", "without grid: asinh", "asinh"),
        ("{kind: integer}", "", "without min and max", "domain: {min:"),
        ("{kind: integer, domain: {min: 0, source: public}}", "domain", "without min and max", "learned"),
        ("{kind: category}", "", "without values", "values"),
        ("{kind: code, domain: {source: dp}}", "domain", "without values", "values"),
        (
            "{kind: integer, domain: {min: 0, max: 9, source: declared, by: x}}",
            "domain.source",
            "without basis",
            "basis",
        ),
        ("{kind: integer, domain: {min: 9, max: 0, source: public}}", "domain.max", "below min", "swap"),
        (
            "{kind: integer, domain: {min: 0, max: 9.5, source: public}}",
            "domain.max",
            "not a value of kind integer",
            "whole number",
        ),
        ("{kind: integer, domain: {min: '0', max: 9, source: public}}", "domain.min", "not a value", "whole"),
        (
            "{kind: integer, domain: {min: true, max: 9, source: public}}",
            "domain.min",
            "not a value",
            "whole",
        ),
        (
            "{kind: decimal, scale: 1, domain: {min: 0, max: 0.55, source: public}}",
            "domain.max",
            "with 1 decimal places",
            "decimal places",
        ),
        (
            "{kind: date, domain: {min: 0, max: 2024-01-01, source: public}}",
            "domain.min",
            "not a value",
            "2024",
        ),
        (
            "{kind: date, domain: {min: 2024-01-01, max: 2023-12-31, source: public}}",
            "domain.max",
            "below min",
            "swap",
        ),
        (
            "{kind: category, domain: {min: 0, values: [a], source: public}}",
            "domain.min",
            "on a column",
            "list",
        ),
        (
            f"{{kind: integer, {INTEGER[:-1]}, values: [1]}}}}",
            "domain.values",
            "on a column of kind",
            "category",
        ),
        ("{kind: category, domain: {values: [], source: public}}", "domain.values", "empty list", "learned"),
        (
            "{kind: category, domain: {values: [1, '1'], source: public}}",
            "domain.values",
            "more than once",
            "once",
        ),
        ("{kind: code, domain: {values: [01, '2'], source: public}}", "domain.values[0]", "01 could", "'01'"),
        ("{kind: code, domain: {values: [a, 1.10], source: public}}", "domain.values[1]", "1.10", "'1.10'"),
        ("{kind: code, domain: {values: [1E5], source: public}}", "domain.values[0]", "'100000'", "'1E5'"),
        ("{kind: boolean, domain: {values: [1, 0], source: public}}", "domain.values", "boolean", "category"),
        (f"{{kind: integer, {INTEGER[:-1]}, ordered: true}}}}", "domain.ordered", "without values", "list"),
        (f"{{kind: integer, heaps: [10], {INTEGER}}}", "heaps[0]", "outside the domain", "widen"),
        (f"{{kind: integer, heaps: [0.5], {INTEGER}}}", "heaps[0]", "not a value", "whole"),
        (f"{{kind: integer, heaps: [1, 1], {INTEGER}}}", "heaps", "twice", "once"),
        ("{kind: boolean, heaps: [1]}", "heaps", "heaps on", "numbers"),
        (f"{{kind: integer, precision: 0.5, {INTEGER}}}", "precision", "steps of 0.5", "multiple of 1"),
        (f"{{kind: integer, precision: 10, {INTEGER}}}", "precision", "wider", "smaller"),
        (
            "{kind: decimal, scale: 2, precision: 0.001, domain: {min: 0, max: 9, source: public}}",
            "precision",
            "steps of 0.001",
            "0.01",
        ),
        ("{kind: boolean, precision: 1}", "precision", "precision on", "numbers"),
        ("{kind: boolean, null: {codes: ['9']}}", "null.codes", "may not be missing", "allowed: true"),
        (
            "{kind: boolean, null: {allowed: true, codes: ['']}}",
            "null.codes",
            "empty missing code",
            "leave it",
        ),
        ("{kind: boolean, null: {allowed: true, codes: [x, x]}}", "null.codes", "twice", "once"),
        (
            f"{{kind: integer, null: {{allowed: true, codes: ['9']}}, {INTEGER}}}",
            "null.codes",
            "also a value",
            "one",
        ),
        (
            "{kind: category, null: {allowed: true, codes: [a]}, domain: {values: [a], source: public}}",
            "null.codes",
            "also a value",
            "one",
        ),
    ],
)
def test_a_faulty_column(column_fault, column, where, found, repair):
    fault = column_fault(column)
    assert fault.where == "tables.t.columns.x" + (f".{where}" if where else "")
    assert found in fault.found
    assert repair in fault.repair


def test_a_name_that_cannot_be_quoted(faults_of):
    head = "synthrec: 1\nschema: {name: s}\ntables:\n  t:\n    one_row_per_person: true\n    columns:\n"
    (fault,) = faults_of(head + '      "a`b": {kind: boolean}\n')
    assert fault.line == 7
    assert "not a name" in fault.found
