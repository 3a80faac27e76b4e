"""Draws of positions by weight: one set of weights for all rows, one per combination, or one per row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthrec.schema.vector import IntArray

FloatArray = NDArray[np.float64]
ALIAS_FROM = 256
"""Number of values from which an alias table beats a binary search."""


class Sampler(Protocol):
    """Draws positions with fixed weights."""

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Positions of shape (n,), one uniform draw each."""


def sampler(weights: FloatArray) -> Sampler:
    """The faster sampler for so many weights."""
    return AliasTable.of(weights) if len(weights) >= ALIAS_FROM else Cumulative.of(weights)


@dataclass(frozen=True, eq=False)
class Cumulative:
    """Binary search in cumulative weights."""

    upper: FloatArray
    """Cumulative probability of all values but the last."""

    @classmethod
    def of(cls, weights: FloatArray) -> Cumulative:
        """From weights that need not sum to 1."""
        return cls(np.cumsum(weights)[:-1] / weights.sum())

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Positions of shape (n,), one uniform draw each."""
        return np.searchsorted(self.upper, rng.random(n), side="right").astype(np.int64)


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

    @classmethod
    def of(cls, weights: FloatArray) -> Conditional:
        """From weights of shape (rows, values) that need not sum to 1."""
        cumulative = np.cumsum(weights, axis=1)
        cumulative /= cumulative[:, -1:]
        cumulative[:, -1] = 1
        return cls((cumulative + np.arange(len(weights))[:, None]).ravel(), weights.shape[1])

    def draw(self, rows: IntArray, rng: np.random.Generator) -> IntArray:
        """One position for each row number."""
        found = np.searchsorted(self.edges, rng.random(len(rows)) + rows, side="right")
        return np.asarray(np.minimum(found - rows * self.values, self.values - 1))


def draw_weighted(weights: FloatArray, rng: np.random.Generator) -> IntArray:
    """One position per row by that row's weights, shape (n, values); rows must have a positive sum."""
    cumulative = np.cumsum(weights, axis=1)
    point = rng.random(len(weights)) * cumulative[:, -1]
    return np.asarray(np.minimum((cumulative <= point[:, None]).sum(axis=1), weights.shape[1] - 1))
