"""Schemas for the tests of the schema language."""

from __future__ import annotations

import pytest

from synthrec.errors import SchemaError
from synthrec.schema.load import parse_schema

INPATIENT = """\
synthrec: 1
schema:
  name: inpatient
  version: 1.2.0
  title: Hospital stays
  license: CC0-1.0
  use: {intended: testing, out_of_scope: care}
  source: {custodian: data office, obligations: [no linkage]}
params: {start: 2024-01-01, rate: 0.1}
tables:
  patient:
    primary_key: [patient_id]
    person: patient_id
    target: sex
    columns:
      patient_id: {kind: id, role: key}
      name: {kind: string, role: direct_identifier}
      age: {kind: integer, unit: a, role: quasi_identifier, domain: {min: 0, max: 110, source: public}}
      sex: {kind: category, domain: {values: [F, M, U], source: declared, basis: dictionary, by: office}}
      smoker: {kind: boolean}
      cost:
        kind: decimal
        scale: 2
        unit: USD
        role: sensitive
        domain: {min: 0, max: 100000.5, source: public}
        heaps: [0]
        precision: 0.05
        grid: asinh
        null: {allowed: true, codes: ["-9"]}
      weight: {kind: float, domain: {source: learned}}
      admit: {kind: date, format: "%d/%m/%Y", domain: {min: 2020-01-01, max: "2024-12-31", source: public}}
      left:
        kind: datetime
        timezone: Europe/Berlin
        domain: {min: 2020-01-01, max: 2025-01-01, source: public}
    constraints:
      - {name: adult, expr: "age >= 18 or not smoker"}
      - name: order
        expr: |
          isnull(cost) or
          cost < 90000.25
        severity: warning
  visit:
    person: {via: patient_id}
    max_rows_per_person: 5
    foreign_keys: [{columns: [patient_id], references: patient}]
    columns:
      patient_id: {kind: id, role: key}
      ward: {kind: code, domain: {values: ["01", "02", 7], ordered: true, source: public}}
"""


@pytest.fixture
def inpatient():
    return INPATIENT


@pytest.fixture
def faults_of():
    """The faults of a schema text."""

    def found(text):
        with pytest.raises(SchemaError) as caught:
            parse_schema(text, "s.yaml")
        return caught.value.faults

    return found


@pytest.fixture
def column_fault(faults_of):
    """The only fault of a schema with one column, written in YAML flow style."""

    def found(column, name="x"):
        head = "synthrec: 1\nschema: {name: s}\ntables:\n  t:\n    one_row_per_person: true\n    columns:\n"
        (fault,) = faults_of(f"{head}      {name}: {column}\n")
        assert fault.line == 7
        assert fault.file == "s.yaml"
        return fault

    return found
