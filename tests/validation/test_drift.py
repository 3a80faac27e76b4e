"""Drift: no alarm without it, an alarm with it, and the misfit of a model is not taken for it."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from scipy.stats import ks_2samp

from synthrec.data.persons import person_ids
from synthrec.schema.model import Column
from synthrec.schema.vector import Vector
from synthrec.validation.drift import Misfit, drift, measured, misfit, moved, tolerated
from synthrec.validation.quality.ground import Rows

NUMBER, CATEGORY = Column(kind="integer"), Column(kind="category")
NONE = Misfit({}, 0.5, 512)


@pytest.fixture
def rows(population):
    def make(seed, n, **changes):
        table = population(np.random.default_rng(seed), n, weight=False)
        vectors = table.vectors()
        for name, change in changes.items():
            vectors[name] = change(vectors[name])
        table = type(table).from_vectors("t", table.spec, vectors)
        return Rows(table, person_ids(table))

    return make


def older(years):
    return lambda vector: Vector(vector.values + years, vector.missing)


def test_distances_by_hand(table_of):
    def rows(numbers, labels):
        table = table_of({"a": (NUMBER, numbers), "b": (CATEGORY, labels)}, one_row_per_person=True)
        return Rows(table, person_ids(table))

    drawn = rows([1, 2, 3, 4], ["x", "x", "y", "y"])
    found = measured(rows([3, 4, 4, 4], ["x", "x", "x", "z"]), drawn)
    assert found.names == ("a", "b")
    assert found.found.tolist() == [0.5, 0.5]
    assert ks_2samp([3, 4, 4, 4], [1, 2, 3, 4]).statistic == 0.5


def test_the_p_value_by_hand(table_of):
    """Bounded differences: exp(-2 n (distance - misfit - expected noise)^2), Holm times two tests."""

    def rows(share, n):
        labels = ["x"] * round(share * n) + ["y"] * (n - round(share * n))
        table = table_of({"a": (CATEGORY, labels)}, one_row_per_person=True)
        return Rows(table, person_ids(table))

    new, drawn = rows(0.7, 200), rows(0.5, 400)
    columns, _ = drift(new, drawn, Misfit({"a": 0.02}, 1.0, 128))
    excess = 0.2 - 0.02 - measured(new, drawn).noise.mean()
    assert columns.p_value == pytest.approx(2 * exp(-2 * 200 * excess**2))
    assert columns.measures[0].value == pytest.approx(0.2)
    assert columns.measures[0].baseline == 0.02


def test_a_number_of_persons_with_one_row_has_the_inequality_of_massart(table_of):
    def rows(numbers):
        table = table_of({"a": (NUMBER, numbers)}, one_row_per_person=True)
        return Rows(table, person_ids(table))

    new, drawn = rows(list(range(20, 120))), rows(list(range(100)))
    columns, _ = drift(new, drawn, Misfit({"a": 0.05}, 1.0, 64))
    assert columns.measures[0].value == pytest.approx(0.2)
    assert columns.p_value == pytest.approx(min(1, 2 * 2 * exp(-2 * 100 * 0.15**2)))


def test_rows_of_one_person_count_as_one(table_of):
    labels = ["x"] * 150 + ["y"] * 50
    names = [f"p{k // 50}" for k in range(200)]
    table = table_of({"p": (Column(kind="id", role="key"), names), "a": (CATEGORY, labels)}, person="p")
    drawn = table_of({"a": (CATEGORY, ["x", "y"] * 100)}, one_row_per_person=True)
    four, many = (
        drift(Rows(table, persons), Rows(drawn, np.arange(200)), Misfit({}, 1.0, 64))[0]
        for persons in (person_ids(table), np.arange(200))
    )
    assert many.p_value < 0.01
    assert four.p_value > 0.5


def test_a_moved_column_is_named_and_others_are_not(rows):
    new, drawn, held = rows(1, 1500, age=older(8)), rows(2, 4000), rows(3, 800)
    columns, joint = drift(new, drawn, misfit(held, drawn))
    assert moved(columns) == ("age",)
    assert joint.p_value < 0.01
    assert joint.measures[0].value > joint.measures[0].baseline


@pytest.mark.parametrize("seed", range(4))
def test_without_drift_there_is_no_alarm(rows, seed):
    new, drawn, held = rows(10 * seed, 800), rows(10 * seed + 1, 4000), rows(10 * seed + 2, 500)
    columns, joint = drift(new, drawn, misfit(held, drawn))
    assert moved(columns) == ()
    assert min(columns.p_value, joint.p_value) > 0.01


@pytest.mark.parametrize("seed", range(4))
def test_misfit_of_the_model_is_not_called_drift(rows, seed):
    """The model makes everybody older and misses what goes together; reality stays as it was."""

    def jumbled(vector):
        return vector.take(np.random.default_rng(0).permutation(len(vector)))

    drawn = rows(10 * seed + 1, 4000, age=older(8), score=jumbled)
    new, held = rows(10 * seed, 1500), rows(10 * seed + 2, 800)
    allowed = misfit(held, drawn)
    assert allowed.columns["age"] > 0.15
    assert allowed.joint > 0.8
    columns, joint = drift(new, drawn, allowed)
    assert moved(columns) == ()
    assert joint.p_value > 0.01
    uncorrected, _ = drift(new, drawn, NONE)
    assert "age" in moved(uncorrected)


def test_what_moves_together_is_seen_jointly_alone(rows):
    def jumbled(vector):
        return vector.take(np.random.default_rng(0).permutation(len(vector)))

    new, drawn, held = rows(1, 1500, age=jumbled, job=jumbled), rows(2, 4000), rows(3, 1100)
    columns, joint = drift(new, drawn, misfit(held, drawn))
    assert moved(columns) == ()
    assert joint.p_value < 0.01


def test_a_misfit_is_rounded_up_and_says_no_number_of_rows(rows):
    found = misfit(rows(1, 700), rows(2, 3000))
    steps = np.array([*found.columns.values(), found.joint]) * 100
    assert np.abs(steps - steps.round()).max() < 1e-6
    assert found.rows == 512
    assert misfit(rows(1, 40), rows(2, 3000)).joint == 1.0


def test_a_stated_tolerance(rows):
    drawn, allowed = rows(2, 4000), tolerated(("age",), 0.1, 0.8)
    assert moved(drift(rows(1, 1500, age=older(2)), drawn, allowed)[0]) == ()
    columns, joint = drift(
        rows(1, 1500, age=older(12)), drawn, tolerated(drawn.table.spec.modelled, 0.1, 0.8)
    )
    assert moved(columns) == ("age",)
    assert joint.measures[0].baseline == 0.8


def test_few_rows_know_nothing(rows):
    columns, joint = drift(rows(1, 1), rows(2, 300), NONE)
    assert columns.p_value > 0.01
    assert "too few" in joint.not_applicable
