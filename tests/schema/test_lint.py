"""Hints: each has a schema that earns it, and the sound schema earns none."""

from __future__ import annotations

import pytest

from synthrec.assets import find_schema, schema_names
from synthrec.errors import SchemaError
from synthrec.schema.lint import lint

SOUND = """\
synthrec: 1
schema: {name: s}
params: {rate: 0.3}
cite: {rate: census}
sources: {census: {title: Census}}
distributions: {years: {name: normal, mean: 40, sd: 20, assumption: true}}
tables:
  t:
    one_row_per_person: true
    columns:
      id: {kind: id, role: key, generate: {sequence: {prefix: A}}}
      age: {kind: integer, domain: {min: 0, max: 110, source: public}, generate: {dist: years}}
      sex:
        kind: category
        domain: {values: [F, M], source: public}
        generate: {category: {weights: {F: 1, M: "where(_x > 0, 1, rate)"}}}
      born: {kind: date, generate: {date: {from: 2000-01-01, to: 2001-01-01}}}
      ill: {kind: boolean, generate: {bernoulli: {p: rate}}}
    constraints:
      - {name: adult, expr: "age >= 18 and sex in ['F', 'M']"}
      - {name: other, expr: "age <= 90 or ill"}
    generate:
      helpers: {_x: {kind: float, generate: {dist: {name: normal, mean: 0, sd: 1}}}}
"""


def hints(tmp_path, text):
    (tmp_path / "s.yaml").write_text(text, "utf-8")
    return [(hint.kind, hint.fault.line, hint.fault.found) for hint in lint(tmp_path / "s.yaml")]


def test_a_sound_schema_earns_none(tmp_path):
    assert hints(tmp_path, SOUND) == []


@pytest.mark.parametrize("name", schema_names())
def test_shipped_schemas_earn_no_contradiction(name):
    assert [hint for hint in lint(find_schema(name)) if hint.kind == "contradiction"] == []


@pytest.mark.parametrize(
    ("old", "new", "kind", "line", "found"),
    [
        ("age >= 18", "age >= 180", "contradiction", 20, "no value of 'age'"),
        ("age <= 90 or ill", "18 > age", "contradiction", 21, "no value of 'age'"),
        ("age >= 18", "age > 110", "contradiction", 20, "no value of 'age'"),
        ("age >= 18", "age < -1", "contradiction", 20, "no value of 'age'"),
        ("age <= 90 or ill", "sex not in ['F', 'M']", "contradiction", 21, "no value of 'sex'"),
        ("sd: 20", "sd: 20, min: 200", "contradiction", 6, "min and max leave nothing"),
        ("to: 2001", "to: 1999", "contradiction", 17, "the end lies before"),
        ('M: "where(_x > 0, 1, rate)"', "M: 0", "unreachable", 16, "value 'M' of the domain"),
        ("where(_x > 0, 1, rate)", "1", "unused", 23, "nothing uses helper '_x'"),
        ("rate: 0.3}", "rate: 0.3, more: 1}", "unused", 3, "nothing uses param 'more'"),
        ("cite: {rate: census}", "cite: {rate: assumption}", "unused", 5, "nothing cites source 'census'"),
        ("generate: {dist: years}", "generate: {const: 30, assumption: true}", "unused", 6, "distribution"),
        (", assumption: true}}\n", "}}\n", "uncited", 6, "a number without a source"),
    ],
)
def test_a_hint_stands_at_its_line(tmp_path, old, new, kind, line, found):
    assert old in SOUND
    told = hints(tmp_path, SOUND.replace(old, new, 1))
    assert any((kind, line) == hint[:2] and found in hint[2] for hint in told), told


def test_bounds_that_touch_are_no_contradiction(tmp_path):
    touching = SOUND.replace("age >= 18", "age >= 110").replace("age <= 90 or ill", "age <= 110")
    assert hints(tmp_path, touching) == []
    assert hints(tmp_path, touching.replace("age <= 110", "age < 110"))[0][0] == "contradiction"


def test_warnings_bind_nothing(tmp_path):
    text = SOUND.replace(
        '{name: adult, expr: "age >= 18', '{name: adult, severity: warning, expr: "age >= 999'
    )
    assert hints(tmp_path, text) == []


def test_a_schema_with_faults_is_not_linted(tmp_path):
    with pytest.raises(SchemaError, match="no column 'agee'"):
        hints(tmp_path, SOUND.replace("age >= 18", "agee >= 18"))
