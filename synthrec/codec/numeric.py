"""Numbers, dates and datetimes as codes: fine bins of a lattice, drawn uniformly within a bin."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

import numpy as np

from synthrec.codec.base import CodeArray
from synthrec.codec.bins import Bins, Grid, cut, pool
from synthrec.codec.lattice import Lattice, declared_step, lattice_of, model_number, unit
from synthrec.data.learn import MIN_PERSONS, learned_bounds
from synthrec.errors import InternalError
from synthrec.schema.model import Column, Domain
from synthrec.schema.vector import IntArray, Vector

Outside = Literal["clip", "refuse"]
"""What happens to a value outside the bounds: learned bounds clip it, others were checked at the door."""


@dataclass(frozen=True, eq=False)
class NumericCodec:
    """A numeric column: code order is value order, one uniform per row on the way back."""

    lattice: Lattice
    bins: Bins
    has_missing: bool
    outside: Outside

    @property
    def size(self) -> int:
        """Number of levels, the missing level included."""
        return len(self.bins) + self.has_missing

    @property
    def ordered(self) -> bool:
        """Always: code order is value order."""
        return True

    def encode(self, vector: Vector) -> CodeArray:
        """Codes, int32 of shape (n,).

        Raises:
            InternalError: a value is outside bounds that the door should have kept, or missing unexpectedly.
        """
        indices = self.lattice.nearest(vector.values)
        if vector.missing.any():
            if not self.has_missing:
                raise InternalError("missing values in a column that may not be missing")
            indices = np.where(vector.missing, self.bins.first, indices)
        codes = self.bins.find(self._within(indices)).astype(np.int32)
        codes[vector.missing] = self.size - 1
        return codes

    def _within(self, indices: IntArray) -> IntArray:
        """Indices cut to the bounds; half a step beyond them comes from rounding to the lattice."""
        first, last = self.bins.first, self.bins.last
        if len(indices) == 0 or (indices.min() >= first and indices.max() <= last):
            return indices
        if self.outside == "refuse" and (indices.min() < first - 1 or indices.max() > last + 1):
            raise InternalError("values outside the declared bounds reached the codec")
        return np.clip(indices, first, last)

    def decode(self, codes: CodeArray, rng: np.random.Generator) -> Vector:
        """Values drawn uniformly over the lattice points of each bin; one draw per row in row order."""
        low, width = self._draws
        indices = low[codes]
        if self._smooth:
            indices += (rng.random(len(codes)) * width[codes]).astype(np.int64)
        missing = codes == len(self.bins) if self.has_missing else np.zeros(len(codes), dtype=bool)
        return Vector(self.lattice.values(indices), missing)

    @cached_property
    def _draws(self) -> tuple[IntArray, IntArray]:
        """Draw ranges by code; the missing level draws the index 0."""
        extra = np.zeros(int(self.has_missing), dtype=np.int64)
        return np.append(self.bins.low, extra), np.append(self.bins.width, extra)

    @cached_property
    def _smooth(self) -> bool:
        """Whether any bin draws from more than one lattice point."""
        return bool((self.bins.width > 1).any())

    def document(self) -> dict[str, Any]:
        """JSON form: the lattice step in model numbers, edges and draw ranges in lattice steps."""
        return {
            "kind": "numeric",
            "step": format(self.lattice.step, "f"),
            "edges": self.bins.edges.tolist(),
            "low": self.bins.low.tolist(),
            "width": self.bins.width.tolist(),
        }


def build_public(column: Column, domain: Domain) -> NumericCodec:
    """The codec of public, declared or noisy bounds; no data is looked at, and noisy ones clip.

    Raises:
        ValueError: bounds, precision or heaps do not fit together; the message says which.
    """
    low, high = _stated(column, domain)
    if low is None or high is None:
        raise ValueError("the domain has no bounds")
    lattice, first, last = _points(column, low, high)
    heaps = heap_points(column, lattice)
    inside = [heap for heap in heaps if first <= heap <= last]
    if domain.source != "dp" and inside != heaps:
        raise ValueError("a heap is outside the bounds")
    bins = cut(first, last, _grid(column, lattice, low, high), inside)
    return NumericCodec(lattice, bins, column.null.allowed, "clip" if domain.source == "dp" else "refuse")


def build_learned(column: Column, domain: Domain, vector: Vector, persons: IntArray) -> NumericCodec:
    """The codec of bounds learned from training values, within the listed ones where there are any.

    Args:
        column: The column.
        domain: Its domain; bounds are optional.
        vector: Training values, n rows.
        persons: Person ids of the rows, shape (n,).

    Raises:
        ValueError: fewer than eleven persons have a value, or the stated parts do not fit together.
    """
    held = ~vector.missing
    values, persons = vector.values[held], persons[held]
    found = learned_bounds(values, persons, step=declared_step(column) or Decimal(0))
    if found is None:
        raise ValueError(f"fewer than {MIN_PERSONS} persons have a value")
    low, high = _intersected(found, _stated(column, domain))
    lattice, first, last = _points(column, low, high)
    heaps = [heap for heap in heap_points(column, lattice) if first <= heap <= last]
    bins = cut(first, last, _grid(column, lattice, low, high), heaps)
    indices = np.clip(lattice.nearest(values), first, last)
    return NumericCodec(lattice, pool(bins, bins.find(indices), persons), column.null.allowed, "clip")


def _points(column: Column, low: Decimal, high: Decimal) -> tuple[Lattice, int, int]:
    """The lattice over [low, high] with its first and last index."""
    lattice = lattice_of(column, low, high)
    first, last = lattice.ceiling(low), lattice.floor(high)
    if first > last:
        raise ValueError("no value of this precision lies between the bounds")
    return lattice, first, last


def _stated(column: Column, domain: Domain) -> tuple[Decimal | None, Decimal | None]:
    """The bounds that the schema states, in model numbers."""
    low, high = domain.min, domain.max
    return (
        None if low is None else model_number(low, column),
        None if high is None else model_number(high, column),
    )


def _intersected(
    found: tuple[Decimal, Decimal], stated: tuple[Decimal | None, Decimal | None]
) -> tuple[Decimal, Decimal]:
    low = found[0] if stated[0] is None else max(found[0], stated[0])
    high = found[1] if stated[1] is None else min(found[1], stated[1])
    if low > high:
        raise ValueError("the listed bounds exclude nearly all values")
    return low, high


def heap_points(column: Column, lattice: Lattice) -> list[int]:
    """Lattice indices of the heaps that the schema declares."""
    numbers = [model_number(heap, column) for heap in column.heaps]
    return [lattice.floor(number + lattice.step / 2) for number in numbers]


def _grid(column: Column, lattice: Lattice, low: Decimal, high: Decimal) -> Grid:
    """The column's grid in lattice steps; asinh turns geometric at a thousandth of the larger bound."""
    scale = max(abs(low), abs(high)) / 1000
    if column.grid_scale is not None:
        scale = column.grid_scale * unit(column)
    return Grid(column.grid, float(scale / lattice.step) or 1.0)
