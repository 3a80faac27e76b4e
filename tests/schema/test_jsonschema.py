"""The published JSON Schema: current, valid, and in agreement with the loader."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from synthrec.schema.jsonschema import main, rendered, schema_json_schema
from synthrec.schema.load import load_schema
from synthrec.schema.yaml_source import read_yaml

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "schemas").rglob("*.yaml"))


@pytest.fixture(scope="module")
def validator():
    schema = schema_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def plain(text):
    """YAML as an editor sees it: dates are text."""
    return json.loads(json.dumps(read_yaml(text, "s.yaml").document, default=str))


def test_the_published_file_is_current():
    assert (ROOT / "docs" / "schema.schema.json").read_text("utf-8") == rendered()


def test_writing_it(tmp_path):
    main(tmp_path / "docs" / "s.json")
    assert (tmp_path / "docs" / "s.json").read_text("utf-8") == rendered()


def test_a_sound_schema_is_valid(validator, inpatient):
    assert not list(validator.iter_errors(plain(inpatient)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: boolean", "kind: bool"),
        ("target:", "targt:"),
        ("synthrec: 1", "synthrec: 2"),
        ("  visit:", "  a/b:"),
        ("scale: 2", "scale: 10"),
    ],
)
def test_a_faulty_schema_is_not(validator, inpatient, old, new):
    assert list(validator.iter_errors(plain(inpatient.replace(old, new))))


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_shipped_schemas_are_valid(validator, path):
    assert load_schema(path)
    assert not list(validator.iter_errors(plain(path.read_text("utf-8"))))
