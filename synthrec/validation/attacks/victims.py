"""Persons that an attack is tried on: one row each, of train and of the holdout alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.data.table import Table
from synthrec.schema.vector import BoolArray, IntArray
from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.real import RealData

MOST = 2_000
"""Persons per side."""


@dataclass(frozen=True, eq=False)
class Victims:
    """Random persons with one random row each, those of train first."""

    rows: Table
    train: int
    """Persons of train; the others are of the holdout."""

    @classmethod
    def of(cls, real: RealData, most: int = MOST) -> Victims:
        """All persons of both sides, or `most` random ones of a larger side."""
        train, holdout = (
            table.take(_one_row_each(persons, most))
            for table, persons in ((real.train, real.train_persons), (real.holdout, real.holdout_persons))
        )
        return cls(Table.concat([train, holdout]), len(train))

    @property
    def holdout(self) -> int:
        """Persons of the holdout."""
        return len(self.rows) - self.train

    def hits(self, found: BoolArray, valid: BoolArray) -> Hits:
        """The persons on whom the attack could be tried, and those of them on whom it succeeded."""
        sides = (slice(0, self.train), slice(self.train, None))
        hit = (int((found & valid)[side].sum()) for side in sides)
        return Hits(*hit, *(int(valid[side].sum()) for side in sides))

    def inapplicable(self, rows: int) -> str | None:
        """Why there is nothing to attack, in words."""
        if not rows:
            return "there are no synthetic rows"
        if not self.train:
            return "there are no training rows"
        return None if self.holdout else "there are no holdout rows"


def _one_row_each(persons: IntArray, most: int) -> IntArray:
    """Numbers of one random row of each of at most `most` random persons, ascending."""
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    order = rng.permutation(len(persons))
    _, first = np.unique(persons[order], return_index=True)
    chosen = order[first]
    if len(chosen) > most:
        chosen = rng.permutation(chosen)[:most]
    return np.sort(chosen)
