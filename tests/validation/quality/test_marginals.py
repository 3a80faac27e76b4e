from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from synthrec.schema.model import Column, Null
from synthrec.schema.vector import Vector
from synthrec.validation.quality import marginals
from synthrec.validation.quality.marginals import similarity, smirnov, wasserstein

CATEGORY, NUMBER = Column(kind="category", null=Null(allowed=True)), Column(kind="float")


@pytest.mark.parametrize("seed", range(3))
def test_the_largest_gap_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=70).round(1), rng.normal(0.3, 2, 41).round(1)
    assert smirnov(first, second) == pytest.approx(stats.ks_2samp(first, second).statistic)


@pytest.mark.parametrize("seed", range(3))
def test_the_area_is_that_of_scipy_on_cut_and_scaled_values(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=70), rng.normal(0.3, 2, 41)
    low, high = np.quantile(second, (0.01, 0.99))
    cut, other = (np.clip((values - low) / (high - low), 0, 1) for values in (first, second))
    assert wasserstein(first, second) == pytest.approx(stats.wasserstein_distance(cut, other))


def test_nothing_and_constants():
    some, none = np.array([1.0, 2.0]), np.zeros(0)
    assert smirnov(none, none) == wasserstein(none, none) == 0
    assert smirnov(some, none) == wasserstein(none, some) == 1
    assert wasserstein(np.array([5.0, 5, 6, 7]), np.array([5.0, 5.0])) == 0.5


def test_labels_by_hand():
    first = Vector(np.array([0, 0, 1, 0]), np.array([False, False, False, True]), ("x", "y"))
    second = Vector(np.array([0, 1, 1, 1]), np.zeros(4, bool), ("y", "x"))
    assert similarity(first, second) == pytest.approx(0.75)


def test_a_hand_sized_table(table_of, sides):
    def rows(labels, numbers):
        return table_of({"a": (CATEGORY, labels), "b": (NUMBER, numbers)}, one_row_per_person=True)

    answer = marginals.answer(
        sides(
            rows(["x", "x", None, "y"], [1.0, 1, 1, 1]),
            rows(["x", "x", "y", "y"], [1.0, 2, 3, 4]),
            rows(["x", "x", "y", "y"], [1.0, 2, 3, 4]),
        )
    )
    found = {measure.name: (measure.value, measure.baseline) for measure in answer.measures}
    assert found["column a"] == (0.75, 1.0)
    assert found["column b"] == (0.25, 1.0)
    assert found["mean"] == (0.5, 1.0)
    assert found["worst"] == (0.25, 1.0)
    assert found["labels, total variation"] == (0.75, 1.0)
    (bars,) = answer.exhibits
    assert bars.labels[0] == "b"
