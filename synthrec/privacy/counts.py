"""Counting queries on rows, exact or noised: the one seam through which a marginals engine sees records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthrec.data.table import Table
from synthrec.schema.vector import IntArray

FloatArray = NDArray[np.float64]


class Query(Protocol):
    """Which cell of a count vector each row falls into; data-independent."""

    @property
    def size(self) -> int:
        """Number of cells."""

    def cells(self, table: Table) -> IntArray:
        """The cell of each row, int64 of shape (n,), 0 <= cell < size."""


@dataclass(frozen=True, eq=False)
class Count:
    """A released count vector, in units of persons (exact mode: rows), and its noise."""

    values: FloatArray
    """Shape (size,); may be negative under noise."""
    sigma: float
    """Standard deviation of the noise on each cell; 0 where nothing was noised."""


class Counts(Protocol):
    """Rows that answer counting queries."""

    @property
    def is_private(self) -> bool:
        """Whether the answers are noised under a plan."""

    def release(
        self, event: str, queries: Sequence[Query], shares: Sequence[float] | None = None
    ) -> list[Count]:
        """Answer the queries of one event of the plan, together and once.

        Args:
            event: Name of a `CountsEvent` of the plan.
            queries: At most `event.tables` of them.
            shares: Share of the event's precision (1 / sigma**2) that each query gets; equal by default.

        Raises:
            InternalError: no such event, released before, too many queries, or shares that exceed 1.
        """
