"""Distance share: are synthetic rows closer to training rows than to rows of the holdout?

Half of them should be. It is reported and never blocks: it misses leaks of one row in a hundred and accuses
safe records (Yao and others 2025, The DCR Delusion, arXiv:2505.01524).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from synthrec.data.table import Records, Table
from synthrec.schema.vector import IntArray, Vector
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Measure
from synthrec.validation.stats import ALPHA

ROWS = 5_000
"""Synthetic rows looked at, the first ones; and most real rows per side."""
_BLOCK = 250
_TIE = 1e-5
"""Distances this close are equal: float32 sums of up to some hundred columns err by less."""

Array = NDArray[np.float32]

_METHOD = (
    "share of synthetic rows nearer to a training row than to a holdout row, ties one half, by Gower "
    "distance (1971) on training ranks, equal samples of both sides; 99 % normal limits, standard error "
    "clustered by the nearest person (Liang and Zeger 1986)"
)


@dataclass(frozen=True, eq=False)
class _Points:
    """Rows as ranks (numeric columns) and label numbers, -1 where missing; shapes (columns, n)."""

    ranks: Array
    labels: NDArray[np.int32]


class _Space:
    """Where rows lie: ranks among the training values, and numbers of labels."""

    def __init__(self, train: Table) -> None:
        vectors = {name: train.vector(name) for name in train.spec.modelled}
        self._sorted = {
            name: np.sort(vector.values[~vector.missing])
            for name, vector in vectors.items()
            if vector.levels is None
        }
        self._levels: dict[str, dict[str, int]] = {
            name: {} for name, vector in vectors.items() if vector.levels is not None
        }

    def points(self, table: Table) -> _Points:
        """The points of the rows of a table."""
        ranks = [self._rank(name, table.vector(name)) for name in self._sorted]
        labels = [self._number(name, table.vector(name)) for name in self._levels]
        n = len(table)
        return _Points(
            np.array(ranks, dtype=np.float32).reshape(len(ranks), n),
            np.array(labels, dtype=np.int32).reshape(len(labels), n),
        )

    def _rank(self, name: str, vector: Vector) -> Array:
        values = self._sorted[name]
        middle = np.searchsorted(values, vector.values, "left") + np.searchsorted(
            values, vector.values, "right"
        )
        return np.where(vector.missing, -1.0, middle / max(1, 2 * len(values))).astype(np.float32)

    def _number(self, name: str, vector: Vector) -> NDArray[np.int32]:
        known = self._levels[name]
        numbers = np.array([known.setdefault(level, len(known)) for level in vector.levels or ()] or [-1])
        return np.where(vector.missing, -1, numbers[vector.values.astype(np.int64)]).astype(np.int32)


class DistanceShare:
    """The first 5,000 synthetic rows between equal samples of train and holdout."""

    check = "P10"
    title = "Are synthetic rows nearer to training rows than to rows of persons never seen?"

    def __init__(self, real: RealData) -> None:
        self._table, self._space = real.name, _Space(real.train)
        size = min(len(real.train), len(real.holdout), ROWS)
        self._train, self._train_persons = self._sample(real.train, real.train_persons, size)
        self._holdout, self._holdout_persons = self._sample(real.holdout, real.holdout_persons, size)
        self._chunks: list[Table] = []
        self._size, self._rows = size, 0

    def _sample(self, table: Table, persons: IntArray, size: int) -> tuple[_Points, IntArray]:
        rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
        rows = rng.choice(len(table), size, replace=False) if size else np.zeros(0, np.int64)
        return self._space.points(table.take(rows)), persons[rows]

    def add(self, records: Records) -> None:
        """Keep rows until there are 5,000."""
        room = ROWS - self._rows
        if room > 0:
            self._chunks.append(records[self._table].slice(0, room))
            self._rows += len(self._chunks[-1])

    def result(self) -> CheckResult:
        """The share nearer to train, with limits."""
        if self._size == 0 or self._rows == 0:
            reason = "there are no holdout rows" if self._rows else "there are no synthetic rows"
            return CheckResult(self.check, self.title, (), not_applicable=reason)
        points = self._space.points(Table.concat(self._chunks))
        train, first = nearest(points.ranks, points.labels, self._train.ranks, self._train.labels)
        holdout, second = nearest(points.ranks, points.labels, self._holdout.ranks, self._holdout.labels)
        closer = np.where(np.abs(train - holdout) < _TIE, 0.5, train < holdout)
        people = self._holdout_persons[second] + self._train_persons.max() + 1
        share, error = clustered_mean(closer, np.where(closer > 0, self._train_persons[first], people))
        half = float(ndtri(1 - ALPHA)) * error
        measure = Measure(
            "closer to train",
            share,
            max(0.0, share - half),
            min(1.0, share + half),
            len(closer),
            0.5,
            _METHOD,
        )
        return CheckResult(self.check, self.title, (measure,), bound="closer to train")


def nearest(
    ranks: Array, labels: NDArray[np.int32], other_ranks: Array, other_labels: NDArray[np.int32]
) -> tuple[Array, IntArray]:
    """Distance to the nearest other row, and which it is.

    A column counts |rank difference|, or 1 where labels differ or just one of the values is missing. The sum
    over the columns is Gower's distance but for its factor 1 / columns.

    Args:
        ranks: float32 of shape (numeric columns, n), -1 where missing.
        labels: int32 of shape (label columns, n), -1 where missing.
        other_ranks: The other rows' ranks.
        other_labels: The other rows' labels.
    """
    n = ranks.shape[1]
    distances, rows = np.empty(n, np.float32), np.empty(n, np.int64)
    for start in range(0, n, _BLOCK):
        block = slice(start, start + _BLOCK)
        sums = np.zeros((len(rows[block]), other_ranks.shape[1]), np.float32)
        for mine, theirs in zip(ranks[:, block], other_ranks, strict=True):
            sums += np.minimum(np.abs(mine[:, None] - theirs), 1)
        for mine, theirs in zip(labels[:, block], other_labels, strict=True):
            sums += mine[:, None] != theirs
        rows[block] = sums.argmin(axis=1)
        distances[block] = sums.min(axis=1)
    return distances, rows


def clustered_mean(values: NDArray[np.float64], clusters: IntArray) -> tuple[float, float]:
    """A mean and its standard error when values of one cluster move together (Liang and Zeger 1986).

    The error is the root of the summed squares of the clusters' residual sums, over n.
    """
    mean = float(values.mean())
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1], weights=values - mean)
    return mean, float(np.sqrt(sums @ sums)) / len(values)
