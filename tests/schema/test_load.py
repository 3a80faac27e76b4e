"""Schema files: what loads, and that every fault is told at once with its place."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from synthrec.errors import SchemaError
from synthrec.schema.load import load_schema, parse_schema


def test_a_sound_schema_loads(inpatient):
    schema = parse_schema(inpatient)
    patient = schema.tables["patient"]
    assert schema.params["start"] == dt.date(2024, 1, 1)
    assert patient.columns["admit"].domain.max == dt.date(2024, 12, 31)
    assert patient.columns["left"].domain.min == dt.datetime(2020, 1, 1)  # noqa: DTZ001
    assert patient.columns["cost"].precision == Decimal("0.05")
    assert schema.tables["visit"].columns["ward"].domain.labels == ("01", "02", "7")
    assert patient.minted == ("patient_id", "name")


def test_the_document_of_a_schema_loads_as_the_same_schema(inpatient):
    schema = parse_schema(inpatient)
    again = parse_schema(json.dumps(schema.document()))
    assert again == schema
    assert again.digest == schema.digest


def test_comments_and_key_order_do_not_change_the_digest(inpatient):
    moved = inpatient.replace("{kind: boolean}", "{role: attribute, kind: boolean}   # said twice")
    assert parse_schema(moved).digest == parse_schema(inpatient).digest
    assert parse_schema(inpatient.replace("max: 110", "max: 111")).digest != parse_schema(inpatient).digest


def test_words_that_other_yaml_versions_bend_stay_text(inpatient):
    text = inpatient.replace("[F, M, U]", "[F, NO, on, y]").replace("target: sex", "target: age")
    assert parse_schema(text).tables["patient"].columns["sex"].domain.labels == ("F", "NO", "on", "y")


def test_numbers_as_column_names(inpatient):
    text = inpatient.replace("smoker: {kind: boolean}", "0: {kind: boolean}").replace("not smoker", "not `0`")
    assert "0" in parse_schema(text).tables["patient"].columns


def test_five_faults_five_lines(inpatient, faults_of):
    text = (
        inpatient.replace("kind: integer, unit: a", "kind: integr, unit: a")
        .replace("basis: dictionary, ", "")
        .replace("target: sex", "targt: sex")
        .replace("cost < 90000.25", "csot < 90000.25")
        .replace("references: patient", "references: patients")
    )
    lines = {line: number for number, line in enumerate(text.splitlines(), start=1)}

    def line_of(part):
        return next(number for line, number in lines.items() if part in line)

    faults = faults_of(text)
    assert [(fault.line, fault.where) for fault in faults] == [
        (line_of("targt"), "tables.patient.targt"),
        (line_of("integr"), "tables.patient.columns.age.kind"),
        (line_of("declared"), "tables.patient.columns.sex.domain.source"),
        (line_of("csot"), "tables.patient.constraints[1].expr"),
        (line_of("patients"), "tables.visit.foreign_keys[0].references"),
    ]
    assert [fault.column for fault in faults] == [5, 13, 57, 11, 44]
    hints = ["'target'", "'integer'", "basis", "cost", "'patient'"]
    assert all(hint in fault.repair for hint, fault in zip(hints, faults, strict=True))


def test_a_broken_column_hides_nothing_else(inpatient, faults_of):
    text = inpatient.replace("age: {kind: integer", "age: {kind: [integer]").replace("scale: 2", "scale: -2")
    text = text.replace("person: {via: patient_id}", "person: {via: patient}")
    found = {fault.where: fault for fault in faults_of(text)}
    assert set(found) == {
        "tables.patient.columns.age.kind",
        "tables.patient.columns.cost.scale",
        "tables.visit.person.via",
    }


def test_a_broken_table_hides_nothing_in_another(inpatient, faults_of):
    text = inpatient.replace("ordered: true, source: public", "ordered: true, source: declared")
    text = text.replace(
        "    columns:\n      patient_id: {kind: id, role: key}\n      name", "    colums:\n      name"
    )
    found = [fault.where for fault in faults_of(text)]
    assert found == ["tables.patient.colums", "tables.visit.columns.ward.domain.source"]


@pytest.mark.parametrize(
    "case",
    [
        ("synthrec: 1", "synthrec: 2", "synthrec", "unknown value '2'", "use one of: 1"),
        ("synthrec: 1\n", "", "synthrec", "missing", "add synthrec:"),
        ("version: 1.2.0", "version: 1.2", "schema.version", "a number in this place", "quotes"),
        ("name: inpatient", "name: In Patient", "schema.name", "not a name", "match"),
        ("person: patient_id", "person: [patient_id]", "tables.patient.person", "a list", "write"),
        (
            "person: {via: patient_id}",
            "person: {vai: patient_id}",
            "tables.visit.person.vai",
            "unknown key",
            "via",
        ),
        ("  visit:", "  ../visit:", "tables.../visit", "not a name", "match"),
        (
            'codes: ["-9"]',
            "codes: [-9]",
            "tables.patient.columns.cost.null.codes[0]",
            "whole number",
            "quotes",
        ),
        (
            "{kind: boolean}",
            "{kind: boolean, null: {allowed: yes}}",
            "tables.patient.columns.smoker.null.allowed",
            "a text",
            "true or false",
        ),
        ("heaps: [0]", "heaps: [null]", "tables.patient.columns.cost.heaps[0]", "nothing", "write"),
        (
            "max_rows_per_person: 5",
            "max_rows_per_person: 0",
            "tables.visit.max_rows_per_person",
            "greater",
            "correct",
        ),
        (
            "person: patient_id",
            "one_row_per_person: true\n    person: patient_id",
            "tables.patient.one_row_per_person",
            "both",
            "keep one",
        ),
        ("    person: patient_id\n", "", "tables.visit.person.via", "no person", "one_row_per_person"),
        ("    person: {via: patient_id}\n", "", "tables.visit", "no unit of privacy", "person:"),
        ("person: patient_id", "person: patientid", "tables.patient.person", "no column", "'patient_id'"),
        ("target: sex", "target: sxe", "tables.patient.target", "no column", "'sex'"),
        ("target: sex", "target: name", "tables.patient.target", "identifier", "modelled"),
        (
            "primary_key: [patient_id]",
            "primary_key: [patient_id, agee]",
            "tables.patient.primary_key[1]",
            "no column",
            "'age'",
        ),
        (
            "columns: [patient_id], ref",
            "columns: [patient], ref",
            "tables.visit.foreign_keys[0].columns",
            "no column",
            "'patient_id'",
        ),
        (
            "columns: [patient_id], ref",
            "columns: [patient_id, ward], ref",
            "tables.visit.foreign_keys[0].columns",
            "2 columns for a primary key of 1",
            "patient_id",
        ),
        (
            "primary_key: [patient_id]",
            "primary_key: [age]",
            "tables.visit.foreign_keys[0].columns",
            "kind id, but patient.age of kind integer",
            "same kind",
        ),
        ("name: order", "name: adult", "tables.patient.constraints[1].name", "a second", "another name"),
        (
            '"age >= 18 or not smoker"',
            "age + 18",
            "tables.patient.constraints[0].expr",
            "yields a number",
            "compare",
        ),
        ("  visit:", "  Patient:", "tables.Patient", "case only", "rename"),
        (
            "patient_id: {kind: id, role: key}\n      name",
            "patient_id: {kind: id, null: {allowed: true}}\n      name",
            "tables.patient.primary_key[0]",
            "may be missing",
            "allowed: false",
        ),
    ],
)
def test_one_fault(inpatient, faults_of, case):
    old, new, where, found, repair = case
    assert old in inpatient
    faults = {fault.where: fault for fault in faults_of(inpatient.replace(old, new, 1))}
    assert found in faults[where].found
    assert repair in faults[where].repair


def test_tables_in_a_circle(faults_of):
    table = (
        "  {0}:\n    one_row_per_person: true\n    primary_key: [id]\n"
        "    foreign_keys: [{{columns: [id], references: {1}}}]\n    columns: {{id: {{kind: id}}}}\n"
    )
    text = "synthrec: 1\nschema: {name: s}\ntables:\n" + table.format("a", "b") + table.format("b", "a")
    (fault,) = faults_of(text)
    assert "circle" in fault.found
    assert "→" in fault.found


def test_too_many_columns(faults_of):
    columns = "".join(f"      c{i}: {{kind: boolean}}\n" for i in range(2_001))
    head = "synthrec: 1\nschema: {name: s}\ntables:\n  t:\n    one_row_per_person: true\n    columns:\n"
    (fault,) = faults_of(head + columns)
    assert fault.found == "2001 columns"


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SchemaError, match="no such file"):
        load_schema(tmp_path / "absent.yaml")


def test_a_file_is_read_with_its_name_in_faults(tmp_path, inpatient):
    path = tmp_path / "s.yaml"
    path.write_text("\ufeff" + inpatient, "utf-8")
    assert load_schema(path).info.name == "inpatient"
    path.write_bytes(b"synthrec: 1\nschema: \xff\n")
    with pytest.raises(SchemaError, match=r"s\.yaml:2: bytes that are not UTF-8"):
        load_schema(path)


def test_faults_of_constraints_in_every_style_of_text(inpatient, faults_of):
    for style, line, column in [
        ('expr: "age > 1 and foo"', 0, 43 - 16),
        ("expr: age > 1 and foo", 0, 0),
        ("expr: |\n            age > 1 and\n              foo", 2, 15),
    ]:
        text = inpatient.replace(
            '- {name: adult, expr: "age >= 18 or not smoker"}', f"- name: adult\n        {style}"
        )
        start = text.splitlines().index("      - name: adult") + 2
        (fault,) = faults_of(text)
        assert fault.line == start + line
        assert text.splitlines()[fault.line - 1][fault.column - 1 :].startswith("foo")
        assert not (line and fault.column != column)
