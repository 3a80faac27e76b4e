"""Bins of a lattice: strictly increasing edges, and the range that each bin draws from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np

from synthrec.data.learn import MIN_PERSONS, distinct_holders, persons_per_level
from synthrec.schema.vector import BoolArray, IntArray

FINE_BINS = 256
"""Bins of a fine grid, before heaps are cut out; domains of no more points get unit bins."""

TABLE_POINTS = 2**18
"""Lattices of no more points are encoded through a lookup table."""


@dataclass(frozen=True)
class Grid:
    """Spacing of the fine bins. `scale`, in lattice steps, is where an asinh grid turns geometric."""

    spacing: Literal["uniform", "asinh"]
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class Bins:
    """n bins: bin i holds the lattice indices [edges[i], edges[i+1]) and draws from its draw range.

    The draw range [low[i], low[i] + width[i]) lies within the bin; it is smaller only where values of fewer
    than eleven persons were pooled into a neighbouring bin.
    """

    edges: IntArray
    """int64 of shape (n + 1,), strictly increasing."""
    low: IntArray
    """int64 of shape (n,)."""
    width: IntArray
    """int64 of shape (n,), positive."""

    @classmethod
    def between(cls, edges: IntArray) -> Bins:
        """Bins that draw from all they hold."""
        return cls(edges, edges[:-1], np.diff(edges))

    def __len__(self) -> int:
        """Number of bins."""
        return len(self.low)

    @property
    def first(self) -> int:
        """The first lattice index."""
        return int(self.edges[0])

    @property
    def last(self) -> int:
        """The last lattice index."""
        return int(self.edges[-1]) - 1

    def find(self, indices: IntArray) -> IntArray:
        """Bin of each lattice index within [first, last], shape (n,)."""
        if self._table is not None:
            return self._table[indices - self.first]
        return np.searchsorted(self.edges, indices, side="right") - 1

    @cached_property
    def _table(self) -> IntArray | None:
        """Bin of every lattice index, where they are few."""
        if self.last - self.first >= TABLE_POINTS:
            return None
        return np.repeat(np.arange(len(self)), np.diff(self.edges))


def cut(first: int, last: int, grid: Grid, heaps: Iterable[int]) -> Bins:
    """Bins over the lattice indices [first, last]: unit bins where few, else a grid and its heaps."""
    if last - first < FINE_BINS:
        return Bins.between(np.arange(first, last + 2, dtype=np.int64))
    edges = _asinh(first, last, grid.scale) if grid.spacing == "asinh" else _uniform(first, last)
    around = [edge for heap in heaps for edge in (heap, heap + 1)]
    return Bins.between(np.unique(np.concatenate([edges, np.array(around, dtype=np.int64)])))


def _uniform(first: int, last: int) -> IntArray:
    span = last + 1 - first
    return np.array([first + part * span // FINE_BINS for part in range(FINE_BINS + 1)], dtype=np.int64)


def _asinh(first: int, last: int, scale: float) -> IntArray:
    low, high = math.asinh(first / scale), math.asinh((last + 1) / scale)
    edges = np.rint(scale * np.sinh(np.linspace(low, high, FINE_BINS + 1))).astype(np.int64)
    edges[[0, -1]] = first, last + 1
    return np.unique(np.clip(edges, first, last + 1))


def pool(bins: Bins, found: IntArray, persons: IntArray) -> Bins:
    """Merge bins until each draws from a range in which at least eleven persons have a value.

    Bins of eleven persons and more stay as they are. A run of sparser bins between them is merged from the
    left into bins of at least eleven persons; a run that has fewer altogether goes to the bin before it (or
    after it), which then holds those values but does not draw them.

    Args:
        bins: Bins of the public grid.
        found: Bin of each value, shape (n,).
        persons: Person ids of the values, shape (n,); at least eleven distinct.
    """
    solid = persons_per_level(found, persons, len(bins)) >= MIN_PERSONS
    members = _members(found, persons, len(bins))
    parts = [part for run in _runs(solid) for part in _merged(run, solid, members)]
    return _joined(bins, parts)


@dataclass(frozen=True)
class _Part:
    """Adjacent grid bins [start, stop), and whether they draw values of their own."""

    start: int
    stop: int
    draws: bool


def _runs(solid: BoolArray) -> Iterator[range]:
    """Each solid bin alone, and each longest run of sparse bins."""
    borders = np.flatnonzero(solid[1:] | solid[:-1]) + 1
    yield from (range(start, stop) for start, stop in pairwise([0, *borders.tolist(), len(solid)]))


def _members(found: IntArray, persons: IntArray, size: int) -> list[set[int]]:
    """Up to eleven persons of each bin."""
    levels, people = distinct_holders(found, persons)
    starts = np.searchsorted(levels, np.arange(size + 1)).tolist()
    return [set(people[start : min(stop, start + MIN_PERSONS)].tolist()) for start, stop in pairwise(starts)]


def _merged(run: range, solid: BoolArray, members: list[set[int]]) -> list[_Part]:
    """A run cut into parts of at least eleven persons; one part without draws where it has fewer."""
    if solid[run.start]:
        return [_Part(run.start, run.stop, draws=True)]
    stops: list[int] = []
    seen: set[int] = set()
    for place in run:
        seen |= members[place]
        if len(seen) >= MIN_PERSONS:
            stops.append(place + 1)
            seen = set()
    if not stops:
        return [_Part(run.start, run.stop, draws=False)]
    stops[-1] = run.stop
    return [_Part(start, stop, draws=True) for start, stop in pairwise([run.start, *stops])]


def _joined(bins: Bins, parts: list[_Part]) -> Bins:
    """Bins of the drawing parts; each takes the silent part after it, the first also one before it."""
    drawing = [part for part in parts if part.draws]
    starts = np.array([part.start for part in drawing])
    stops = np.array([part.stop for part in drawing])
    low = bins.edges[starts]
    edges = np.concatenate([bins.edges[:1], low[1:], bins.edges[-1:]])
    return Bins(edges, low, bins.edges[stops] - low)
