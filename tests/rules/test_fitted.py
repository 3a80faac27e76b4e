"""Columns that a model fills: row k of a table takes row k of the model, whatever the rules beside it do."""

from __future__ import annotations

import numpy as np
import pytest

from synthrec.data.table import Table
from synthrec.errors import ConfigError, PolicyRefusedError, SchemaError
from synthrec.rng import Streams
from synthrec.rules.engine import BLOCK_ROOTS, RuleEngine
from synthrec.schema.vector import Vector

N = BLOCK_ROOTS + 500
SEX = {"kind": "category", "domain": {"values": ["M", "F"], "source": "public"}}
ID = {"kind": "id", "role": "key", "generate": {"sequence": {"prefix": "P", "width": 3}}}


class Numbered:
    """A model whose row k is k, with a sex by turns, and of which at most so many rows may be released."""

    def __init__(self, most=None):
        self.most, self.asked = most, []

    def allow(self, rows):
        self.asked.append(rows)
        if self.most is not None and rows > self.most:
            raise PolicyRefusedError("too many")

    def columns(self, start, stop):
        numbers = np.arange(start, stop)
        sex = Vector((numbers % 2).astype(np.int32), numbers % 5 == 4, ("F", "M"))
        return {"k": Vector.full(numbers), "sex": sex}


def fitted(kind="integer", column="k", **more):
    return {"kind": kind, "generate": {"fitted": {"block": "b", "column": column}}, **more}


BLOCK = {"fitted": {"b": {"model": "../models/m"}}}
FILLED = {"k": fitted(), "sex": fitted("category", "sex", domain=SEX["domain"], null={"allowed": True})}


@pytest.fixture
def filled(schema):
    """``filled(columns, n, …)``: the tables of a schema whose root table ``t`` has a block ``b``."""

    def make(columns, n=N, *, model=None, seed=1, chunk_rows=10**9, table="t", generate=None, **more):
        spec = {"generate": {**BLOCK, **(generate or {})}} if table == "t" else {}
        spec |= more.pop("spec", {})
        engine = RuleEngine(schema(columns, table=spec, **more), models={(table, "b"): model or Numbered()})
        chunks = list(engine.stream(n, streams=Streams(seed), chunk_rows=chunk_rows))
        return {name: Table.concat([chunk[name] for chunk in chunks]).data for name in chunks[0]}

    return make


def test_row_k_of_the_table_is_row_k_of_the_model(filled):
    rows = filled(FILLED)["t"]
    assert rows["k"].to_pylist() == list(range(N))
    assert rows["sex"].to_pylist() == [None if k % 5 == 4 else "FM"[k % 2] for k in range(N)]


def test_chunks_prefixes_and_added_columns_change_nothing(filled):
    noise = {"x": {"kind": "float", "generate": {"dist": {"name": "normal", "mean": "k", "sd": 1}}}}
    added = {"y": {"kind": "float", "generate": {"dist": {"name": "normal", "mean": 0, "sd": 1}}}}
    whole = filled(FILLED | noise)["t"]
    assert filled(FILLED | noise, chunk_rows=77)["t"].equals(whole)
    assert filled(FILLED | noise, 4_200)["t"].equals(whole.slice(0, 4_200))
    assert filled(FILLED | noise | added)["t"].select(whole.column_names).equals(whole)
    assert filled(noise | {"k": FILLED["k"]})["t"]["x"].equals(whole["x"])


def test_another_seed_draws_other_rules_beside_the_same_model(filled):
    noise = {"x": {"kind": "float", "generate": {"dist": {"name": "normal", "mean": 0, "sd": 1}}}}
    first, second = (filled(FILLED | noise, 100, seed=seed)["t"] for seed in (1, 2))
    assert first["k"].equals(second["k"])
    assert not first["x"].equals(second["x"])


def test_rules_are_drawn_anew_around_the_model_and_its_rows_stand(filled):
    beside = {"x": {"kind": "integer", "generate": {"dist": {"name": "integers", "low": 0, "high": 3}}}}
    rule = {"constraints": [{"name": "parity", "expr": "x % 2 == k % 2"}]}
    rows = filled({"k": fitted()} | beside, spec=rule)["t"]
    assert rows["k"].to_pylist() == list(range(N))
    assert all(x % 2 == k % 2 for x, k in zip(rows["x"].to_pylist(), range(N), strict=True))


def test_a_constraint_that_the_model_breaks_by_itself_is_an_error_with_numbers(filled):
    rule = {"constraints": [{"name": "small", "expr": "k < 10"}]}
    with pytest.raises(SchemaError, match=r"4086 of 4096 rows .* violate 'k < 10'.* fitted with$"):
        filled({"k": fitted()}, 20, spec=rule)


def test_values_outside_the_domain_of_the_column_are_an_error(filled):
    domain = {"min": 0, "max": 99, "source": "public"}
    with pytest.raises(SchemaError, match="within the domain"):
        filled({"k": fitted(domain=domain)}, 20)


def test_a_helper_may_be_filled_and_values_be_taken_away(filled):
    taken = {"k": fitted(null={"allowed": True})}
    taken["k"]["generate"]["missing"] = {"rate": 0.5}
    twice = {"twice": {"kind": "integer", "generate": {"expr": "2 * _k"}}}
    helper = {"helpers": {"_k": fitted()}}
    made = filled(twice, generate=helper)["t"]
    assert made.column_names == ["twice"]
    assert made["twice"].to_pylist() == [2 * k for k in range(N)]
    kept = filled(taken)["t"]["k"].to_pylist()
    assert {None} | {k for k, value in enumerate(kept) if value is not None} == set(kept)
    # A binomial count within five standard deviations.
    assert abs(kept.count(None) - N / 2) <= 5 * (N / 4) ** 0.5


def test_a_child_table_counts_its_own_rows(filled):
    child = {
        "foreign_keys": [{"columns": ["id"], "references": "t"}],
        "one_row_per_person": True,
        "columns": {"id": {"kind": "id", "role": "key", "generate": {"copy": "t.id"}}, **FILLED},
        "generate": {"per": "t", "count": {"dist": {"name": "poisson", "mean": 1.5}}, **BLOCK},
    }
    model = Numbered()
    key = {"spec": {"primary_key": ["id"]}, "tables": {"c": child}}
    made = filled({"id": ID}, table="c", model=model, **key)["c"]
    assert made["k"].to_pylist() == list(range(len(made)))
    assert model.asked[-1] == len(made)
    shorter = filled({"id": ID}, 700, table="c", **key)["c"]
    assert shorter.to_pylist() == made.slice(0, len(shorter)).to_pylist()


def test_only_rows_that_are_wanted_count_against_the_approval(filled):
    model = Numbered(most=N)
    filled(FILLED, N, model=model)
    assert model.asked == [BLOCK_ROOTS, N]
    with pytest.raises(PolicyRefusedError):
        filled(FILLED, N + 1, model=Numbered(most=N))


def test_rows_counted_for_an_exact_prevalence_are_those_of_the_model(filled):
    flag = {"kind": "boolean", "generate": {"prevalence": {"count": 300, "where": f"k >= {N - 300}"}}}
    made = filled({"k": fitted(), "flag": flag})["t"]
    assert [k for k, chosen in enumerate(made["flag"].to_pylist()) if chosen] == list(range(N - 300, N))


def test_without_its_model_a_schema_makes_nothing(schema):
    with pytest.raises(ConfigError, match=r"k, sex of t come from a fitted model.*synthrec sample"):
        RuleEngine(schema(FILLED, table={"generate": BLOCK}))
