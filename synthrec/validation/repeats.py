"""Rows that are there twice: in a table without persons, the audit would take each for a person of its own.

Whoever is there twice is alone with no value, so that a copy singles nobody out and the copy tests look away.
Chance repeats rows, too, but where it does, rows that differ in a single column are around. So a repeated row
counts as given twice where every row that agrees with it in all columns but one agrees in that one as well.
And all rows do where the numbers of times that each is there have a common factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.data.persons import person_column
from synthrec.schema.vector import BoolArray
from synthrec.validation.cells import CellKeys, KeyArray, total
from synthrec.validation.real import RealData

ENOUGH_ROWS = 20
"""So many different rows share a factor of their counts by chance once in 2 ** 20 tables at most."""


@dataclass(frozen=True)
class Repeats:
    """Rows that were most likely given twice."""

    rows: int
    """Of train and holdout together."""
    shared: int
    """Of the holdout, where an equal row is in train."""


def likely_repeats(real: RealData) -> Repeats:
    """Count the rows that were most likely given twice; none where a column says whose row it is."""
    spec = real.train.spec
    if person_column(spec) is not None:
        return Repeats(0, 0)
    keys = CellKeys(spec)
    train, holdout = keys.of(real.train), keys.of(real.holdout)
    alone = lonely_repeats(np.hstack([train, holdout]))
    shared = np.isin(total(holdout), total(train)) & alone[train.shape[1] :]
    return Repeats(int(np.count_nonzero(alone)), int(np.count_nonzero(shared)))


def lonely_repeats(cells: KeyArray) -> BoolArray:
    """Rows that equal another one while no row differs from them in exactly one column, bool of shape (n,).

    Args:
        cells: Keys of the cells, uint64 of shape (columns, n).
    """
    rows = total(cells)
    _, group, sizes = np.unique(rows, return_inverse=True, return_counts=True)
    equal = sizes[group]
    alone: BoolArray = equal > 1
    if len(sizes) >= ENOUGH_ROWS and np.gcd.reduce(sizes) > 1:
        return alone
    for cell in cells:
        keys = rows - cell
        order = np.sort(keys)
        mine = keys[alone]
        agreeing = np.searchsorted(order, mine, "right") - np.searchsorted(order, mine, "left")
        alone[alone] = agreeing == equal[alone]
    return alone
