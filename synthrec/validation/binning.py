"""A fixed binning of each column, made from the training rows, on which distributions are compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.data.table import Table
from synthrec.schema.vector import Vector

NUMERIC_BINS = 20
LABELS = 50
"""Most frequent labels that keep a bin of their own; the others share one."""

BinArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NumericBins:
    """Quantile bins of the training values; a value that fills a whole bin is alone in it.

    `edges` are the first values of the bins from the second on, ascending, shape (bins - 1,).
    """

    edges: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Number of bins, the last of which is for missing."""
        return len(self.edges) + 2

    def of(self, vector: Vector) -> BinArray:
        """The bin of every row, int64 of shape (n,)."""
        bins = np.searchsorted(self.edges, vector.values.astype(np.float64), side="right")
        return np.where(vector.missing, self.size - 1, bins)

    @classmethod
    def learn(cls, vector: Vector) -> NumericBins:
        """Bins of about equal training mass; a heavy value fills a quantile, so the next one starts anew."""
        values, counts = np.unique(vector.values[~vector.missing].astype(np.float64), return_counts=True)
        if len(values) == 0:
            return cls(values)
        share = max(1.0, counts.sum() / NUMERIC_BINS)
        heavy = counts >= share
        quantile = np.floor((np.cumsum(counts) - counts) / share)
        starts = np.concatenate([[False], (quantile[1:] > quantile[:-1]) | heavy[1:]])
        return cls(values[starts])


@dataclass(frozen=True, eq=False)
class LabelBins:
    """The 50 most frequent training labels, a bin for all others and one for missing."""

    labels: dict[str, int]

    @property
    def size(self) -> int:
        """Number of bins, the last two of which are for other labels and for missing."""
        return len(self.labels) + 2

    def of(self, vector: Vector) -> BinArray:
        """The bin of every row, int64 of shape (n,)."""
        other = len(self.labels)
        levels = np.array([self.labels.get(level, other) for level in vector.levels or ()] or [other])
        return np.where(vector.missing, other + 1, levels[vector.values.astype(np.int64)])

    @classmethod
    def learn(cls, vector: Vector) -> LabelBins:
        """Bins by falling frequency, ties by text."""
        levels = vector.levels or ()
        counts = np.bincount(vector.values[~vector.missing].astype(np.int64), minlength=len(levels))
        tally = Counter(dict(zip(levels, counts.tolist(), strict=True)))
        ranked = sorted((label for label in tally if tally[label]), key=lambda label: (-tally[label], label))
        return cls({label: place for place, label in enumerate(ranked[:LABELS])})


@dataclass(frozen=True, eq=False)
class Binning:
    """The bins of the modelled columns of one table."""

    columns: dict[str, NumericBins | LabelBins]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of bins per column."""
        return tuple(bins.size for bins in self.columns.values())

    def of(self, table: Table) -> BinArray:
        """The bin of every cell, int64 of shape (columns, n)."""
        found = np.empty((len(self.columns), len(table)), dtype=np.int64)
        for row, (name, bins) in enumerate(self.columns.items()):
            found[row] = bins.of(table.vector(name))
        return found

    @classmethod
    def learn(cls, train: Table) -> Binning:
        """Bins from the training rows."""
        vectors = {name: train.vector(name) for name in train.spec.modelled}
        return cls(
            {
                name: NumericBins.learn(vector) if vector.levels is None else LabelBins.learn(vector)
                for name, vector in vectors.items()
            }
        )
