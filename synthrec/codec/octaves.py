"""Grids that find their way: octaves of a lattice, heavy octaves cut in parts, and the fine grid on them.

All borders are lattice indices; cell i of `borders` holds the indices [borders[i], borders[i + 1]).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from synthrec.codec.cleaner import CellGroups, FloatArray, keep
from synthrec.schema.vector import BoolArray, IntArray

HEAVY = 0.04
"""Octaves that hold a larger share of the rows are cut."""
PARTS = 16
"""Into so many cells at most."""
PART_SIGMAS = 4.0
"""Rows of such a cell, in standard deviations of its count."""

FINE_CELLS = 100
"""Cells of the fine grid, before the least number of each octave."""
FINE_POWER = 0.67
"""Fine cells are placed in proportion to this power of the mass."""
FINE_SIGMAS = 1.5
"""Rows of a fine cell, in standard deviations of its count."""
OCTAVE_CELLS = 4
"""Fine cells of an octave that was not cut, at least."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Cells and what was released of them."""

    borders: IntArray
    """Shape (g + 1,)."""
    counts: FloatArray
    """Noisy counts, shape (g,)."""
    sigmas: FloatArray
    """Their standard deviations, shape (g,)."""
    kept: BoolArray
    """Cells that are taken to hold rows, shape (g,)."""

    @property
    def rows(self) -> float:
        """Rows in kept cells, at least 1."""
        return max(float(self.counts[self.kept].sum()), 1.0)

    @property
    def shares(self) -> FloatArray:
        """Share of the rows in each cell; 0 where it is not kept. Shape (g,)."""
        return np.where(self.kept, np.maximum(self.counts, 0.0), 0.0) / self.rows

    def groups(self, edges: IntArray) -> CellGroups:
        """These cells as the groups of finer ones."""
        return CellGroups(edges, self.borders, self.counts, self.sigmas)


def octave_borders(first: int, last: int, single: Iterable[int] = ()) -> IntArray:
    """Signed geometric cells of base sqrt 2: {0} and +-[2**(k/2), 2**((k+1)/2)), cut to [first, last].

    Both bounds and the single points are cells of their own. Base sqrt 2 lost less than base 2 under wide
    bounds.
    """
    reach = max(abs(first), abs(last))
    starts = [math.isqrt(2**power - 1) + 1 for power in range(2 * reach.bit_length() + 1)]
    alone = [edge for point in (first, last, *single) for edge in (point, point + 1)]
    borders = {0, *starts, *(1 - start for start in starts), *alone}
    return np.array(sorted(edge for edge in borders if first <= edge <= last + 1), dtype=np.int64)


def measured_octaves(borders: IntArray, counts: FloatArray, sigma: float) -> Measured:
    """The first release as it stands."""
    sigmas = np.full(len(counts), sigma)
    return Measured(borders, counts, sigmas, keep(counts, sigmas))


def refined_borders(octaves: Measured, sigma: float) -> IntArray:
    """The octaves, heavy ones cut into equal cells of about four standard deviations of rows.

    Args:
        octaves: The first release.
        sigma: Standard deviation of the counts of the second release.
    """
    wanted = np.rint(octaves.rows * octaves.shares / max(PART_SIGMAS * sigma, 1e-9))
    parts = np.where(octaves.shares > HEAVY, np.clip(wanted, 2, PARTS), 1)
    return _cut(octaves.borders, parts.astype(np.int64))


def measured_again(octaves: Measured, borders: IntArray, counts: FloatArray, sigma: float) -> Measured:
    """The second release; octaves that were not cut get the inverse-variance mean of both measurements."""
    parent = _parents(octaves.borders, borders)
    whole = _whole(octaves.borders, borders)
    sigmas = np.full(len(counts), sigma)
    if sigma > 0:
        earlier, now = 1 / octaves.sigmas[parent] ** 2, 1 / sigma**2
        mean = (octaves.counts[parent] * earlier + counts * now) / (earlier + now)
        counts = np.where(whole, mean, counts)
        sigmas = np.where(whole, 1 / np.sqrt(earlier + now), sigmas)
    kept = keep(counts, sigmas) | (octaves.kept[parent] & (counts > sigmas))
    return Measured(borders, counts, sigmas, kept)


def fine_edges(
    refined: Measured, octaves: IntArray, least_rows: float, single: Iterable[int], cells: int = FINE_CELLS
) -> IntArray:
    """The fine grid: about `cells` cells, in proportion to a power of the mass.

    Args:
        refined: The second release.
        octaves: Borders of the first release.
        least_rows: Rows that a fine cell should hold, below which a cell is not cut further.
        single: Points that are cells of their own.
        cells: Cells to place.
    """
    powers = refined.shares**FINE_POWER
    least = np.where(_whole(octaves, refined.borders), OCTAVE_CELLS, 1)
    wanted = np.maximum(np.rint(cells * powers / max(powers.sum(), 1e-300)), least)
    most = np.maximum(refined.rows * refined.shares / max(least_rows, 1e-9), least)
    edges = _cut(refined.borders, np.minimum(wanted, most).astype(np.int64))
    alone = np.array([edge for point in single for edge in (point, point + 1)], dtype=np.int64)
    return np.unique(np.concatenate([edges, alone]))


def _cut(borders: IntArray, parts: IntArray) -> IntArray:
    """Every cell cut into about equal parts of at least one lattice point."""
    widths = np.diff(borders)
    pieces = zip(borders[:-1].tolist(), widths.tolist(), np.minimum(parts, widths).tolist(), strict=True)
    edges = [low + part * width // number for low, width, number in pieces for part in range(number)]
    return np.array([*edges, int(borders[-1])], dtype=np.int64)


def _parents(borders: IntArray, finer: IntArray) -> IntArray:
    """The cell that each finer cell lies in."""
    return np.searchsorted(borders, finer[:-1], side="right") - 1


def _whole(borders: IntArray, finer: IntArray) -> BoolArray:
    """Which finer cells are the whole of their parent."""
    parent = _parents(borders, finer)
    whole: BoolArray = np.bincount(parent, minlength=len(borders) - 1)[parent] == 1
    return whole
