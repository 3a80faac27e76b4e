"""What a codec is: `ColumnCodec` per column, `Codes` as the language of every learned generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from synthrec.schema.vector import Vector

CodeArray = NDArray[np.int32]


@dataclass(frozen=True)
class CodeDomain:
    """The small public domain of the codes: name, number of levels and order of every column.

    Where `missing[j]` is true the last level of column j means missing; it takes no part in the order.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    ordered: tuple[bool, ...]
    missing: tuple[bool, ...]

    def __len__(self) -> int:
        """Number of columns."""
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Codes:
    """Rows as integer codes: `values` int32 of shape (n, d) with 0 <= values[:, j] < domain.sizes[j]."""

    values: CodeArray
    domain: CodeDomain

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.values)


class ColumnCodec(Protocol):
    """One column to codes and back; code order is value order where `ordered`, missing is the last level."""

    @property
    def size(self) -> int:
        """Number of levels, the missing level included."""

    @property
    def ordered(self) -> bool:
        """Whether code order is value order (nominal categories: no)."""

    @property
    def has_missing(self) -> bool:
        """Whether the last level means missing."""

    def encode(self, vector: Vector) -> CodeArray:
        """Codes, int32 of shape (n,)."""

    def decode(self, codes: CodeArray, rng: np.random.Generator) -> Vector:
        """Values drawn within the coded levels, one draw per row in row order."""

    def document(self) -> dict[str, Any]:
        """JSON form; `synthrec.codec.codec.Codec.from_document` restores it."""
