"""The real persons whose membership is attacked, and what the synthetic rows say about each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.data.table import Records, Table
from synthrec.schema.vector import BoolArray, IntArray
from synthrec.validation.attacks.space import Nearest, Space, Steps
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.real import RealData
from synthrec.validation.stats import FloatArray

MOST = 10_000
"""Most rows per side that are attacked, all rows of a person or none."""
NEIGHBOURS = (1, 5)


@dataclass(frozen=True, eq=False)
class Sides:
    """Rows of train and holdout in one table, and whose they are."""

    rows: Table
    persons: IntArray
    """Dense over both sides, those of train first; shape (rows,)."""
    member: BoolArray
    """Whether a person is in train; shape (persons,)."""

    @classmethod
    def of(cls, real: RealData, most: int = MOST) -> Sides:
        """All rows of both sides, or those of random persons where a side has more than `most`."""
        chosen = [some_persons(persons, most) for persons in (real.train_persons, real.holdout_persons)]
        train, holdout = (
            table.take(rows) for table, rows in zip((real.train, real.holdout), chosen, strict=True)
        )
        members, mine = np.unique(real.train_persons[chosen[0]], return_inverse=True)
        others, theirs = np.unique(real.holdout_persons[chosen[1]], return_inverse=True)
        persons = np.concatenate([mine, theirs + len(members)])
        return cls(
            Table.concat([train, holdout]), persons, np.arange(len(members) + len(others)) < len(members)
        )

    def worst(self, scores: FloatArray) -> FloatArray:
        """The highest score among each person's rows, shape (persons,)."""
        highest = np.full(len(self.member), -np.inf)
        np.maximum.at(highest, self.persons, scores)
        return highest


def some_persons(persons: IntArray, most: int) -> IntArray:
    """The rows of as many random persons as have at most `most` rows together, at least of one; ascending."""
    if len(persons) <= most:
        return np.arange(len(persons))
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    counts = np.bincount(persons)
    order = rng.permutation(len(counts))
    fitting = max(1, int(np.searchsorted(np.cumsum(counts[order]), most, "right")))
    chosen = np.zeros(len(counts), dtype=bool)
    chosen[order[:fitting]] = True
    return np.flatnonzero(chosen[persons])


AVOIDED = "avoidance by "
"""Front part of the names of reversed scores: rows that keep away from members betray them as well."""


class Suspects:
    """Scores of persons of both sides, the members' ones higher if the synthetic rows betray them.

    Each score is taken in both directions: filters that drop rows near to training rows leave holes there.

    The distance to the k-th nearest synthetic row is taken as it is, and against the distance to the k-th
    nearest row of another real person of either side: a density ratio, which is high where the generator is
    denser than the population (DOMIAS; van Breugel and others 2023, arXiv:2302.12580). Both sides are ranked
    in one space and compared with one reference, so that without a leak they are exchangeable.
    """

    def __init__(self, real: RealData) -> None:
        self.sides = Sides.of(real)
        self._table, self._space = real.name, Space.of(real.train.spec, self.sides.rows)
        points = self._space.points(self.sides.rows)
        among = Nearest(points, NEIGHBOURS[-1])
        among.add_other_persons(self.sides.persons)
        self._reference, self._near = among.steps, Nearest(points, NEIGHBOURS[-1])
        self._chunks = self.rows = 0

    def add(self, number: int, records: Records) -> None:
        """Take in the chunk of that number, from 1; one that another check has shown is passed over."""
        if number > self._chunks:
            table = records[self._table]
            self._near.add(self._space.points(table))
            self._chunks, self.rows = number, self.rows + len(table)

    @property
    def scores(self) -> dict[str, FloatArray]:
        """Each score by name, per person, shape (persons,)."""
        ratios = {f"density ratio, k = {k}": self._ratio(k) for k in NEIGHBOURS}
        found = {"nearness": -self._near.steps[:, 0].astype(np.float64), **ratios}
        towards = {name: self.sides.worst(scores) for name, scores in found.items()}
        return towards | {f"{AVOIDED}{name}": -scores for name, scores in towards.items()}

    @property
    def isolation(self) -> FloatArray:
        """Mean distance to the 5 nearest real rows of other persons, the largest of a person's rows.

        Meeus and others (2023, Achilles' Heels, arXiv:2306.10308).
        """
        return self.sides.worst(self._reference.mean(axis=1, dtype=np.float64))

    def inapplicable(self) -> str | None:
        """Why there is nothing to attack, in words."""
        if self.sides.member.all():
            return "there are no holdout rows"
        if not self.sides.member.any():
            return "there are no training rows"
        return None if self.rows else "there are no synthetic rows"

    def _ratio(self, k: int) -> FloatArray:
        return _log_steps(self._reference[:, k - 1]) - _log_steps(self._near.steps[:, k - 1])


def _log_steps(steps: Steps) -> FloatArray:
    return np.log1p(steps.astype(np.float64))
