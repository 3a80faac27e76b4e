"""What is counted: levels of one column, and pairs of coarse levels of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import CodeArray, ColumnCodec
from synthrec.data.table import Table
from synthrec.schema.vector import IntArray


@dataclass(eq=False)
class Encoder:
    """Codes of the columns of the tables seen last, so that many queries encode a column once."""

    columns: Mapping[str, ColumnCodec]
    held: int = 8
    """Tables whose codes are kept."""
    _codes: dict[int, tuple[Table, dict[str, CodeArray]]] = field(default_factory=dict, repr=False)

    def levels(self, table: Table, column: str) -> CodeArray:
        """Level of each row, shape (n,)."""
        if id(table) not in self._codes:
            while len(self._codes) >= self.held:
                self._codes.pop(next(iter(self._codes)))
            self._codes[id(table)] = (table, {})
        codes = self._codes[id(table)][1]
        if column not in codes:
            codes[column] = self.columns[column].encode(table.vector(column))
        return codes[column]


@dataclass(frozen=True)
class LevelQuery:
    """Rows by level of a column."""

    encoder: Encoder
    column: str

    @property
    def size(self) -> int:
        """Number of levels."""
        return self.encoder.columns[self.column].size

    def cells(self, table: Table) -> IntArray:
        """The level of each row."""
        return self.encoder.levels(table, self.column).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Coarse:
    """A column with its levels merged to G groups."""

    column: str
    groups: NDArray[np.int64]
    """Group of each level, 0..G-1, shape (K,)."""

    @property
    def size(self) -> int:
        """Number of groups."""
        return int(self.groups.max()) + 1


@dataclass(frozen=True, eq=False)
class PairQuery:
    """Rows by group of a first and of a second column, row-major."""

    encoder: Encoder
    first: Coarse
    second: Coarse

    @property
    def size(self) -> int:
        """Number of pairs of groups."""
        return self.first.size * self.second.size

    def cells(self, table: Table) -> IntArray:
        """The pair of each row."""
        one = self.first.groups[self.encoder.levels(table, self.first.column)]
        two = self.second.groups[self.encoder.levels(table, self.second.column)]
        return np.asarray(one * self.second.size + two)
