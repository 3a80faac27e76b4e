from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from synthrec.validation.quality import propensity
from synthrec.validation.quality.embedding import Embedding
from synthrec.validation.quality.propensity import directions, logistic


def test_the_regression_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 4))
    kind = (rng.random(300) < 1 / (1 + np.exp(-points[:, 0]))).astype(float)
    design = directions(points)
    oracle = LogisticRegression(C=1e9, tol=1e-10, max_iter=1000).fit(design, kind)
    assert logistic(design, kind) == pytest.approx(oracle.predict_proba(design)[:, 1], abs=1e-4)


def test_separated_rows_have_an_end():
    kind = (np.arange(40) < 20).astype(float)
    fitted = logistic(directions(kind[:, None] + 0.0), kind)
    assert np.abs(fitted - kind).max() < 0.01


def test_directions_are_uncorrelated_and_none_is_a_copy():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(50, 2))
    found = directions(np.column_stack([points, points[:, 0], np.ones(50)]))
    assert found.shape == (50, 2)
    assert found.T @ found / 50 == pytest.approx(np.eye(2))


def test_the_null_expectation(drawn):
    """Chi-square with k - 1 degrees of freedom: the mean of 12 ratios errs by sqrt(2 / (12 (k - 1)))."""
    ratios, freedom = [], []
    for seed in range(12):
        rows = drawn(seed, 400, 300)
        found = propensity.propensity(rows.synthetic, rows.holdout, Embedding.of(rows))
        ratios.append(found.error.value / found.expected)
        freedom.append(found.expected * found.rows / found.largest)
    assert min(freedom) > 20
    assert np.mean(ratios) == pytest.approx(1, abs=4 * sqrt(2 / (12 * min(freedom))))


def test_a_shift_is_seen_beside_the_floor(drawn):
    def older(vectors, rng):
        age = vectors["age"]
        return vectors | {"age": type(age)(age.values + 15, age.missing)}

    ratio, unpredicted = propensity.answer(drawn(2, change=older)).measures
    assert ratio.low > 3 * ratio.baseline
    assert unpredicted.value < unpredicted.baseline - 0.1
