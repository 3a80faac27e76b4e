"""Counting queries on the lattice of one column; what is missing falls into the last cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.codec.granularity import level_of
from synthrec.codec.numeric import NumericCodec
from synthrec.data.table import Table
from synthrec.schema.vector import BoolArray, IntArray


@dataclass(frozen=True)
class LatticeColumn:
    """A numeric column read as lattice indices within its bounds."""

    name: str
    codec: NumericCodec

    def indices(self, table: Table) -> tuple[IntArray, BoolArray]:
        """Lattice indices, cut to the bounds, and the missing mask; both of shape (n,)."""
        vector = table.vector(self.name)
        indices = self.codec.lattice.nearest(vector.values)
        return np.clip(indices, self.codec.bins.first, self.codec.bins.last), vector.missing


@dataclass(frozen=True, eq=False)
class CellQuery:
    """Adjacent cells [borders[i], borders[i + 1]) that cover the bounds; missing is the last cell."""

    column: LatticeColumn
    borders: IntArray

    @property
    def size(self) -> int:
        """Number of cells, the missing one included."""
        return len(self.borders)

    def cells(self, table: Table) -> IntArray:
        """The cell of each row, shape (n,)."""
        indices, missing = self.column.indices(table)
        found = np.searchsorted(self.borders, indices, side="right") - 1
        return np.where(missing, self.size - 1, found)


@dataclass(frozen=True, eq=False)
class LevelQuery:
    """Magnitude bin by level of the divisor chain; what is in no magnitude bin is the last cell."""

    column: LatticeColumn
    borders: IntArray
    magnitudes: IntArray
    """Magnitude bin of each cell of `borders`, or -1; shape (g,)."""
    chain: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Magnitude bins and levels."""
        return int(self.magnitudes.max(initial=0)) + 1, len(self.chain)

    @property
    def size(self) -> int:
        """Number of cells, the last one included."""
        bins, levels = self.shape
        return bins * levels + 1

    def cells(self, table: Table) -> IntArray:
        """The cell of each row, shape (n,)."""
        indices, missing = self.column.indices(table)
        magnitude = self.magnitudes[np.searchsorted(self.borders, indices, side="right") - 1]
        found = magnitude * len(self.chain) + level_of(indices, self.chain)
        return np.where(missing | (magnitude < 0), self.size - 1, found)


@dataclass(frozen=True, eq=False)
class PointQuery:
    """Single lattice points; everything else is the last cell."""

    column: LatticeColumn
    points: IntArray
    """Increasing, shape (p,)."""

    @property
    def size(self) -> int:
        """Number of cells, the last one included."""
        return len(self.points) + 1

    def cells(self, table: Table) -> IntArray:
        """The cell of each row, shape (n,)."""
        indices, missing = self.column.indices(table)
        place = np.searchsorted(self.points, indices)
        there = np.append(self.points, 0)[place] == indices
        return np.where(there & (place < len(self.points)) & ~missing, place, self.size - 1)
