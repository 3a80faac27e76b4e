"""The real records that an attack is measured against: train, holdout, and who is who on each side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from synthrec.data.persons import person_ids
from synthrec.data.table import Table
from synthrec.schema.vector import IntArray


@dataclass(frozen=True, eq=False)
class RealData:
    """One table of real records, split by person: no person has rows on both sides."""

    name: str
    """Name of the table in the schema."""
    train: Table
    holdout: Table
    """Rows of persons the generator never saw; may be empty, and then nothing can be tested against it."""

    @cached_property
    def train_persons(self) -> IntArray:
        """The person of each training row, dense 0..P-1, int64 of shape (n,)."""
        return person_ids(self.train)

    @cached_property
    def holdout_persons(self) -> IntArray:
        """The person of each holdout row, dense 0..P-1, int64 of shape (n,)."""
        return person_ids(self.holdout)
