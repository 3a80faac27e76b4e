"""One column as cuts of a standard normal: level order, thresholds, and the score of each level.

A discrete column is taken as a standard normal z cut at t_0 < t_1 < …; position k of the order has
probability Φ(t_{k+1}) - Φ(t_k) (Nelsen 2006, An Introduction to Copulas, §2.3: the quantile transform).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from synthrec.codec.base import CodeArray

FloatArray = NDArray[np.float64]

FAR = 1000.0
"""Beyond every latent value: the outermost cuts, kept finite so that a stored model holds no infinity."""

LARGEST_SCORE = 3.0
"""Scores are clamped here, so that a handful of extreme rows cannot carry a correlation."""


@dataclass(frozen=True, eq=False)
class Marginal:
    """Order and cuts of one column with K levels."""

    order: CodeArray
    """Level at each position, a permutation of 0…K-1, shape (K,)."""
    cuts: FloatArray
    """Latent borders of the positions, non-decreasing from -FAR to FAR, shape (K + 1,)."""

    @classmethod
    def of(cls, counts: NDArray[np.int64], order: CodeArray) -> Marginal:
        """Cuts at the normal quantiles of the cumulative shares of `counts` (by level, (K,), sum ≥ 1)."""
        cumulative = np.concatenate([[0], np.cumsum(counts[order])])
        cuts = ndtri(cumulative / cumulative[-1])
        return cls(order.astype(np.int32, copy=False), np.clip(cuts, -FAR, FAR))

    def levels(self, latent: FloatArray) -> CodeArray:
        """The level of each latent value."""
        return self.order[np.searchsorted(self.cuts[1:-1], latent, side="right")]


def density(z: FloatArray) -> FloatArray:
    """The standard normal density φ(z)."""
    return np.asarray(np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi))


def scores(marginal: Marginal, shares: FloatArray) -> FloatArray:
    """Mid-scores E[z | position k], clamped to ±LARGEST_SCORE, shape (K,); 0 where a level has no mass.

    E[z | a < z < b] = (φ(a) - φ(b)) / (Φ(b) - Φ(a)), Johnson, Kotz & Balakrishnan 1994, §13.10.1.

    Args:
        marginal: The cut normal.
        shares: Probability of each position, shape (K,).
    """
    heights = density(marginal.cuts)
    mass = np.where(shares > 0, shares, 1.0)
    means = np.where(shares > 0, (heights[:-1] - heights[1:]) / mass, 0.0)
    return np.clip(means, -LARGEST_SCORE, LARGEST_SCORE)
