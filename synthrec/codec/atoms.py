"""Single values that many rows share: which points to count, and which of them become levels of their own."""

from __future__ import annotations

import numpy as np

from synthrec.codec.cleaner import FloatArray, upper_quantile
from synthrec.codec.octaves import Measured
from synthrec.schema.vector import IntArray

ATOM_SHARE = 0.002
"""Least share of the rows at a point that becomes a level."""
MAX_ATOMS = 64
"""Such points of a column."""
FALSE_ATOMS = 0.05
"""Expected number of empty points of a column that are taken for atoms."""
EXACT_POINTS = 2**20
"""Points of a column that are counted without noise."""
NOISY_POINTS = 2**19
"""Points that are counted with noise, over all columns; to draw it is what they cost."""
LEAST_SIGMAS = 4.0
"""Cells of fewer rows, in standard deviations of their count, are not searched."""


def most_points(columns: int, *, is_private: bool) -> int:
    """Points to count in each of so many columns."""
    return NOISY_POINTS // columns if is_private else EXACT_POINTS


def candidates(refined: Measured, chain: tuple[int, ...], most: int) -> IntArray:
    """The points to count: the densest cells first, as finely as still fits. Increasing, shape (p,).

    Only cells that hold enough rows for an atom are looked at. Half of what is left is open to a cell; where
    it has more points, only multiples of a divisor are counted.

    Args:
        refined: Cells and their counts.
        chain: Divisors of the column.
        most: Points to count at most.
    """
    widths = np.diff(refined.borders)
    density = refined.shares / widths
    least = np.maximum(ATOM_SHARE * refined.rows, LEAST_SIGMAS * refined.sigmas)
    open_cells = np.flatnonzero(refined.kept & (refined.counts >= least) & (widths > 1))
    parts: list[IntArray] = []
    left = most
    for cell in open_cells[np.argsort(-density[open_cells], kind="stable")]:
        low, high = int(refined.borders[cell]), int(refined.borders[cell + 1])
        step = next((step for step in chain if (high - low) // step <= left // 2), None)
        if step is not None:
            parts.append(np.arange(-(-low // step) * step, high, step, dtype=np.int64))
            left -= len(parts[-1])
    return np.sort(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)


def atoms(points: IntArray, counts: FloatArray, sigma: float, rows: float, least: float) -> IntArray:
    """Positions of the points that become levels, increasing.

    Args:
        points: The counted points, shape (p,).
        counts: Their noisy counts, shape (p,).
        sigma: Standard deviation of the noise.
        rows: Estimated rows of the column.
        least: Rows that a level must have at least.
    """
    if not len(points):
        return np.empty(0, dtype=np.int64)
    noise = sigma * upper_quantile(FALSE_ATOMS / len(points))
    found = np.flatnonzero(counts > max(noise, ATOM_SHARE * rows, least))
    return np.sort(found[np.argsort(-counts[found], kind="stable")[:MAX_ATOMS]])
