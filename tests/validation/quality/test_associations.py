from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.stats.contingency import association

from synthrec.validation.quality import associations
from synthrec.validation.quality.associations import correlation, correlation_ratio, cramers_v


def test_cramers_v_is_that_of_scipy():
    joint = np.array([[10.0, 3, 0], [2, 8, 5], [0, 0, 0]])
    assert cramers_v(joint) == pytest.approx(association(joint[:2].astype(int), "cramer"))
    assert cramers_v(np.array([[3.0, 4.0]])) == 0
    assert cramers_v(np.diag([3.0, 4.0])) == pytest.approx(1)


def test_correlations_are_those_of_numpy_and_weights_repeat_rows():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(3, 50))
    values[1] += values[0]
    assert correlation(values, np.ones(50)) == pytest.approx(np.corrcoef(values))
    weights = rng.integers(0, 3, 50)
    assert correlation(values, weights * 1.0) == pytest.approx(
        np.corrcoef(np.repeat(values, weights, axis=1))
    )
    assert correlation(np.ones((2, 4)), np.ones(4)).tolist() == [[0, 0], [0, 0]]


def test_the_correlation_ratio_is_that_of_an_analysis_of_variance():
    rng = np.random.default_rng(2)
    groups = rng.integers(0, 3, 60)
    values = rng.normal(size=60) + groups
    parts = [values[groups == group] for group in range(3)]
    f = stats.f_oneway(*parts).statistic
    expected = (2 * f / (2 * f + 57)) ** 0.5
    assert correlation_ratio(values, groups, np.ones(60)) == pytest.approx(expected)
    assert correlation_ratio(np.ones(4), np.array([0, 0, 1, 1]), np.ones(4)) == 0


def test_fresh_rows_reach_the_floor_and_shuffled_ones_do_not(drawn, shuffled):
    fresh = {measure.name: measure for measure in associations.answer(drawn(3)).measures}
    assert set(fresh) == {"mean", "worst", "numbers", "mixed", "labels"}
    assert fresh["mean"].value == pytest.approx(fresh["mean"].baseline, abs=0.02)
    broken = associations.answer(drawn(3, change=shuffled))
    lost = {measure.name: measure for measure in broken.measures}
    assert lost["mean"].high < lost["mean"].baseline - 0.05
    assert lost["worst"].high < 0.6
    (grid,) = broken.exhibits
    assert len(grid.values) == len(grid.rows) == 6
    assert grid.values[0][0] == 1


def test_spearman_of_a_pair(drawn):
    rows = drawn(4)
    pairs = associations._pairs(rows)
    synthetic, _, _ = associations._cells(rows)
    found = associations.associations(synthetic, pairs, np.ones(len(rows.synthetic)))
    names = [tuple(pairs.names[place] for place in pair) for pair in pairs.places]
    age, hours = (rows.synthetic.vectors[name].values for name in ("age", "hours"))
    assert found[names.index(("age", "hours"))] == pytest.approx(
        stats.spearmanr(age, hours).statistic, abs=0.01
    )
