"""Exact limits and tests for counts; every function names its formula.

All limits are one-sided at level `alpha`: P(limit on the wrong side of the truth) <= alpha.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, gammaincinv, gammaln, xlog1py, xlogy

ALPHA = 0.01
"""Level of every test and one-sided limit of the audit: 99 %."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A value with its one-sided lower and upper limits."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Estimate:
        """The estimate of a positive multiple."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


def proportion(hits: float, n: int, alpha: float = ALPHA) -> Estimate:
    """A share and its exact binomial limits (Clopper and Pearson 1934).

    Args:
        hits: Successes, 0 <= hits <= n; expected ones need not be whole.
        n: Trials; with none, nothing is known and the limits are 0 and 1.
        alpha: Level of each limit.
    """
    if n == 0:
        return Estimate(0.0, 0.0, 1.0)
    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, alpha))
    high = 1.0 if hits == n else float(betaincinv(hits + 1, n - hits, 1 - alpha))
    return Estimate(hits / n, low, high)


def poisson_count(count: float, alpha: float = ALPHA) -> Estimate:
    """A count and the exact limits of its Poisson mean (Garwood 1936).

    Args:
        count: The count; an expected count need not be whole.
        alpha: Level of each limit.
    """
    low = 0.0 if count == 0 else float(gammaincinv(count, alpha))
    return Estimate(count, low, float(gammaincinv(count + 1, 1 - alpha)))


def difference(first: Estimate, second: Estimate) -> Estimate:
    """Limits of a difference of two independent estimates from the limits of each.

    MOVER, the method of variance estimates recovery (Zou and Donner 2008, Statistics in Medicine 27, eq. 4);
    for two proportions it is Newcombe's hybrid score method (1998).
    """
    value = first.value - second.value
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return Estimate(value, value - below, value + above)


def tail(hits: NDArray[np.int64], others: NDArray[np.int64], share: float) -> FloatArray:
    """P(X >= hits) for X ~ Binomial(hits + others, share), exactly, element by element.

    The binomial upper tail is a regularised incomplete beta function: I_share(hits, others + 1).
    """
    positive = np.maximum(hits, 1)
    return np.where(hits > 0, betainc(positive, np.asarray(others) + 1, share), 1.0)


def weighted_tail(
    weights: Sequence[int], totals: Sequence[int], shares: Sequence[float], observed: int
) -> float:
    """P(sum of weights * X >= observed) for independent X_s ~ Binomial(totals_s, shares_s), by convolution.

    Probabilities below 1e-40 are left out; for them 1e-30 is added, so that the result is never too small.

    Args:
        weights: Whole weights, each at least 0.
        totals: Trials per binomial.
        shares: Success probability per binomial.
        observed: The weighted sum that was seen.
    """
    start, masses = 0, np.ones(1)
    for weight, trials, share in zip(weights, totals, shares, strict=True):
        counts = np.arange(trials + 1)
        likely = _binomial(trials, share)
        counts = counts[likely > 1e-40]
        spread = np.zeros(len(masses) + weight * int(counts[-1] - counts[0]))
        for count in counts:
            shift = weight * int(count - counts[0])
            spread[shift : shift + len(masses)] += likely[count] * masses
        start, masses = start + weight * int(counts[0]), spread
    return min(1.0, float(masses[max(0, observed - start) :].sum()) + 1e-30)


def _binomial(trials: int, share: float) -> FloatArray:
    """P(X = 0), ..., P(X = trials) for X ~ Binomial(trials, share)."""
    counts = np.arange(trials + 1)
    ways = gammaln(trials + 1) - gammaln(counts + 1) - gammaln(trials - counts + 1)
    return np.asarray(np.exp(ways + xlogy(counts, share) + xlog1py(trials - counts, -share)))


def critical_hits(others: NDArray[np.int64], share: float, alpha: float) -> NDArray[np.int64]:
    """The fewest hits, for each number of others, at which the binomial upper tail is at most `alpha`."""
    low = np.zeros(len(others), dtype=np.int64)
    high = np.full(len(others), 16, dtype=np.int64)
    while np.any(short := tail(high, others, share) > alpha):
        high = np.where(short, 2 * high, high)
    while np.any(high - low > 1):
        middle = (low + high) // 2
        short = tail(middle, others, share) > alpha
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return high


def holm(p_values: Sequence[float], weights: Sequence[float] | None = None) -> tuple[float, ...]:
    """Adjusted p-values of the step-down procedure (Holm 1979, with weights as in section 3).

    Rejecting where the adjusted value is at most alpha keeps the family-wise error at alpha, whatever the
    dependence between the tests. A test of twice the weight has twice the level.

    Args:
        p_values: In any order; the adjusted ones come in the same.
        weights: Positive, one per test, fixed before the data; equal where there are none.
    """
    given = [1.0] * len(p_values) if weights is None else list(weights)
    order = sorted(range(len(p_values)), key=lambda index: p_values[index] / given[index])
    adjusted = [0.0] * len(p_values)
    left, running = math.fsum(given), 0.0
    for index in order:
        running = max(running, min(1.0, left * p_values[index] / given[index]))
        adjusted[index] = running
        left -= given[index]
    return tuple(adjusted)


def bounded_differences(moves: float, alpha: float = ALPHA) -> float:
    """Half-width of a one-sided limit by the inequality of McDiarmid (1989).

    A statistic that moves by at most c_i when unit i is replaced exceeds its expectation by more than
    sqrt(ln(1/alpha) * sum c_i^2 / 2) with probability at most alpha.

    Args:
        moves: The sum of the squared c_i over the independent units.
        alpha: Level of the limit.
    """
    return math.sqrt(math.log(1 / alpha) * moves / 2)


def persons_for_bound(persons: int, half_width: float, limit: float) -> int | None:
    """Persons for which an upper limit around zero excess would lie inside `limit`.

    Half-widths of counts shrink at least as fast as one over the square root of the persons, synthetic rows
    growing alike, so that persons * (half_width / limit)^2 is enough.

    Args:
        persons: Persons behind the present half-width.
        half_width: Upper limit less the value.
        limit: What the upper limit must stay within; with 0 no number of persons suffices.
    """
    if limit <= 0:
        return None
    return max(persons, math.ceil(persons * (half_width / limit) ** 2))
