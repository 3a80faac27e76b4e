from __future__ import annotations

import numpy as np
import pytest

from synthrec.schema.model import Column, Null
from synthrec.validation.attacks.space import FAR, Nearest, Points, Space, distances, nearest

NUMBER = Column(kind="float", null=Null(allowed=True))
LABEL = Column(kind="category", null=Null(allowed=True))


def points(rng, n, numeric=3, labels=2, *, missing=0.1):
    step = int(FAR) // (numeric + labels)
    ranks = rng.integers(0, step + 1, (numeric, n)).astype(np.int16)
    ranks[rng.random((numeric, n)) < missing] = -step
    return Points(ranks, rng.integers(-1, 3, (labels, n)).astype(np.int32), step)


def oracle(first, second):
    """Gower's definition, pair by pair and column by column."""
    gaps = np.abs(first.ranks[:, :, None].astype(int) - second.ranks[:, None])
    differ = first.labels[:, :, None] != second.labels[:, None]
    return np.minimum(gaps, first.step).sum(0) + first.step * differ.sum(0)


def test_points_by_hand(table_of):
    table = table_of(
        {"a": (NUMBER, [10.0, 20.0, 20.0, 40.0, None]), "b": (LABEL, ["x", None, "y", "x", "x"])}
    )
    space = Space.of(table.spec, table)
    found = space.points(table)
    step = int(FAR) // 2
    # mid-ranks 1/8, 4/8, 4/8, 7/8 of the four values that are there
    assert found.ranks.tolist() == [[round(step * rank) for rank in (0.125, 0.5, 0.5, 0.875, -1)]]
    assert found.labels.tolist() == [[0, -1, 1, 0, 0]]
    other = table_of({"a": (NUMBER, [5.0, 30.0, 99.0]), "b": (LABEL, ["z", "y", "z"])})
    assert space.points(other).ranks.tolist() == [[0, round(step * 0.75), step]]
    assert space.points(other).labels.tolist() == [[2, 1, 2]]


def test_all_distances_agree_with_the_definition():
    rng = np.random.default_rng(0)
    first, second = points(rng, 150), points(rng, 2_100)
    full = np.full((150, 2_100), -1)
    for tall, wide, block in distances(first, second):
        full[tall, wide] = block
    np.testing.assert_array_equal(full, oracle(first, second))


@pytest.mark.parametrize(("numeric", "labels"), [(1, 0), (0, 1), (0, 600), (700, 0)])
def test_many_columns_or_few_never_overflow(numeric, labels):
    step = int(FAR) // max(2, numeric + labels)
    ends = Points(
        np.array([[0, step, -step]] * numeric, np.int16).reshape(numeric, 3),
        np.array([[0, 1, -1]] * labels, np.int32).reshape(labels, 3),
        step,
    )
    ((_, _, block),) = distances(ends, ends)
    assert (block == (numeric + labels) * step * (1 - np.eye(3, dtype=int))).all()


def test_the_nearest_agrees_with_all_pairs():
    rng = np.random.default_rng(1)
    first, second = points(rng, 200), points(rng, 4_500)
    steps, which = nearest(first, second)
    full = oracle(first, second)
    np.testing.assert_array_equal(steps, full.min(1))
    np.testing.assert_array_equal(which, full.argmin(1))


def test_the_k_nearest_do_not_depend_on_chunks():
    rng = np.random.default_rng(2)
    first, second = points(rng, 200), points(rng, 3_000)
    whole, parts = Nearest(first, 5), Nearest(first, 5)
    whole.add(second)
    for start in range(0, 3_000, 701):
        parts.add(second.take(slice(start, start + 701)))
    np.testing.assert_array_equal(whole.steps, np.sort(oracle(first, second), axis=1)[:, :5])
    np.testing.assert_array_equal(parts.steps, whole.steps)


def test_nobody_is_near_to_himself():
    rng = np.random.default_rng(3)
    people, persons = points(rng, 300), np.arange(300) // 3
    found = Nearest(people, 2)
    found.add_other_persons(persons)
    full = np.where(persons[:, None] == persons, FAR, oracle(people, people))
    np.testing.assert_array_equal(found.steps, np.sort(full, axis=1)[:, :2])


def test_without_others_everything_is_far():
    rng = np.random.default_rng(4)
    few, none = points(rng, 3), points(rng, 0)
    found = Nearest(few, 2)
    found.add(none)
    assert (found.steps == FAR).all()
    steps, which = nearest(few, none)
    assert (steps == FAR).all()
    assert (which == -1).all()
    assert len(nearest(none, few)[0]) == 0


def test_a_table_without_modelled_columns_has_one_place(table_of):
    table = table_of({"no": (Column(kind="id", role="key"), ["a", "b"])})
    place = Space.of(table.spec, table).points(table)
    assert len(place) == 2
    assert nearest(place, place)[0].tolist() == [0, 0]
