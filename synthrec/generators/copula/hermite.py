"""Latent correlations from score moments, by the Hermite (Mehler) expansion.

For a bivariate standard normal with correlation rho and functions f, g with normalised Hermite coefficients
a_k = E[f(z) h_k(z)] and b_k, Mehler's formula (Mehler 1866, J. reine angew. Math. 66) gives
E[f(z₁) g(z₂)] = Σ_k rho^k a_k b_k. The latent correlation of two discretised columns is the rho at which that
sum meets the observed moment: a polychoric correlation by moments (Olsson 1979, Psychometrika 44(4)).
"""

from __future__ import annotations

import numpy as np

from synthrec.generators.copula.marginals import FloatArray, density

TERMS = 64
"""Terms of the series after the constant."""

LARGEST_CORRELATION = 0.9995
"""Correlations are sought within this bound on both sides."""

SMALLEST_EIGENVALUE = 1e-4
"""Eigenvalues of the latent correlation matrix are raised to this."""

_STEPS = 24
"""Halvings of the bisection: rho is found within 2 · 2^-24."""

_EDGE = 12.0
"""φ times any polynomial here is nothing beyond this point."""


def hermite(z: FloatArray, terms: int) -> FloatArray:
    """Normalised probabilists' Hermite polynomials h_0…h_terms at z, shape (terms + 1, *z.shape).

    Three-term recurrence √(k+1) h_{k+1} = z h_k - √k h_{k-1} (Abramowitz & Stegun 22.7.14, normalised).
    """
    values = np.empty((terms + 1, *z.shape))
    values[0] = 1.0
    if terms:
        values[1] = z
    for k in range(1, terms):
        values[k + 1] = (z * values[k] - np.sqrt(k) * values[k - 1]) / np.sqrt(k + 1)
    return values


def coefficients(cuts: FloatArray, scores: FloatArray) -> FloatArray:
    """Hermite coefficients a_1…a_TERMS of the step function with `scores` between `cuts`, shape (TERMS,).

    ∫_a^b h_k φ = (h_{k-1}(a) φ(a) - h_{k-1}(b) φ(b)) / √k.

    Args:
        cuts: Borders of the steps, shape (K + 1,).
        scores: Height of each step, shape (K,).
    """
    wide = np.diff(cuts) > 0
    z = np.clip(np.append(cuts[:-1][wide], cuts[-1]), -_EDGE, _EDGE)
    edges = hermite(z, TERMS - 1) * density(z)
    order = np.sqrt(np.arange(1, TERMS + 1))
    return np.asarray((edges[:, :-1] - edges[:, 1:]) @ scores[wide] / order)


def latent_correlation(covariance: FloatArray, series: FloatArray) -> FloatArray:
    """The matrix of rho_ij with Σ_k rho_ij^k a_ik a_jk = covariance_ij, by bisection; unit diagonal.

    For non-decreasing steps the left side grows with rho (Slepian's inequality), so the root is unique.
    Columns that do not vary get correlation 0.

    Args:
        covariance: Covariances of the scores, shape (d, d).
        series: Coefficients a_1…a_TERMS of each column, shape (d, TERMS).
    """
    rows, columns = np.triu_indices(len(series), 1)
    products = series[rows] * series[columns]
    low = np.full(len(rows), -LARGEST_CORRELATION)
    high = -low
    for _ in range(_STEPS):
        middle = (low + high) / 2
        below = _power_series(products, middle) < covariance[rows, columns]
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found = np.where(np.abs(products).sum(1) > 0, (low + high) / 2, 0.0)
    matrix = np.eye(len(series))
    matrix[rows, columns] = matrix[columns, rows] = found
    return matrix


def _power_series(products: FloatArray, rho: FloatArray) -> FloatArray:
    """Σ_{k≥1} products[:, k-1] rho^k by Horner's rule, shape (pairs,)."""
    total = np.zeros_like(rho)
    for k in reversed(range(products.shape[1])):
        total = (total + products[:, k]) * rho
    return total


def repaired(correlation: FloatArray) -> FloatArray:
    """The matrix with eigenvalues raised to SMALLEST_EIGENVALUE and the diagonal scaled back to 1."""
    values, vectors = np.linalg.eigh(correlation)
    if values[0] >= SMALLEST_EIGENVALUE:
        return correlation
    raised = (vectors * np.maximum(values, SMALLEST_EIGENVALUE)) @ vectors.T
    scale = np.sqrt(np.diag(raised))
    return np.asarray(raised / np.outer(scale, scale))
