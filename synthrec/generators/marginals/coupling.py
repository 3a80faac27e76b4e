"""Levels within groups, drawn together: what the mixture says of groups is continued inside them.

Pairs are measured between groups of levels; inside its group each column would be drawn on its own, and the
top group of a heavy tail is wide. So columns that rise and fall together between groups share one uniform
inside them, each with the probability of its loading on a single common factor of the rank correlations
(Spearman's one-factor model, fitted by iterated principal factors; Harman 1976, Modern Factor Analysis,
chapter 8). Every column keeps its distribution exactly. All of it follows from the mixture: it costs nothing.
"""

from __future__ import annotations

import numpy as np

from synthrec.generators.marginals.grouping import Grouping
from synthrec.generators.marginals.mixture import Mixture
from synthrec.privacy.counts import FloatArray

_ROUNDS = 50
LEAST = 0.3
"""Columns of smaller loadings are drawn on their own."""


def loadings(mixture: Mixture) -> FloatArray:
    """The loading of every column, from -1 to 1, shape (d,); 0 where a column is drawn on its own."""
    found = np.zeros(len(mixture.domain))
    wide = [j for j in range(len(found)) if _is_wide(mixture, j)]
    if len(wide) > 1:
        factor = common_factor(_rank_correlations(mixture, wide))
        found[wide] = np.where(np.abs(factor) >= LEAST, factor, 0.0)
    return found if np.count_nonzero(found) > 1 else np.zeros(len(found))


def common_factor(correlations: FloatArray) -> FloatArray:
    """Loadings whose products come closest to the correlations off the diagonal, each within [-1, 1]."""
    matrix = correlations.copy()
    np.fill_diagonal(matrix, 0)
    np.fill_diagonal(matrix, np.abs(matrix).max(1))
    factor = np.zeros(len(matrix))
    for _ in range(_ROUNDS):
        values, vectors = np.linalg.eigh(matrix)
        factor = np.clip(vectors[:, -1] * np.sqrt(max(values[-1], 0.0)), -1, 1)
        np.fill_diagonal(matrix, factor**2)
    return np.asarray(factor * (1.0 if factor.sum() >= 0 else -1.0))


def _is_wide(mixture: Mixture, j: int) -> bool:
    """Whether a column's groups hold several levels in order."""
    return mixture.domain.ordered[j] and mixture.groupings[j].size < mixture.domain.sizes[j]


def _rank_correlations(mixture: Mixture, columns: list[int]) -> FloatArray:
    """Correlations of mid-ranks of groups under the mixture, shape (m, m)."""
    means, variances = [], []
    for j in columns:
        shares = mixture.components[j].astype(np.float64)
        scores = _mid_ranks(mixture.groupings[j], shares.mean(0), missing=mixture.domain.missing[j])
        means.append(shares @ scores)
        variances.append(float(shares.mean(0) @ scores**2))
    centred = np.array(means)
    scale = np.sqrt(np.maximum(variances, 1e-12))
    return np.asarray(centred @ centred.T / centred.shape[1] / np.outer(scale, scale))


def _mid_ranks(grouping: Grouping, shares: FloatArray, *, missing: bool) -> FloatArray:
    """The centred mid-rank of each group; 0 for a missing value, which has none."""
    present = shares.copy()
    if missing:
        present[grouping.groups[-1]] = 0
    total = max(float(present.sum()), 1e-12)
    ranks = (np.cumsum(present) - present / 2) / total - 0.5
    return np.where(present > 0, ranks, 0.0)
