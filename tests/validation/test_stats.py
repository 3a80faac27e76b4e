from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb, exp, factorial, log, sqrt

import numpy as np
import pytest
from scipy.stats import binom

from synthrec.validation.stats import (
    Estimate,
    bounded_differences,
    critical_hits,
    difference,
    holm,
    persons_for_bound,
    poisson_count,
    proportion,
    tail,
)


def binomial_tail(hits: int, n: int, share: Fraction) -> float:
    """P(X >= hits) in exact fractions."""
    return float(sum(comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(hits, n + 1)))


@pytest.mark.parametrize(("hits", "n"), [(0, 7), (1, 7), (4, 9), (9, 9), (3, 40)])
def test_clopper_pearson_limits_solve_their_tail_equations(hits, n):
    found = proportion(hits, n)
    if hits:
        assert binom.sf(hits - 1, n, found.low) == pytest.approx(0.01)
    else:
        assert found.low == 0
    if hits < n:
        assert binom.cdf(hits, n, found.high) == pytest.approx(0.01)
    else:
        assert found.high == 1


def test_a_proportion_of_nothing_is_unknown():
    assert proportion(0, 0) == Estimate(0.0, 0.0, 1.0)


def test_no_success_in_a_thousand_tries_bounds_the_rate_below_three_in_a_thousand():
    assert proportion(0, 1000, alpha=0.05).high == pytest.approx(0.0030, abs=5e-5)


@pytest.mark.parametrize("count", [0, 1, 5, 30])
def test_garwood_limits_solve_their_tail_equations(count):
    found = poisson_count(count)

    def below(mean: float, last: int) -> float:
        return sum(exp(-mean) * mean**k / factorial(k) for k in range(last + 1))

    assert below(found.high, count) == pytest.approx(0.01)
    if count:
        assert 1 - below(found.low, count - 1) == pytest.approx(0.01)
    else:
        assert (found.low, found.high) == (0.0, pytest.approx(-log(0.01)))


def test_the_difference_of_two_proportions_matches_newcombes_published_example():
    # Newcombe (1998), table II, example (a): 56/70 against 48/80 with Wilson limits gives 0.0524 to 0.3339.
    first = Estimate(56 / 70, 0.6921, 0.8769)
    second = Estimate(48 / 80, 0.4905, 0.7002)
    found = difference(first, second)
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.0524, abs=5e-4)
    assert found.high == pytest.approx(0.3339, abs=5e-4)


def test_the_tail_equals_exact_fractions():
    for hits, others in product(range(6), range(6)):
        exact = binomial_tail(hits, hits + others, Fraction(4, 5))
        assert tail(np.array([hits]), np.array([others]), 0.8)[0] == pytest.approx(exact, abs=1e-12)


def test_critical_hits_are_the_first_to_reject():
    others = np.array([0, 1, 5, 40, 3000])
    found = critical_hits(others, 0.8, 0.01)
    assert found[0] == 21  # 0.8**21 = 0.0092 <= 0.01 < 0.8**20
    assert np.all(tail(found, others, 0.8) <= 0.01)
    assert np.all(tail(found - 1, others, 0.8) > 0.01)


def test_347_against_97_copies_is_what_a_split_of_four_to_one_gives():
    assert tail(np.array([347]), np.array([97]), 0.8)[0] > 0.1
    assert tail(np.array([347]), np.array([97]), 0.5)[0] < 1e-30


def test_holm_matches_a_hand_calculation():
    # sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, then the running maximum
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([]) == ()
    assert holm([0.9, 0.8]) == (1.0, 1.0)


def test_weighted_holm_by_hand():
    """Of the weights 4, 1, 1: 0.02 * 6 / 4; then 0.01 * 2, raised to what came before; then 0.5."""
    assert holm([0.02, 0.01, 0.5], [4.0, 1.0, 1.0]) == pytest.approx((0.03, 0.03, 0.5))
    assert holm([0.3, 0.1], [2.0, 2.0]) == pytest.approx(holm([0.3, 0.1]))


def test_holm_keeps_the_family_wise_error_when_all_hypotheses_hold():
    rng = np.random.default_rng(7)
    runs = 4000
    errors = sum(min(holm(list(rng.random(5)))) <= 0.05 for _ in range(runs))
    # P(any of five uniform p <= 0.01) = 1 - 0.99**5 = 0.0490; five standard errors
    assert abs(errors / runs - 0.0490) < 5 * sqrt(0.049 * 0.951 / runs)


def test_mover_limits_of_two_poisson_counts_cover_at_least_as_often_as_stated():
    rng = np.random.default_rng(11)
    runs, ratio = 2000, 4.0
    train, holdout = rng.poisson(40, runs), rng.poisson(10, runs)
    misses = sum(
        difference(poisson_count(a), poisson_count(b).times(ratio)).high < 0.0
        for a, b in zip(train, holdout, strict=True)
    )
    # nominal 1 %; five standard errors above it
    assert misses / runs < 0.01 + 5 * sqrt(0.01 * 0.99 / runs)


def test_bounded_differences_hold_for_a_mean_of_coin_flips():
    rng = np.random.default_rng(3)
    n, runs = 50, 20_000
    half = bounded_differences(n * (1 / n) ** 2)
    assert half == pytest.approx(sqrt(log(100) / (2 * n)))  # Hoeffding's inequality
    exceed = np.mean(rng.binomial(n, 0.5, runs) / n - 0.5 > half)
    assert exceed <= 0.01


def test_persons_for_a_bound_grow_with_the_square_of_the_half_width():
    assert persons_for_bound(1000, 0.02, 0.01) == 4000
    assert persons_for_bound(1000, 0.005, 0.01) == 1000
    assert persons_for_bound(1000, 0.005, 0.0) is None
