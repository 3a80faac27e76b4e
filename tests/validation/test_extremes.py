from __future__ import annotations

import numpy as np
import pytest

from synthrec.schema.model import Column, Domain
from synthrec.validation.attacks.extremes import Extremes, extreme_rows
from synthrec.validation.real import RealData
from synthrec.validation.result import NothingAtRisk

INTEGER, FLOAT = Column(kind="integer"), Column(kind="float", domain=Domain(source="learned"))
PUBLIC = Column(kind="integer", domain=Domain(min=0, max=120, source="public"))
KEY = Column(kind="id", role="key")


def found(real, *chunks):
    check = Extremes(real)
    for chunk in chunks:
        check.add({"t": chunk})
    return check.result()


def numbers(table_of, values, column=INTEGER):
    return table_of({"x": (column, values)}, one_row_per_person=True)


def rows_of(values, persons, most):
    return np.flatnonzero(extreme_rows(np.array(values), np.array(persons), most)).tolist()


def test_the_extreme_rows_of_both_ends():
    assert rows_of([5, 1, 9, 4, 2, 8], range(6), 1) == [1, 2]
    assert rows_of([5, 1, 9, 4, 2, 8], range(6), 2) == [1, 2, 4, 5]
    assert rows_of([5, 1, 9, 4, 2, 8], range(6), 0) == rows_of([], [], 3) == []
    # persons, not rows: the second lowest person is that of 4
    assert rows_of([1, 2, 3, 4, 6, 7, 8, 9], [0, 0, 0, 1, 2, 3, 4, 5], 2) == [0, 1, 2, 3, 6, 7]
    # two share the lowest value and both count; of five who share it none stands out
    assert rows_of([1, 1, 5, 6, 7], range(5), 1) == [0, 1, 4]
    assert rows_of([1, 1, 1, 1, 1, 7, 8], range(7), 2) == [5, 6]
    assert rows_of([2**62, 2**62 + 1, -(2**62)], range(3), 1) == [1, 2]


def test_a_hand_sized_count(table_of):
    # of 40 persons a quarter at each end: 0 to 9 are in train, 30 to 39 in the holdout
    train, holdout = numbers(table_of, range(20)), numbers(table_of, range(20, 40))
    result = found(RealData("t", train, holdout), numbers(table_of, [0, 7, 38]))
    excess = result.measure("excess")
    assert (excess.value, excess.n, excess.baseline) == (pytest.approx(2 / 10 - 1 / 10), 20, 0.0)
    assert result.exhibits[0].rows[-1][1:] == (10, 2, 10, 1)
    assert result.p_value == 1.0  # P(Binomial(3, 1/2) >= 2) = 1/2, and two tiers


def test_an_end_that_many_share_exposes_nobody(table_of):
    train, holdout = numbers(table_of, [0] * 30 + [9] * 30), numbers(table_of, [0] * 30 + [9] * 30)
    result = found(RealData("t", train, holdout), train)
    assert result.not_applicable is NothingAtRisk.COMMON


def test_persons_are_counted_not_rows(table_of):
    def rows(persons, values):
        return table_of({"k": (KEY, persons), "x": (INTEGER, values)}, person="k")

    train = rows(["a"] * 3 + [f"p{i}" for i in range(18)], [100, 101, 102, *range(10, 28)])
    holdout = rows([f"h{i}" for i in range(20)], [0, *range(30, 49)])
    result = found(RealData("t", train, holdout), rows(["1", "2"], [100, 102]))
    # nine at each end: a, the 8 lowest of p and the lowest h; and the 8 highest h
    assert (result.measure("excess").value, result.measure("excess").n) == (pytest.approx(1 / 9), 18)


def weights(rng, table_of, n):
    return numbers(table_of, np.exp(rng.normal(10, 1, n)).tolist(), FLOAT)


def test_fresh_rows_are_safe_and_a_clamp_to_the_real_tails_is_not(table_of):
    rng = np.random.default_rng(5)
    train, holdout, fresh = (weights(rng, table_of, 2_000) for _ in range(3))
    real = RealData("t", train, holdout)
    safe = found(real, fresh)
    assert safe.p_value > 0.005
    assert safe.measure("excess").high < 0.1
    top = np.argsort(train.vector("x").values)[-20:]
    leaking = found(real, fresh, train.take(top))
    assert leaking.p_value < 1e-3
    assert leaking.measure("excess").value > 0.1


def test_the_answer_does_not_depend_on_chunks(table_of):
    rng = np.random.default_rng(6)
    table = numbers(table_of, np.rint(rng.normal(0, 300, 900)).astype(int).tolist())
    real, fresh = RealData("t", table.slice(0, 300), table.slice(300, 300)), table.slice(600)
    assert found(real, fresh) == found(real, *[fresh.slice(start, 41) for start in range(0, 300, 41)])


def test_declared_bounds_give_nobody_away(table_of):
    table = numbers(table_of, [0, 120], PUBLIC)
    assert (
        found(RealData("t", table.slice(0, 1), table.slice(1)), table).not_applicable is NothingAtRisk.LEARNED
    )


def test_without_a_side_or_rows_nothing_is_claimed(table_of):
    table = numbers(table_of, list(range(40)))
    assert "holdout" in found(RealData("t", table, table.slice(0, 0)), table).not_applicable
    assert (
        "synthetic"
        in found(RealData("t", table.slice(0, 20), table.slice(20)), table.slice(0, 0)).not_applicable
    )
    # all extremes are in train: nothing to compare with
    inner = RealData("t", numbers(table_of, [*range(20), *range(80, 100)]), numbers(table_of, [50, 51]))
    assert not isinstance(found(inner, table).not_applicable, NothingAtRisk)


@pytest.mark.parametrize("values", [[None, None, None, None], [1.5, None, None, 2.5]])
def test_missing_values_are_not_extreme(table_of, values):
    table = numbers(table_of, values, FLOAT)
    result = found(RealData("t", table.slice(0, 2), table.slice(2)), table)
    assert result.measures or result.not_applicable
