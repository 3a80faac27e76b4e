"""Several groups of unique persons under one exchangeability test, each with its part of the level.

The p-value is the smallest over the groups of p / weight, the weights adding up to 1 (weighted Bonferroni,
Holm 1979 section 3; Genovese, Roeder and Wasserman 2006): it holds under any dependence between the groups.
The power stated is that of the strongest group at its own level, so at most that of the whole test; which
group that is depends on the total hits alone, not on how they fall on train and holdout.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from synthrec.validation.attacks import strata
from synthrec.validation.attacks.crowding import crowding
from synthrec.validation.attacks.exchange import Hits, scale_for_power
from synthrec.validation.attacks.strata import LEAK, Stratum, merged
from synthrec.validation.attacks.uniques import Persons, UniqueKeys, others
from synthrec.validation.cells import KeyArray, total
from synthrec.validation.exhibits import Listing
from synthrec.validation.stats import ALPHA

ColumnSet = tuple[int, ...]
"""Positions of columns, ascending."""

LISTED = 100
"""Synthetic rows that are listed per group."""

CROWDED = 12
"""Strata of isolation: nobody near, 1, 2 to 3, 4 to 7, and so on by powers of two to 2,048 or more."""


@dataclass(frozen=True, eq=False)
class Group:
    """Persons who are alone with their values on some columns, and their part of the level."""

    name: str
    columns: ColumnSet
    strata: tuple[UniqueKeys, ...]
    """The persons by isolation; one stratum where that is not told apart."""
    weight: float


@dataclass(frozen=True)
class Trial:
    """What became of one group."""

    name: str
    strata: tuple[Stratum, ...]
    weight: float
    leaked: int
    """Synthetic rows that are verbatim under a `LEAK`."""

    @cached_property
    def hits(self) -> Hits:
        """Persons and hits of all strata."""
        return merged(self.strata).hits

    @cached_property
    def p_value(self) -> float:
        """The group's p-value, corrected for the other groups."""
        return min(1.0, strata.p_value(self.strata) / self.weight)

    def power(self, scale: float = 1.0) -> float:
        """Probability that the group alone would give a `LEAK` away, with `scale` times the persons."""
        return self._power if scale == 1.0 else self._scaled_power(scale)

    @cached_property
    def _power(self) -> float:
        return self._scaled_power(1.0)

    def _scaled_power(self, scale: float) -> float:
        return strata.power(self.strata, ALPHA * self.weight, self.leaked, scale)


@dataclass(frozen=True)
class Outcome:
    """What became of all groups in which there is somebody."""

    trials: Sequence[Trial]
    persons: int
    """Persons in train and holdout."""

    @cached_property
    def worst(self) -> Trial:
        """The trial with the strongest evidence."""
        return min(self.trials, key=lambda trial: trial.p_value)

    @cached_property
    def strongest(self) -> Trial:
        """The trial with the most power."""
        return max(self.trials, key=Trial.power)

    @property
    def persons_needed(self) -> int | None:
        """Persons for which the strongest trial, or that of whole rows, has power; None if no number does.

        Synthetic rows are taken to grow with the persons, and the share of unique persons to stay.
        """
        tried = (self.strongest, max(self.trials, key=lambda trial: trial.weight))
        scale = scale_for_power(lambda scale: max(trial.power(scale) for trial in tried))
        return None if scale is None else math.ceil(scale * self.persons)


class Battery:
    """The groups of one test, and the synthetic rows seen so far."""

    def __init__(self, groups: Iterable[Group], persons: Persons, train_rows: int) -> None:
        self._groups = tuple(groups)
        self._persons, self._train_rows = persons, train_rows
        self._hitting: dict[str, list[int]] = {group.name: [] for group in self._groups}
        self.rows = 0

    def mark(self, cells: KeyArray) -> None:
        """Take in the cells of a chunk of synthetic rows, uint64 of shape (columns, n)."""
        rows = total(cells)
        for group in self._groups:
            keys = set_keys(group.columns, cells, rows)
            hitting = self._hitting[group.name]
            for uniques in group.strata:
                found = uniques.mark(keys)[: LISTED - len(hitting)]
                hitting.extend((found + self.rows).tolist())
        self.rows += len(rows)

    def outcome(self) -> Outcome | str:
        """What became of the groups; or, in words, why nothing can be said."""
        trials = [trial for trial in map(self._trial, self._groups) if trial.hits.unique]
        largest = max((trial.hits for trial in trials), key=lambda hits: hits.train, default=Hits(0, 0, 0, 0))
        reason = largest.inapplicable(self.rows)
        if reason:
            return reason
        weights = math.fsum(trial.weight for trial in trials)
        shared = tuple(replace(trial, weight=trial.weight / weights) for trial in trials)
        return Outcome(shared, self._persons.count)

    def guilty(self, outcome: Outcome) -> Group:
        """The group with the strongest evidence: if many show a leak, that with few hits by chance."""
        return next(group for group in self._groups if group.name == outcome.worst.name)

    def listing(self, group: Group) -> Listing:
        """Numbers of the synthetic rows, from 0 in release order, that repeat a person of the group."""
        rows = ", ".join(map(str, sorted(self._hitting[group.name])))
        return Listing(
            "Rows that repeat a single person",
            f"On the column set with the strongest evidence; at most {LISTED} rows, of both sides alike.",
            ("column set", "rows"),
            ((group.name, rows),),
        )

    def _trial(self, group: Group) -> Trial:
        leak = min(1.0, LEAK * self.rows / self._train_rows) if self._train_rows else 0.0
        found = tuple(Stratum(uniques.hits(), uniques.exposure(leak)) for uniques in group.strata)
        return Trial(group.name, found, group.weight, round(LEAK * self.rows))


def set_keys(columns: ColumnSet, cells: KeyArray, rows: KeyArray) -> KeyArray:
    """Keys of a projection, uint64 of shape (n,).

    Args:
        columns: The set; one of more than half of the columns is reached by leaving out the rest.
        cells: Keys of the cells, shape (columns, n).
        rows: Keys of the whole rows, shape (n,).
    """
    if 2 * len(columns) <= len(cells):
        return total(cells[list(columns)])
    others = [column for column in range(len(cells)) if column not in columns]
    return rows - total(cells[others]) if others else rows


def whole_rows(cells: KeyArray, persons: Persons, weight: float) -> Group:
    """Persons with a row of their own, by how crowded it is around it.

    A person with several such rows enters with the most isolated ones.
    """
    rows = total(cells)
    isolation = np.minimum(np.ceil(np.log2(crowding(cells, persons) + 1)), CROWDED).astype(np.int64)
    isolation[others(rows, persons) > 0] = CROWDED + 1
    nearest = np.full(persons.count, CROWDED + 1)
    np.minimum.at(nearest, persons.of_row, isolation)
    kept = isolation == nearest[persons.of_row]
    levels = [kept & (isolation == level) for level in range(CROWDED + 1)]
    uniques = tuple(UniqueKeys(rows, level, persons, len(rows)) for level in levels if level.any())
    return Group("whole row", tuple(range(len(cells))), uniques, weight)


def projection(name: str, columns: ColumnSet, cells: KeyArray, persons: Persons, weight: float) -> Group:
    """Persons with a projection of their own on some columns, in one stratum."""
    keys = set_keys(columns, cells, total(cells))
    return Group(name, columns, (UniqueKeys(keys, others(keys, persons) == 0, persons),), weight)


def near_unique(cells: KeyArray, persons: Persons, many: int, share: float) -> list[int]:
    """Columns with at least `many` values of one person each, or a `share` of all rows with such values."""
    lone = [int(np.count_nonzero(others(keys, persons) == 0)) for keys in cells]
    return [
        column for column, count in enumerate(lone) if count and count >= min(many, share * cells.shape[1])
    ]
