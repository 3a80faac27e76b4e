"""The lattice of a numeric column: model numbers as integer steps of the column's precision.

A lattice index k stands for the model number k times `step`. Indices stay below 2**52 in size, so that they
are exact as doubles and in JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthrec.schema import scalars
from synthrec.schema.model import Column, Scalar
from synthrec.schema.vector import IntArray

LIMIT = 2**52
"""Largest size of a lattice index and largest number of lattice points."""

FLOAT_LIMIT = Decimal("1e150")
"""Floats up to this size have squares, and so have their steps."""

FLOAT_POINTS = 1_000_000
"""Least number of lattice points of a float column without a precision, where floats are that fine."""

FLOAT_DIGITS = 14
"""Digits after the first that every float can hold, and a lattice index too."""


@dataclass(frozen=True)
class Lattice:
    """Integral model numbers: integers, minor units, days, microseconds."""

    step: Decimal
    """Model numbers per lattice step; positive."""

    def floor(self, number: Decimal) -> int:
        """The last lattice index at or below a model number."""
        return int((number / self.step).to_integral_value(ROUND_FLOOR))

    def ceiling(self, number: Decimal) -> int:
        """The first lattice index at or above a model number."""
        return int((number / self.step).to_integral_value(ROUND_CEILING))

    def nearest(self, values: NDArray[np.generic]) -> IntArray:
        """Lattice indices nearest to model numbers; halves go up. Shape (n,)."""
        numbers = values.astype(np.int64, copy=False)
        step = int(self.step)
        return numbers if step == 1 else (numbers + step // 2) // step

    def values(self, indices: IntArray) -> NDArray[Any]:
        """Model numbers of lattice indices, shape (n,)."""
        step = int(self.step)
        return indices if step == 1 else indices * step


@dataclass(frozen=True)
class FloatLattice(Lattice):
    """Floats rounded to a decimal step; each is the double nearest to its decimal."""

    def nearest(self, values: NDArray[np.generic]) -> IntArray:
        """Lattice indices nearest to finite floats; those beyond the limit are cut to it. Shape (n,)."""
        with np.errstate(over="ignore"):
            numbers = np.rint(values.astype(np.float64, copy=False) / float(self.step))
        return np.clip(numbers, -LIMIT, LIMIT).astype(np.int64)

    def values(self, indices: IntArray) -> NDArray[Any]:
        """Floats of lattice indices, shape (n,)."""
        _, digits, exponent = self.step.as_tuple()
        mantissa = int("".join(map(str, digits)))
        scaled = (indices * mantissa).astype(np.float64)
        power = float(10 ** abs(int(exponent)))
        return scaled / power if int(exponent) < 0 else scaled * power


def unit(column: Column) -> Decimal:
    """Model numbers per unit of the column: minor units of a decimal, microseconds of a second."""
    match column.kind:
        case "decimal":
            return Decimal(10) ** (column.scale or 0)
        case "datetime":
            return Decimal(1_000_000)
        case _:
            return Decimal(1)


def lattice_of(column: Column, low: Decimal, high: Decimal) -> Lattice:
    """The lattice of a column whose model numbers lie in [low, high].

    Raises:
        ValueError: the precision is finer than the kind can be, or there are too many points.
    """
    if column.kind == "float":
        step = float_step(column, low, high)
        if max(abs(low), abs(high)) > FLOAT_LIMIT or step < 1 / FLOAT_LIMIT:
            raise ValueError("numbers beyond 1e150, or finer than 1e-150, are not modelled; use another unit")
        lattice: Lattice = FloatLattice(step)
    else:
        step = exact_step(column)
        lattice = Lattice(step)
    if max(abs(low), abs(high), high - low) / step > LIMIT:
        raise ValueError("the bounds are too wide for the precision")
    return lattice


def exact_step(column: Column) -> Decimal:
    """The step of a column that is no float: the declared one, else a second or a smallest unit."""
    return declared_step(column) or Decimal(1_000_000 if column.kind == "datetime" else 1)


def declared_step(column: Column) -> Decimal | None:
    """The column's precision in model numbers.

    Raises:
        ValueError: the kind has no steps that fine.
    """
    if column.precision is None:
        return None
    step = (column.precision * unit(column)).normalize()
    if column.kind != "float" and step != step.to_integral_value():
        raise ValueError("the precision is finer than the values of its kind can be")
    return step


def float_step(column: Column, low: Decimal, high: Decimal) -> Decimal:
    """The precision, else the largest power of ten with a million points, but no finer than floats are."""
    step = declared_step(column)
    if step is not None:
        return step
    points = (high - low) / FLOAT_POINTS
    wanted = points.adjusted() if points else int(low.normalize().as_tuple().exponent)
    return Decimal(1).scaleb(max(wanted, max(abs(low), abs(high)).adjusted() - FLOAT_DIGITS))


def model_number(value: Scalar, column: Column) -> Decimal:
    """The model number of a bound, heap or listed value written in the column's unit.

    Raises:
        ValueError: it cannot be a finite value of the column.
    """
    number = Decimal(str(scalars.model_number(value, column)))
    if not number.is_finite():
        raise ValueError("a bound or listed value is not finite")
    return number
