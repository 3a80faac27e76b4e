from __future__ import annotations

import numpy as np

from synthrec.validation.attacks.crowding import PAIRS, _left_out, crowding
from synthrec.validation.attacks.uniques import Persons
from synthrec.validation.cells import mix


def cells_of(rows):
    columns = np.array(rows, dtype=np.uint64).T
    return mix(columns + np.arange(len(columns), dtype=np.uint64)[:, None] * np.uint64(1_000))


def test_rows_that_differ_in_two_columns_count_once_and_in_one_with_every_other():
    rows = [[1, 1, 1, 1, 1], [1, 1, 1, 1, 9], [1, 1, 1, 8, 7], [2, 3, 4, 5, 6]]
    persons = Persons.of(np.arange(3), np.arange(1))
    found = crowding(cells_of(rows), persons)
    # one in the last column only: with each of 4 others; two columns differ: once
    assert found.tolist() == [4 + 1, 4 + 1, 2, 0]


def test_own_rows_do_not_crowd():
    rows = [[1, 1, 1, 1, 1], [1, 1, 1, 1, 9], [1, 1, 1, 1, 9]]
    assert crowding(cells_of(rows), Persons.of(np.array([0, 0]), np.array([0]))).tolist() == [4, 10, 10]


def test_narrow_tables_leave_out_one_column():
    rows = [[1, 1], [1, 2], [3, 4]]
    assert crowding(cells_of(rows), Persons.of(np.arange(3), np.arange(0))).tolist() == [1, 1, 0]
    assert crowding(np.zeros((0, 3), np.uint64), Persons.of(np.arange(3), np.arange(0))).tolist() == [0] * 3


def test_wide_tables_leave_out_as_many_pairs_as_fifteen_columns_have():
    assert len(_left_out(15)) == len(_left_out(40)) == len(set(_left_out(40))) == PAIRS
    assert _left_out(40) == _left_out(40)
