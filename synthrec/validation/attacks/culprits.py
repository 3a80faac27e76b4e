"""Rows that repeat what only one real person has: which ones they are, so that they can be drawn again.

Persons of train and of the holdout are treated alike. Were only the rows that repeat training persons drawn
again, their absence would betray the members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthrec.data.table import Table
from synthrec.schema.vector import BoolArray
from synthrec.validation.attacks.battery import ColumnSet, Group, set_keys
from synthrec.validation.attacks.uniques import KeyIndex
from synthrec.validation.cells import CellKeys, total


@dataclass(frozen=True, eq=False)
class UniqueValues:
    """Keys of single persons on a column set."""

    cells: CellKeys
    columns: ColumnSet
    indices: Sequence[KeyIndex]

    def among(self, table: Table) -> BoolArray:
        """Which rows repeat one of them, bool of shape (n,)."""
        cells, found = self.cells.of(table), np.zeros(len(table), dtype=bool)
        keys = set_keys(self.columns, cells, total(cells))
        for index in self.indices:
            found[index.find(keys)[0]] = True
        return found


def unique_values(cells: CellKeys, group: Group) -> UniqueValues:
    """The values of the persons of a group."""
    return UniqueValues(cells, group.columns, [uniques.index for uniques in group.strata])
