"""The curator: what is answered, how often, with how much noise, and how far one person can move it."""

import numpy as np
import pytest

from synthrec.data.table import Table
from synthrec.errors import InternalError
from synthrec.privacy.curator import Curator, ExactCounts, clipped, persons
from synthrec.privacy.events import CountsEvent, Plan, VectorEvent
from synthrec.privacy.people import weight_scale
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector

VISITS = TableSpec.model_validate(
    {
        "columns": {
            "patient": {"kind": "integer", "role": "key"},
            "ward": {"kind": "integer", "domain": {"min": 0, "max": 9, "source": "public"}},
        },
        "person": "patient",
        "max_rows_per_person": 3,
    }
)


class Seeded:
    """Entropy of a seed: for tests alone, where a figure must not change from run to run."""

    def __init__(self, factor=1.0):
        self._rng = np.random.default_rng(0)
        self._factor = factor

    def integers(self, sigma, size):
        return np.rint(self._factor * self._rng.normal(0, sigma, size)).astype(np.int64)

    def reals(self, sigma, size):
        return self._factor * self._rng.normal(0, sigma, size)

    def chosen(self, rate, size):
        return self._rng.random(size) < rate


class Silent(Seeded):
    def integers(self, sigma, size):
        return np.zeros(size, dtype=np.int64)


class Ward:
    size = 10

    def cells(self, table):
        return table.vector("ward").values


def visits(patients, wards):
    columns = {
        "patient": Vector.full(np.array(patients, np.int64)),
        "ward": Vector.full(np.array(wards, np.int64)),
    }
    return Table.from_vectors("visits", VISITS, columns)


def plan(noise=2.0, tables=2, limit=3):
    return Plan((CountsEvent("ways", noise, tables), VectorEvent("sum", noise)), limit)


def test_rows_of_a_person_weigh_one_together():
    table = visits([7, 7, 7, 3, 3, 9], [0, 0, 1, 1, 2, 5])
    (count,) = Curator(table, plan(), entropy=Silent()).release("ways", [Ward()])
    np.testing.assert_allclose(count.values[:6], [2 / 3, 1 / 3 + 1 / 2, 1 / 2, 0, 0, 1], atol=1e-12)
    assert count.values.sum() == pytest.approx(3)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 12, 18, 40, 1000])
def test_a_person_is_a_bounded_whole_number_of_units(limit):
    scale = weight_scale(limit)
    assert scale <= 2**24
    assert all(rows * (scale // rows) <= scale for rows in range(1, limit + 1))
    if limit <= 18:
        assert all(scale % rows == 0 for rows in range(1, limit + 1))


def test_shares_divide_the_precision_of_an_event():
    entropy = Seeded()
    counts = Curator(visits([1], [0]), plan(2.0), entropy=entropy).release(
        "ways", [Ward(), Ward()], [0.2, 0.8]
    )
    assert [count.sigma for count in counts] == pytest.approx([2 / 0.2**0.5, 2 / 0.8**0.5])
    assert sum(1 / count.sigma**2 for count in counts) == pytest.approx(1 / 2.0**2)


def test_realised_noise_is_the_stated_one():
    """20,000 cells: the relative error of the deviation is 1/200; tolerance four of them."""

    class Wide(Ward):
        size = 20_000

    (count,) = Curator(visits([1], [0]), plan(2.0)).release("ways", [Wide()])
    assert count.values.std() == pytest.approx(2.0, rel=4 / 200)


def test_two_answers_differ():
    table = visits([1, 2], [0, 1])
    first, second = (Curator(table, plan(50.0)).release("ways", [Ward()])[0].values for _ in range(2))
    assert (first != second).any()


@pytest.mark.parametrize(
    ("event", "queries", "shares"),
    [
        ("other", 1, None),
        ("sum", 1, None),
        ("ways", 3, None),
        ("ways", 2, [0.5, 0.6]),
        ("ways", 2, [0.5]),
        ("ways", 2, [1.0, 0.0]),
        ("ways", 2, [1.5, -0.5]),
        ("ways", 2, [float("nan"), 0.5]),
    ],
)
def test_what_the_plan_does_not_hold_is_refused(event, queries, shares):
    with pytest.raises(InternalError):
        Curator(visits([1], [0]), plan()).release(event, [Ward()] * queries, shares)


def test_an_event_is_answered_once_even_if_it_failed():
    curator = Curator(visits([1], [0]), plan())
    with pytest.raises(InternalError):
        curator.release("ways", [Ward()], [2.0])
    with pytest.raises(InternalError, match="answered before"):
        curator.release("ways", [Ward()])


def test_more_rows_than_the_bound_are_refused():
    with pytest.raises(InternalError, match="more than 3 rows"):
        Curator(visits([1] * 4, [0] * 4), plan())


@pytest.mark.parametrize("cells", [[10], [-1], [0, 1]])
def test_a_query_outside_its_cells_is_refused(cells):
    class Wrong(Ward):
        def cells(self, table):
            return np.array(cells)

    with pytest.raises(InternalError, match="one of its cells"):
        Curator(visits([1], [0]), plan()).release("ways", [Wrong()])


def test_an_empty_table_answers():
    curator = Curator(visits([], []), plan(), entropy=Silent())
    assert not curator.release("ways", [Ward()])[0].values.any()
    assert not curator.sum("sum", lambda table: np.ones((len(table), 2)), 1.0).any()


def test_exact_counts_are_counts_of_rows():
    counts = ExactCounts(visits([7, 7, 7, 3], [0, 0, 1, 1])).release("any", [Ward(), Ward()])
    assert [count.sigma for count in counts] == [0, 0]
    np.testing.assert_array_equal(counts[0].values[:3], [2, 2, 0])


def test_persons_come_from_noisy_totals():
    table = visits(np.arange(1_000), np.arange(1_000) % 10)
    counts = Curator(table, plan(3.0), entropy=Seeded()).release("ways", [Ward(), Ward()])
    assert persons(counts) == pytest.approx(1_000, abs=5 * 3 * 10**0.5)
    assert persons(counts) != 1_000


@pytest.mark.parametrize("cell", [np.nan, np.inf, -np.inf, 1e308, -1e308])
def test_a_vector_however_extreme_moves_a_sum_by_its_norm(cell):
    table = visits([1, 2], [0, 1])

    def vectors(part):
        return np.where(part.vector("ward").values[:, None] == 1, cell, [[0.1, 0.2, 0.0]])

    found = Curator(table, plan(), entropy=Silent()).sum("sum", vectors, 2.0)
    assert np.linalg.norm(found - [0.1, 0.2, 0.0]) <= 2.0 * (1 + 1e-5)


def test_clipping_keeps_directions_and_bounds_norms():
    vectors = np.random.default_rng(0).normal(0, 3, (100, 5)) * np.logspace(-300, 300, 100)[:, None]
    short = clipped(vectors, 2.0)
    assert (np.linalg.norm(short, axis=1) <= 2.0 * (1 + 1e-12)).all()
    np.testing.assert_array_equal(np.sign(short[60:]), np.sign(vectors[60:]))


@pytest.mark.parametrize("shares", [None, [0.5, 0.5]])
def test_correct_noise_passes_and_less_noise_fails(shares):
    table = visits([1, 1, 2], [0, 1, 2])
    for factor, expected in ((1.0, True), (0.9, False), (0.5, False)):
        curator = Curator(table, plan(), entropy=Seeded(factor))
        curator.release("ways", [Ward(), Ward()], shares)
        curator.sum("sum", lambda part: np.ones((len(part), 2)), 1.0)
        assert curator.is_calibrated is expected
        assert curator.is_bounded


def test_a_probe_too_quiet_in_one_event_is_found_among_others():
    class Quiet(Seeded):
        def integers(self, sigma, size):
            return super().integers(sigma * (0.9 if sigma > 1e5 else 1.0), size)

    curator = Curator(visits([1], [0]), plan(), entropy=Quiet())
    curator.release("ways", [Ward()])
    assert curator.is_calibrated
    curator.sum("sum", lambda part: np.ones((len(part), 2)), 1.0)
    assert not curator.is_calibrated


def test_rows_that_are_not_weighted_are_found(monkeypatch):
    monkeypatch.setattr(
        "synthrec.privacy.people.People.weights", lambda self: np.full(len(self.order), weight_scale(3))
    )
    curator = Curator(visits([1], [0]), plan())
    curator.release("ways", [Ward()])
    assert not curator.is_bounded


def test_a_clip_that_is_too_wide_is_found(monkeypatch):
    wide = clipped
    monkeypatch.setattr("synthrec.privacy.curator.clipped", lambda vectors, norm: wide(vectors, 1.2 * norm))
    curator = Curator(visits([1], [0]), plan())
    curator.sum("sum", lambda part: np.ones((len(part), 2)), 1.0)
    assert not curator.is_bounded
