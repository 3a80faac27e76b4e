from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from synthrec.validation.attacks.roc import Roc
from synthrec.validation.quality.resample import auc, clustered_auc, clustered_mean, jackknife


def test_the_area_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    positive, weights = rng.random(80) < 0.4, rng.integers(0, 4, 80) * 1.0
    scores = rng.normal(size=80).round(1) + positive
    assert auc(scores, positive) == pytest.approx(roc_auc_score(positive, scores))
    assert auc(scores, positive, weights) == pytest.approx(
        roc_auc_score(positive, scores, sample_weight=weights)
    )
    assert auc(scores, np.ones(80, bool)) == 0.5


def test_one_row_per_person_has_the_limits_of_the_membership_attack():
    rng = np.random.default_rng(1)
    positive = np.arange(400) < 150
    scores = rng.normal(size=400) + positive
    found = clustered_auc(scores, positive, np.arange(400))
    expected = Roc.of(scores, positive).auc
    assert found.value == pytest.approx(expected.value)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-3)


def test_repeated_rows_of_a_person_narrow_nothing():
    rng = np.random.default_rng(2)
    positive = np.arange(120) < 60
    scores = rng.normal(size=120) + 2 * positive
    once = clustered_auc(scores, positive, np.arange(120))
    tenfold = clustered_auc(np.tile(scores, 10), np.tile(positive, 10), np.tile(np.arange(120), 10))
    assert tenfold.value == pytest.approx(once.value)
    assert tenfold.high - tenfold.low > 0.7 * (once.high - once.low)
    values = rng.normal(size=50)
    mean, same = (
        clustered_mean(values, np.arange(50)),
        clustered_mean(np.tile(values, 9), np.tile(np.arange(50), 9)),
    )
    assert (mean.low, mean.high) == pytest.approx((same.low, same.high))


def test_the_jackknife_of_a_mean_is_its_standard_error(drawn):
    """With blocks of equal size it is that of the block means: here within 2 of 3 of the binomial one."""
    rows = drawn(6, 1000, 1000)
    age = rows.synthetic.vectors["age"].values.astype(float)
    half = jackknife(lambda mine, _: np.array([age @ mine / mine.sum()]), rows)[0]
    expected = 2.82 * age.std() / 1000**0.5
    assert expected / 3 < half < 3 * expected


def test_too_few_persons_for_a_jackknife_know_nothing(drawn):
    rows = drawn(6, 1, 1)
    assert np.isinf(jackknife(lambda mine, _: np.array([mine.sum()]), rows)).all()
