"""Draws of positions by weight: one set of weights for all rows, one per combination, or one per row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthrec.schema.vector import IntArray

FloatArray = NDArray[np.float64]
ALIAS_FROM = 256
"""Number of values from which an alias table beats a search in cumulative weights."""
CELLS = 1_024
"""Cells of a guide table."""
ROW_CELLS, GUIDED_ROWS = 256, 1_024
"""Cells for each row of a conditional table, and the most rows of one that has a guide."""


class Sampler(Protocol):
    """Draws positions with fixed weights."""

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Positions of shape (n,), one uniform draw each."""


def sampler(weights: FloatArray) -> Sampler:
    """The faster sampler for so many weights."""
    return AliasTable.of(weights) if len(weights) >= ALIAS_FROM else Cumulative.of(weights)


def guide(search: Callable[[FloatArray], IntArray], cells: int) -> IntArray:
    """What a monotone search yields in each of equal cells of [0, 1), -1 where more than one thing.

    The guide table of Chen and Asau 1974; `cells` is a power of two, so that a draw's cell is exact.
    """
    first = np.arange(cells) / cells
    last = np.nextafter(first + 1 / cells, 0)
    low, high = search(first), search(last)
    return np.where(low == high, low, -1)


@dataclass(frozen=True, eq=False)
class Cumulative:
    """Search in cumulative weights, by a guide table where a cell lies within one value."""

    upper: FloatArray
    """Cumulative probability of all values but the last."""
    guide: IntArray

    @classmethod
    def of(cls, weights: FloatArray) -> Cumulative:
        """From weights that need not sum to 1."""
        upper = np.cumsum(weights)[:-1] / weights.sum()
        return cls(upper, guide(lambda point: _search(upper, point), CELLS))

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Positions of shape (n,), one uniform draw each."""
        point = rng.random(n)
        found = self.guide[(point * CELLS).astype(np.int64)]
        between = np.flatnonzero(found < 0)
        found[between] = _search(self.upper, point[between])
        return found


def _search(upper: FloatArray, point: FloatArray) -> IntArray:
    return np.searchsorted(upper, point, side="right").astype(np.int64)


@dataclass(frozen=True, eq=False)
class AliasTable:
    """Constant time per draw whatever the number of values (Vose 1991)."""

    keep: FloatArray
    alias: IntArray

    @classmethod
    def of(cls, weights: FloatArray) -> AliasTable:
        """From weights that need not sum to 1."""
        keep = weights * (len(weights) / weights.sum())
        alias = np.arange(len(weights))
        small, large = list(np.flatnonzero(keep < 1)), list(np.flatnonzero(keep >= 1))
        while small and large:
            poor, rich = small.pop(), large.pop()
            alias[poor] = rich
            keep[rich] -= 1 - keep[poor]
            (small if keep[rich] < 1 else large).append(rich)
        keep[small + large] = 1
        return cls(keep, alias)

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Positions of shape (n,); the whole part of a draw picks the cell, its fraction the side."""
        point = rng.random(n) * len(self.keep)
        cell = point.astype(np.int64)
        return np.where(point - cell < self.keep[cell], cell, self.alias[cell])


@dataclass(frozen=True, eq=False)
class Conditional:
    """One set of weights per row of a table: binary search in cumulative weights laid end to end."""

    edges: FloatArray
    """Cumulative probability plus row number, shape (rows * values,)."""
    values: int
    guide: IntArray
    """Of each row, laid end to end; empty where the table is too large for one."""

    @classmethod
    def of(cls, weights: FloatArray) -> Conditional:
        """From weights of shape (rows, values) that need not sum to 1."""
        cumulative = np.cumsum(weights, axis=1)
        cumulative /= cumulative[:, -1:]
        cumulative[:, -1] = 1
        bare = cls(
            (cumulative + np.arange(len(weights))[:, None]).ravel(), weights.shape[1], np.empty(0, int)
        )
        if len(weights) > GUIDED_ROWS:
            return bare
        guides = [guide(partial(bare.search, np.int64(row)), ROW_CELLS) for row in range(len(weights))]
        return replace(bare, guide=np.concatenate(guides))

    def draw(self, rows: IntArray, rng: np.random.Generator) -> IntArray:
        """One position for each row number."""
        point = rng.random(len(rows))
        if not len(self.guide):
            return self.search(rows, point)
        found = self.guide[rows * ROW_CELLS + (point * ROW_CELLS).astype(np.int64)]
        between = np.flatnonzero(found < 0)
        found[between] = self.search(rows[between], point[between])
        return found

    def search(self, rows: IntArray | np.int64, point: FloatArray) -> IntArray:
        """The position of each point of [0, 1) in the weights of its row."""
        found = np.searchsorted(self.edges, point + rows, side="right")
        return np.asarray(np.minimum(found - rows * self.values, self.values - 1))


def draw_weighted(weights: FloatArray, rng: np.random.Generator) -> IntArray:
    """One position per row by that row's weights, shape (n, values); rows must have a positive sum."""
    cumulative = np.cumsum(weights, axis=1)
    point = rng.random(len(weights)) * cumulative[:, -1]
    return np.asarray(np.minimum((cumulative <= point[:, None]).sum(axis=1), weights.shape[1] - 1))
