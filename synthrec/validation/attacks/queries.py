"""Questions about a person that are read off synthetic rows: is there exactly one who answers to all of it?

Cells are whole numbers that keep the order of a column's values, real and synthetic ones together, and -1 is
missing. A query is at most four closed ranges of such numbers, each on a column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.data.table import Table
from synthrec.schema.vector import BoolArray, IntArray, Vector

Cells = NDArray[np.int32]
"""Shape (columns, rows)."""

MOST_COLUMNS = 4
"""Columns of a query, as in Anonymeter's default for multivariate queries."""

_LAST = np.iinfo(np.int32).max
_AT_ONCE = 64
_NOBODY, _SEVERAL = -1, -2


def coded(real: Table, synthetic: Table) -> tuple[Cells, Cells]:
    """The cells of the modelled columns of both."""
    names = real.spec.modelled
    pairs = [_codes(real.vector(name), synthetic.vector(name)) for name in names]
    first = np.array([pair[0] for pair in pairs], dtype=np.int32).reshape(len(names), len(real))
    return first, np.array([pair[1] for pair in pairs], dtype=np.int32).reshape(len(names), len(synthetic))


def _codes(real: Vector, synthetic: Vector) -> tuple[IntArray, IntArray]:
    values = np.concatenate([_values(real), _values(synthetic)])
    codes = np.unique(values, return_inverse=True)[1]
    missing = np.concatenate([real.missing, synthetic.missing])
    found = np.where(missing, -1, codes)
    return found[: len(real.missing)], found[len(real.missing) :]


def _values(vector: Vector) -> NDArray[np.generic]:
    if vector.levels is None:
        return np.asarray(vector.values)
    levels = np.array([*vector.levels, ""], dtype=np.str_)
    return np.asarray(levels[np.where(vector.missing, len(levels) - 1, vector.values.astype(np.int64))])


@dataclass(frozen=True, eq=False)
class Queries:
    """Ranges on columns: `columns`, `low` and `high` of shape (queries, MOST_COLUMNS)."""

    columns: IntArray
    low: Cells
    high: Cells

    def __len__(self) -> int:
        """Number of queries."""
        return len(self.columns)

    @classmethod
    def joined(cls, parts: Sequence[Queries]) -> Queries:
        """All of them, each once."""
        stacked = [np.hstack([part.columns, part.low, part.high]) for part in parts]
        columns, low, high = np.split(np.unique(np.vstack(stacked), axis=0), 3, axis=1)
        return cls(columns.astype(np.int64), low.astype(np.int32), high.astype(np.int32))

    def take(self, chosen: BoolArray | IntArray) -> Queries:
        """Some of them."""
        return Queries(self.columns[chosen], self.low[chosen], self.high[chosen])

    def singled_out(self, cells: Cells, persons: IntArray) -> IntArray:
        """The only person that a query fits; negative where it fits nobody, or several. Shape (queries,)."""
        found = np.empty(len(self), dtype=np.int64)
        for start in range(0, len(self), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            fits = self._fits(part, cells)
            least = np.where(fits, persons, _LAST).min(axis=1, initial=_LAST)
            most = np.where(fits, persons, _NOBODY).max(axis=1, initial=_NOBODY)
            found[part] = np.where(most < 0, _NOBODY, np.where(least == most, most, _SEVERAL))
        return found

    def _fits(self, part: slice, cells: Cells) -> BoolArray:
        fits = np.ones((len(self.columns[part]), cells.shape[1]), dtype=bool)
        for place in range(MOST_COLUMNS):
            asked = cells[self.columns[part, place]]
            fits &= (asked >= self.low[part, place, None]) & (asked <= self.high[part, place, None])
        return fits


def univariate(cells: Cells, ordered: BoolArray) -> Queries:
    """Of each column: the values that one row has; of numbers, at most the least, and at least the largest.

    Args:
        cells: Synthetic cells.
        ordered: Which columns are of numbers, shape (columns,).
    """
    asked: list[tuple[int, int, int]] = []
    for column, row in enumerate(cells):
        values, counts = np.unique(row[row >= 0], return_counts=True)
        asked += [(column, int(value), int(value)) for value in values[counts == 1]]
        if ordered[column] and len(values):
            asked += [(column, 0, int(values[0])), (column, int(values[-1]), _LAST)]
    parts = np.array(asked, dtype=np.int32).reshape(-1, 3)[:, :, None].repeat(MOST_COLUMNS, axis=2)
    return Queries(parts[:, 0].astype(np.int64), parts[:, 1], parts[:, 2])


def multivariate(cells: Cells, ordered: BoolArray, count: int, rng: np.random.Generator) -> Queries:
    """Of random synthetic rows: the values of up to four random columns.

    Labels must be equal; a number must be at least the row's where that is the median or more, else at most.
    """
    width, rows = cells.shape
    if not width:
        return univariate(cells, ordered)
    columns = np.sort(np.argsort(rng.random((count, width)), axis=1)[:, : min(MOST_COLUMNS, width)], axis=1)
    columns = np.pad(columns, ((0, 0), (0, MOST_COLUMNS - columns.shape[1])), mode="edge")
    values = cells[columns, rng.integers(0, rows, count)[:, None]]
    ranged = ordered[columns] & (values >= 0)
    upper = values >= np.median(cells, axis=1)[columns]
    low = np.where(ranged & ~upper, 0, values)
    high = np.where(ranged & upper, _LAST, values)
    return Queries(columns, low.astype(np.int32), high.astype(np.int32))


def some(queries: Queries, most: int, rng: np.random.Generator) -> Queries:
    """At most so many of them, by chance."""
    return queries if len(queries) <= most else queries.take(np.sort(rng.permutation(len(queries))[:most]))
