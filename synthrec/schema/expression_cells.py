"""The arithmetic of expressions on columns: NumPy kernels with SQL's three-valued null logic.

A number that cannot be held (division by zero, overflow of int64, a float that is not finite) is null: no
value rather than a wrong one. Booleans are False where they are null, so that `values` means "known true".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthrec.schema.vector import BoolArray, Vector

Array = NDArray[Any]
LIMIT = 2**63 - 8_192
"""Exact results whose float estimate reaches this are overflow; the margin covers the estimate's error."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Values of shape (n,), or () for a constant; `missing` is None when nothing is missing."""

    values: Array
    missing: BoolArray | None = None
    levels: tuple[str, ...] | None = None

    @classmethod
    def of(cls, vector: Vector) -> Cells:
        """The cells of a column."""
        if not vector.missing.any():
            return cls(vector.values, None, vector.levels)
        values: Array = vector.values
        if values.dtype == np.bool_:
            values = values & ~vector.missing
        return cls(values, vector.missing, vector.levels)

    def vector(self, rows: int) -> Vector:
        """The cells as a column of the given length, with 0 where they are null."""
        values = np.array(np.broadcast_to(self.values, rows)) if self.values.ndim == 0 else self.values
        if self.missing is None:
            return Vector.full(values, self.levels)
        missing = np.broadcast_to(self.missing, rows)
        return Vector(np.where(missing, values.dtype.type(0), values), missing, self.levels)


def either_missing(*cells: Cells) -> BoolArray | None:
    """Where any of the cells is null."""
    masks = [part.missing for part in cells if part.missing is not None]
    return None if not masks else np.asarray(np.logical_or.reduce(np.broadcast_arrays(*masks)))


def with_nulls(values: Array, missing: BoolArray | None, bad: BoolArray) -> Cells:
    """Cells that are also null where `bad`."""
    if not bad.any():
        return Cells(values, missing)
    return Cells(values, bad if missing is None else missing | bad)


def finite(values: Array, missing: BoolArray | None) -> Cells:
    """Cells of float results, null where not finite."""
    return with_nulls(values, missing, ~np.isfinite(values))


# --- booleans ---------------------------------------------------------------------------------------------


def _mask(cells: Cells) -> BoolArray:
    return np.asarray(False) if cells.missing is None else cells.missing


def both(a: Cells, b: Cells) -> Cells:
    """Kleene's and: false wins over null."""
    values = a.values & b.values
    if a.missing is None and b.missing is None:
        return Cells(values)
    return Cells(values, (_mask(a) & (_mask(b) | b.values)) | (_mask(b) & a.values))


def any_of(a: Cells, b: Cells) -> Cells:
    """Kleene's or: true wins over null."""
    values = a.values | b.values
    if a.missing is None and b.missing is None:
        return Cells(values)
    return Cells(values, (_mask(a) | _mask(b)) & ~values)


def negated(a: Cells) -> Cells:
    """Kleene's not: null stays null."""
    return truth(~a.values, a.missing)


def truth(values: Array, missing: BoolArray | None) -> Cells:
    """Boolean cells, False where null."""
    return Cells(values, None) if missing is None else Cells(values & ~missing, missing)


def is_null(a: Cells) -> Cells:
    """Where a value is missing; never null itself."""
    return Cells(np.zeros(a.values.shape, dtype=bool) if a.missing is None else a.missing)


# --- numbers ----------------------------------------------------------------------------------------------


def reach(values: Array) -> int:
    """Largest magnitude among integers."""
    return max(abs(int(values.min())), abs(int(values.max()))) if values.size else 0


def rescaled(a: Cells, places: int) -> Cells:
    """Exact units multiplied by 10**places; null on overflow."""
    return exact(np.multiply, a, Cells(np.asarray(10**places, dtype=np.int64))) if places else a


def as_float(a: Cells, scale: int | None) -> Cells:
    """Numbers as float64 values."""
    if scale is None:
        return a
    values = a.values / np.float64(10**scale) if scale else a.values.astype(np.float64)
    return Cells(values, a.missing)


def exact(operation: Callable[[Array, Array], Array], a: Cells, b: Cells) -> Cells:
    """Sum, difference or product of integers; null on overflow."""
    values, missing = operation(a.values, b.values), either_missing(a, b)
    bound = (
        reach(a.values) * reach(b.values) if operation is np.multiply else reach(a.values) + reach(b.values)
    )
    if bound < LIMIT:
        return Cells(values, missing)
    estimate = operation(a.values.astype(np.float64), b.values.astype(np.float64))
    return with_nulls(values, missing, np.abs(estimate) >= LIMIT)


def inexact(operation: Callable[[Array, Array], Array], a: Cells, b: Cells) -> Cells:
    """Result of an operation on floats; null where it is not finite."""
    return finite(operation(a.values, b.values), either_missing(a, b))


def exact_division(operation: Callable[[Array, Array], Array], a: Cells, b: Cells) -> Cells:
    """Floored quotient or remainder of integers; null for a divisor of 0 and a quotient of 2**63."""
    bad = (b.values == 0) | ((a.values == np.iinfo(np.int64).min) & (b.values == -1))
    return with_nulls(operation(a.values, b.values), either_missing(a, b), np.asarray(bad))


def inexact_division(operation: Callable[[Array, Array], Array], a: Cells, b: Cells) -> Cells:
    """Quotient or remainder of floats; null for a divisor of 0."""
    result = inexact(operation, a, b)
    return with_nulls(result.values, result.missing, np.asarray(b.values == 0))


def rounded(a: Cells, scale: int | None, places: int, step: Callable[[Array], Array]) -> Cells:
    """Numbers in whole units of 10**-places; `step` is np.rint (half to even) or np.floor."""
    if scale is None:
        units = step(a.values * np.float64(10**places))
        wide = ~(np.abs(units) < LIMIT)
        return with_nulls(np.where(wide, 0, units).astype(np.int64), a.missing, wide)
    if scale <= places:
        return rescaled(a, places - scale)
    factor = 10 ** (scale - places)
    quotient, rest = np.divmod(a.values, factor)
    up = (2 * rest > factor) | ((2 * rest == factor) & (quotient % 2 == 1))
    return Cells(quotient + (up if step is np.rint else 0), a.missing)


# --- comparisons ------------------------------------------------------------------------------------------


def compared(operation: Callable[[Array, Array], Array], a: Cells, b: Cells) -> Cells:
    """A comparison of numbers, dates, datetimes or booleans."""
    return truth(operation(a.values, b.values), either_missing(a, b))


def compared_exact(
    operation: Callable[[Array, Array], Array], a: Cells, b: Cells, places: tuple[int, int]
) -> Cells:
    """A comparison of exact numbers; `places` are the powers of ten that bring each to the common unit.

    Where the common unit does not fit in int64 both sides are compared as floats.
    """
    if all(reach(side.values) * 10**power < LIMIT for side, power in zip((a, b), places, strict=True)):
        sides = [side.values * np.int64(10**power) if power else side.values
                 for side, power in zip((a, b), places, strict=True)]  # fmt: skip
    else:
        sides = [side.values * 10.0**power for side, power in zip((a, b), places, strict=True)]
    return truth(operation(sides[0], sides[1]), either_missing(a, b))


# --- choices ----------------------------------------------------------------------------------------------


def choose(condition: BoolArray, a: Cells, b: Cells) -> Cells:
    """Cells of `a` where the condition holds, else of `b`."""
    if a.levels is not None and b.levels is not None:
        a, b = same_levels(a, b)
    values = np.where(condition, a.values, b.values)
    if a.missing is None and b.missing is None:
        return Cells(values, None, a.levels)
    return Cells(values, np.where(condition, _mask(a), _mask(b)), a.levels)


def extreme(operation: Callable[[Array, Array], Array], a: Cells, b: Cells) -> Cells:
    """The smaller or larger of two; null if either is."""
    return Cells(operation(a.values, b.values), either_missing(a, b))


# --- labels -----------------------------------------------------------------------------------------------


def lookup(table: Array, codes: Array) -> Array:
    """Entries of a per-level table at the codes of the rows; zero where there are no levels at all."""
    return table[codes] if len(table) else np.zeros(codes.shape, dtype=table.dtype)


def per_level(function: Callable[[str], bool | int], a: Cells, dtype: type[np.generic]) -> Array:
    """A function of labels, computed once per level and looked up per row."""
    table = np.array([function(level) for level in a.levels or ()], dtype=dtype)
    return lookup(table, a.values)


def same_levels(a: Cells, b: Cells) -> tuple[Cells, Cells]:
    """Both label cells as codes of one joint list of distinct levels."""
    joint: dict[str, int] = {}
    codes = [
        lookup(
            np.array([joint.setdefault(level, len(joint)) for level in side.levels or ()], dtype=np.int32),
            side.values,
        )
        for side in (a, b)
    ]
    levels = tuple(joint)
    return Cells(codes[0], a.missing, levels), Cells(codes[1], b.missing, levels)


def ranked(a: Cells, order: tuple[str, ...]) -> Cells:
    """Positions of labels in an ordered domain; null for labels outside it."""
    position = {level: rank for rank, level in enumerate(order)}
    ranks = per_level(lambda level: position.get(level, -1), a, np.int64)
    return with_nulls(ranks, a.missing, np.asarray(ranks < 0))
