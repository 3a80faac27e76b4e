"""What is counted: cells of grouped codes; and codes that answer such queries exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np

from synthrec.codec.base import CodeArray, Codes
from synthrec.data.table import Table
from synthrec.privacy.counts import Count
from synthrec.schema.vector import IntArray


@dataclass(frozen=True, eq=False)
class Reader:
    """The codes of a table, encoded once for all queries while the table lives."""

    encode: Callable[[Table], Codes]
    _held: WeakKeyDictionary[Table, Codes] = field(default_factory=WeakKeyDictionary, init=False, repr=False)

    def codes(self, table: Table) -> CodeArray:
        """Codes of the table, int32 of shape (n, d)."""
        if table not in self._held:
            self._held[table] = self.encode(table)
        return self._held[table].values


@dataclass(frozen=True, eq=False)
class Cells:
    """The joint histogram of some columns, each with its levels grouped; row-major cells."""

    reader: Reader
    columns: tuple[int, ...]
    groups: tuple[IntArray, ...]
    """Group of every level, per column, shape (K_j,)."""
    sizes: tuple[int, ...]
    """Number of groups per column."""

    @property
    def size(self) -> int:
        """Number of cells."""
        return int(np.prod(self.sizes, dtype=np.int64))

    def cells(self, table: Table) -> IntArray:
        """The cell of each row of a table, int64 of shape (n,)."""
        return self.of_codes(self.reader.codes(table))

    def of_codes(self, codes: CodeArray) -> IntArray:
        """The cell of each coded row, int64 of shape (n,)."""
        cell = np.zeros(len(codes), dtype=np.int64)
        for column, group, size in zip(self.columns, self.groups, self.sizes, strict=True):
            cell = cell * size + group[codes[:, column]]
        return cell


class CellCounts(Protocol):
    """Rows that answer `Cells` queries; every `synthrec.privacy.counts.Counts` is one."""

    @property
    def is_private(self) -> bool:
        """Whether the answers are noised under a plan."""

    def release(
        self, event: str, queries: Sequence[Cells], shares: Sequence[float] | None = None
    ) -> list[Count]:
        """Answer the queries of one event, together and once."""


@dataclass(frozen=True, eq=False)
class CodeCounts:
    """Coded rows that answer exactly, for fits without differential privacy."""

    codes: Codes
    is_private: bool = field(default=False, init=False)

    def release(
        self,
        event: str,  # noqa: ARG002
        queries: Sequence[Cells],
        shares: Sequence[float] | None = None,  # noqa: ARG002
    ) -> list[Count]:
        """The exact counts."""
        return [Count(self._counted(query), 0.0) for query in queries]

    def _counted(self, query: Cells) -> np.ndarray:
        return np.bincount(query.of_codes(self.codes.values), minlength=query.size).astype(np.float64)
