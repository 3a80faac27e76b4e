import numpy as np
import pytest
from scipy.stats import chi2_contingency

from synthrec.codec.base import CodeDomain, Codes
from synthrec.generators.copula.correspondence import grouping, level_orders, standardised_residuals


def test_residuals_are_those_of_the_chi_square_statistic():
    table = np.array([[20, 5, 1], [8, 8, 8], [0, 6, 24]])
    column, group = np.repeat(np.indices(table.shape).reshape(2, -1), table.ravel(), axis=1)
    residuals = standardised_residuals(column, group, 3)
    statistic = chi2_contingency(table, correction=False).statistic
    assert table.sum() * (residuals**2).sum() == pytest.approx(statistic)


def test_nominal_levels_are_put_in_the_order_hidden_in_the_data():
    """Seven levels named at random that follow a number: the order is found up to its direction."""
    rng = np.random.default_rng(0)
    hidden = rng.integers(0, 7, 5_000)
    number = np.clip(hidden + rng.integers(-1, 2, 5_000), 0, 6)
    names = np.array([3, 6, 0, 5, 1, 4, 2])
    domain = CodeDomain(("label", "number"), (7, 7), (False, True), (False, False))
    codes = Codes(np.stack([names[hidden], number], axis=1).astype(np.int32), domain)
    found, kept = level_orders(codes)
    assert found.tolist() in (names.tolist(), names[::-1].tolist())
    np.testing.assert_array_equal(kept, np.arange(7))


def test_groups_are_few_and_keep_missing_apart():
    rng = np.random.default_rng(1)
    number = np.append(rng.integers(0, 500, 3_000), np.full(100, 500))
    label = rng.geometric(0.01, 3_100).clip(max=900) - 1
    domain = CodeDomain(("number", "label"), (501, 900), (True, False), (True, False))
    codes = Codes(np.stack([number, label], axis=1).astype(np.int32), domain)
    first, second = grouping(codes, 0, 24)[number], grouping(codes, 1, 24)[label]
    assert max(first.max(), second.max()) < 24
    assert not set(first[number == 500]) & set(first[number < 500])
    # Equal mass: 23 groups of 3,000 rows, each within a few levels of about 6 rows of its share.
    assert np.abs(np.bincount(first[number < 500]) - 3_000 / 23).max() < 40
