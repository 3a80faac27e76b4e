"""Native and truncated draws against scipy.stats, an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from synthrec.rules.distributions import DISTRIBUTIONS, draw
from synthrec.schema.dist_spec import DISTRIBUTIONS as NAMED

CONTINUOUS = {
    "normal": ((3.0, 2.0), stats.norm(3, 2), (1.0, 4.5)),
    "lognormal": ((1.0, 0.5), stats.lognorm(0.5, scale=np.exp(1)), (2.0, 5.0)),
    "gamma": ((2.0, 3.0), stats.gamma(2, scale=3), (1.0, 12.0)),
    "beta": ((2.0, 5.0), stats.beta(2, 5), (0.1, 0.4)),
    "uniform": ((-1.0, 3.0), stats.uniform(-1, 4), (0.0, 1.0)),
    "exponential": ((4.0,), stats.expon(scale=4), (1.0, 9.0)),
    "weibull": ((1.5, 2.0), stats.weibull_min(1.5, scale=2), (0.5, 3.0)),
    "pareto": ((2.5, 1.0), stats.pareto(2.5), (1.2, 6.0)),
}
WHOLE = {
    "integers": ((2.0, 9.0), stats.randint(2, 10), (4.0, 7.0)),
    "poisson": ((6.0,), stats.poisson(6), (3.0, 8.0)),
    "negbin": ((5.0, 2.0), stats.nbinom(2, 2 / 7), (1.0, 9.0)),
    "binomial": ((12.0, 0.3), stats.binom(12, 0.3), (2.0, 5.0)),
}
N = 20_000
UNBOUNDED = (-np.inf, np.inf)


def test_every_named_distribution_is_drawn_and_tested():
    assert set(NAMED) == set(DISTRIBUTIONS) == set(CONTINUOUS) | set(WHOLE)


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize("truncated", [False, True])
def test_continuous_law(name, truncated):
    parameters, oracle, (low, high) = CONTINUOUS[name]
    bounds = (low, high) if truncated else UNBOUNDED
    values = draw(name, parameters, bounds, N, np.random.default_rng(5))
    below, upto = (oracle.cdf(low), oracle.cdf(high)) if truncated else (0.0, 1.0)
    uniform = (oracle.cdf(values) - below) / (upto - below)
    assert stats.kstest(uniform, "uniform").pvalue > 1e-4
    assert values.min() >= bounds[0]
    assert values.max() <= bounds[1]


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("truncated", [False, True])
def test_law_of_whole_numbers(name, truncated):
    parameters, oracle, (low, high) = WHOLE[name]
    values = draw(name, parameters, (low, high) if truncated else UNBOUNDED, N, np.random.default_rng(5))
    support = np.arange(low, high + 1) if truncated else np.arange(0, 40)
    p = oracle.pmf(support)
    if truncated:
        p = p / p.sum()
        assert set(values) <= set(support)
    counts = np.array([(values == k).sum() for k in support])
    assert (np.abs(counts - N * p) <= 5 * np.sqrt(N * p * (1 - p)) + 1e-9).all()


def test_one_parameter_and_bound_per_row():
    means = np.repeat([0.0, 100.0], N // 2)
    values = draw("normal", (means, 1.0), (means, np.inf), N, np.random.default_rng(5))
    offset = values - means
    assert offset.min() >= 0
    assert stats.kstest(offset, stats.halfnorm.cdf).pvalue > 1e-4


def test_bounds_without_mass_give_the_nearer_bound():
    values = draw("normal", (0.0, 1.0), (60.0, 61.0), 4, np.random.default_rng(5))
    assert values.tolist() == [60.0] * 4


def test_far_tail_of_whole_numbers_ends():
    values = draw("poisson", (1e6,), (1_010_000.0, np.inf), 4, np.random.default_rng(5))
    assert (values >= 1_010_000).all()
