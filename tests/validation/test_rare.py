from __future__ import annotations

import numpy as np
import pytest

from synthrec.schema.model import Column, Domain
from synthrec.validation.attacks.rare import RareCategories
from synthrec.validation.real import RealData
from synthrec.validation.result import NothingAtRisk

LEARNED = Column(kind="code", domain=Domain(source="learned"))
PUBLIC = Column(kind="code", domain=Domain(source="public"))
KEY = Column(kind="id", role="key")


def found(real, *chunks):
    check = RareCategories(real)
    for chunk in chunks:
        check.add({"t": chunk})
    return check.result()


def codes(table_of, values, column=LEARNED):
    return table_of({"code": (column, values)}, one_row_per_person=True)


def test_a_hand_sized_count(table_of):
    # "usual" has 12 holders; a and b are alone in train, d in the holdout, c is on both sides
    train = codes(table_of, ["usual"] * 7 + ["a", "b", "c"])
    holdout = codes(table_of, ["usual"] * 5 + ["c", "d"])
    result = found(RealData("t", train, holdout), codes(table_of, ["usual", "a", "c", "c", "e"]))
    excess = result.measure("excess")
    assert excess.value == pytest.approx(2 / 10 - 1 / 7)
    assert (excess.n, excess.baseline) == (17, 0.0)
    assert excess.low < 0 < excess.high
    assert result.exhibits[0].rows == (("code", 3, 2, 2, 1),)
    # alone: 1 hit, it is a's, with 2 of 3 such persons in train; two holders: 1 on either side
    assert 0.5 <= result.p_value <= 1


def test_eleven_persons_are_enough_to_name_a_category(table_of):
    ten, eleven = (codes(table_of, ["x"] * n + ["y"] * 20) for n in (6, 7))
    holdout = codes(table_of, ["x"] * 4 + ["y"] * 20)
    assert found(RealData("t", ten, holdout), ten).measure("excess").value != 0
    assert found(RealData("t", eleven, holdout), eleven).measure("excess").value == 0


def test_persons_are_counted_not_rows(table_of):
    def rows(persons, values):
        return table_of({"k": (KEY, persons), "code": (LEARNED, values)}, person="k")

    usual = ["usual"] * 12
    people = [f"p{i}" for i in range(12)]
    train = rows([*people, "a", "a", "a"], [*usual, "x", "x", "y"])
    holdout = rows([*[p + "h" for p in people], "b"], [*usual, "z"])
    result = found(RealData("t", train, holdout), rows(["1", "2"], ["x", "y"]))
    assert result.measure("excess").value == pytest.approx(1 / 13)


def drawn(rng, table_of, n, zipf=1.3):
    return codes(table_of, [f"c{min(rank, 5000)}" for rank in rng.zipf(zipf, n)])


def test_fresh_rows_are_safe_and_copied_rare_categories_are_not(table_of):
    rng = np.random.default_rng(3)
    train, holdout, fresh = (drawn(rng, table_of, 2_000) for _ in range(3))
    real = RealData("t", train, holdout)
    safe = found(real, fresh)
    assert safe.p_value > 0.005
    assert safe.measure("excess").high < 0.05
    leaking = found(real, fresh, train.slice(0, 800))
    assert leaking.p_value < 1e-6


def test_the_answer_does_not_depend_on_chunks(table_of):
    rng = np.random.default_rng(4)
    train, holdout, fresh = (drawn(rng, table_of, 400) for _ in range(3))
    real = RealData("t", train, holdout)
    assert found(real, fresh) == found(real, *[fresh.slice(start, 33) for start in range(0, 400, 33)])


def test_published_categories_are_nobodys(table_of):
    train = codes(table_of, ["a", "b"], PUBLIC)
    assert (
        found(RealData("t", train.slice(0, 1), train.slice(1)), train).not_applicable is NothingAtRisk.LEARNED
    )


def test_without_a_side_or_rows_nothing_is_claimed(table_of):
    table = codes(table_of, ["a", "b"])
    assert "holdout" in found(RealData("t", table, table.slice(0, 0)), table).not_applicable
    assert "training" in found(RealData("t", table.slice(0, 0), table), table).not_applicable
    assert (
        "synthetic"
        in found(RealData("t", table.slice(0, 1), table.slice(1)), table.slice(0, 0)).not_applicable
    )
