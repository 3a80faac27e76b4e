"""A preview shows the first rows of what `sample` would make, quickly."""

from __future__ import annotations

import time

import pytest

import synthrec
from synthrec.assets import find_schema
from synthrec.errors import ConfigError
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema.load import load_schema

RULED = [name for name in synthrec.schema_names() if synthrec.load_schema(name).is_rule_schema]


@pytest.mark.parametrize("name", RULED)
def test_ten_rows_of_each_table_in_less_than_a_third_of_a_second(name):
    synthrec.preview(name)
    start = time.process_time()
    made = synthrec.preview(name)
    assert time.process_time() - start < 0.3
    assert {table.num_rows for table in made.tables.values()} == {10}


def test_the_rows_are_those_of_a_run():
    (records,) = RuleEngine(load_schema(find_schema("inpatient"))).stream(300, streams=Streams(5))
    made = synthrec.preview("inpatient", rows=7, seed=5)
    assert made.document() == {name: table.data.slice(0, 7).to_pylist() for name, table in records.items()}


def test_params_and_missing_values_show():
    made = synthrec.preview("inpatient", rows=40, params={"start": "2030-01-01"})
    text = made.text()
    assert " -  " in text
    assert {row["admit_date"].year for row in made.document()["admission"]} <= set(range(2030, 2050))
    assert len(text.splitlines()) == 2 * (40 + 2) + 1


def test_a_schema_without_rules_has_none():
    with pytest.raises(ConfigError, match="describes data"):
        synthrec.preview("admissions_flat")
