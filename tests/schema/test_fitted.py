"""The language of columns that a model fills: faults of the schema, and what differs from the model."""

from __future__ import annotations

import pytest

from synthrec.errors import SchemaError
from synthrec.schema import citations
from synthrec.schema.fitted_checks import filled, mismatches, models
from synthrec.schema.graph import render_graph
from synthrec.schema.lint import hints
from synthrec.schema.load import load_schema, parse_schema
from synthrec.schema.rule_tables import rule_tables
from synthrec.schema.show import describe

SOUND = """\
synthrec: 1
schema: {name: town}
tables:
  people:
    primary_key: [id]
    columns:
      id: {kind: id, role: key, generate: {sequence: {prefix: P, width: 4}}}
      age: {kind: integer, generate: {fitted: {block: b}}}
      gender: {kind: category, generate: {fitted: {block: b, column: sex}}}
      doubled: {kind: integer, generate: {expr: age + _points}}
    generate:
      fitted: {b: {model: ../models/town_2024}}
      helpers: {_points: {kind: integer, generate: {fitted: {block: b, column: score}}}}
"""

MODEL = """\
synthrec: 1
schema: {name: real}
tables:
  people:
    one_row_per_person: true
    columns:
      person: {kind: id, role: key}
      age: {kind: integer, unit: a, domain: {min: 0, max: 99, source: public}}
      sex: {kind: category, domain: {values: [F, M, X], source: public}}
      score: {kind: decimal, scale: 1, precision: 0.5, domain: {min: -5, max: 20, source: learned}}
      born: {kind: datetime, domain: {min: 1920-01-01, max: 2024-12-31, source: public}}
      note: {kind: category, domain: {values: [rare, rarer], source: learned}, null: {allowed: true}}
"""

MADE = "{fitted: {block: b, column: %s}}"


def faults(text):
    with pytest.raises(SchemaError) as caught:
        parse_schema(text)
    found = caught.value.faults
    return [(fault.line, fault.where.removeprefix("tables.people."), fault.found) for fault in found]


def changed(*pairs):
    text = SOUND
    for old, new in pairs:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


def test_a_sound_schema_knows_its_blocks():
    schema = parse_schema(SOUND)
    assert schema.is_rule_schema
    assert models(schema) == {"people": {"b": "../models/town_2024"}}
    blocks = filled(rule_tables(schema)["people"])
    assert blocks == {"b": {"age": "age", "gender": "sex", "_points": "score"}}


def test_nothing_of_a_block_is_a_figure_a_hint_or_hidden():
    schema = parse_schema(SOUND)
    assert not list(citations.figures(schema))
    assert not list(hints(schema))
    assert "age: integer, made by fitted" in render_graph(schema)
    assert "filled by the model ../models/town_2024: age, gender, _points" in describe(schema)


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        ([("{block: b}", "{block: c}")], [(8, "columns.age.generate.fitted.block", "unknown block 'c'")]),
        (
            [("fitted: {b: {model: ../models/town_2024}}", "fitted: {b: {model: m}, c: {model: n}}")],
            [(12, "generate.fitted.c", "a block that fills no column")],
        ),
        (
            [("column: sex", "column: age")],
            [(9, "columns.gender.generate.fitted", "'age' of the model fills 'age', too")],
        ),
        (
            [("{sequence: {prefix: P, width: 4}}", "{fitted: {block: b}}")],
            [
                (7, "columns.id.generate.fitted", "a model for 'id', which is always made anew"),
                (7, "columns.id.generate.fitted", "fitted for a column of kind id"),
            ],
        ),
        (
            [("{block: b}", "{block: b, colum: x}")],
            [
                (8, "columns.age.generate.fitted.colum", "Extra inputs are not permitted"),
                (10, "columns.doubled.generate", "'age' has no generate"),
            ],
        ),
    ],
    ids=["unknown block", "idle block", "one source twice", "a key", "a misspelt key"],
)
def test_faults_of_a_block(pairs, found):
    assert faults(changed(*pairs)) == found


@pytest.mark.parametrize(
    "path", ["/srv/model", "~/model", "https://host/model", "C:/model", '"a\\\\b"', '"a\\nb"']
)
def test_a_path_that_is_not_relative_is_refused(path):
    (found,) = faults(changed(("../models/town_2024", path)))
    assert found[:2] == (12, "generate.fitted.b.model")


def test_no_number_of_rows_comes_from_a_model():
    child = """\
  visit:
    one_row_per_person: true
    columns: {no: {kind: integer, role: key, generate: {sequence: {}}}}
    generate: {per: people, count: {fitted: {block: b}}}
"""
    assert faults(SOUND + child) == [
        (17, "tables.visit.generate.count.fitted", "a number of rows from a model")
    ]


def unlike(text, block="b"):
    model = parse_schema(MODEL).tables["people"]
    table = rule_tables(parse_schema(text))["people"]
    return {(path[-3], found) for path, found, _ in mismatches(table, block, model)}


def test_whatever_differs_from_the_model_is_told_at_once():
    text = SOUND.replace(
        "age: {kind: integer,", "age: {kind: integer, unit: mo, domain: {min: 1, max: 90, source: public},"
    )
    text = text.replace("category,", "category, domain: {values: [F, M], source: public},")
    assert unlike(text) == {
        ("age", "unit mo, and 'age' of the model has a"),
        ("age", "min 1, and 'age' of the model goes beyond, 0"),
        ("age", "max 90, and 'age' of the model goes beyond, 99"),
        ("gender", "'sex' of the model also yields 'X'"),
        ("_points", "kind integer, and 'score' of the model has decimal"),
        ("_points", "scale none, and 'score' of the model has 1"),
    }


@pytest.mark.parametrize(
    ("source", "column", "found"),
    [
        ("agee", "kind: integer", "the model has no column 'agee'"),
        ("person", "kind: integer", "the model does not model 'person'"),
        ("note", "kind: category", "never missing, and 'note' of the model may be"),
        (
            "note",
            "kind: category, null: {allowed: true}, domain: {values: [rare], source: public}",
            "'note' of the model also yields 1 unlisted values",
        ),
        (
            "score",
            "kind: decimal, scale: 1, domain: {min: 0, max: 20, source: public}",
            "min 0, and 'score' of the model goes beyond",
        ),
        (
            "score",
            "kind: decimal, scale: 1, precision: 0.1",
            "precision 0.1, and 'score' of the model has 0.5",
        ),
        (
            "born",
            "kind: datetime, timezone: Europe/Paris",
            "timezone Europe/Paris, and 'born' of the model has none",
        ),
        (
            "born",
            "kind: datetime, domain: {min: 1930-01-01, max: 2030-01-01, source: public}",
            "min 1930-01-01 00:00:00, and 'born' of the model goes beyond, 1920-01-01 00:00:00",
        ),
    ],
)
def test_one_difference(source, column, found):
    text = SOUND.replace("{fitted: {block: b, column: score}}", "{const: 1}")
    text = text.replace(
        "kind: integer, generate: {fitted: {block: b}}", f"{column}, generate: {MADE % source}"
    )
    text = text.replace("age + _points", "_points")
    assert {said for name, said in unlike(text) if name == "age"} == {found}


def test_what_agrees_is_not_told():
    text = SOUND.replace(
        "age: {kind: integer,", "age: {kind: integer, unit: a, domain: {min: 0, max: 120, source: public},"
    )
    text = text.replace("_points: {kind: integer,", "_points: {kind: decimal, scale: 1,").replace(
        "age + _points", "age"
    )
    assert unlike(text) == set()


def test_a_base_in_another_folder_keeps_its_model(tmp_path):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "town.yaml").write_text(SOUND, "utf-8")
    own = tmp_path / "own.yaml"
    own.write_text("synthrec: 1\nextends: base/town.yaml\nschema: {name: own}\n", "utf-8")
    assert models(load_schema(own)) == {"people": {"b": "models/town_2024"}}
    own.write_text(own.read_text() + "tables: {people: {generate: {fitted: {b: {model: mine}}}}}\n", "utf-8")
    assert models(load_schema(own)) == {"people": {"b": "mine"}}
