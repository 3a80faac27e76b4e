"""The Gaussian bound of lattice noise against hockey-stick divergences summed cell by cell."""

from itertools import product
from math import exp, sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from synthrec.errors import InternalError
from synthrec.privacy.gaussian_bound import (
    SLACK,
    SQUARED_ROUNDING,
    dominating_precision,
    gaussian_delta,
    gaussian_epsilon,
    gaussian_mu,
)


def masses(sigma, shift, half):
    """Discrete Gaussian on the integers -half .. half, moved by shift."""
    support = np.arange(-half, half + 1)
    weights = np.exp(-((support - shift) ** 2) / (2 * sigma**2))
    return weights / weights.sum()


def discrete_delta(epsilon, sigmas, shifts):
    """sup over sets of P - exp(epsilon) Q for independent cells of deviations sigmas, moved by shifts."""
    half = int(10 * max(sigmas) + max(map(abs, shifts)))
    near, far = np.ones(1), np.ones(1)
    for sigma, shift in zip(sigmas, shifts, strict=True):
        near = np.multiply.outer(near, masses(sigma, 0, half)).ravel()
        far = np.multiply.outer(far, masses(sigma, shift, half)).ravel()
    return np.maximum(near - exp(epsilon) * far, 0).sum()


CASES = {
    "one cell, one step": ((3.0,), (1,), 1),
    "one cell, whole person": ((8.0,), (4,), 4),
    "rows of one person in three cells": ((5.0, 5.0, 5.0), (1, 1, -2), 4),
    "two tables, equal shares": ((9.0, 9.0), (4, 4), 4),
    "two tables, unequal shares": ((7.0, 30.0), (4, 4), 4),
}


def multiplier(sigmas, shifts, lattice):
    """The event's noise multiplier: one cell is one table, or all cells are one."""
    if sum(abs(shift) for shift in shifts) == lattice:
        return sigmas[0] / lattice
    return sum((lattice / sigma) ** 2 for sigma in sigmas) ** -0.5


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_no_hockey_stick_of_lattice_noise_is_above_the_bound(case):
    sigmas, shifts, lattice = case
    mu = sqrt(dominating_precision(multiplier(*case), lattice))
    for epsilon in np.linspace(0, 3 * mu, 40 if len(sigmas) < 3 else 6):
        exact = discrete_delta(epsilon, sigmas, shifts)
        assert exact <= gaussian_delta(epsilon, mu) * (1 + SLACK) + 1e-14


def test_the_gaussian_of_the_same_deviation_is_no_bound():
    above = [
        discrete_delta(epsilon, (1.0,), (1,)) - gaussian_delta(epsilon, 1.0)
        for epsilon in np.linspace(0, 3, 61)
    ]
    assert max(above) > 1e-3


def test_the_rounding_proof_cell_by_cell():
    """Gaussian noise rounded at random is the discrete Gaussian within the stated factor."""
    r, sigma = 0.8, 1.5
    error = 2 * sum(exp(-2 * np.pi**2 * r**2 * j**2) for j in range(1, 5))
    wide = sqrt(sigma**2 + r**2)
    lattice = np.arange(-40, 41)
    normal = np.exp(-(lattice**2) / (2 * wide**2)).sum()
    for k in range(5):
        rounded = quad(
            lambda y, k=k: (
                norm.pdf(y, 0, sigma)
                * exp(-((k - y) ** 2) / (2 * r**2))
                / np.exp(-((lattice - y) ** 2) / (2 * r**2)).sum()
            ),
            -15,
            15,
            epsabs=1e-13,
            limit=400,
        )[0]
        exact = exp(-(k**2) / (2 * wide**2)) / normal
        assert (1 - error) / (1 + error) - 1e-9 <= exact / rounded <= 1 + error + 1e-9


def test_the_slack_covers_two_to_the_forty_numbers():
    error = 2.001 * exp(-2 * np.pi**2 * SQUARED_ROUNDING)
    assert 4 * error * 2**40 < SLACK


@pytest.mark.parametrize("z", [0.3, 1.0, 4.0, 100.0])
def test_splitting_the_precision_never_costs_more(z):
    whole = dominating_precision(z, 16)
    for first, second in product([0.1, 0.3, 0.5], repeat=2):
        shares = [first, second * (1 - first), (1 - second) * (1 - first)]
        assert sum(dominating_precision(z / sqrt(share), 16) for share in shares) <= whole * (1 + 1e-12)


def test_on_the_lattice_in_use_the_bound_costs_nothing_that_shows():
    assert dominating_precision(0.3, 4096) < 0.3**-2 * (1 + 1e-5)


@pytest.mark.parametrize(
    ("z", "lattice"), [(1.0, 1), (float("nan"), 4096), (float("inf"), 4096), (1e-4, 4096)]
)
def test_too_little_noise_has_no_bound(z, lattice):
    with pytest.raises(InternalError):
        dominating_precision(z, lattice)


@pytest.mark.parametrize("mu", [0.05, 0.5, 2.0])
@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.0, 3.0])
def test_the_gaussian_curve_is_its_integral(mu, epsilon):
    def excess(x):
        return max(norm.pdf(x, mu) - exp(epsilon) * norm.pdf(x), 0.0)

    start = epsilon / mu + mu / 2
    assert gaussian_delta(epsilon, mu) == pytest.approx(quad(excess, start, start + 40)[0], abs=1e-10)


@pytest.mark.parametrize("delta", [1e-9, 1e-5, 1e-2])
@pytest.mark.parametrize("epsilon", [0.01, 0.5, 1.0, 3.0, 20.0])
def test_mu_and_epsilon_invert_each_other(epsilon, delta):
    assert gaussian_epsilon(gaussian_mu(epsilon, delta), delta) == pytest.approx(epsilon, rel=1e-6)
