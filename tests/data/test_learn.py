from decimal import Decimal

import numpy as np
import pytest

from synthrec.data.learn import (
    eleventh_extremes,
    learned_bounds,
    learned_categories,
    persons_per_level,
    round_step,
    sorted_labels,
    widened,
)
from synthrec.schema.vector import Vector


def test_extremes_are_those_of_the_eleventh_person():
    values = np.arange(100)
    assert eleventh_extremes(values, np.arange(100)) == (10, 89)


def test_many_rows_of_one_person_count_once():
    values = np.append(np.full(50, 10**6), np.arange(100))
    persons = np.append(np.full(50, 999), np.arange(100))
    assert eleventh_extremes(values, persons) == (10, 90)


def test_row_order_does_not_matter():
    rng = np.random.default_rng(0)
    values, persons = rng.integers(0, 1000, 300), rng.integers(0, 60, 300)
    order = rng.permutation(300)
    assert eleventh_extremes(values, persons) == eleventh_extremes(values[order], persons[order])


@pytest.mark.parametrize("people", [0, 1, 10])
def test_fewer_than_eleven_persons_teach_nothing(people):
    persons = np.repeat(np.arange(people), 5)
    assert eleventh_extremes(np.arange(len(persons)), persons) is None
    assert learned_bounds(np.arange(len(persons)), persons) is None


def test_eleven_persons_give_the_middle_one_widened():
    low, high = learned_bounds(np.arange(40, 51), np.arange(11))
    assert low <= 45 <= high
    assert (low, high) == (45, 50)


def test_bounds_are_round_and_never_narrower():
    values = np.arange(1000) * 37 + 1234
    low, high = learned_bounds(values, np.arange(1000))
    assert (low, high) == (1000, 38000)
    assert low <= int(values[10])
    assert high >= int(values[989])


def test_bounds_are_not_finer_than_the_step():
    low, high = learned_bounds(np.arange(100) * 5, np.arange(100), step=Decimal(50))
    assert (low, high) == (50, 450)


def test_a_value_that_eleven_persons_share_alone_is_kept():
    assert learned_bounds(np.full(30, 3.25), np.arange(30)) == (Decimal("3.25"), Decimal("3.25"))


@pytest.mark.parametrize(
    ("least", "step"), [("0.013", "0.02"), ("1", "1"), ("1.1", "2"), ("20", "20"), ("51", "100")]
)
def test_round_steps(least, step):
    assert round_step(Decimal(least)) == Decimal(step)


def test_negative_bounds_are_widened_outward():
    assert widened(Decimal(-99), Decimal(-1)) == (-100, 0)


def test_categories_of_eleven_persons():
    labels = ("rare", "often", "one person")
    codes = np.array([0] * 10 + [1] * 11 + [2] * 40, dtype=np.int32)
    persons = np.array([*range(10), *range(11), *[5] * 40])
    assert learned_categories(Vector.full(codes, labels), persons) == ("often",)


def test_missing_cells_are_no_category():
    vector = Vector(np.zeros(20, dtype=np.int32), np.arange(20) >= 10, ("a",))
    assert learned_categories(vector, np.arange(20)) == ()


def test_labels_that_are_integers_sort_by_value():
    assert sorted_labels(["10", "9", "-1"]) == ("-1", "9", "10")
    assert sorted_labels(["b", "10", "9"]) == ("10", "9", "b")


def test_persons_per_level():
    assert persons_per_level(np.array([0, 0, 2, 2, 2]), np.array([7, 7, 1, 2, 7]), 4).tolist() == [1, 0, 3, 0]
