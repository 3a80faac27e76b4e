"""Projection copies: does any set of columns bring back training persons more often than the holdout?

A generator that never repeats a row may still repeat what singles a person out: one near-unique value, or a
combination of a few columns. So the test of the row copies is done on many column sets, fixed in advance: all
columns, all but one, near-unique columns alone, and 40 random sets of 3 to 7 columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synthrec.data.table import Records
from synthrec.validation.attacks.battery import (
    Battery,
    ColumnSet,
    Group,
    Outcome,
    near_unique,
    projection,
    whole_rows,
)
from synthrec.validation.attacks.culprits import unique_values
from synthrec.validation.attacks.uniques import Persons
from synthrec.validation.cells import AUDIT_SEED, CellKeys, KeyArray
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Measure

RANDOM_SETS = 40
SMALLEST_SET, LARGEST_SET = 3, 7
NEAR_UNIQUE = 0.5
"""A column is tested alone if this share of its values belong to one person each,"""
MANY_UNIQUE = 100
"""or this many of them do."""
WHOLE_ROWS = 0.5
"""Part of the level that whole rows have; the other sets share the rest equally."""
BOUNDED_WIDTH = 0.04
"""Sets whose share would have wider limits, if its hits fell by chance, enter the test but not the bound."""

_METHOD = (
    "a / n - b / k on the column set with the highest upper limit: of n train and k holdout persons alone "
    "with their values, a and b turn up in the synthetic rows; 99 % limits by MOVER (Zou and Donner 2008) "
    "from Clopper-Pearson limits, valid for the set with the largest true excess without correction"
)


class ProjectionCopies:
    """Projections that only one person has in train and holdout, over many column sets."""

    check = "P2"
    title = (
        "Do values that single out training persons come back more often than those of persons never seen?"
    )

    def __init__(self, real: RealData) -> None:
        self._table, self._cells = real.name, CellKeys(real.train.spec)
        persons = Persons.of(real.train_persons, real.holdout_persons)
        cells = np.hstack([self._cells.of(real.train), self._cells.of(real.holdout)])
        names = self._cells.columns
        groups = [whole_rows(cells, persons, WHOLE_ROWS), *_projections(cells, persons, names)]
        self._battery = Battery(groups, persons, len(real.train))

    def add(self, records: Records) -> None:
        """Mark the unique projections that occur in a chunk."""
        self._battery.mark(self._cells.of(records[self._table]))

    def result(self) -> CheckResult:
        """Excess share on the worst column set, evidence over all sets, and power of the strongest."""
        outcome = self._battery.outcome()
        if isinstance(outcome, str):
            return CheckResult(self.check, self.title, (), not_applicable=outcome)
        guilty = self._battery.guilty(outcome)
        return CheckResult(
            self.check,
            self.title,
            (_excess(outcome),),
            bound="excess",
            p_value=outcome.worst.p_value,
            power=outcome.strongest.power(),
            persons_needed=outcome.persons_needed,
            exhibits=(self._battery.listing(guilty),),
            culprits=unique_values(self._cells, guilty),
            steward={"column sets": len(outcome.trials), "strongest evidence": outcome.worst.name},
        )


def _excess(outcome: Outcome) -> Measure:
    """The excess share with the highest upper limit, among the sets on which it can be told precisely.

    How precisely depends on the total hits alone, not on how they fell on train and holdout.
    """
    usable = [trial.hits for trial in outcome.trials if trial.hits.train and trial.hits.holdout]
    precise = [hits for hits in usable if hits.chance_width <= BOUNDED_WIDTH]
    bounded = precise or [min(usable, key=lambda hits: hits.chance_width)]
    worst = max((hits.excess_share() for hits in bounded), key=lambda estimate: estimate.high)
    return Measure("excess", worst.value, worst.low, worst.high, outcome.persons, 0.0, _METHOD)


def _projections(cells: KeyArray, persons: Persons, names: Sequence[str]) -> list[Group]:
    """One group per column set other than the whole row."""
    sets = column_sets(len(cells), near_unique(cells, persons, MANY_UNIQUE, NEAR_UNIQUE))
    weight = (1 - WHOLE_ROWS) / max(1, len(sets))
    return [
        projection(", ".join(names[column] for column in columns), columns, cells, persons, weight)
        for columns in sets
    ]


def column_sets(count: int, singles: Sequence[int]) -> tuple[ColumnSet, ...]:
    """The sets to test beside the whole row, each once: all columns but one, the singles, the random ones."""
    columns = tuple(range(count))
    sets = [columns[:left] + columns[left + 1 :] for left in columns]
    sets += [(single,) for single in singles]
    sets += random_sets(count)
    return tuple(dict.fromkeys(chosen for chosen in sets if 0 < len(chosen) < count))


def random_sets(count: int) -> list[ColumnSet]:
    """Random sets of 3 to 7 of `count` columns, always the same; fewer than 40 where no more exist."""
    if count <= SMALLEST_SET:
        return []
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    sizes = np.minimum(rng.integers(SMALLEST_SET, LARGEST_SET + 1, 4 * RANDOM_SETS), count - 1)
    drawn = (tuple(sorted(rng.choice(count, size, replace=False).tolist())) for size in sizes)
    return list(dict.fromkeys(drawn))[:RANDOM_SETS]
