from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist

from synthrec.validation.quality import cloud
from synthrec.validation.quality.cloud import discrepancy, frechet, support
from synthrec.validation.quality.embedding import Embedding


def of(statistic, first, second):
    return statistic(first, second)(np.ones(len(first)), np.ones(len(second)))


def clouds(seed, shift=0.0, n=200):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)) + shift, rng.normal(size=(n, 3)) @ np.diag([1.0, 2, 0.5])


def test_the_frechet_distance_by_matrix_roots_and_in_one_dimension():
    first, second = clouds(0, 0.5)
    gap = first.mean(axis=0) - second.mean(axis=0)
    one, other = np.cov(first.T), np.cov(second.T)
    expected = gap @ gap + np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert of(frechet, first, second)[0] == pytest.approx(expected)
    line, wide = np.array([[-1.0], [1.0]]), np.array([[1.0], [5.0]])
    assert of(frechet, line, wide)[0] == pytest.approx(9 + (8**0.5 - 2**0.5) ** 2)


def test_the_discrepancy_by_loops():
    first, second = clouds(1, n=12)
    width = np.median(cdist(second, second)[np.triu_indices(12, 1)] ** 2)

    def kernel(a, b):
        return np.exp(-((a - b) ** 2).sum() / (2 * width))

    within = [
        np.mean([kernel(x[i], x[j]) for i in range(12) for j in range(12) if i != j]) for x in (first, second)
    ]
    across = np.mean([kernel(a, b) for a in first for b in second])
    assert of(discrepancy, first, second)[0] == pytest.approx(sum(within) - 2 * across)


def test_precision_and_recall_of_a_copy_a_centre_and_a_far_cloud():
    _, second = clouds(2, n=300)
    same = of(support, second, second)
    assert same == pytest.approx([1, 1], abs=0.02)
    centre = np.zeros((300, 3)) + second.mean(axis=0)
    assert of(support, centre, second) == pytest.approx([0, 0], abs=0.07)
    assert of(support, second + 100, second)[0] == pytest.approx(0, abs=0.02)


def test_equal_distributions_have_a_recall_of_one_half():
    """A nearest neighbour among as many points is of either kind with probability one half."""
    rng = np.random.default_rng(4)
    points, real = rng.normal(size=(600, 3)), rng.normal(size=(600, 3))
    precision, recall = of(support, points, real)
    assert precision > 0.93
    assert recall == pytest.approx(0.5, abs=0.1)


def test_one_column_of_the_embedding_counts_one_at_most(drawn):
    rows = drawn(5, 200, 200)
    points = Embedding.of(rows).points(rows.holdout)
    columns = len(rows.spec.modelled)
    assert cdist(points, points).max() ** 2 <= columns + 1e-9
    labels = [v for v in rows.holdout.vectors.values() if v.levels is not None]
    assert points.shape[1] >= 2 * (columns - len(labels)) + 2 * len(labels)


def test_fresh_rows_reach_the_floor_and_shuffled_ones_do_not(drawn, shuffled):
    fresh = {measure.name: measure for measure in cloud.answer(drawn(6, 500, 500)).measures}
    lost = {measure.name: measure for measure in cloud.answer(drawn(6, 500, 500, shuffled)).measures}
    assert fresh["alpha-precision"].value == pytest.approx(fresh["alpha-precision"].baseline, abs=0.06)
    assert abs(fresh["MMD"].value) < 0.003
    assert lost["MMD"].value > fresh["MMD"].value
    assert lost["beta-recall"].value < fresh["beta-recall"].value - 0.1
    assert lost["Frechet distance"].low > fresh["Frechet distance"].high
