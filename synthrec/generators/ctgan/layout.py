"""Rows as the networks see them: per column one indicator of groups of levels, side by side.

Groups take the place of the modes of a numeric column (Xu et al. 2019, section 4.2): the networks learn the
group, and the level is drawn within it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import CodeArray, CodeDomain
from synthrec.generators.marginals.drawing import Inversion
from synthrec.generators.marginals.grouping import Grouping, grouped
from synthrec.privacy.counts import FloatArray
from synthrec.schema.vector import IntArray

ORDERED_GROUPS = 32
"""Groups of an ordered column with more levels."""

Single = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Layout:
    """The groups of all columns and where their indicators stand."""

    domain: CodeDomain
    groupings: tuple[Grouping, ...]

    @classmethod
    def of(cls, domain: CodeDomain, counts: Sequence[FloatArray]) -> Layout:
        """The layout for counts of the levels of every column."""
        orders = zip(domain.ordered, domain.missing, strict=True)
        found = (
            grouped(count, order, ORDERED_GROUPS, 0.0) for count, order in zip(counts, orders, strict=True)
        )
        return cls(domain, tuple(found))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Groups of every column."""
        return tuple(grouping.size for grouping in self.groupings)

    @cached_property
    def offsets(self) -> IntArray:
        """Where the indicator of each column starts, and the end; shape (d + 1,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)])

    @property
    def width(self) -> int:
        """Length of a row of indicators."""
        return int(self.offsets[-1])

    def groups(self, codes: CodeArray) -> IntArray:
        """The group of every cell, shape (n, d)."""
        columns = (grouping.groups[codes[:, j]] for j, grouping in enumerate(self.groupings))
        return np.stack(list(columns), axis=1)

    def indicators(self, groups: IntArray) -> Single:
        """Rows of zeros and ones, shape (n, width)."""
        rows = np.zeros((len(groups), self.width), dtype=np.float32)
        rows[np.arange(len(groups))[:, None], groups + self.offsets[:-1]] = 1
        return rows

    def counts(self, groups: IntArray) -> list[FloatArray]:
        """Rows with each group, by column."""
        cells = np.bincount((groups + self.offsets[:-1]).ravel(), minlength=self.width).astype(np.float64)
        return np.split(cells, self.offsets[1:-1])

    @cached_property
    def levels(self) -> tuple[Inversion | None, ...]:
        """How the levels of each column are drawn within groups; None where every group is one level."""
        return tuple(
            None
            if np.array_equal(grouping.groups, np.arange(len(grouping.groups)))
            else Inversion.of_groups(grouping.groups, grouping.within)
            for grouping in self.groupings
        )


def pair_shares(layout: Layout, groups: IntArray) -> Single:
    """Joint shares of all pairs of groups, shape (width, width)."""
    total = np.zeros((layout.width, layout.width))
    for start in range(0, len(groups), 20_000):
        rows = layout.indicators(groups[start : start + 20_000])
        total += rows.T @ rows
    return (total / len(groups)).astype(np.float32)


def off_diagonal(layout: Layout) -> Single:
    """1 between groups of different columns, 0 within a column, shape (width, width)."""
    column = np.repeat(np.arange(len(layout.sizes)), layout.sizes)
    return np.asarray(column[:, None] != column, dtype=np.float32)
