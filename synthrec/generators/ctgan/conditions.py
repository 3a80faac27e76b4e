"""Conditions: a column and one of its groups, asked of the generator (Xu et al. 2019, section 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from synthrec.generators.ctgan.layout import Layout, Single
from synthrec.privacy.counts import FloatArray
from synthrec.schema.vector import IntArray


@dataclass(frozen=True, eq=False)
class Conditions:
    """How often each group of each column is asked for, once its column is chosen."""

    layout: Layout
    shares: tuple[FloatArray, ...]
    """Per column, shape (groups,), sum 1."""

    @classmethod
    def as_they_are(cls, layout: Layout, counts: Sequence[FloatArray]) -> Conditions:
        """Groups as often as rows have them: for drawing."""
        return cls(layout, tuple(count / count.sum() for count in counts))

    @classmethod
    def by_logarithm(cls, layout: Layout, counts: Sequence[FloatArray]) -> Conditions:
        """Groups by the logarithm of their counts, so that rare ones are trained too."""
        logs = [np.log1p(np.maximum(count, 0.0)) for count in counts]
        return cls(layout, tuple(log / log.sum() for log in logs))

    def draw(self, rng: np.random.Generator, rows: int) -> tuple[IntArray, IntArray]:
        """A column, all equally likely, and one of its groups; both of shape (rows,)."""
        columns = rng.integers(0, len(self.shares), rows)
        uniform = rng.random(rows)
        groups = np.searchsorted(self._upper, columns + uniform, side="right") - self.layout.offsets[columns]
        return columns, np.minimum(groups, np.array(self.layout.sizes)[columns] - 1)

    @cached_property
    def _upper(self) -> FloatArray:
        """Column number plus upper end of each group's interval, ascending over all columns."""
        return np.concatenate([j + np.minimum(np.cumsum(share), 1.0) for j, share in enumerate(self.shares)])

    def indicators(self, columns: IntArray, groups: IntArray) -> Single:
        """The conditions as rows of one 1 each, shape (rows, width)."""
        rows = np.zeros((len(columns), self.layout.width), dtype=np.float32)
        rows[np.arange(len(columns)), self.layout.offsets[columns] + groups] = 1
        return rows


@dataclass(frozen=True, eq=False)
class RowsByGroup:
    """Which rows have each group, so that real rows can be drawn under a condition (training by sampling)."""

    layout: Layout
    groups: IntArray
    """Shape (n, d)."""
    _order: IntArray = field(init=False, repr=False)
    _first: IntArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Sort the rows of every column by group."""
        cells = (self.groups + self.layout.offsets[:-1]).T
        order = np.argsort(cells, axis=1, kind="stable")
        ordered = np.take_along_axis(cells, order, axis=1).ravel()
        object.__setattr__(self, "_order", order.ravel())
        object.__setattr__(self, "_first", np.searchsorted(ordered, np.arange(self.layout.width + 1)))

    def draw(self, rng: np.random.Generator, columns: IntArray, groups: IntArray) -> IntArray:
        """A row for each condition, all of its rows equally likely, shape (rows,)."""
        cell = self.layout.offsets[columns] + groups
        first, past = self._first[cell], self._first[cell + 1]
        found: IntArray = self._order[first + (rng.random(len(cell)) * (past - first)).astype(np.int64)]
        return found
