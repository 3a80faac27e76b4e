"""Bounds of a numeric column, where none are public: one noised histogram of magnitudes.

Cells are powers of two on both sides of zero, the same for every column whatever it holds; the bounds are the
ends of the outermost cells whose noised count of persons cannot be noise (Google's differential privacy
library finds bounds alike). The query is a count vector like any other; the rest is post-processing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from scipy.special import ndtri

from synthrec.codec.lattice import LIMIT, declared_step, exact_step
from synthrec.data.table import Table
from synthrec.privacy.counts import Count
from synthrec.schema.model import Column, Domain, Scalar
from synthrec.schema.vector import BoolArray, IntArray

LEAST_POWER, MOST_POWER = -100, 100
"""Powers of two that are told apart; what is nearer to zero is zero, what is farther is in the last cell."""

POWERS = MOST_POWER - LEAST_POWER + 1

FALSE_CELL = 1e-3
"""Probability that noise alone moves a bound of a column."""

EPOCH = dt.date(1970, 1, 1).toordinal()
_DAY = 86_400_000_000
_FIRST, _LAST = 1 - EPOCH, dt.date.max.toordinal() - EPOCH


@dataclass(frozen=True)
class MagnitudeQuery:
    """Cells by sign and power of two: zero, positive ones, negative ones, missing."""

    column: str

    @property
    def size(self) -> int:
        """Number of cells."""
        return 2 * POWERS + 2

    def cells(self, table: Table) -> IntArray:
        """The cell of each row, int64 of shape (n,)."""
        vector = table.vector(self.column)
        values = np.nan_to_num(vector.values.astype(np.float64))
        power = np.clip(np.frexp(values)[1] - 1, LEAST_POWER - 1, MOST_POWER) - LEAST_POWER
        cell = np.where(values > 0, 1 + power, 1 + POWERS + power)
        cell = np.where((values == 0) | (power < 0), 0, cell)
        return np.where(vector.missing, self.size - 1, cell).astype(np.int64)


def found_domain(count: Count, column: Column) -> Domain:
    """The domain between the outermost magnitudes that are no noise; the widest where all may be."""
    least = count.sigma * float(-ndtri(FALSE_CELL / len(count.values)))
    low, high = _ends(count.values[:-1] > least)
    return Domain(min=written(low, column), max=written(high, column), source="dp")


def widest_domain(column: Column) -> Domain:
    """The domain of everything that can be told apart."""
    return found_domain(Count(np.zeros(2 * POWERS + 2), 1.0), column)


def written(number: float, column: Column) -> Scalar:
    """A model number as people write it, in the column's unit and within calendar and lattice."""
    number = float(np.clip(number, *_reach(column)))
    match column.kind:
        case "date":
            return dt.date.fromordinal(int(np.clip(number, _FIRST, _LAST)) + EPOCH)
        case "datetime":
            day = dt.date.fromordinal(int(np.clip(number // _DAY, _FIRST, _LAST - 1)) + EPOCH)
            return dt.datetime.combine(day, dt.time())
        case "decimal":
            return Decimal(int(number)).scaleb(-(column.scale or 0))
        case "float":
            return number
        case _:
            return int(np.trunc(number))


def _reach(column: Column) -> tuple[float, float]:
    """The model numbers between which a codec has a lattice; values beyond them are cut to them."""
    step = declared_step(column) if column.kind == "float" else exact_step(column)
    most = np.inf if step is None else float(step * (LIMIT // 2 - 1))
    return -most, most


def _ends(kept: BoolArray) -> tuple[float, float]:
    """Lower and upper end of the kept cells."""
    if not kept.any():
        return -(2.0**MOST_POWER), 2.0**MOST_POWER
    positive = np.flatnonzero(kept[1 : 1 + POWERS]) + LEAST_POWER
    negative = np.flatnonzero(kept[1 + POWERS :]) + LEAST_POWER
    high = 2.0 ** (positive[-1] + 1) if len(positive) else 0.0
    low = -(2.0 ** (negative[-1] + 1)) if len(negative) else 0.0
    return low, high
