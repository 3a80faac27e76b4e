"""Sizes by name: read, merged, shown, and refused where they cannot be used."""

from __future__ import annotations

import pytest

from synthrec.assets import find_schema, schema_names
from synthrec.errors import ConfigError, SchemaError
from synthrec.runs.params import number_of, size
from synthrec.schema.load import load_schema, parse_schema
from synthrec.schema.show import describe

TEXT = """\
synthrec: 1
schema: {name: s}
params: {rate: 0.3, since: 2024-01-01, most: 4}
presets:
  small: {rows: 10}
  busy: {rows: 2000, set: {rate: 1, since: 2025-02-01}, says: much in little time}
tables:
  t:
    one_row_per_person: true
    columns:
      id: {kind: id, role: key, generate: {sequence: {prefix: A, width: 9}}}
"""


def test_a_preset_gives_rows_and_params_which_set_overrides():
    schema = parse_schema(TEXT)
    assert size(schema, None, "small", {}).rows == 10
    busy = size(schema, None, "busy", {"rate": "0.5"})
    assert (busy.rows, busy.params["rate"], str(busy.params["since"])) == (2_000, 0.5, "2025-02-01")
    plain = size(schema, None, "busy", {})
    assert plain.params["rate"] == 1.0
    assert type(plain.params["rate"]) is float
    assert size(schema, 7, None, {"most": "5"}).params == {"most": 5}


@pytest.mark.parametrize(
    ("rows", "preset", "says"),
    [
        (None, "smal", "no preset 'smal'; did you mean small"),
        (None, "x", "there are: small, busy"),
        (5, "small", "--rows and --preset"),
        (None, None, "how many records"),
    ],
)
def test_a_size_that_cannot_be_used_is_refused(rows, preset, says):
    with pytest.raises(ConfigError, match=says):
        size(parse_schema(TEXT), rows, preset, {})


def test_a_model_has_no_presets():
    assert number_of(3, None) == 3
    with pytest.raises(ConfigError, match="presets belong to rule schemas"):
        number_of(None, "small")


@pytest.mark.parametrize(
    ("old", "new", "line", "found"),
    [
        ("set: {rate: 1,", "set: {rat: 1,", 6, "no param 'rat'"),
        ("set: {rate: 1,", "set: {most: 1.5,", 6, "'1.5' is not of type int"),
        ("set: {rate: 1,", "set: {rate: high,", 6, "'high' is not of type float"),
        ("{rows: 10}", "{rows: 0}", 5, "input should be greater than or equal to 1"),
        (", generate: {sequence: {prefix: A, width: 9}}", "", 4, "presets, but no rules for every column"),
    ],
)
def test_faults_have_a_place(old, new, line, found):
    assert old in TEXT
    with pytest.raises(SchemaError) as caught:
        parse_schema(TEXT.replace(old, new))
    assert (line, found) in {(fault.line, fault.found) for fault in caught.value.faults}


def test_presets_are_shown_and_merged_by_name(tmp_path):
    (tmp_path / "base.yaml").write_text(TEXT, "utf-8")
    own = "synthrec: 1\nextends: base.yaml\nschema: {name: o}\npresets: {small: {rows: 3}, busy: null}\n"
    (tmp_path / "own.yaml").write_text(own, "utf-8")
    assert {name: preset.rows for name, preset in load_schema(tmp_path / "own.yaml").presets.items()} == {
        "small": 3
    }
    shown = describe(parse_schema(TEXT)).splitlines()
    assert "preset small: 10 root records" in shown
    assert "preset busy: 2,000 root records, rate = 1, since = 2025-02-01 (much in little time)" in shown


@pytest.mark.parametrize("name", [name for name in schema_names() if name != "admissions_flat"])
def test_shipped_rule_schemas_come_in_three_sizes(name):
    presets = load_schema(find_schema(name)).presets
    assert list(presets) == ["small", "medium", "large"]
    assert presets["small"].rows < presets["medium"].rows < presets["large"].rows
