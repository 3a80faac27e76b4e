"""How round the values of a column are: a table of magnitude by exclusive divisor, and what it says of a bin.

The divisors of a column form a chain in which each divides the next (1, 5, 10, 50, …). The level of a lattice
index is the last divisor that divides it, so the levels of a bin partition its points.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from synthrec.codec.cleaner import FloatArray
from synthrec.codec.lattice import Lattice
from synthrec.schema.model import Column
from synthrec.schema.vector import IntArray

MAGNITUDES = 24
"""Magnitude bins of about equal mass."""
MAX_LEVELS = 16
"""Divisors of a chain."""
WEAK_LEVEL = 2.0
"""Standard deviations below which a level of a magnitude is taken to be absent."""
TRACE = 1e-3
"""Rows that an absent level is left with, so that every bin has a level."""
ROUNDS = 50
"""Of iterative proportional fitting."""
WEIGHTS = 1024
"""The level weights of a bin are integers with this sum."""

_SECONDS = (1, 60, 3_600, 86_400)


def divisors(column: Column, lattice: Lattice, reach: int) -> tuple[int, ...]:
    """The chain of a column, in lattice steps, up to the largest index: 1, 5, 10, 50, … for numbers.

    Datetimes have whole minutes, hours and days instead; dates have no rounder dates.

    Args:
        column: The column.
        lattice: Its lattice.
        reach: Largest size of a lattice index.
    """
    if column.kind == "date":
        return (1,)
    if column.kind == "datetime":
        steps = [Decimal(seconds) * 1_000_000 / lattice.step for seconds in _SECONDS]
        whole = [1, *(int(step) for step in steps if step == int(step) and step > 1)]
    else:
        whole = [1, *(factor * 10**power for power in range(MAX_LEVELS) for factor in (5, 10))]
    return tuple(step for step in whole if step <= max(reach, 1))[:MAX_LEVELS]


def level_of(indices: IntArray, chain: tuple[int, ...]) -> IntArray:
    """Level of each lattice index, int64 of shape (n,)."""
    levels = np.zeros(len(indices), dtype=np.int64)
    rows, left = np.arange(len(indices)), indices
    for level, step in enumerate(chain[1:], start=1):
        divided = left % step == 0
        rows, left = rows[divided], left[divided]
        levels[rows] = level
    return levels


def level_points(edges: IntArray, chain: tuple[int, ...]) -> IntArray:
    """Points of each level in each bin [edges[i], edges[i + 1]), shape (f, levels); exclusive."""
    steps = np.array(chain, dtype=np.int64)
    multiples = (edges[1:, None] - 1) // steps - (edges[:-1, None] - 1) // steps
    multiples[:, :-1] -= multiples[:, 1:]
    return multiples


@dataclass(frozen=True, eq=False)
class HeapTable:
    """The released table of a column."""

    magnitudes: IntArray
    """Magnitude bin of each measured cell, non-decreasing; -1 for cells of a single point. Shape (g,)."""
    counts: FloatArray
    """Noisy counts by magnitude and level, shape (magnitudes, levels)."""
    least: float
    """Counts below this are taken to be noise, or of too few persons to be told."""


def magnitude_bins(shares: FloatArray, widths: IntArray) -> IntArray:
    """Magnitude bin of each measured cell: about equal mass, cells of a single point apart. Shape (g,)."""
    wide = widths > 1
    mass = np.where(wide, shares, 0.0) + 1e-12
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    return np.where(wide, np.minimum(middle * MAGNITUDES, MAGNITUDES - 1).astype(np.int64), -1)


def level_shares(masses: FloatArray, magnitudes: IntArray, points: IntArray, table: HeapTable) -> FloatArray:
    """Share of each level in each bin, by iterative proportional fitting within each magnitude.

    Rows are the bins' masses, columns the table's counts, the start is sqrt(points) times the mass (Deming
    and Stephan 1940, Annals of Mathematical Statistics 11, for the fitting).

    Args:
        masses: Estimated rows of the bins, shape (f,); bins of single points may have 0.
        magnitudes: Magnitude bin of each bin, -1 for those that stand apart; shape (f,).
        points: Points of each level in each bin, shape (f, levels).
        table: The released table.

    Returns:
        Shape (f, levels); each row sums to 1 over the levels that have a point.
    """
    fitted = np.sqrt(points) * 1e-12
    inside = np.flatnonzero(magnitudes >= 0)
    if len(inside):
        fitted[inside] += _fitted(masses[inside] + 1e-9, magnitudes[inside], points[inside], table)
    shares: FloatArray = fitted / fitted.sum(axis=1, keepdims=True)
    return shares


def _fitted(masses: FloatArray, magnitudes: IntArray, points: IntArray, table: HeapTable) -> FloatArray:
    order = np.argsort(magnitudes, kind="stable")
    found, starts, place = np.unique(magnitudes[order], return_index=True, return_inverse=True)
    masses, points = masses[order], points[order]
    counts = np.where(table.counts > table.least, table.counts, 0.0)[found] + TRACE
    possible = np.add.reduceat(points, starts, axis=0) > 0
    counts = np.where(possible, counts, 0.0)
    counts *= (np.add.reduceat(masses, starts) / counts.sum(axis=1))[:, None]
    cells = np.sqrt(points) * masses[:, None]
    for _ in range(ROUNDS):
        sums = np.add.reduceat(cells, starts, axis=0)
        cells *= (counts / np.maximum(sums, 1e-300))[place]
        cells *= (masses / np.maximum(cells.sum(axis=1), 1e-300))[:, None]
    fitted = np.empty_like(cells)
    fitted[order] = cells
    return fitted


def whole_weights(shares: FloatArray) -> IntArray:
    """Shares as integers with the sum `WEIGHTS` in each row, by largest remainders. Shape (f, levels)."""
    exact = shares * WEIGHTS
    weights = np.floor(exact).astype(np.int64)
    ranks = np.argsort(np.argsort(weights - exact, axis=1, kind="stable"), axis=1, kind="stable")
    weights += ranks < WEIGHTS - weights.sum(axis=1, keepdims=True)
    return weights
