"""Rows as points of a Euclidean space: the ranks of their numbers and a direction for every label.

It is the space of the attacks (`attacks.space`) with straight lines: a numeric column is its rank from 0 to
1, a label column a vector of length the root of one half, so that two labels are 1 apart, and missing is a
direction of its own. Labels beyond the most frequent ones share a direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.data.table import Table
from synthrec.schema.vector import IntArray
from synthrec.validation.attacks.space import Points, Space
from synthrec.validation.quality.ground import Rows, Sides
from synthrec.validation.stats import FloatArray

LABELS = 20
"""Labels of a column that have a direction of their own."""
FEWEST = 20
"""Real rows that a label needs for that."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """A space of ranks and labels, with the codes of the frequent labels per label column."""

    space: Space
    frequent: tuple[IntArray, ...]

    @classmethod
    def of(cls, sides: Sides) -> Embedding:
        """The embedding that training and holdout rows together define."""
        real = Table.concat([sides.train.table, sides.holdout.table])
        space = Space.of(sides.spec, real)
        return cls(space, tuple(_frequent(codes) for codes in space.points(real).labels))

    def points(self, rows: Rows) -> FloatArray:
        """One point per row, shape (n, dimensions)."""
        points = self.space.points(rows.table)
        columns = [*_numbers(points), *self._labels(points)]
        return np.array(columns, dtype=np.float64).reshape(len(columns), len(rows)).T

    def _labels(self, points: Points) -> list[FloatArray]:
        """Indicators of missing, the frequent labels and the others; the sum of squares is one half."""
        found = []
        for codes, frequent in zip(points.labels, self.frequent, strict=True):
            found += [(codes == code) * 0.5**0.5 for code in (-1, *frequent)]
            found.append(((codes >= 0) & ~np.isin(codes, frequent)) * 0.5**0.5)
        return found


def _numbers(points: Points) -> list[FloatArray]:
    """Ranks, one half where missing; and a direction for missing, so that it is at most 1 from any rank."""
    ranks = np.where(points.ranks < 0, 0.5, points.ranks / points.step)
    missing = (points.ranks < 0) * 0.75**0.5
    return [*ranks, *missing]


def _frequent(codes: IntArray) -> IntArray:
    found, counts = np.unique(codes[codes >= 0], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:LABELS]
    return np.sort(found[order[counts[order] >= FEWEST]])
