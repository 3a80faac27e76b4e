"""Rows given twice are told from rows that chance repeats."""

from __future__ import annotations

import numpy as np
import pytest

from synthrec.data.table import Table
from synthrec.schema.model import Column, TableSpec
from synthrec.schema.vector import Vector
from synthrec.validation.real import RealData
from synthrec.validation.repeats import Repeats, likely_repeats, lonely_repeats


def cells(*rows: str) -> np.ndarray:
    """One key per letter and place."""
    keys = np.array([[ord(letter) for letter in row] for row in rows], dtype=np.uint64).T
    return keys * np.array([[1], [1_000], [1_000_000]], dtype=np.uint64)


@pytest.mark.parametrize(
    ("rows", "alone"),
    [
        (("abc", "abc", "xyz"), [True, True, False]),
        (("abc", "abc", "abd"), [False, False, False]),
        (("abc", "abc", "axy"), [True, True, False]),
        (("abc", "abc", "abc"), [True, True, True]),
        (("abc", "def", "ghi"), [False, False, False]),
    ],
    ids=["twice", "a neighbour", "far from others", "three times", "all different"],
)
def test_a_hand_sized_case(rows, alone):
    assert lonely_repeats(cells(*rows)).tolist() == alone


def test_rows_given_twice_are_counted(population):
    rng = np.random.default_rng(3)
    train, holdout = population(rng, 800, weight=True), population(rng, 200, weight=True)
    assert likely_repeats(RealData("t", train, holdout)) == Repeats(0, 0)
    doubled = Table.concat([train, train])
    assert likely_repeats(RealData("t", doubled, holdout)).rows > 1500
    overlapping = Table.concat([holdout, train.slice(0, 100)])
    found = likely_repeats(RealData("t", train, overlapping))
    assert 95 <= found.shared <= 100
    assert found.rows == 2 * found.shared


def test_rows_that_chance_repeats_are_let_be():
    rng = np.random.default_rng(4)
    spec = TableSpec(columns={name: Column(kind="integer") for name in "abcd"}, one_row_per_person=True)
    drawn = {name: Vector.full(rng.integers(0, 4, 2_000)) for name in "abcd"}
    table = Table.from_vectors("t", spec, drawn)
    assert likely_repeats(RealData("t", table.slice(0, 1_600), table.slice(1_600))).rows == 0


def test_a_whole_table_given_twice_is_told_however_narrow_it_is():
    rng = np.random.default_rng(5)
    spec = TableSpec(columns={name: Column(kind="integer") for name in "ab"}, one_row_per_person=True)
    drawn = {name: Vector.full(rng.integers(0, 9, 1_000)) for name in "ab"}
    table = Table.from_vectors("t", spec, drawn)
    assert likely_repeats(RealData("t", table, table.slice(0, 200))) == Repeats(0, 0)
    assert likely_repeats(RealData("t", table, table)) == Repeats(2_000, 1_000)


def test_a_person_column_says_who_is_who():
    spec = TableSpec(
        columns={"who": Column(kind="id", role="key"), "a": Column(kind="integer")}, person="who"
    )
    labels = Vector(np.arange(4, dtype=np.int32), np.zeros(4, bool), tuple("wxyz"))
    table = Table.from_vectors("t", spec, {"who": labels, "a": Vector.full(np.array([1, 1, 7, 7]))})
    assert likely_repeats(RealData("t", table, table.slice(0, 0))) == Repeats(0, 0)
