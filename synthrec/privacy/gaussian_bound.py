"""Discrete Gaussian releases bounded by a Gaussian one, and the exact curve of the Gaussian mechanism.

Noise is a discrete Gaussian of deviation s on the lattice of 1 / L of a person, s in persons. For 0 < r < s L
it is a Gaussian of deviation sqrt(s**2 - (r / L)**2), rounded at random to the lattice, up to factors between
1 - 2 e and 1 + e in every probability, with e just above 2 exp(-2 pi**2 r**2): Poisson summation, as in
Micciancio and Regev, "Worst-case to Average-case Reductions Based on Gaussian Measures" (2007), and Peikert,
"An Efficient and Parallel Gaussian Sampler for Lattices" (2010), Theorem 3.1. Rounding is post-processing.
docs/privacy.md has the proof.
"""

from __future__ import annotations

from math import exp, isfinite, log, sqrt

from scipy.optimize import brentq
from scipy.special import log_ndtr

from synthrec.errors import InternalError

SQUARED_ROUNDING = 3.0
"""r**2 of the proof, in squared lattice steps; e is below 4e-26."""

SLACK = 1e-12
"""Added to epsilon, and to delta in proportion, for the factors of up to 2**40 noised numbers."""


def dominating_precision(noise_multiplier: float, lattice: int) -> float:
    """1 / z'**2 of a Gaussian mechanism that is no more private than the discrete release.

    However an event's precision 1 / z**2 is split over its tables, sum_t 1 / (s_t**2 - c) is largest where
    one table has all of it, as p / (1 - c p) is convex in p = 1 / s_t**2 and 0 at 0.

    Args:
        noise_multiplier: z: noise deviation over the L2 norm of what one person moves.
        lattice: Steps per unit of that norm.

    Raises:
        InternalError: noise of so few steps that the bound says nothing.
    """
    left = noise_multiplier**2 - SQUARED_ROUNDING / lattice**2
    if not (isfinite(left) and left > 0):
        raise InternalError(
            f"no privacy bound for a noise multiplier of {noise_multiplier} on a lattice of {lattice}"
        )
    return 1 / left


def gaussian_delta(epsilon: float, mu: float) -> float:
    """The delta of the Gaussian mechanism, sensitivity / deviation = mu (Balle and Wang 2018, Theorem 8)."""
    upper = float(log_ndtr(mu / 2 - epsilon / mu))
    lower = epsilon + float(log_ndtr(-mu / 2 - epsilon / mu))
    return exp(upper) - exp(lower)


def gaussian_epsilon(mu: float, delta: float) -> float:
    """The epsilon at which `gaussian_delta` is delta; 0 where it is below for every epsilon."""
    if mu == 0 or gaussian_delta(0.0, mu) <= delta:
        return 0.0
    most = mu**2 / 2 + mu * sqrt(-2 * log(delta))
    return float(brentq(lambda epsilon: gaussian_delta(epsilon, mu) - delta, 0.0, most, xtol=1e-12))


def gaussian_mu(epsilon: float, delta: float) -> float:
    """The largest mu at which the Gaussian mechanism is (epsilon, delta)-private."""
    low = high = 1.0
    while gaussian_delta(epsilon, high) < delta:
        high *= 2
    while gaussian_delta(epsilon, low) >= delta:
        low /= 2
    return float(brentq(lambda mu: gaussian_delta(epsilon, mu) - delta, low, high, xtol=1e-13))
