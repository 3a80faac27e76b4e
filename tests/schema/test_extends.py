"""A schema on top of another: what is said again counts, and nothing outside the folder is read."""

from __future__ import annotations

import pytest

from synthrec.errors import SchemaError
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema.load import load_schema, parse_schema

BASE = """\
synthrec: 1
schema: {name: base, version: 2.0.0}
params: {rate: 0.5, mean: 3}
distributions: {wait: {name: gamma, shape: 2, scale: 3}}
tables:
  t:
    one_row_per_person: true
    columns:
      id: {kind: id, role: key, generate: {sequence: {prefix: A}}}
      age:
        kind: integer
        domain: {min: 0, max: 100, source: public}
        generate: {dist: {name: poisson, mean: mean}}
      gone: {kind: boolean, generate: {bernoulli: {p: rate}}}
      wait: {kind: float, generate: {dist: wait}}
    constraints:
      - {name: first, expr: "age >= 0"}
      - {name: second, expr: "age <= 100"}
    generate:
      helpers: {_x: {kind: float, generate: {dist: wait}}}
"""
OWN = """\
synthrec: 1
extends: base.yaml
schema: {name: own}
params: {mean: 7}
distributions: {wait: {name: gamma, shape: 9, scale: 1}}
tables:
  t:
    columns:
      age: {domain: {min: 0, max: 50, source: public}}
      gone:
      new: {kind: boolean, generate: {bernoulli: {p: 0.25}}}
    constraints:
      - {name: third, expr: "age != 7"}
      - {name: second, expr: "age <= 50"}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "base.yaml").write_text(BASE, "utf-8")
    (tmp_path / "own.yaml").write_text(OWN, "utf-8")
    return tmp_path


def test_what_is_said_again_counts_and_the_rest_stays(folder):
    own = load_schema(folder / "own.yaml")
    table = own.tables["t"]
    assert (own.info.name, own.info.version) == ("own", "2.0.0")
    assert own.params == {"rate": 0.5, "mean": 7}
    assert list(table.columns) == ["id", "age", "wait", "new"]
    assert table.columns["age"].domain.max == 50
    assert table.columns["age"].generate == {"dist": {"name": "poisson", "mean": "mean"}}
    assert [(rule.name, rule.expr) for rule in table.constraints] == [
        ("first", "age >= 0"),
        ("second", "age <= 50"),
        ("third", "age != 7"),
    ]
    assert table.columns["wait"].generate["dist"]["shape"] == 9
    assert table.generate["helpers"]["_x"]["generate"]["dist"]["shape"] == 9


def test_the_whole_runs_and_survives_its_document(folder):
    own = load_schema(folder / "own.yaml")
    assert type(own).model_validate(own.document()) == own
    (records,) = RuleEngine(own).stream(50, streams=Streams(1))
    assert records["t"].data.num_rows == 50


def test_a_shipped_name_is_a_base():
    text = "synthrec: 1\nextends: inpatient\nschema: {name: mine}\nparams: {stays: 2.0}\n"
    mine = parse_schema(text, "mine.yaml")
    assert mine.params["stays"] == 2.0
    assert mine.is_rule_schema


def faults(folder, text, name="own.yaml"):
    (folder / name).write_text(text, "utf-8")
    with pytest.raises(SchemaError) as caught:
        load_schema(folder / name)
    return caught.value.faults


def test_faults_of_moved_constraints_keep_their_lines(folder):
    found = faults(folder, OWN.replace("age <= 50", "agee <= 50"))
    assert [(fault.line, fault.where) for fault in found] == [(14, "tables.t.constraints[1].expr")]


def test_faults_of_the_base_are_told_of_the_base(folder):
    (folder / "base.yaml").write_text(BASE.replace("kind: boolean", "kind: bool"), "utf-8")
    (fault,) = faults(folder, OWN)
    assert fault.file.endswith("base.yaml")
    assert fault.line == 14


def test_what_breaks_the_base_is_told_in_the_own_file(folder):
    old = "      age: {domain: {min: 0, max: 50, source: public}}\n"
    found = faults(folder, OWN.replace(old, "      age:\n"))
    assert found
    assert all(fault.file.endswith("own.yaml") for fault in found)


@pytest.mark.parametrize(
    "name",
    ["https://example.org/s.yaml", "../base.yaml", "/etc/passwd", "absent.yaml", "[1]", "inpatientt", "."],
)
def test_bases_from_elsewhere_are_refused(folder, name):
    inner = folder / "inner"
    inner.mkdir()
    (fault,) = faults(inner, OWN.replace("base.yaml", name))
    assert fault.line == 2
    assert "neither a shipped schema nor a file" in fault.found
    assert "inpatient" in fault.repair


def test_a_link_out_of_the_folder_is_refused(folder):
    inner = folder / "inner"
    inner.mkdir()
    (inner / "base.yaml").symlink_to(folder / "base.yaml")
    (fault,) = faults(inner, OWN)
    assert "neither" in fault.found


def test_a_circle_is_refused_with_its_path(folder):
    (folder / "base.yaml").write_text("extends: own.yaml\n" + BASE, "utf-8")
    (fault,) = faults(folder, OWN)
    assert "own.yaml → base.yaml → own.yaml" in fault.found


def test_a_schema_on_itself_is_refused(folder):
    (fault,) = faults(folder, OWN.replace("base.yaml", "own.yaml"))
    assert "own.yaml → own.yaml" in fault.found


def test_a_tower_of_bases_has_its_limit(folder):
    (folder / "b0.yaml").write_text(BASE, "utf-8")
    own = OWN.replace("      gone:\n", "")
    for i in range(1, 12):
        (folder / f"b{i}.yaml").write_text(own.replace("base.yaml", f"b{i - 1}.yaml"), "utf-8")
    (fault,) = faults(folder, own.replace("base.yaml", "b11.yaml"))
    assert "more than 8 bases" in fault.found


def test_an_unknown_distribution_is_told_with_a_near_one(folder):
    found = faults(folder, BASE.replace("{dist: wait}}\n    constraints", "{dist: wiat}}\n    constraints"))
    assert [(fault.line, fault.found) for fault in found] == [(15, "no distribution 'wiat'")]
    assert "'wait'" in found[0].repair


def test_faults_in_a_named_distribution_stand_at_its_entry(folder):
    found = faults(folder, BASE.replace("shape: 2", 'shape: "agee"'))
    assert {fault.line for fault in found} == {4}
    assert len(found) == 2
