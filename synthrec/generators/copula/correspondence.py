"""An order for levels that have none: the first axis of correspondence analysis.

For a nominal column the standardised residuals (P - r cᵀ) / √(r cᵀ) of its two-way tables with all other
columns stand side by side; the first left singular vector, divided by √r, is the score of each level that
explains most of the pooled inertia (Greenacre 2017, Correspondence Analysis in Practice, ch. 8 and 17).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from synthrec.codec.base import CodeArray, Codes
from synthrec.generators.copula.marginals import FloatArray

GROUPS = 24
"""Levels of the other columns are merged to at most this many groups."""

RARE_SHARE = 0.002
"""Levels rarer than this are pulled towards the middle of the order in proportion."""


def level_orders(codes: Codes) -> tuple[CodeArray, ...]:
    """For each column the levels in latent order: value order, or by correspondence analysis if nominal."""
    domain = codes.domain
    orders = [np.arange(size, dtype=np.int32) for size in domain.sizes]
    nominal = [j for j, size in enumerate(domain.sizes) if not domain.ordered[j] and size > 2]
    if nominal and len(domain) > 1:
        groups = tuple(grouping(codes, j, GROUPS)[codes.values[:, j]] for j in range(len(domain)))
        for j in nominal:
            orders[j] = np.argsort(_axis(codes, j, groups), kind="stable").astype(np.int32)
    return tuple(orders)


def grouping(codes: Codes, j: int, most: int) -> NDArray[np.intp]:
    """Group of each level of column j, shape (K,), numbers below `most`.

    Ordered levels are merged to groups of equal mass, missing apart; of nominal ones the rarest are pooled.
    """
    counts = np.bincount(codes.values[:, j], minlength=codes.domain.sizes[j])
    if not codes.domain.ordered[j]:
        return _most_frequent(counts, most)
    if codes.domain.missing[j]:
        return np.append(_equal_mass(counts[:-1], most - 1), most - 1)
    return _equal_mass(counts, most)


def _equal_mass(counts: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Neighbours together, about equal in mass."""
    middle = np.cumsum(counts) - counts / 2
    return np.asarray(middle / max(counts.sum(), 1) * most).astype(np.intp)


def _most_frequent(counts: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """The frequent levels each their own, the others together."""
    rank = np.empty(len(counts), dtype=np.intp)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.minimum(rank, most - 1)


def _axis(codes: Codes, j: int, groups: tuple[NDArray[np.intp], ...]) -> FloatArray:
    """Score of each level of column j on the first axis, shape (K,)."""
    size, rows = codes.domain.sizes[j], len(codes)
    column = codes.values[:, j].astype(np.intp)
    share = np.bincount(column, minlength=size) / rows
    gram = np.zeros((size, size))
    for i, group in enumerate(groups):
        if i != j:
            residuals = standardised_residuals(column, group, size)
            gram += residuals @ residuals.T
    axis = eigh(gram, subset_by_index=[size - 1, size - 1])[1][:, 0]
    score = np.where(share > 0, axis / np.sqrt(np.where(share > 0, share, 1.0)), 0.0)
    return np.asarray(score * np.minimum(1.0, share / RARE_SHARE))


def standardised_residuals(column: NDArray[np.intp], group: NDArray[np.intp], size: int) -> FloatArray:
    """(P - r cᵀ) / √(r cᵀ) of the table of a column with `size` levels and a group, shape (size, G)."""
    width = int(group.max()) + 1
    table = np.bincount(column * width + group, minlength=size * width).reshape(size, width) / len(column)
    expected = np.outer(table.sum(1), table.sum(0))
    scale = np.sqrt(np.where(expected > 0, expected, 1.0))
    return np.asarray((table - expected) / scale)
