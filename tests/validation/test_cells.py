from __future__ import annotations

import numpy as np

from synthrec.schema.model import Column
from synthrec.schema.vector import Vector
from synthrec.validation.attacks.battery import set_keys
from synthrec.validation.cells import CellKeys, column_keys, mix, total

SALT = np.uint64(12345)
CATEGORY, FLOAT, INTEGER = Column(kind="category"), Column(kind="float"), Column(kind="integer")


def keys(values, column, missing=None):
    values = np.asarray(values)
    return column_keys(
        Vector(values, np.zeros(len(values), bool) if missing is None else np.array(missing)), column, SALT
    )


def test_mixing_is_the_published_splitmix64():
    # first two outputs of the reference implementation started at 0: the state moves by the golden gamma
    gamma = 0x9E3779B97F4A7C15
    states = np.array([gamma, 2 * gamma % 2**64], dtype=np.uint64)
    assert [hex(number) for number in mix(states)] == ["0xe220a8397b1dcdaf", "0x6e789e6aa1b965f4"]


def test_labels_are_compared_by_text_not_by_position():
    first = column_keys(Vector.full(np.array([0, 1], np.int32), ("a", "ü b")), CATEGORY, SALT)
    second = column_keys(Vector.full(np.array([1, 0], np.int32), ("ü b", "a")), CATEGORY, SALT)
    assert first.tolist() == second.tolist()
    assert first[0] != first[1]


def test_missing_is_no_value_and_not_zero():
    found = keys([0, 0, 0], INTEGER, [False, True, True])
    assert found[0] != found[1]
    assert found[1] == found[2]


def test_a_column_without_any_label_is_all_missing():
    vector = Vector(np.zeros(2, np.int32), np.ones(2, bool), ())
    assert len(set(column_keys(vector, CATEGORY, SALT))) == 1


def test_floats_are_equal_through_single_precision_and_signed_zero():
    values = np.array([0.1, 1234.5678, -7.3e-5, 3.0e12])
    assert keys(values, FLOAT).tolist() == keys(values.astype(np.float32).astype(float), FLOAT).tolist()
    assert keys([-0.0], FLOAT) == keys([0.0], FLOAT)
    assert keys([0.1], FLOAT) != keys([0.1001], FLOAT)
    assert keys([0.1], FLOAT) != keys([-0.1], FLOAT)


def test_floats_on_a_lattice_are_equal_by_step():
    column = Column(kind="float", precision="0.1")
    assert keys([0.3], column) == keys([3 * 0.1], column)
    assert keys([0.3], column) != keys([0.4], column)


def test_no_two_of_many_integers_share_a_key():
    assert len(set(keys(np.arange(-50_000, 50_000), INTEGER).tolist())) == 100_000


def test_one_value_in_two_columns_has_two_keys(table_of):
    cells = CellKeys(table_of({"a": (INTEGER, [1]), "b": (INTEGER, [1])}).spec)
    found = cells.of(table_of({"a": (INTEGER, [1, 2]), "b": (INTEGER, [2, 1])}))
    assert total(found)[0] != total(found)[1]


def test_minted_columns_take_no_part(table_of):
    spec = {"k": (Column(kind="id", role="key"), ["x", "y"]), "a": (INTEGER, [5, 5])}
    found = total(CellKeys(table_of(spec).spec).of(table_of(spec)))
    assert found[0] == found[1]


def test_a_projection_is_the_same_sum_from_inside_and_outside():
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 2**64, (5, 7), dtype=np.uint64)
    for columns in [(0,), (1, 3), (0, 2, 4), (0, 1, 2, 3), (0, 1, 2, 3, 4)]:
        by_hand = [sum(int(cells[column, row]) for column in columns) % 2**64 for row in range(7)]
        assert set_keys(columns, cells, total(cells)).tolist() == by_hand
