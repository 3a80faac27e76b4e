"""Distributions drawn natively and truncated exactly.

A draw inside its bounds is kept; a draw outside is replaced by the inverse of the distribution function at a
uniform point between the bounds. Both have the truncated law, hence so has their mixture. Parametrisations:
gamma(shape, scale); exponential(mean); weibull(shape, scale); pareto(shape, scale) on [scale, inf);
integers(low, high), both included; negbin(mean, dispersion) with variance mean + mean**2 / dispersion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy import special

from synthrec.schema.vector import BoolArray

FloatArray = NDArray[np.float64]
Operand = float | FloatArray
"""One number for all rows, or one per row."""
Function = Callable[..., FloatArray]


@dataclass(frozen=True)
class Distribution:
    """How to draw, where a parameter set is valid, and the distribution function with its inverse."""

    sample: Function
    """(rng, n, *parameters) to n draws in row order."""
    cdf: Function
    ppf: Function | None
    """Inverse of `cdf`; None for whole numbers, which are found by bisection."""
    valid: Callable[..., BoolArray]


def _normal_cdf(x: Operand, mean: Operand, sd: Operand) -> FloatArray:
    return np.asarray(special.ndtr((x - mean) / sd))


def _log(x: Operand) -> FloatArray:
    return np.log(np.maximum(x, np.finfo(float).tiny))


def _lognormal_ppf(u: FloatArray, mu: Operand, sigma: Operand) -> FloatArray:
    return np.asarray(np.exp(mu + sigma * special.ndtri(u)), dtype=np.float64)


def _positive(*values: Operand) -> BoolArray:
    first, *others = (np.asarray(value) > 0 for value in values)
    return reduce(np.logical_and, others, first)


def _share(p: Operand) -> BoolArray:
    return (np.asarray(p) >= 0) & (np.asarray(p) <= 1)


def _integers_cdf(x: Operand, low: Operand, high: Operand) -> FloatArray:
    return np.asarray(np.clip((np.floor(x) - low + 1) / (high - low + 1), 0, 1))


def _binomial_cdf(x: Operand, n: Operand, p: Operand) -> FloatArray:
    inner = np.minimum(np.maximum(np.floor(x), 0), np.asarray(n) - 1)
    tail = special.betainc(np.maximum(n - inner, 1e-300), inner + 1, 1 - np.asarray(p))
    return np.where(np.asarray(x) < 0, 0.0, np.where(np.asarray(x) >= n, 1.0, tail))


def _count_cdf(inner: Function) -> Function:
    return lambda x, *p: np.where(np.asarray(x) < 0, 0.0, inner(np.maximum(np.floor(x), 0), *p))


DISTRIBUTIONS: Mapping[str, Distribution] = {
    "normal": Distribution(
        sample=lambda rng, n, mean, sd: rng.normal(mean, sd, n),
        cdf=_normal_cdf,
        ppf=lambda u, mean, sd: np.asarray(mean + sd * special.ndtri(u)),
        valid=lambda mean, sd: np.isfinite(mean) & _positive(sd),
    ),
    "lognormal": Distribution(
        sample=lambda rng, n, mu, sigma: rng.lognormal(mu, sigma, n),
        cdf=lambda x, mu, sigma: np.where(np.asarray(x) <= 0, 0.0, _normal_cdf(_log(x), mu, sigma)),
        ppf=_lognormal_ppf,
        valid=lambda mu, sigma: np.isfinite(mu) & _positive(sigma),
    ),
    "gamma": Distribution(
        sample=lambda rng, n, shape, scale: rng.gamma(shape, scale, n),
        cdf=lambda x, shape, scale: special.gammainc(shape, np.maximum(x, 0) / scale),
        ppf=lambda u, shape, scale: scale * special.gammaincinv(shape, u),
        valid=_positive,
    ),
    "beta": Distribution(
        sample=lambda rng, n, a, b: rng.beta(a, b, n),
        cdf=lambda x, a, b: special.betainc(a, b, np.clip(x, 0, 1)),
        ppf=lambda u, a, b: np.asarray(special.betaincinv(a, b, u), dtype=np.float64),
        valid=_positive,
    ),
    "uniform": Distribution(
        sample=lambda rng, n, low, high: low + (high - low) * rng.random(n),
        cdf=lambda x, low, high: np.clip((x - low) / np.maximum(high - low, 1e-300), 0, 1),
        ppf=lambda u, low, high: low + (high - low) * u,
        valid=lambda low, high: np.asarray(low) <= np.asarray(high),
    ),
    "exponential": Distribution(
        sample=lambda rng, n, mean: rng.exponential(mean, n),
        cdf=lambda x, mean: -np.expm1(-np.maximum(x, 0) / mean),
        ppf=lambda u, mean: -mean * np.log1p(-u),
        valid=_positive,
    ),
    "weibull": Distribution(
        sample=lambda rng, n, shape, scale: scale * rng.weibull(shape, n),
        cdf=lambda x, shape, scale: -np.expm1(-((np.maximum(x, 0) / scale) ** shape)),
        ppf=lambda u, shape, scale: scale * (-np.log1p(-u)) ** (1 / shape),
        valid=_positive,
    ),
    "pareto": Distribution(
        sample=lambda rng, n, shape, scale: scale * (1 + rng.pareto(shape, n)),
        cdf=lambda x, shape, scale: 1 - (scale / np.maximum(x, scale)) ** shape,
        ppf=lambda u, shape, scale: scale * (1 - u) ** (-1 / shape),
        valid=_positive,
    ),
    "integers": Distribution(
        sample=lambda rng, n, low, high: np.floor(low + (high - low + 1) * rng.random(n)),
        cdf=_integers_cdf,
        ppf=None,
        valid=lambda low, high: np.asarray(low) <= np.asarray(high),
    ),
    "poisson": Distribution(
        sample=lambda rng, n, mean: rng.poisson(mean, n).astype(np.float64),
        cdf=_count_cdf(lambda x, mean: special.gammaincc(x + 1, mean)),
        ppf=None,
        valid=lambda mean: (np.asarray(mean) >= 0) & (np.asarray(mean) < 1e15),
    ),
    "negbin": Distribution(
        sample=lambda rng, n, mean, k: rng.negative_binomial(k, k / (k + mean), n).astype(np.float64),
        cdf=_count_cdf(lambda x, mean, k: special.betainc(k, x + 1, k / (k + mean))),
        ppf=None,
        valid=_positive,
    ),
    "binomial": Distribution(
        sample=lambda rng, n, trials, p: rng.binomial(np.asarray(trials, np.int64), p, n).astype(np.float64),
        cdf=_binomial_cdf,
        ppf=None,
        valid=lambda trials, p: (np.asarray(trials) >= 0) & _share(p),
    ),
}


def draw(
    name: str,
    parameters: tuple[Operand, ...],
    bounds: tuple[Operand, Operand],
    n: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Draws in [low, high], float64 of shape (n,); where the bounds hold no mass, the nearer bound."""
    low, high = bounds
    distribution = DISTRIBUTIONS[name]
    values = distribution.sample(rng, n, *parameters)
    outside = np.flatnonzero((values < low) | (values > high))
    if len(outside):
        some = tuple(_take(parameter, outside) for parameter in parameters)
        ends = _take(low, outside), _take(high, outside)
        between = _between(distribution, some, ends, values[outside], rng.random(len(outside)))
        values[outside] = np.clip(between, *ends)
    return values


def invert(
    name: str, parameters: tuple[Operand, ...], bounds: tuple[Operand, Operand], quantiles: FloatArray
) -> FloatArray:
    """The values in [low, high] at quantiles of the truncated distribution, of shape (n,)."""
    low, high = bounds
    nearest = np.clip(np.zeros(len(quantiles)), low, high)
    return np.clip(_between(DISTRIBUTIONS[name], parameters, bounds, nearest, quantiles), low, high)


def _take(operand: Operand, rows: NDArray[np.intp]) -> Operand:
    return operand[rows] if isinstance(operand, np.ndarray) and operand.ndim else operand


def _between(
    distribution: Distribution,
    parameters: tuple[Operand, ...],
    ends: tuple[Operand, Operand],
    values: FloatArray,
    uniform: FloatArray,
) -> FloatArray:
    """Draws between the ends by inversion (Devroye 1986, section II.2); `values` where there is no mass."""
    low, high = ends
    below = distribution.cdf(low if distribution.ppf else np.ceil(low) - 1, *parameters)
    upto = distribution.cdf(high, *parameters)
    point = below + uniform * (upto - below)
    if distribution.ppf:
        drawn = distribution.ppf(point, *parameters)
    else:
        drawn = _bisect(distribution.cdf, parameters, point, np.maximum(low, -1e15))
    return np.where(upto > below, drawn, values)


def _bisect(cdf: Function, parameters: tuple[Operand, ...], point: FloatArray, low: Operand) -> FloatArray:
    """The least whole number k >= low with cdf(k) >= point."""
    under = np.broadcast_to(np.ceil(low) - 1, point.shape).astype(np.float64)
    step = np.ones_like(point)
    while (short := (cdf(under + step, *parameters) < point) & (step < 1e15)).any():
        step[short] *= 2
    over = under + step
    while (open_ := over - under > 1).any():
        middle = np.where(open_, np.floor((under + over) / 2), over)
        enough = cdf(middle, *parameters) >= point
        over = np.where(enough, middle, over)
        under = np.where(open_ & ~enough, middle, under)
    return over
