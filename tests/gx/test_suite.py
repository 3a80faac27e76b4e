"""Suites say what the schema says: built-in types alone, the same bytes always, nothing learned."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthrec.gx.bounds import bound, members
from synthrec.gx.constraints import stated_by_built_ins
from synthrec.gx.expectation import BUILT_IN, Expectation, suite_digest
from synthrec.gx.suite import Made, suite_of, suites_of
from synthrec.schema.model import Column, Schema


def kinds(suite):
    return [(item.type, item.kwargs.get("column")) for item in suite.expectations]


def test_only_built_in_types(ward):
    assert {item.type for suite in suites_of(ward, Made.RULES) for item in suite.expectations} <= BUILT_IN
    with pytest.raises(ValueError, match="not among the built-in types"):
        Expectation("expect_column_quantile_values_to_be_between", {}, "x")


def test_a_suite_is_the_same_in_every_run(ward):
    once, again = (suite_of(ward, "stay", Made.RULES, 5).document("1.0") for _ in range(2))
    assert json.dumps(once) == json.dumps(again)
    ids = [entry["id"] for entry in once["expectations"]]
    assert len(set(ids)) == len(ids)


def test_the_digest_ignores_order_and_sees_every_change(ward):
    entries = suite_of(ward, "stay", Made.RULES, 5).document("1.0")["expectations"]
    first = suite_digest(entries)
    assert suite_digest(entries[::-1]) == first
    assert suite_digest(entries[1:]) != first
    for place in range(len(entries)):
        changed = [dict(entry) for entry in entries]
        changed[place] = changed[place] | {"kwargs": changed[place]["kwargs"] | {"mostly": 0.5}}
        assert suite_digest(changed) != first


def test_every_rule_is_stated_or_named_as_checked_beside(ward):
    stay = suite_of(ward, "stay")
    assert stay.beside == (
        "domain: score",
        "foreign key: patient_id in patient",
        "rows per person",
        "constraint: cheap",
        "constraint: seldom",
    )
    stated = {item.rule for item in stay.expectations}
    assert {"constraint: order", "constraint: limits", "primary key", "domain: cost"} <= stated


def test_what_was_learned_is_not_told(ward):
    stay = suite_of(ward, "stay", Made.RULES)
    assert stay.unstated == ("score",)
    told = [item for item in stay.expectations if item.kwargs.get("column") == "score"]
    assert {item.rule for item in told} == {"not null: score", "type: score", "constraint: limits"}


def test_minted_labels_must_look_minted():
    columns = {
        "ring.no": {"kind": "id", "role": "key"},
        "ward": {"kind": "id", "role": "key", "generate": {"sequence": {"prefix": "W+", "width": 3}}},
    }
    table = {"one_row_per_person": True, "columns": columns}
    schema = Schema.model_validate({"synthrec": 1, "schema": {"name": "t"}, "tables": {"t": table}})

    def forms(made):
        suite = suite_of(schema, "t", made)
        return {
            item.kwargs["column"]: item.kwargs["regex"]
            for item in suite.expectations
            if "regex" in item.kwargs
        }

    assert forms(None) == {}
    assert forms(Made.RULES) == {"ward": r"^W\+[0-9]{3,}$"}
    assert forms(Made.LEARNED) == {"ring.no": r"^SYN\-ring\.no\-[0-9]{8,}$", "ward": r"^W\+[0-9]{3,}$"}


DECIMALS = st.integers(-(10**12), 10**12).map(lambda units: Decimal(units).scaleb(-2))


@given(value=DECIMALS, limit=DECIMALS, strict=st.booleans())
def test_a_bound_as_a_float_compares_as_the_decimal_does(value, limit, strict):
    column = Column(kind="decimal", scale=2)
    low, high = bound(limit, column, "min", strict=strict), bound(limit, column, "max", strict=strict)
    for near in (value, limit, limit + Decimal("0.01"), limit - Decimal("0.01")):
        assert (near > low if strict else near >= low) == (near > limit if strict else near >= limit)
        assert (near < high if strict else near <= high) == (near < limit if strict else near <= limit)
    json.dumps([low, high])


def test_lists_that_pandas_would_not_find_are_not_stated():
    assert members((1, 2), Column(kind="decimal", scale=2)) == [1, 2]
    assert members((1, Decimal("2.5")), Column(kind="decimal", scale=2)) is None
    assert members(("2024-01-01",), Column(kind="date")) is None


COLUMNS = {
    "a": Column(kind="integer"),
    "b": Column(kind="integer"),
    "x": Column(kind="float"),
    "d": Column(kind="date"),
    "t": Column(kind="datetime", timezone="Europe/Berlin"),
    "c": Column(kind="category"),
    "yes": Column(kind="boolean"),
    "b c": Column(kind="integer"),
}
BETWEEN, IN, NOT_IN = (
    f"expect_column_values_to_{what}" for what in ("be_between", "be_in_set", "not_be_in_set")
)
GREATER, EQUAL = (
    "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_column_pair_values_to_be_equal",
)
SKIP = {"ignore_row_if": "either_value_is_missing"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a >= b", [(GREATER, {"column_A": "a", "column_B": "b", "or_equal": True} | SKIP)]),
        ("a < `b c`", [(GREATER, {"column_A": "b c", "column_B": "a", "or_equal": False} | SKIP)]),
        ("a == b", [(EQUAL, {"column_A": "a", "column_B": "b"} | SKIP)]),
        ("a > 3", [(BETWEEN, {"column": "a", "min_value": 3, "strict_min": True})]),
        ("-1.5 <= x", [(BETWEEN, {"column": "x", "min_value": -1.5})]),
        ("d < '2024-02-29'", [(BETWEEN, {"column": "d", "max_value": "2024-02-29", "strict_max": True})]),
        (
            "t >= '2024-07-01T12:00:00'",
            [(BETWEEN, {"column": "t", "min_value": "2024-07-01T10:00:00+00:00"})],
        ),
        (
            "0 < a <= 9",
            [
                (BETWEEN, {"column": "a", "min_value": 0, "strict_min": True}),
                (BETWEEN, {"column": "a", "max_value": 9}),
            ],
        ),
        (
            "c in ['F', 'M'] and yes",
            [(IN, {"column": "c", "value_set": ["F", "M"]}), (IN, {"column": "yes", "value_set": [True]})],
        ),
        ("c != 'U'", [(NOT_IN, {"column": "c", "value_set": ["U"]})]),
        ("not yes", [(IN, {"column": "yes", "value_set": [False]})]),
        ("a == 3", [(IN, {"column": "a", "value_set": [3]})]),
    ],
)
def test_a_constraint_that_built_in_types_state(expression, expected):
    assert stated_by_built_ins(expression, COLUMNS) == tuple(expected)


@pytest.mark.parametrize(
    "expression",
    [
        "a > b or yes",
        "a + b > 3",
        "a != b",
        "a > x",
        "a == 2.5",
        "not (a > b)",
        "yes == (a > 3)",
        "isnull(a)",
        "a > 1 and abs(b) < 3",
    ],
)
def test_a_constraint_that_is_left_to_our_own_check(expression):
    assert stated_by_built_ins(expression, COLUMNS) is None
