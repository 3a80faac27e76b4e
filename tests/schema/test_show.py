"""The plain-text summary of a schema."""

from __future__ import annotations

from synthrec.schema.load import parse_schema
from synthrec.schema.show import describe


def test_everything_a_reader_asks_for_is_there(inpatient):
    schema = parse_schema(inpatient)
    text = describe(schema)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[:2] == ["inpatient 1.2.0 — Hospital stays", schema.digest]
    for line in (
        "param start = 2024-01-01",
        "table patient: 9 columns, 2 always made anew",
        "primary key: patient_id",
        "person: that of the parent, via patient_id, at most 5 rows each",
        "foreign key: patient_id → patient",
        "age integer quasi_identifier 0 … 110 a public never",
        "sex category attribute F, M, U declared never",
        "cost decimal(2) sensitive 0 … 100000.5 USD public empty, '-9'",
        "weight float attribute learned never",
        "left datetime(Europe/Berlin) attribute 2020-01-01T00:00:00 … 2025-01-01T00:00:00 public never",
        "error adult: age >= 18 or not smoker",
        "warning order: isnull(cost) or cost < 90000.25",
    ):
        assert line in lines


def test_long_lists_of_values_are_cut(inpatient):
    text = describe(parse_schema(inpatient.replace("[F, M, U]", "[a, b, c, d, e, f, g, h]")))
    assert "a, b, c, d, e, f, … 2 more" in text
