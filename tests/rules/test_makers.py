"""What each generator makes, by hand-sized cases and by counts within five standard deviations."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from synthrec.errors import SchemaError

LABELS = {"values": ["a", "b"], "source": "public"}
N = 20_000
SIGMAS = 5


def within(count: int, n: int, p: float) -> bool:
    """Whether a binomial count lies within five standard deviations; misses by chance in 6e-7 of seeds."""
    return abs(count - n * p) <= SIGMAS * (n * p * (1 - p)) ** 0.5


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        ({"kind": "integer", "generate": {"const": 7}}, 7),
        ({"kind": "decimal", "scale": 2, "generate": {"const": 1.25}}, Decimal("1.25")),
        ({"kind": "boolean", "generate": {"const": True}}, True),
        ({"kind": "date", "generate": {"const": "2024-02-29"}}, dt.date(2024, 2, 29)),
        ({"kind": "category", "domain": LABELS, "generate": {"const": "b"}}, "b"),
    ],
)
def test_const(column, definition, value):
    assert column(definition, 3) == [value] * 3


def test_sequence_numbers_rows_and_pads(column):
    text = {"kind": "id", "generate": {"sequence": {"prefix": "P%", "width": 4, "start": 9}}}
    assert column(text, 3) == ["P%0009", "P%0010", "P%0011"]
    assert column({"kind": "integer", "generate": {"sequence": {}}}, 3) == [1, 2, 3]


def test_sequence_continues_over_blocks(column):
    values = column({"kind": "integer", "generate": {"sequence": {}}}, 10_000)
    assert values == list(range(1, 10_001))


def test_category_follows_weights(column):
    weights = {"kind": "category", "domain": LABELS, "generate": {"category": {"weights": {"a": 3, "b": 1}}}}
    assert within(column(weights, N).count("a"), N, 0.75)


def test_category_weights_may_depend_on_the_row(make):
    table = make(
        {
            "flag": {"kind": "boolean", "generate": {"bernoulli": {"p": 0.5}}},
            "x": {
                "kind": "category",
                "domain": LABELS,
                "generate": {"category": {"weights": {"a": "where(flag, 9, 1)", "b": 1}}},
            },
        },
        N,
    )["t"].to_pandas()
    for flag, p in ((True, 0.9), (False, 0.5)):
        part = table[table.flag == flag]
        assert within(int((part.x == "a").sum()), len(part), p)


def test_table_gives_each_combination_its_own_frequencies(make):
    labels = {"kind": "category", "domain": LABELS, "generate": {"category": {"weights": {"a": 1, "b": 1}}}}
    rows = [
        {"when": ["a", False], "weights": {"0": 1, "1": 9}},
        {"when": [["a", "b"], True], "weights": {"0": 1}},
    ]
    table = make(
        {
            "u": labels,
            "v": {"kind": "boolean", "generate": {"bernoulli": {"p": 0.5}}},
            "x": {
                "kind": "integer",
                "generate": {"table": {"by": ["u", "v"], "rows": rows, "default": {"0": 1, "1": 1}}},
            },
        },
        N,
    )["t"].to_pandas()
    expected = {("a", False): 0.9, ("b", False): 0.5, ("a", True): 0.0, ("b", True): 0.0}
    for (u, v), p in expected.items():
        part = table[(table.u == u) & (table.v == v)]
        assert within(int((part.x == 1).sum()), len(part), p)


def test_table_without_a_row_for_a_missing_label_is_missing(make):
    table = make(
        {
            "u": {
                "kind": "category",
                "domain": LABELS,
                "null": {"allowed": True},
                "generate": {"const": "a", "missing": {"rate": 1}},
            },
            "x": {
                "kind": "integer",
                "null": {"allowed": True},
                "generate": {"lookup": {"by": ["u"], "rows": [{"when": [["a", "b"]], "value": 1}]}},
            },
        }
    )["t"]
    assert table.data["x"].to_pylist() == [None] * 100


def test_lookup(make):
    table = make(
        {
            "u": {
                "kind": "category",
                "domain": LABELS,
                "generate": {"category": {"weights": {"a": 1, "b": 1}}},
            },
            "x": {
                "kind": "decimal",
                "scale": 1,
                "generate": {"lookup": {"by": ["u"], "rows": [{"when": ["a"], "value": 0.5}], "default": 2}},
            },
        }
    )["t"].data.to_pylist()
    assert all(row["x"] == Decimal("0.5" if row["u"] == "a" else "2.0") for row in table)


def test_expression_null_becomes_missing(make):
    rows = make(
        {
            "a": {
                "kind": "integer",
                "null": {"allowed": True},
                "generate": {"dist": {"name": "integers", "low": 0, "high": 1}, "missing": {"rate": 0.5}},
            },
            "b": {"kind": "float", "null": {"allowed": True}, "generate": {"expr": "10 / a"}},
            "c": {
                "kind": "category",
                "domain": {"values": ["none", "some"], "source": "public"},
                "generate": {"expr": "where(isnull(a), 'none', 'some')"},
            },
        },
        200,
    )["t"].data.to_pylist()
    assert {(row["a"], row["b"], row["c"]) for row in rows} == {
        (None, None, "none"), (0, None, "some"), (1, 10.0, "some")
    }  # fmt: skip


def test_date_between_includes_both_ends(column):
    values = column({"kind": "date", "generate": {"date": {"from": "2024-02-28", "to": "2024-03-01"}}}, N)
    days = [dt.date(2024, 2, 28), dt.date(2024, 2, 29), dt.date(2024, 3, 1)]
    assert sorted(set(values)) == days
    assert all(within(values.count(day), N, 1 / 3) for day in days)


def test_datetime_between_is_on_whole_seconds_of_its_zone(column):
    definition = {
        "kind": "datetime",
        "timezone": "Europe/Berlin",
        "generate": {"date": {"from": "2024-07-01", "to": "2024-07-01T00:00:01"}},
    }
    moments = {moment.astimezone(dt.UTC).isoformat() for moment in column(definition)}
    assert moments == {"2024-06-30T22:00:00+00:00", "2024-06-30T22:00:01+00:00"}


def test_offset_from_a_column_and_of_a_distribution(make):
    table = make(
        {
            "a": {"kind": "date", "generate": {"const": "2024-12-30"}},
            "b": {"kind": "date", "generate": {"offset": {"from": "a", "days": 2}}},
            "c": {"kind": "datetime", "generate": {"offset": {"from": "a", "hours": {"dist": {
                "name": "integers", "low": 1, "high": 2}}}}},
        }
    )["t"].data  # fmt: skip
    assert set(table["b"].to_pylist()) == {dt.date(2025, 1, 1)}
    assert {moment.hour for moment in table["c"].to_pylist()} == {1, 2}


def test_mixture_follows_weights(column):
    parts = [{"weight": 1, "const": 0}, {"weight": 3, "dist": {"name": "uniform", "low": 1, "high": 2}}]
    values = column({"kind": "float", "generate": {"mixture": {"parts": parts}}}, N)
    assert within(values.count(0), N, 0.25)
    assert all(value == 0 or 1 <= value <= 2 for value in values)


def test_bernoulli_and_missing_rate(column):
    definition = {
        "kind": "boolean",
        "null": {"allowed": True},
        "generate": {"bernoulli": {"p": 0.3}, "missing": {"rate": 0.2}},
    }
    values = column(definition, N)
    assert within(values.count(None), N, 0.2)
    assert within(values.count(True), N, 0.8 * 0.3)


def test_template_draws_each_part_evenly(column):
    definition = {
        "kind": "string",
        "generate": {"template": {"pattern": "{a} {b}-x", "parts": {"b": ["1", "2"], "a": ["u", "v"]}}},
    }
    values = column(definition, N)
    assert set(values) == {"u 1-x", "u 2-x", "v 1-x", "v 2-x"}
    assert all(within(values.count(text), N, 0.25) for text in set(values))


def test_rounding_to_the_grid_of_the_column(column):
    dist = {"dist": {"name": "normal", "mean": 5, "sd": 3}}
    hundreds = column(
        {
            "kind": "integer",
            "precision": 100,
            "generate": {"dist": {"name": "normal", "mean": 5000, "sd": 900}},
        }
    )
    tenths = column({"kind": "float", "precision": 0.1, "generate": dist})
    assert all(value % 100 == 0 for value in hundreds)
    assert all(repr(value) == repr(round(value, 1)) for value in tenths)


def test_impossible_probability_names_the_column_and_a_repair(column):
    with pytest.raises(SchemaError, match=r"tables\.t\.columns\.x\.generate: \d+ probabilities.*logistic"):
        column({"kind": "boolean", "generate": {"bernoulli": {"p": "1 + 0.5"}}})


def test_means_of_rounded_values_are_not_biased(column):
    values = np.array(
        column({"kind": "integer", "generate": {"dist": {"name": "uniform", "low": 0, "high": 10}}}, N)
    )
    assert abs(values.mean() - 5) <= SIGMAS * (100 / 12 / N) ** 0.5
