"""`--prevalence` of rule schemas: a column by name, its number exact, and faults that say what to write."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

import synthrec
from synthrec.assets import find_schema
from synthrec.errors import ConfigError
from synthrec.runs.exact import parse_exact
from synthrec.schema.load import load_schema, parse_schema

SCHEMA = """
synthrec: 1
schema: {name: s}
params: {cases: 3}
tables:
  t:
    one_row_per_person: true
    columns:
      age: {kind: integer, generate: {dist: {name: integers, low: 0, high: 99}}}
      likely: {kind: boolean, generate: {bernoulli: {p: "where(age >= 50, 0.5, 0)"}}}
      x: {kind: boolean, generate: {prevalence: {rate: 0.5, where: "age < 30"}}}
      y: {kind: boolean, generate: {prevalence: {by: [x], rate: 0.5}}}
"""


@pytest.fixture
def sampled(tmp_path):
    """The rows, and the text of the card, of a draw of 500."""
    path = tmp_path / "s.yaml"
    path.write_text(SCHEMA, "utf-8")

    def draw(prevalence):
        out = tmp_path / "out"
        synthrec.sample(path, 500, prevalence=prevalence, out=out, seed=1, home=tmp_path / "home")
        return pq.read_table(out / "t.parquet").to_pandas(), (out / "card.json").read_text("utf-8")

    return draw


@pytest.mark.parametrize(
    ("asked", "column", "count"), [("x=7", "x", 7), ("likely=40", "likely", 40), ("t.x=0", "x", 0)]
)
def test_a_count_is_exact_and_stands_on_the_card(sampled, asked, column, count):
    table, card = sampled(asked)
    assert table[column].sum() == count
    assert f"t.{column} was asked to hold in exactly {count} rows" in json.dumps(json.loads(card))


def test_the_condition_of_the_schema_stays_and_a_rate_is_of_its_rows(sampled):
    table, _ = sampled("x=0.25")
    young = table[table.age < 30]
    assert table.x.sum() == young.x.sum() == int(len(young) / 4 + 0.5)


def test_a_chance_of_0_is_never_chosen(sampled):
    table, _ = sampled("likely=100")
    assert table[table.likely].age.min() >= 50


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x=-1", "COLUMN=COUNT"),
        ("x=1.5", "COLUMN=COUNT"),
        ("x=many", "COLUMN=COUNT"),
        ("x=nan", "COLUMN=COUNT"),
        ("x", "no column"),
        ("likly=3", "did you mean likely"),
        ("age=3", "not made by bernoulli or prevalence"),
        ("y=3", "a number for each stratum"),
    ],
)
def test_faults(text, found):
    with pytest.raises(ConfigError, match=found):
        parse_exact(parse_schema(SCHEMA), text)


def test_a_column_of_several_tables_is_named_with_its_table():
    schema = load_schema(find_schema("retail_bank"))
    with pytest.raises(ConfigError, match=r"account\.type or transaction\.type"):
        parse_exact(schema, "type=3")
    assert parse_exact(schema, "is_disputed=250").table == "transaction"
