"""Exact prevalence: the count is the one asked for, per stratum too, and what it is conditioned on stands."""

from __future__ import annotations

import copy
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from synthrec.errors import SchemaError
from synthrec.rng import Streams
from synthrec.rules.engine import BLOCK_ROOTS, RuleEngine
from synthrec.rules.quotas import Census, KeyQuota, RateQuota, chosen, exponential_keys
from synthrec.schema.model import Schema

SEX = {
    "kind": "category",
    "domain": {"values": ["F", "M"], "source": "public"},
    "generate": {"category": {"weights": {"F": 3, "M": 1}}},
}
AGE = {"kind": "integer", "generate": {"dist": {"name": "integers", "low": 0, "high": 99}}}


def flag(**spec):
    return {"kind": "boolean", "generate": {"prevalence": spec}}


def frame(make, prevalence, n, **more):
    return make({"sex": SEX, "age": AGE, "x": flag(**prevalence)}, n, **more)["t"].to_pandas()


@pytest.mark.parametrize("n", [1, 50, BLOCK_ROOTS, 2 * BLOCK_ROOTS + 777])
@pytest.mark.parametrize("share", [0, "one", 0.3, 1])
def test_a_count_is_the_number_of_rows(make, n, share):
    k = 1 if share == "one" else int(n * share)
    assert frame(make, {"count": k}, n).x.sum() == k


@pytest.mark.parametrize("n", [1, 7, 1_000, 2 * BLOCK_ROOTS + 777])
@pytest.mark.parametrize("rate", [0, 0.001, 0.1, 0.5, 1 / 3, 1])
def test_a_rate_is_the_share_of_rows_rounded_half_up(make, n, rate):
    assert frame(make, {"rate": rate}, n).x.sum() == int(Fraction(repr(rate)) * n + Fraction(1, 2))


def test_each_stratum_has_its_own_exact_number(make):
    rows = [{"when": ["F"], "count": 25}, {"when": ["M"], "rate": 0.5}]
    table = frame(make, {"by": ["sex"], "rows": rows}, 10_000)
    women, men = table[table.sex == "F"], table[table.sex == "M"]
    assert women.x.sum() == 25
    assert men.x.sum() == (len(men) + 1) // 2


def test_a_rate_holds_in_each_combination(make):
    table = frame(make, {"by": ["sex"], "rate": 0.25}, 9_000)
    for _, part in table.groupby("sex", observed=True):
        assert part.x.sum() == int(Fraction(len(part), 4) + Fraction(1, 2))


@pytest.mark.parametrize("size", [{"count": 40}, {"rate": 0.05}])
def test_only_eligible_rows_are_chosen(make, size):
    table = frame(make, {**size, "where": "age >= 65"}, 5_000)
    eligible = int((table.age >= 65).sum())
    assert table[table.x].age.min() >= 65
    assert table.x.sum() == size.get("count", int(Fraction(eligible, 20) + Fraction(1, 2)))


@pytest.mark.parametrize(("sex", "rows"), [("F", None), (None, 20_000)])
def test_more_than_there_are_is_an_error_with_both_numbers(make, sex, rows):
    spec = (
        {"count": rows} if rows else {"by": ["sex"], "rate": 0.1, "rows": [{"when": [sex], "count": 9_999}]}
    )
    n = 10_000
    eligible = n if rows else int((make({"sex": SEX}, n)["t"].to_pandas().sex == "F").sum())
    wanted = rows or 9_999
    with pytest.raises(SchemaError, match=rf"columns\.x.*a count of {wanted} with {eligible} eligible rows"):
        frame(make, spec, n)


def test_all_eligible_rows_of_a_stratum_can_be_asked_for(make):
    eligible = int((make({"sex": SEX}, 6_000)["t"].to_pandas().sex == "M").sum())
    rows = [{"when": ["M"], "count": eligible}, {"when": ["F"], "count": 0}]
    table = frame(make, {"by": ["sex"], "rows": rows}, 6_000)
    assert (table.x == (table.sex == "M")).all()


def test_a_category_takes_the_value_exactly_and_the_others_by_weight(make):
    spec = {"count": 123, "value": "bad", "others": {"good": 3, "fair": 1}}
    domain = {"values": ["good", "fair", "bad"], "source": "public"}
    column = {"kind": "category", "domain": domain, "generate": {"prevalence": spec}}
    counts = make({"x": column}, 8_123)["t"].to_pandas().x.value_counts()
    assert counts["bad"] == 123
    # Binomial(8000, 1/4): five standard deviations are 194.
    assert abs(counts["fair"] - 2_000) <= 194


def test_params_size_it():
    columns = {"x": flag(count="cases")}
    schema = {
        "synthrec": 1,
        "schema": {"name": "t"},
        "params": {"cases": 5},
        "tables": {"t": {"one_row_per_person": True, "columns": columns}},
    }
    engine = RuleEngine(Schema.model_validate(schema), {"cases": 30})
    (chunk,) = engine.stream(100, streams=Streams(1))
    assert sum(chunk["t"].data["x"].to_pylist()) == 30


def test_redraws_leave_the_count_and_what_it_depends_on(make):
    """The rules throw out half of the rows' y, and rows younger than 20; the flag is drawn over the rest."""
    die = {"kind": "integer", "generate": {"dist": {"name": "integers", "low": 1, "high": 6}}}
    constraints = [{"name": "y", "expr": "y > 3 or age < 50"}, {"name": "adult", "expr": "age >= 20"}]
    columns = {"age": AGE, "x": flag(count=77, where="age >= 90"), "y": die,
               "z": {"kind": "integer", "generate": {"expr": "where(x, y, 0)"}}}  # fmt: skip
    table = make(columns, 5_000, table={"constraints": constraints})["t"].to_pandas()
    assert table.x.sum() == 77
    assert table[table.x].age.min() >= 90
    assert table.age.min() >= 20
    assert ((table.y > 3) | (table.age < 50)).all()
    assert (table.z == table.y * table.x).all()


def test_a_rule_that_no_redraw_can_mend_fails_with_numbers(make):
    constraints = [{"name": "r", "expr": "not x or age >= 65"}]
    with pytest.raises(SchemaError, match=r"constraints\.r: \d+ of 4096 rows"):
        make({"age": AGE, "x": flag(rate=0.5, where="age > 40")}, 9, table={"constraints": constraints})


def test_children_and_one_prevalence_upon_another(make):
    key = {"kind": "id", "role": "key", "generate": {"copy": "t.id"}}
    child = {
        "person": {"via": "id"},
        "foreign_keys": [{"columns": ["id"], "references": "t"}],
        "columns": {
            "id": key,
            "u": flag(rate=0.2, where="t.sick"),
            "v": flag(count=19, where="u"),
        },
        "generate": {"per": "t", "count": {"dist": {"name": "poisson", "mean": 3}}},
    }
    columns = {"id": {"kind": "id", "role": "key", "generate": {"sequence": {}}}, "sick": flag(count=211)}
    records = make(columns, 5_000, table={"primary_key": ["id"], "person": "id"}, tables={"c": child})
    sick = set(records["t"].to_pandas().query("sick").id)
    children = records["c"].to_pandas()
    eligible = children.id.isin(sick)
    assert len(sick) == 211
    assert children.u.sum() == int(Fraction(int(eligible.sum()), 5) + Fraction(1, 2))
    assert eligible[children.u].all()
    assert children.v.sum() == 19
    assert children.u[children.v].all()


RATED = {"synthrec": 1, "schema": {"name": "t"}, "tables": {"t": {"one_row_per_person": True, "columns": {
    "age": AGE, "x": flag(rate=0.1), "y": AGE}}}}  # fmt: skip


def rows(document, n, chunk_rows=65_536):
    chunks = RuleEngine(Schema.model_validate(document)).stream(n, streams=Streams(5), chunk_rows=chunk_rows)
    return [row for chunk in chunks for row in chunk["t"].data.to_pylist()]


def test_chunks_do_not_matter_and_whole_blocks_are_those_of_a_longer_run():
    long = rows(RATED, 2 * BLOCK_ROOTS + 99)
    assert rows(RATED, 2 * BLOCK_ROOTS + 99, 1_000) == long
    assert rows(RATED, 2 * BLOCK_ROOTS) == long[: 2 * BLOCK_ROOTS]


def test_other_columns_do_not_depend_on_the_run():
    counted = copy.deepcopy(RATED)
    counted["tables"]["t"]["columns"]["x"] = flag(count=50)
    short, long = rows(counted, 600), rows(RATED, 5_000)
    assert [(row["age"], row["y"]) for row in short] == [(row["age"], row["y"]) for row in long[:600]]


def test_a_simple_draw_chooses_every_pair_equally_often():
    rng = np.random.default_rng(4)
    seen = dict.fromkeys(combinations(range(5), 2), 0)
    draws = 6_000
    for _ in range(draws):
        mask = chosen(
            np.zeros(5, np.int64), exponential_keys(rng.random(5), 1.0), [RateQuota(Fraction(2, 5))]
        )
        seen[tuple(np.flatnonzero(mask))] += 1
    # Each of ten pairs is Binomial(6000, 1/10): five standard deviations are 116.
    assert max(abs(count - draws / 10) for count in seen.values()) <= 116


def test_weights_are_those_of_successive_draws_without_replacement():
    """Two of three with weights 1, 2, 5: the pair (i, j) has w_i/8 * w_j/(8-w_i) + the other order."""
    rng, weights, draws = np.random.default_rng(8), np.array([1.0, 2.0, 5.0]), 20_000
    keys = exponential_keys(rng.random((draws, 3)), weights)
    left_out = np.argmax(keys, axis=1)
    for out in range(3):
        i, j = (k for k in range(3) if k != out)
        w, v = weights[i], weights[j]
        p = w / 8 * v / (8 - w) + v / 8 * w / (8 - v)
        assert abs((left_out == out).sum() - draws * p) <= 5 * (draws * p * (1 - p)) ** 0.5


def test_rows_of_weight_0_are_not_eligible(make):
    table = frame(make, {"count": 60, "weight": "max(age - 79, 0)"}, 500)
    assert table[table.x].age.min() >= 80
    with pytest.raises(SchemaError, match=r"a count of 400 with \d+ eligible rows"):
        frame(make, {"count": 400, "weight": "max(age - 79, 0)"}, 500)


def test_a_census_counts_ties_in_order():
    keys = np.array([0.3, 0.1, 0.3, 0.3, 0.9])
    census = Census(3)
    census.add(keys[:2])
    census.add(keys[2:])
    cut = census.cut()
    mask = chosen(np.zeros(5, np.int64), keys, [KeyQuota(cut.threshold, cut.ties)])
    assert mask.tolist() == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({}, "give a rate or a count"),
        ({"rate": 0.1, "count": 3}, "not both"),
        ({"rate": 1.5}, "a rate of 1.5"),
        ({"count": 2.5}, "a count of 2.5"),
        ({"count": -1}, "a count of -1"),
        ({"count": "age"}, "depends on age"),
        ({"count": 3, "by": ["sex"]}, "a count beside `by`"),
        ({"by": ["sex"], "rows": [{"when": ["F"], "count": 1}]}, "1 combinations without a row"),
        ({"count": 3, "where": "age"}, "an expression that yields a number"),
        ({"count": 3, "value": "yes"}, "yes is not a value of kind boolean"),
    ],
)
def test_faults(make, spec, found):
    with pytest.raises(SchemaError, match=found.replace("(", r"\(")):
        frame(make, spec, 10)
