"""Readings without a claim are in the ledger before they happen; a card beside a file hides nothing."""

import json

import pytest

import synthrec
from synthrec.errors import VerificationError

ROWS = "age,sex\n" + "".join(f"{20 + number % 50},{'fm'[number % 2]}\n" for number in range(60))
SCHEMA = """
synthrec: 1
schema:
  name: people
  source: {population: town}
tables:
  people:
    one_row_per_person: true
    columns:
      age: {kind: integer, domain: {min: 0, max: 99, source: public}}
      sex: {kind: category, domain: {values: [f, m], source: public}}
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "people.csv").write_text(ROWS)
    (tmp_path / "people.yaml").write_text(SCHEMA)
    return tmp_path


def entries(home):
    return [json.loads(line) for line in synthrec.ledger_export(home=home).splitlines()]


def test_infer_is_entered_under_its_population(files):
    synthrec.infer(files / "people.csv", population="town", home=files / "home")
    assert "infer" in str(entries(files / "home"))
    assert synthrec.ledger_show("town", home=files / "home")


def test_infer_of_nobody_known_is_entered_under_a_mark_of_the_file(files):
    synthrec.infer(files / "people.csv", home=files / "home")
    assert "hmac-sha256:" in str(entries(files / "home"))


def test_validate_is_entered_under_the_schemas_population(files):
    assert synthrec.validate(files / "people.csv", files / "people.yaml", home=files / "home").approved
    assert "validate" in str(entries(files / "home"))
    assert "town" in str(entries(files / "home"))


def test_a_card_beside_the_file_does_not_hide_the_look(files):
    """Anybody can write a card; before it is signed it proves nothing."""
    (files / "card.json").write_text("{}")
    synthrec.validate(files / "people.csv", files / "people.yaml", home=files / "home")
    assert "validate" in str(entries(files / "home"))


def test_a_changed_ledger_stops_the_reading(files):
    home = files / "home"
    synthrec.infer(files / "people.csv", home=home)
    found = [path for path in home.rglob("*") if path.is_file() and b"SQLite" in path.read_bytes()[:16]]
    found[0].write_bytes(found[0].read_bytes().replace(b"draft a schema", b"draft a scheme"))
    with pytest.raises(VerificationError):
        synthrec.infer(files / "people.csv", home=home)


def test_a_card_says_how_many_models_were_fitted_to_the_records(tmp_path, small_schema, people):
    """Who fits until one passes shows it; an audit is no fit, and other records do not count."""
    schema, home = tmp_path / "small.yaml", tmp_path / "home"
    schema.write_text(small_schema.replace(", source: {population: one town}", ""), encoding="utf-8")
    data, others = people(tmp_path / "a.csv", 300), people(tmp_path / "b.csv", 300, seed=1, first=900)
    made = [
        synthrec.fit(schema, records, out=tmp_path / name, home=home).model
        for name, records in (("one", data), ("other", others), ("two", data))
    ]
    synthrec.audit(made[0], real=data, home=home)
    fits = [json.loads((model / "manifest.json").read_text())["fits"] for model in made]
    assert fits == [1, 1, 2]
