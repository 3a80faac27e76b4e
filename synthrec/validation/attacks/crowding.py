"""How crowded it is around a row: where many persons are alike, chance repeats one of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from synthrec.schema.vector import IntArray
from synthrec.validation.attacks.uniques import Persons, others
from synthrec.validation.cells import AUDIT_SEED, KeyArray, total

PAIRS = 105
"""Pairs of columns that are left out at most: all of those of 15 columns, in wider tables so many of them."""
FEW_COLUMNS = 4
"""In tables of so many columns a single one is left out: without two little would be left."""


def crowding(cells: KeyArray, persons: Persons) -> IntArray:
    """Other persons with a row that matches in all columns but two, counted once for each two columns.

    One who matches in all but one is counted with every other column, and so weighs the more.

    Args:
        cells: Keys of the cells, uint64 of shape (columns, n).
        persons: The persons of the rows.
    """
    rows = total(cells)
    found = np.zeros(len(rows), dtype=np.int64)
    sets = _left_out(len(cells))
    for columns in sets:
        found += others(rows - total(cells[list(columns)]), persons)
    return found


def _left_out(count: int) -> list[tuple[int, ...]]:
    if count <= FEW_COLUMNS:
        return [(column,) for column in range(count)]
    pairs: list[tuple[int, ...]] = list(combinations(range(count), 2))
    if len(pairs) <= PAIRS:
        return pairs
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    return [pairs[place] for place in sorted(rng.choice(len(pairs), PAIRS, replace=False))]
