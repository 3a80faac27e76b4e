"""The order of nominal levels from noisy counts of pairs.

The start is the first axis of correspondence analysis of the pooled standardised residuals (Greenacre 2017,
ch. 8), the noise's expected part taken off its Gram matrix. Then each order in turn is improved by reciprocal
averaging: levels are sorted by the mean score of the other columns within them, each column weighted by
r / (1 - r**2), the gradient of the information -1/2 log(1 - r**2). A mean over many noisy cells is far more
precise than any of them; what noise it keeps is known, and means are shrunk by it (James and Stein 1961).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import copysign, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from synthrec.generators.copula.marginals import FloatArray, Marginal, scores

SWEEPS = 8
_LARGEST = 0.95


@dataclass(frozen=True, eq=False)
class Pairs:
    """Noisy residuals of all pairs of coarse columns."""

    shares: Sequence[FloatArray]
    """Shares of the groups of each column."""
    residuals: Mapping[tuple[int, int], FloatArray]
    """Share of each pair of groups minus the product of their shares, for i < j of shape (G_i, G_j)."""
    noise: float
    """Standard deviation of a residual."""

    def of(self, j: int, i: int) -> FloatArray:
        """Residuals with column j in rows."""
        return self.residuals[j, i] if j < i else self.residuals[i, j].T


def group_orders(pairs: Pairs, nominal: Sequence[int]) -> dict[int, NDArray[np.intp]]:
    """Groups of each nominal column in latent order."""
    search = _Search(pairs)
    for j in nominal:
        search.place(j, _axis(pairs, j))
    for _ in range(SWEEPS):
        for j in nominal:
            search.place(j, search.means(j))
    return {j: search.orders[j] for j in nominal}


class _Search:
    """Orders under change, with the standardised group scores they give."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self.orders = [np.arange(len(shares)) for shares in pairs.shares]
        self._scores = [
            _scores(shares, order) for shares, order in zip(pairs.shares, self.orders, strict=True)
        ]

    def place(self, j: int, keys: FloatArray) -> None:
        """Sort the groups of column j by keys."""
        self.orders[j] = np.argsort(keys, kind="stable")
        self._scores[j] = _scores(self._pairs.shares[j], self.orders[j])

    def means(self, j: int) -> FloatArray:
        """Shrunk sorting keys of the groups of column j."""
        share = np.maximum(self._pairs.shares[j], 1e-6)
        total, variance = np.zeros(len(share)), np.zeros(len(share))
        for i, score in enumerate(self._scores):
            if i == j:
                continue
            sums = self._pairs.of(j, i) @ score
            own, length = self._scores[j], float(score @ score)
            weight = _weight(float(own @ sums), self._pairs.noise * sqrt(length * float(own @ own)))
            total += weight * sums / share
            variance += (weight * self._pairs.noise / share) ** 2 * length
        spread = max(float(share @ (total**2 - np.minimum(variance, total**2))), 1e-9)
        return np.asarray(total * spread / (spread + variance))


def _weight(correlation: float, noise: float) -> float:
    """Weight r / (1 - r**2) of a correlation r, drawn towards 0 by one deviation of its noise."""
    size = min(max(abs(correlation) - noise, 0.0), _LARGEST)
    return copysign(size / (1 - size**2), correlation)


def _scores(shares: FloatArray, order: NDArray[np.intp]) -> FloatArray:
    """Standardised mid-score of each group, shape (G,)."""
    marginal = Marginal.of(np.rint(shares * 2.0**40).astype(np.int64), order.astype(np.int32))
    position = scores(marginal, shares[order])
    position -= shares[order] @ position
    found = np.empty(len(shares))
    found[order] = position / np.sqrt(max(float(shares[order] @ position**2), 1e-4))
    return found


def _axis(pairs: Pairs, j: int) -> FloatArray:
    """Score of each group of column j on the first axis."""
    regular = pairs.shares[j] + pairs.noise
    gram = np.zeros((len(regular), len(regular)))
    for i, share in enumerate(pairs.shares):
        if i != j:
            other = share + pairs.noise
            residuals = pairs.of(j, i) / np.sqrt(np.outer(regular, other))
            gram += residuals @ residuals.T
            gram -= np.diag(pairs.noise**2 / regular * (1 / other).sum())
    axis = eigh(gram, subset_by_index=[len(regular) - 1, len(regular) - 1])[1][:, 0]
    return np.asarray(axis / np.sqrt(regular))
