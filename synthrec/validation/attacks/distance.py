"""Distance share: are synthetic rows closer to training rows than to rows of the holdout?

Half of them should be. It is reported and never blocks: it misses leaks of one row in a hundred and accuses
safe records (Yao and others 2025, The DCR Delusion, arXiv:2505.01524).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from synthrec.data.table import Records, Table
from synthrec.schema.vector import IntArray
from synthrec.validation.attacks.space import Points, Space, nearest
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Measure
from synthrec.validation.stats import ALPHA, FloatArray

TARGETS = 10_000
"""Most real rows per side."""

_METHOD = (
    "share of all synthetic rows that are nearer to a training row than to a holdout row, ties one half, by "
    "Gower distance (1971) on ranks among both, to {targets:,} random rows of each side; 99 % normal limits, "
    "standard error clustered by the nearest person (Liang and Zeger 1986)"
)


class DistanceShare:
    """All synthetic rows between equal samples of train and holdout."""

    check = "P10"
    title = "Are synthetic rows nearer to training rows than to rows of persons never seen?"

    def __init__(self, real: RealData) -> None:
        self._table, self._targets = real.name, min(len(real.train), len(real.holdout), TARGETS)
        train, self._train_persons = _sample(real.train, real.train_persons, self._targets)
        holdout, others = _sample(real.holdout, real.holdout_persons, self._targets)
        self._holdout_persons = others + self._train_persons.max(initial=-1) + 1
        self._space = Space.of(real.train.spec, Table.concat([train, holdout]))
        self._train, self._holdout = self._space.points(train), self._space.points(holdout)
        clusters = self._holdout_persons.max(initial=-1) + 1
        self._sums, self._counts = np.zeros(clusters), np.zeros(clusters)

    def add(self, records: Records) -> None:
        """Find the nearest row of each side to every row of a chunk."""
        if self._targets:
            self._tally(self._space.points(records[self._table]))

    def _tally(self, points: Points) -> None:
        train, first = nearest(points, self._train)
        holdout, second = nearest(points, self._holdout)
        closer = (1 + np.sign(holdout.astype(np.int64) - train)) / 2
        persons = np.where(closer > 0, self._train_persons[first], self._holdout_persons[second])
        self._sums += np.bincount(persons, weights=closer, minlength=len(self._sums))
        self._counts += np.bincount(persons, minlength=len(self._counts))

    def result(self) -> CheckResult:
        """The share nearer to train, with limits."""
        rows = int(self._counts.sum())
        if rows == 0:
            reason = "there are no synthetic rows" if self._targets else "a side has no rows"
            return CheckResult(self.check, self.title, (), not_applicable=reason)
        share, error = clustered_mean(self._sums, self._counts)
        half, method = float(ndtri(1 - ALPHA)) * error, _METHOD.format(targets=self._targets)
        low, high = max(0.0, share - half), min(1.0, share + half)
        measure = Measure("closer to train", share, low, high, rows, 0.5, method)
        return CheckResult(self.check, self.title, (measure,), bound=measure.name)


def clustered_mean(sums: FloatArray, counts: FloatArray) -> tuple[float, float]:
    """A mean and its standard error when values of one cluster move together (Liang and Zeger 1986).

    The error is the root of the summed squares of the clusters' residual sums, over n.

    Args:
        sums: Sum of the values of each cluster.
        counts: Number of values of each cluster.
    """
    n = counts.sum()
    mean = float(sums.sum() / n)
    residuals = sums - mean * counts
    return mean, float(np.sqrt(residuals @ residuals) / n)


def _sample(table: Table, persons: IntArray, size: int) -> tuple[Table, IntArray]:
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    rows = rng.choice(len(table), size, replace=False) if size else np.zeros(0, np.int64)
    return table.take(rows), persons[rows]
