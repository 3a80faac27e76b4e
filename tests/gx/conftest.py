"""One export with a Great Expectations project for all tests: awkward names and columns of every kind."""

import shutil
from pathlib import Path

import pytest

from synthrec import api
from synthrec.schema.load import parse_schema

WARD = """\
synthrec: 1
schema: {name: ward, version: 2.1.0}
tables:
  patient:
    person: patient_id
    max_rows_per_person: 1
    primary_key: [patient_id]
    columns:
      patient_id: {kind: id, role: key, generate: {sequence: {prefix: "P.", width: 5}}}
      born:
        kind: date
        domain: {min: 1930-01-01, max: 2020-12-31, source: public}
        generate: {date: {from: 1930-01-01, to: 2020-12-31}}
      'size in "cm", $ <b>&':
        kind: integer
        domain: {min: 40, max: 210, source: public}
        generate: {dist: {name: integers, low: 40, high: 210}}
      group:
        kind: category
        domain: {values: [A, "<b>B</b>", "$C"], source: public}
        generate: {category: {weights: {A: 1, "<b>B</b>": 1, "$C": 2}}}
      nothing:
        kind: string
        null: {allowed: true}
        domain: {values: [x], source: public}
        generate: {category: {weights: {x: 1}}, missing: {rate: 1}}
  stay:
    person: {via: patient_id}
    max_rows_per_person: 3
    primary_key: [patient_id, start]
    foreign_keys: [{columns: [patient_id], references: patient}]
    columns:
      patient_id: {kind: id, role: key, generate: {copy: patient.patient_id}}
      start:
        kind: date
        domain: {min: 2021-01-01, max: 2022-12-31, source: public}
        generate: {date: {from: 2021-01-01, to: 2022-12-31}}
      end:
        kind: date
        null: {allowed: true}
        domain: {min: 2021-01-01, max: 2023-12-31, source: public}
        generate: {offset: {from: start, days: {dist: {name: integers, low: 0, high: 30}}}}
      cost:
        kind: decimal
        scale: 2
        domain: {min: 0.1, max: 99.9, source: public}
        generate: {dist: {name: uniform, low: 0.1, high: 99.9}}
      seen:
        kind: datetime
        timezone: Europe/Berlin
        domain: {min: 2020-01-01, max: 2024-12-31, source: public}
        generate: {date: {from: 2021-01-01, to: 2022-12-31}}
      urgent: {kind: boolean, generate: {bernoulli: {p: 0.5}}}
      score:
        kind: float
        domain: {min: 0, max: 1, source: learned}
        generate: {dist: {name: uniform, low: 0, high: 1}}
    constraints:
      - {name: order, expr: "end >= start"}
      - {name: cheap, expr: "cost > 0 and not (cost > 99.9)"}
      - {name: limits, expr: "0.1 <= cost <= 99.9 and score < 1.5"}
      - {name: seldom, expr: "score < 0.5", severity: warning}
    generate: {per: patient, count: {dist: {name: integers, low: 0, high: 3}}}
"""


@pytest.fixture(scope="session")
def ward():
    """The schema."""
    return parse_schema(WARD)


@pytest.fixture(scope="session")
def export(tmp_path_factory, ward) -> Path:
    """An export of the schema, made once; no test may change it."""
    folder = tmp_path_factory.mktemp("ward")
    report = api.sample(ward, 60, out=folder / "out", seed=3, gx=True, home=folder / "home")
    assert report.approved
    return folder / "out"


@pytest.fixture
def spoilt(tmp_path, export) -> Path:
    """A copy of the export that a test may change."""
    return Path(shutil.copytree(export, tmp_path / "spoilt"))
