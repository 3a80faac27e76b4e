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
from synthrec.codec.octaves import Measured
from synthrec.schema.model import Column
from synthrec.schema.vector import IntArray

MAGNITUDES = 24
"""Magnitude bins of about equal mass."""
BIN_SIGMAS = 100.0
"""Rows of a magnitude bin, in standard deviations of a count."""
MAX_LEVELS = 16
"""Divisors of a chain."""
WEAK_LEVEL = 1.0
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


def magnitude_bins(measured: Measured) -> IntArray:
    """Magnitude bin of each measured cell: about equal mass, cells of a single point apart. Shape (g,).

    The more noise, the fewer bins: a bin holds about `BIN_SIGMAS` standard deviations of rows.
    """
    wide = np.diff(measured.borders) > 1
    mass = np.where(wide, measured.shares, 0.0) + 1e-12
    noise = BIN_SIGMAS * float(measured.sigmas.max())
    bins = int(np.clip(measured.rows * mass.sum() / max(noise, 1e-9), 1, MAGNITUDES))
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    return np.where(wide, np.minimum(middle * bins, bins - 1).astype(np.int64), -1)


def level_shares(
    masses: FloatArray,
    magnitudes: IntArray,
    points: IntArray,
    table: HeapTable,
    histogram: FloatArray | None = None,
) -> FloatArray:
    """Share of each level in each bin.

    Within a magnitude the released rows of a level are spread over its points, in proportion to the expected
    mass per point. Where the rows of the bins are known better, the result is fitted to them by iterative
    proportional fitting (Deming and Stephan 1940, Annals of Mathematical Statistics 11).

    Args:
        masses: Expected rows of the bins, spread smoothly; shape (f,).
        magnitudes: Magnitude bin of each bin, -1 for single values of their own; shape (f,).
        points: Points of each level in each bin, shape (f, levels).
        table: The released table.
        histogram: Rows of the bins, as later releases gave them; shape (f,).

    Returns:
        Shape (f, levels); each row sums to 1 over the levels that have a point.
    """
    cells = points * 1e-12
    inside = np.flatnonzero(magnitudes >= 0)
    if len(inside):
        density = (masses[inside] + 1e-9) / points[inside].sum(axis=1)
        rows = None if histogram is None else histogram[inside] + 1e-9
        cells[inside] += _fitted(points[inside] * density[:, None], magnitudes[inside], rows, table)
    shares: FloatArray = cells / cells.sum(axis=1, keepdims=True)
    return shares


def _fitted(start: FloatArray, magnitudes: IntArray, rows: FloatArray | None, table: HeapTable) -> FloatArray:
    """Cells with the released sums by magnitude and level and, if known, the rows; shape (f, levels)."""
    found, starts, place = np.unique(magnitudes, return_index=True, return_inverse=True)
    counts = np.where(table.counts > table.least, table.counts, 0.0)[found] + TRACE
    cells = start
    if rows is not None:
        possible = np.add.reduceat(start, starts, axis=0) > 0
        counts = np.where(possible, counts, 0.0)
        counts *= (np.add.reduceat(rows, starts) / counts.sum(axis=1))[:, None]
    for _ in range(1 if rows is None else ROUNDS):
        sums = np.add.reduceat(cells, starts, axis=0)
        cells = cells * (counts / np.maximum(sums, 1e-300))[place]
        if rows is not None:
            cells *= (rows / np.maximum(cells.sum(axis=1), 1e-300))[:, None]
    return cells


def whole_weights(shares: FloatArray) -> IntArray:
    """Shares as integers with the sum `WEIGHTS` in each row, by largest remainders. Shape (f, levels)."""
    exact = shares * WEIGHTS
    weights = np.floor(exact).astype(np.int64)
    ranks = np.argsort(np.argsort(weights - exact, axis=1, kind="stable"), axis=1, kind="stable")
    weights += ranks < WEIGHTS - weights.sum(axis=1, keepdims=True)
    return weights
