"""The engine as a whole: children, foreign keys, order, scans, redraws, params."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from synthrec.errors import ConfigError, SchemaError
from synthrec.rng import Streams
from synthrec.rules.engine import BLOCK_ROOTS, RuleEngine

ID = {"kind": "id", "role": "key", "generate": {"sequence": {"prefix": "P", "width": 3}}}


def child(columns, count, **generate):
    """A child table of ``t`` with a foreign key."""
    key = {"kind": "id", "role": "key", "generate": {"copy": "t.id"}}
    return {
        "c": {
            "person": {"via": "id"},
            "foreign_keys": [{"columns": ["id"], "references": "t"}],
            "columns": {"id": key, **columns},
            "generate": {"per": "t", "count": count, **generate},
        }
    }


DIE = {"kind": "integer", "generate": {"dist": {"name": "integers", "low": 1, "high": 6}}}
ROOT = {"primary_key": ["id"], "person": "id"}


def family(make, columns, count, n=3, root=None, **more):
    generate = more.pop("generate", {})
    return make({"id": ID, **(root or {})}, n, table=ROOT, tables=child(columns, count, **generate), **more)


def test_children_carry_the_key_of_their_parent(make):
    records = family(make, {"x": {"kind": "integer", "generate": {"const": 1}}}, {"const": 2})
    assert records["c"].data["id"].to_pylist() == ["P001", "P001", "P002", "P002", "P003", "P003"]


def test_children_counts_follow_their_distribution(make):
    n = 10_000
    records = family(make, {}, {"dist": {"name": "poisson", "mean": 1.5}}, n)
    parents = np.array(records["c"].data["id"].to_pylist())
    counts = np.unique(parents, return_counts=True)[1]
    # Poisson(1.5): mean of n counts within five standard deviations, and share without children likewise.
    assert abs(counts.sum() - 1.5 * n) <= 5 * (1.5 * n) ** 0.5
    none, p = n - len(counts), np.exp(-1.5)
    assert abs(none - n * p) <= 5 * (n * p * (1 - p)) ** 0.5


def test_count_from_a_column_of_the_parent_and_its_columns_in_expressions(make):
    root = {"k": {"kind": "integer", "generate": {"dist": {"name": "integers", "low": 0, "high": 3}}}}
    records = family(
        make, {"x": {"kind": "integer", "generate": {"expr": "10 * t.k"}}}, {"expr": "k"}, 50, root
    )
    expected = [10 * k for k in records["t"].data["k"].to_pylist() for _ in range(k)]
    assert records["c"].data["x"].to_pylist() == expected


def test_grandchildren_see_their_grandparent(make):
    tables = child({"k": DIE}, {"const": 2})
    tables["g"] = {
        "one_row_per_person": True,
        "columns": {"x": {"kind": "id", "role": "key", "generate": {"copy": "t.id"}}},
        "generate": {"per": "c", "count": {"expr": "k"}},
    }
    records = make({"id": ID}, 20, table=ROOT, tables=tables)
    children = records["c"].data.to_pylist()
    assert records["g"].data["x"].to_pylist() == [row["id"] for row in children for _ in range(row["k"])]


def test_order_by_sorts_within_parents_before_numbering(make):
    columns = {
        "no": {"kind": "integer", "role": "key", "generate": {"sequence": {}}},
        "x": {"kind": "float", "generate": {"dist": {"name": "uniform", "low": 0, "high": 1}}},
    }
    data = family(make, columns, {"const": 4}, 5, generate={"order_by": "x"})["c"].data.to_pandas()
    assert data["no"].tolist() == list(range(1, 21))
    assert all(part["x"].is_monotonic_increasing for _, part in data.groupby("id", observed=True))


def test_scans_run_within_parents(make):
    columns = {
        "step": {
            "kind": "decimal",
            "scale": 2,
            "generate": {"dist": {"name": "uniform", "low": -5, "high": 5}},
        },
        "balance": {"kind": "decimal", "scale": 2, "generate": {"scan": {"sum": "step", "from": 100}}},
        "day": {"kind": "date", "generate": {"scan": {"sum": "3", "from": "2024-01-01"}}},
        "before": {
            "kind": "decimal",
            "scale": 2,
            "null": {"allowed": True},
            "generate": {"scan": {"previous": "step"}},
        },
        "after": {
            "kind": "decimal",
            "scale": 2,
            "null": {"allowed": True},
            "generate": {"scan": {"next": "step"}},
        },
    }
    rows = family(make, columns, {"const": 3}, 4)["c"].data.to_pylist()
    for start in range(0, 12, 3):
        part = rows[start : start + 3]
        steps = [row["step"] for row in part]
        assert [row["balance"] for row in part] == [100 + sum(steps[: i + 1]) for i in range(3)]
        assert [row["before"] for row in part] == [None, *steps[:2]]
        assert [row["after"] for row in part] == [*steps[1:], None]
        assert [row["day"] for row in part] == [dt.date(2024, 1, 1 + 3 * i) for i in (1, 2, 3)]


def test_helpers_are_used_but_not_exported(make):
    helpers = {"_h": {"kind": "integer", "generate": {"const": 4}}}
    table = make(
        {"x": {"kind": "integer", "generate": {"expr": "_h + 1"}}},
        2,
        table={"generate": {"helpers": helpers}},
    )
    assert table["t"].data.to_pydict() == {"x": [5, 5]}


def test_violating_rows_are_drawn_anew_from_the_conditional_law(make):
    rule = [{"name": "unequal", "expr": "x != y"}]
    data = make({"x": DIE, "y": DIE}, 30_000, table={"constraints": rule})["t"].to_pandas()
    assert (data.x != data.y).all()
    counts = data.groupby(["x", "y"]).size()
    p = 1 / 30  # uniform over the 30 unequal pairs
    assert len(counts) == 30
    assert (abs(counts - 30_000 * p) <= 5 * (30_000 * p * (1 - p)) ** 0.5).all()


def test_only_violating_rows_change(make):
    free = make({"x": DIE}, 5_000)["t"].to_pandas()
    bound = make({"x": DIE}, 5_000, table={"constraints": [{"name": "low", "expr": "x <= 4"}]})[
        "t"
    ].to_pandas()
    kept = free.x <= 4
    assert (free.x[kept] == bound.x[kept]).all()
    assert bound.x.max() == 4


def test_warnings_and_nulls_are_no_violations(make):
    columns = {
        "x": DIE,
        "y": {"kind": "integer", "null": {"allowed": True}, "generate": {"const": 1, "missing": {"rate": 1}}},
    }
    rules = [{"name": "w", "expr": "x > 6", "severity": "warning"}, {"name": "n", "expr": "y > 1"}]
    assert len(make(columns, 50, table={"constraints": rules})["t"]) == 50


def test_a_family_with_a_scan_is_redrawn_together(make):
    columns = {
        "step": DIE,
        "sum": {
            "kind": "integer",
            "domain": {"min": 0, "max": 9, "source": "public"},
            "generate": {"scan": {"sum": "step"}},
        },
    }
    data = family(make, columns, {"const": 3}, 300)["c"].to_pandas()
    assert (data.groupby("id", observed=True)["step"].cumsum() == data["sum"]).all()
    assert data["sum"].max() <= 9


def test_an_impossible_constraint_ends_with_its_name_and_share(make):
    rule = [{"name": "never", "expr": "x > 6"}]
    with pytest.raises(
        SchemaError, match=r"constraints\.never: 4096 of 4096 rows \(100\.00%\).*offset or clip"
    ):
        make({"x": DIE}, 5, table={"constraints": rule})


def test_a_missing_value_where_none_is_allowed_is_a_violation(make):
    with pytest.raises(SchemaError, match=r"columns\.x\.null: 4096 of 4096"):
        make({"x": {"kind": "float", "generate": {"expr": "1 / 0"}}}, 5)


def test_labels_outside_the_domain_are_a_violation(make):
    text = {"kind": "category", "domain": {"values": ["a"], "source": "public"}}
    columns = {"x": {**text, "generate": {"expr": "where(y > 3, 'a', 'b')"}}, "y": DIE}
    assert min(make(columns, 50)["t"].data["y"].to_pylist()) == 4
    with pytest.raises(SchemaError, match=r"columns\.x\.domain: 4096 of 4096"):
        make({**columns, "y": {"kind": "integer", "generate": {"const": 1}}})


PARAM = {"x": {"kind": "date", "generate": {"date": {"from": "start", "to": "add_days(start, days)"}}}}


@pytest.mark.parametrize("start", ["2025-05-01", dt.date(2025, 5, 1)])
def test_params_can_be_overridden(schema, start):
    spec = schema(PARAM, params={"start": dt.date(2024, 1, 1), "days": 0})
    for params, expected in (({}, dt.date(2024, 1, 1)), ({"start": start}, dt.date(2025, 5, 1))):
        (records,) = RuleEngine(spec, params).stream(2, streams=Streams(1))
        assert records["t"].data["x"].to_pylist() == [expected] * 2


def test_unknown_param_and_wrong_kind(schema):
    spec = schema(PARAM, params={"start": dt.date(2024, 1, 1), "days": 0})
    with pytest.raises(ConfigError, match="did you mean 'start'"):
        RuleEngine(spec, {"stat": dt.date(2024, 1, 1)})
    with pytest.raises(ConfigError, match="param 'days' is a int"):
        RuleEngine(spec, {"days": "many"})


def test_zero_roots_and_wrong_numbers(schema):
    engine = RuleEngine(schema({"x": DIE}))
    (records,) = engine.stream(0, streams=Streams(1))
    assert len(records["t"]) == 0
    with pytest.raises(ConfigError):
        list(engine.stream(-1, streams=Streams(1)))


def test_chunks_hold_whole_families_of_bounded_size(schema):
    spec = schema({"id": ID}, table=ROOT, tables=child({}, {"dist": {"name": "poisson", "mean": 3}}))
    chunks = list(RuleEngine(spec).stream(BLOCK_ROOTS + 10, streams=Streams(1), chunk_rows=50))
    keys = [set(chunk["t"].data["id"].to_pylist()) for chunk in chunks]
    assert all(set(chunk["c"].data["id"].to_pylist()) <= own for chunk, own in zip(chunks, keys, strict=True))
    assert max(len(table) for chunk in chunks for table in chunk.values()) <= 50
    assert sum(map(len, keys)) == BLOCK_ROOTS + 10


def test_a_column_without_generate_cannot_be_executed(schema):
    with pytest.raises(SchemaError, match=r"columns\.y: no generate"):
        RuleEngine(schema({"x": DIE, "y": {"kind": "boolean"}}))


@pytest.mark.parametrize("count", [{"expr": "0 - 1"}, {"const": 4}, {"expr": "1 / 0"}])
def test_counts_outside_their_bounds_are_refused(make, count):
    tables = child({}, count)
    tables["c"]["max_rows_per_person"] = 3
    with pytest.raises(SchemaError, match=r"tables\.c\.generate\.count: 4096 of 4096 parents"):
        make({"id": ID}, 2, table=ROOT, tables=tables)


def test_a_constraint_over_a_sequence_is_checked_after_numbering(make):
    number = {"kind": "integer", "role": "key", "generate": {"sequence": {}}}
    with pytest.raises(SchemaError, match=r"constraints\.few: 4093 of 4096"):
        make({"no": number}, 5, table={"constraints": [{"name": "few", "expr": "no <= 3"}]})
