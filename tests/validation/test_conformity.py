from __future__ import annotations

import numpy as np
import pytest

from synthrec.data.table import Table
from synthrec.schema.model import Column, Schema
from synthrec.schema.vector import Vector
from synthrec.validation.conformity import Conformity

PATIENT = {
    "primary_key": ["id"],
    "person": "id",
    "columns": {
        "id": {"kind": "id", "role": "key"},
        "age": {"kind": "integer", "domain": {"min": 0, "max": 110, "source": "public"}},
        "sex": {"kind": "category", "domain": {"values": ["F", "M"], "source": "declared"}},
        "job": {"kind": "category", "domain": {"values": ["x"], "source": "learned"}},
        "cost": {
            "kind": "decimal",
            "scale": 2,
            "domain": {"min": 0, "max": 10.5, "source": "public"},
            "null": {"allowed": True},
        },
        "born": {"kind": "date", "domain": {"min": "2000-01-01", "max": "2000-01-03", "source": "public"}},
        "free": {"kind": "float", "domain": {"source": "learned"}},
        "grade": {"kind": "integer", "domain": {"values": [1, 3], "source": "public"}},
    },
    "constraints": [
        {"name": "old enough", "expr": "age >= grade"},
        {"name": "cheap", "expr": "cost < 5", "severity": "warning"},
    ],
}
VISIT = {
    "person": {"via": "id"},
    "max_rows_per_person": 2,
    "foreign_keys": [{"columns": ["id"], "references": "patient"}],
    "columns": {"id": {"kind": "id", "role": "key", "null": {"allowed": True}}},
}
SCHEMA = Schema.model_validate(
    {"synthrec": 1, "schema": {"name": "s"}, "tables": {"patient": PATIENT, "visit": VISIT}}
)
DAY = 10_957  # 2000-01-01
GOOD = {"age": 30, "sex": "F", "job": "x", "cost": 100, "born": DAY, "free": 1e9, "grade": 3}


def vector(column: Column, values):
    missing = np.array([value is None for value in values], dtype=bool)
    if column.kind in {"id", "category"}:
        levels = tuple(dict.fromkeys(value for value in values if value is not None))
        return Vector(np.array([levels.index(v) if v else 0 for v in values], np.int32), missing, levels)
    dtype = np.float64 if column.kind == "float" else np.int64
    return Vector(np.array([value or 0 for value in values], dtype), missing)


def table(name, rows):
    spec = SCHEMA.tables[name]
    return Table.from_vectors(
        name, spec, {key: vector(column, [row[key] for row in rows]) for key, column in spec.columns.items()}
    )


def patients(*rows, start=0):
    return table("patient", [GOOD | {"id": f"p{start + place}"} | row for place, row in enumerate(rows)])


def visits(*ids):
    return table("visit", [{"id": number} for number in ids])


def checked(name, *chunks):
    check = Conformity(SCHEMA, name)
    for chunk in chunks:
        check.add(chunk)
    return check.result()


def shares(result):
    return {measure.name: measure.value for measure in result.measures}


def test_good_rows_keep_every_rule():
    result = checked("patient", {"patient": patients({}, {"cost": None}, {"job": "(other)"})})
    assert result.check == "conformity.patient"
    assert set(shares(result).values()) == {0.0}
    assert {"violations", "constraint_violations", "constraint_warnings"} <= set(shares(result))


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ({"age": 111}, "domain: age"),
        ({"age": None}, "not null: age"),
        ({"sex": "X"}, "domain: sex"),
        ({"sex": "(other)"}, "domain: sex"),
        ({"job": "y"}, "domain: job"),
        ({"cost": 1051}, "domain: cost"),
        ({"cost": -1}, "domain: cost"),
        ({"born": DAY + 3}, "domain: born"),
        ({"born": DAY - 1}, "domain: born"),
        ({"grade": 2}, "domain: grade"),
        ({"free": float("nan")}, None),
    ],
)
def test_one_bad_cell_of_four_is_a_quarter(row, rule):
    found = shares(checked("patient", {"patient": patients({}, {}, {}, row)}))
    assert found["violations"] == (0.25 if rule else 0.0)
    broken = [name for name, share in found.items() if share and name.startswith(("not null", "domain"))]
    assert broken == ([rule] if rule else [])


def test_constraints_count_by_severity_and_null_passes():
    rows = patients({"age": 2}, {"cost": 700}, {"cost": None}, {"cost": 600})
    found = shares(checked("patient", {"patient": rows}))
    assert found["constraint_violations"] == found["constraint: old enough"] == 0.25
    assert found["constraint_warnings"] == found["constraint: cheap"] == 0.5
    assert found["violations"] == 0.0


def test_keys_are_unique_across_chunks():
    first, second = patients({}, {}), patients({}, {}, start=1)
    assert shares(checked("patient", {"patient": first}))["violations"] == 0.0
    found = shares(checked("patient", {"patient": first}, {"patient": second}))
    assert found["primary key"] == found["violations"] == 0.25


def test_children_have_their_parent_in_the_same_chunk():
    people = patients({}, {})
    good = {"patient": people, "visit": visits("p0", "p1", None)}
    assert shares(checked("visit", good))["violations"] == 0.0
    orphans = checked("visit", good, {"patient": patients({}, start=5), "visit": visits("p0", "p5")})
    assert shares(orphans)["foreign key: id in patient"] == 0.25  # three named one here, of four in all
    assert shares(checked("visit", {"visit": visits("p0")}))["violations"] == 1.0


def test_rows_per_person_are_counted_across_chunks():
    people = patients({}, {})
    within = {"patient": people, "visit": visits("p0", "p0", "p1")}
    assert shares(checked("visit", within))["violations"] == 0.0
    found = checked("visit", within, {"patient": people, "visit": visits("p0")})
    assert shares(found)["rows per person"] == 0.5
    assert found.steward["rows per person"] == 1


def test_no_rows_break_no_rule():
    assert shares(checked("patient"))["violations"] == 0.0
    assert shares(checked("patient", {"visit": visits("p0")}))["violations"] == 0.0
