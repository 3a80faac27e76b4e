"""Noise has the law that the accountant charges; the tests reject laws that differ from it by a little.

Tolerances: five standard deviations of the statistic, or a chi-square level of 1e-6.
"""

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from synthrec.errors import InternalError
from synthrec.privacy.discrete_gaussian import Deviation
from synthrec.privacy.noise import discrete_gaussian, gaussian, poisson_mask

N = 200_000
LEVEL = 1e-6


def law(sigma):
    """Support and probabilities of the discrete Gaussian, summed directly."""
    support = np.arange(-int(12 * sigma) - 3, int(12 * sigma) + 4)
    weights = np.exp(-(support**2) / (2 * sigma**2))
    return support, weights / weights.sum()


def p_value(values, sigma):
    """Chi-square test of values against the law; cells of fewer than 20 expected are pooled."""
    support, probability = law(sigma)
    observed = np.bincount(values - support[0], minlength=len(support))
    common = len(values) * probability >= 20
    observed = np.append(observed[common], observed[~common].sum())
    expected = len(values) * np.append(probability[common], probability[~common].sum())
    keep = expected > 1e-3
    assert observed[~keep].sum() == 0
    statistic = ((observed - expected)[keep] ** 2 / expected[keep]).sum()
    return chi2.sf(statistic, keep.sum() - 1)


@pytest.mark.parametrize("sigma", [0.3, 0.5, 1.0, 1.2345, 3.7, 12.0])
def test_every_value_is_as_frequent_as_the_law_says(sigma):
    assert p_value(discrete_gaussian(sigma, N), sigma) > LEVEL


@pytest.mark.parametrize(
    "wrong",
    [
        lambda rng: np.rint(rng.normal(0, 1.2345, N)).astype(np.int64),
        lambda rng: rng.choice(law(1.2345 * 0.97)[0], N, p=law(1.2345 * 0.97)[1]),
        lambda rng: np.where(rng.random(N) < 0.03, 0, rng.choice(law(1.2345)[0], N, p=law(1.2345)[1])),
        lambda rng: np.abs(rng.choice(law(1.2345)[0], N, p=law(1.2345)[1])),
    ],
    ids=["rounded continuous", "3 % too little", "zero too often", "one-sided"],
)
def test_a_law_that_is_a_little_wrong_is_rejected(wrong):
    assert p_value(wrong(np.random.default_rng(1)), 1.2345) < LEVEL


@pytest.mark.parametrize("sigma", [50.0, 1234.5, 1e5, 4096e5, 2.0**39])
def test_wide_noise_has_the_moments_and_the_shape_of_the_gaussian(sigma):
    scaled = discrete_gaussian(sigma, N) / sigma
    assert abs(scaled.mean()) < 5 / N**0.5
    assert abs((scaled**2).mean() - 1) < 5 * (2 / N) ** 0.5
    assert abs((scaled**4).mean() - 3) < 5 * (96 / N) ** 0.5
    assert kstest(scaled + np.random.default_rng(0).uniform(-0.5, 0.5, N) / sigma, "norm").pvalue > LEVEL


def test_tails_beyond_four_deviations_are_there():
    inside = abs(discrete_gaussian(10.0, 1_000_000)) <= 40
    expected = 1 - law(10.0)[1][abs(law(10.0)[0]) <= 40].sum()
    assert abs((~inside).mean() - expected) < 5 * (expected / 1_000_000) ** 0.5


def test_neighbouring_draws_are_not_correlated():
    values = discrete_gaussian(100.0, N) / 100
    assert abs((values[1:] * values[:-1]).mean()) < 5 / N**0.5


def test_two_calls_differ_and_numpy_seeds_change_nothing():
    np.random.seed(7)  # noqa: NPY002
    state = np.random.get_state()[1].tolist()  # noqa: NPY002
    first = discrete_gaussian(1e6, 50)
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    assert not np.array_equal(first, discrete_gaussian(1e6, 50))


@pytest.mark.parametrize("sigma", [0.3, 1 / 3, 1.0, 7.1, 1e5 / 3, 2.0**31 + 0.5, 1e11])
def test_the_deviation_used_is_never_below_the_one_asked_for(sigma):
    used = Deviation.at_least(sigma)
    assert sigma <= used.p / used.q <= sigma * (1 + 2**-30)


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan"), float("inf"), 1e-9, 1e15])
def test_a_deviation_that_cannot_be_drawn_exactly_is_refused(sigma):
    with pytest.raises(InternalError):
        discrete_gaussian(sigma, 1)


@pytest.mark.parametrize("size", [0, 1, 2, 100_001])
def test_as_many_draws_as_asked_for(size):
    assert discrete_gaussian(2.5, size).shape == (size,)


def test_gaussian_noise_of_a_shape():
    values = gaussian((100, 7, 200))
    assert values.shape == (100, 7, 200)
    assert kstest(values.ravel(), "norm").pvalue > LEVEL


@pytest.mark.parametrize("q", [0.0, 1e-3, 0.1, 0.5, 1.0])
def test_persons_are_chosen_at_the_sampling_rate_and_independently(q):
    first, second = poisson_mask(N, q), poisson_mask(N, q)
    assert first.dtype == np.bool_
    assert abs(first.mean() - q) <= 5 * (q * (1 - q) / N) ** 0.5
    assert abs((first & second).mean() - q**2) <= 5 * (q**2 * (1 - q**2) / N) ** 0.5


@pytest.mark.parametrize("q", [-0.1, 1.1, float("nan")])
def test_a_rate_that_is_no_probability_is_refused(q):
    with pytest.raises(InternalError):
        poisson_mask(3, q)
