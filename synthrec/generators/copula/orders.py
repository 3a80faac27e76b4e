"""Better level orders: each column's order in turn is changed as long as its correlations grow.

Correspondence analysis explains the pooled tables; a copula can use only what its monotone scores carry. So
the order of a column is moved uphill on the mutual information with the other columns' scores,
-½ Σ_i log(1 - r_i²) (Cover & Thomas 2006, Elements of Information Theory, ex. 8.5.1), r_i the correlation of
its scores with those of column i. At fixed other scores the gradient of the sum is Σ_i r_i / (1 - r_i²) times
the mean score of column i within a level: sorting the levels by it is the next order, as in the alternating
least squares of optimal scaling (Gifi 1990, Nonlinear Multivariate Analysis, §4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat

import numpy as np

from synthrec.codec.base import CodeArray, Codes
from synthrec.generators.copula.correspondence import RARE_SHARE
from synthrec.generators.copula.marginals import FloatArray, Marginal, scores

SWEEPS = 3
"""Times that every column's order is reconsidered."""

ROWS = 16_384
"""Rows, evenly spread, that the search looks at."""

POSITIONS = 33
"""Places tried for the missing level of an ordered column."""

_STEPS = 20
_LARGEST = 0.99
_NOTICEABLE = 1e-6


def refined_orders(codes: Codes, orders: Sequence[CodeArray]) -> tuple[CodeArray, ...]:
    """Orders at least as informative as the given ones; value order is kept where there is one.

    The missing level of an ordered column, which has no place among the values, gets its best one.
    """
    domain = codes.domain
    search = _Search(codes, list(orders))
    moves = [
        partial(search.place if domain.ordered[j] else search.climb, j)
        for j in search.varying
        if domain.missing[j] or not domain.ordered[j]
    ]
    for _ in range(SWEEPS):
        changed = [move() for move in moves]
        if not any(changed):
            break
    return tuple(search.orders)


class _Search:
    """Orders under change, with the standardised scores they give."""

    def __init__(self, codes: Codes, orders: list[CodeArray]) -> None:
        self._columns = codes.values[:: -(-len(codes) // ROWS)].T.astype(np.intp, order="C")
        self._rows = self._columns.shape[1]
        self._counts = list(map(np.bincount, self._columns, repeat(None), codes.domain.sizes))
        self.orders = orders
        self.varying = [j for j, counts in enumerate(self._counts) if np.count_nonzero(counts) > 2]
        """Columns with a choice of order: at least three levels occur."""
        self._scored = np.empty(self._columns.shape)
        for j in range(len(orders)):
            self._score(j)

    def climb(self, j: int) -> bool:
        """Move the order of a nominal column uphill; whether it changed."""
        profile = self._profile(j)
        share = self._counts[j] / self._rows
        means = profile / np.where(share > 0, share, 1.0) * np.minimum(1.0, share / RARE_SHARE)

        def ascent() -> Iterator[CodeArray]:
            order = self.orders[j]
            for _ in range(_STEPS):
                correlation = self._correlations(j, order, profile)
                slope = correlation / (1 - correlation**2)
                order = np.argsort(slope @ means, kind="stable").astype(np.int32)
                yield order

        return self._take_better(j, profile, ascent())

    def place(self, j: int) -> bool:
        """Move the missing level of an ordered column to its best place; whether it changed."""
        values = np.delete(self.orders[j], np.flatnonzero(self.orders[j] == len(self.orders[j]) - 1))
        cumulative = np.cumsum(self._counts[j][values]) / max(self._counts[j][values].sum(), 1)
        places = np.unique(np.searchsorted(cumulative, np.linspace(0, 1, POSITIONS)[1:-1], side="right"))
        missing = np.int32(len(values))
        tried = (np.insert(values, place, missing) for place in (0, *places, len(values)))
        return self._take_best(j, self._profile(j), tried)

    def _take_better(self, j: int, profile: FloatArray, path: Iterator[CodeArray]) -> bool:
        """Follow the path as long as each order is better than the last."""
        best, start = self._information(j, self.orders[j], profile), self.orders[j]
        for order in path:
            found = self._information(j, order, profile)
            if found <= best + _NOTICEABLE:
                break
            best = found
            self.orders[j] = order
        return self._settle(j, start)

    def _take_best(self, j: int, profile: FloatArray, tried: Iterator[CodeArray]) -> bool:
        best, start = self._information(j, self.orders[j], profile), self.orders[j]
        for order in tried:
            found = self._information(j, order, profile)
            if found > best + _NOTICEABLE:
                best = found
                self.orders[j] = order
        return self._settle(j, start)

    def _settle(self, j: int, start: CodeArray) -> bool:
        self._score(j)
        return self.orders[j] is not start

    def _score(self, j: int) -> None:
        self._scored[j] = self._scores(j, self.orders[j])[self._columns[j]]

    def _scores(self, j: int, order: CodeArray) -> FloatArray:
        """Scores of the levels of column j with mean 0 and variance 1, shape (K,); all 0 where constant."""
        share = self._counts[j][order] / self._rows
        position = scores(Marginal.of(self._counts[j], order), share)
        position -= share @ position
        deviation = np.sqrt(share @ position**2)
        by_level = np.empty_like(position)
        by_level[order] = position / deviation if deviation > 0 else 0.0
        return by_level

    def _profile(self, j: int) -> FloatArray:
        """Sums of the other columns' scores within each level of j, per row, shape (d - 1, K)."""
        column, size = self._columns[j], len(self.orders[j])
        others = np.delete(self._scored, j, axis=0)
        sums = [np.bincount(column, weights=scored, minlength=size) for scored in others]
        return np.reshape(sums, (len(others), size)) / len(column)

    def _correlations(self, j: int, order: CodeArray, profile: FloatArray) -> FloatArray:
        return np.clip(profile @ self._scores(j, order), -_LARGEST, _LARGEST)

    def _information(self, j: int, order: CodeArray, profile: FloatArray) -> float:
        return float(-0.5 * np.log1p(-(self._correlations(j, order, profile) ** 2)).sum())
