"""Where rows lie and how far apart: Gower's distance in whole steps, block by block.

A numeric column counts the difference of the ranks that two values have among reference values, a label
column 1 where the labels differ; missing against present counts 1, missing against missing 0. The sum over
the columns is Gower's distance (1971, Biometrics 27) but for its factor 1 / columns. Distances are whole
numbers of steps, so that ties are exact and no sum depends on its order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from synthrec.data.table import Table
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import IntArray, Vector

Steps = NDArray[np.int16]
FAR = np.int16(np.iinfo(np.int16).max)
"""No distance is larger."""
_TALL, _WIDE = 32, 8_192
"""Rows and columns of a block: it fits in a cache, and NumPy copies what is broadcast over shorter rows."""
_LABELS_AT_ONCE = 255
"""As many columns as a byte can count."""


@dataclass(frozen=True)
class Places:
    """Where some columns stand among the ranks and among the labels of points."""

    ranks: list[int]
    labels: list[int]


@dataclass(frozen=True, eq=False)
class Points:
    """Rows as ranks of their numbers and codes of their labels."""

    ranks: Steps
    """From 0 to `step`, -`step` where missing; shape (numeric columns, n)."""
    labels: NDArray[np.signedinteger]
    """Equal exactly where the labels are, -1 where missing; shape (label columns, n)."""
    step: int
    """The distance that one column counts at most."""

    def __len__(self) -> int:
        """Number of rows."""
        return int(self.ranks.shape[1])

    def take(self, rows: NDArray[np.generic] | slice) -> Points:
        """The points of some rows."""
        return Points(self.ranks[:, rows], self.labels[:, rows], self.step)

    def only(self, places: Places) -> Points:
        """The points in some of the columns."""
        return Points(self.ranks[places.ranks], self.labels[places.labels], self.step)


class Space:
    """The modelled columns of a table, with the reference values that numbers are ranked among.

    Labels get their codes when they are first seen, here or in `points`.
    """

    def __init__(self, sorted_values: dict[str, NDArray[np.generic]], labels: tuple[str, ...]) -> None:
        self._sorted = sorted_values
        self._codes: dict[str, dict[str, int]] = {name: {} for name in labels}
        self.step = int(FAR) // max(2, len(sorted_values) + len(labels))

    @classmethod
    def of(cls, spec: TableSpec, reference: Table) -> Space:
        """The space of a table's modelled columns.

        Args:
            spec: The table; minted columns take no part.
            reference: Rows whose values the ranks refer to. An attack that compares two sides ranks among
                both together, or the ranks would favour one.
        """
        vectors = {name: reference.vector(name) for name in spec.modelled}
        values = {name: np.sort(v.values[~v.missing]) for name, v in vectors.items() if v.levels is None}
        return cls(values, tuple(name for name, v in vectors.items() if v.levels is not None))

    def places(self, columns: Collection[str]) -> Places:
        """Where some columns stand."""
        ranks = [place for place, name in enumerate(self._sorted) if name in columns]
        return Places(ranks, [place for place, name in enumerate(self._codes) if name in columns])

    def points(self, table: Table) -> Points:
        """The points of the rows of a table."""
        ranks = [self._rank(name, table.vector(name)) for name in self._sorted]
        labels = [self._code(name, table.vector(name)) for name in self._codes]
        n = len(table)
        return Points(
            np.array(ranks, dtype=np.int16).reshape(len(ranks), n),
            np.array(labels, dtype=np.int32).reshape(len(labels), n),
            self.step,
        )

    def _rank(self, name: str, vector: Vector) -> Steps:
        """Mid-ranks in steps: equal values share one, a value between two reference values lies between."""
        values = self._sorted[name]
        twice = np.searchsorted(values, vector.values, "left") + np.searchsorted(
            values, vector.values, "right"
        )
        ranks = np.rint(twice * (self.step / max(1, 2 * len(values))))
        return np.where(vector.missing, -self.step, ranks).astype(np.int16)

    def _code(self, name: str, vector: Vector) -> NDArray[np.int32]:
        known = self._codes[name]
        codes = np.array([known.setdefault(level, len(known)) for level in vector.levels or ()] or [-1])
        return np.where(vector.missing, -1, codes[vector.values.astype(np.int64)]).astype(np.int32)


def distances(first: Points, second: Points) -> Iterator[tuple[slice, slice, Steps]]:
    """All pairwise distances, in blocks: rows of `first`, rows of `second`, and their distances in steps.

    The blocks of one slice of `first` follow each other; a block is good until the next is asked for.
    """
    first, second = _packed(first, second)
    parts = -(-len(second) // _WIDE)
    borders = [len(second) * part // max(1, parts) for part in range(parts + 1)]
    for top in range(0, len(first), _TALL):
        tall = slice(top, min(top + _TALL, len(first)))
        for left, right in pairwise(borders):
            wide = slice(left, right)
            yield tall, wide, _block(first.take(tall), second.take(wide))


def _packed(*both: Points) -> Iterator[Points]:
    """Points with the codes of their labels in the smallest type that holds them."""
    most = max(int(points.labels.max(initial=0)) for points in both)
    small = next(kind for kind in (np.int8, np.int16, np.int32) if most <= np.iinfo(kind).max)
    return (Points(points.ranks, points.labels.astype(small), points.step) for points in both)


def _block(first: Points, second: Points) -> Steps:
    sums = np.zeros((len(first), len(second)), np.int16)
    one = np.empty_like(sums)
    most = np.full_like(sums, first.step)
    for mine, theirs in zip(first.ranks, second.ranks, strict=True):
        np.abs(np.subtract(mine[:, None], theirs, out=one), out=one)
        if min(mine.min(), theirs.min()) < 0:
            np.minimum(one, most, out=one)
        np.add(sums, one, out=sums)
    for start in range(0, len(first.labels), _LABELS_AT_ONCE):
        chosen = slice(start, start + _LABELS_AT_ONCE)
        np.multiply(_differing(first.labels[chosen], second.labels[chosen]), np.int16(first.step), out=one)
        np.add(sums, one, out=sums)
    return sums


def _differing(mine: NDArray[np.signedinteger], theirs: NDArray[np.signedinteger]) -> NDArray[np.uint8]:
    """In how many of at most 255 label columns two rows differ."""
    count = np.zeros((mine.shape[1], theirs.shape[1]), np.uint8)
    differs = np.empty(count.shape, np.bool_)
    for left, right in zip(mine, theirs, strict=True):
        np.add(count, np.not_equal(left[:, None], right, out=differs).view(np.uint8), out=count)
    return count


def nearest(points: Points, others: Points) -> tuple[Steps, IntArray]:
    """Distance of each point to the nearest of the others, and which it is, the first of equals.

    Returns:
        Steps and row numbers, each of shape (points,); `FAR` and -1 where there are no others.
    """
    best = np.full(len(points), FAR, np.int16)
    which = np.full(len(points), -1, np.int64)
    for tall, wide, block in distances(points, others):
        columns = block.argmin(axis=1)
        found = np.take_along_axis(block, columns[:, None], axis=1)[:, 0]
        closer = (found < best[tall]) | (which[tall] < 0)
        best[tall] = np.where(closer, found, best[tall])
        which[tall] = np.where(closer, columns + wide.start, which[tall])
    return best, which


class Nearest:
    """The distances of fixed points to the k nearest of all points that are shown, chunk by chunk.

    Attributes:
        steps: Ascending distances, shape (points, k); `FAR` where fewer than k were shown.
    """

    def __init__(self, points: Points, k: int) -> None:
        self._points = points
        self.steps: Steps = np.full((len(points), k), FAR, np.int16)

    def add(self, others: Points) -> None:
        """Show more points."""
        for tall, _, block in distances(self._points, others):
            self._merge(tall, block)

    def add_other_persons(self, persons: IntArray) -> None:
        """Show the points to each other, but none to those of the same person.

        Args:
            persons: The person of each point, shape (points,).
        """
        for tall, wide, block in distances(self._points, self._points):
            np.copyto(block, FAR, where=persons[tall, None] == persons[wide])
            self._merge(tall, block)

    def _merge(self, tall: slice, block: Steps) -> None:
        kept = self.steps[tall]
        rows = np.flatnonzero(block.min(axis=1) < kept[:, -1])
        k = kept.shape[1]
        both = np.hstack([kept[rows], block[rows]])
        kept[rows] = np.sort(np.partition(both, k - 1, axis=1)[:, :k], axis=1)
