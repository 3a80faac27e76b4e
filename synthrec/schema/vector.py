"""A column as NumPy sees it: values with a missing mask, in the model numbers of its kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Vector:
    """Values and missing mask of one column, both of shape (n,).

    The model numbers by kind: integer int64; decimal int64 in minor units (value times 10**scale); float
    float64; boolean bool; date int64 days since 1970-01-01; datetime int64 microseconds since the epoch (UTC
    where the column has a timezone, else local wall time); category, code, string, id and text int32
    positions in `levels`. Where `missing` is true the value is 0 and means nothing.
    """

    values: NDArray[np.generic]
    missing: BoolArray
    levels: tuple[str, ...] | None = None

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.values)

    def take(self, rows: NDArray[np.generic]) -> Vector:
        """The rows at the given positions, or where a mask is true."""
        return Vector(self.values[rows], self.missing[rows], self.levels)

    @classmethod
    def full(cls, values: NDArray[np.generic], levels: tuple[str, ...] | None = None) -> Vector:
        """A vector with nothing missing."""
        return cls(values, np.zeros(len(values), dtype=bool), levels)
