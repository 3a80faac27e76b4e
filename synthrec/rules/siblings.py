"""Makers along a parent's rows: series that remember, and shares that add up to a total."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from synthrec.rules.amounts import Amount, FloatArray, Target, impossible
from synthrec.rules.numbers import from_floats, grid
from synthrec.rules.rows import Rows
from synthrec.rules.scans import families
from synthrec.schema import siblings_spec as spec
from synthrec.schema.expression_types import MICROSECONDS_PER_DAY
from synthrec.schema.model import Column
from synthrec.schema.vector import BoolArray, IntArray, Vector


@dataclass(frozen=True)
class ArMaker:
    """A mean and a first-order autoregressive deviation (Box and Jenkins 1970, section 3.2.3)."""

    mean: Amount
    sd: Amount
    memory: Amount
    """Correlation of neighbours, or its half-life in days."""
    at: str | None
    unit: int
    """Model numbers of `at` in a day."""
    target: Target

    @classmethod
    def of(cls, make: spec.Ar, target: Target) -> ArMaker:
        """From its spec."""
        moment = target.names[make.at].kind if make.at is not None else "date"
        memory = make.phi if make.phi is not None else make.half_life
        assert memory is not None  # noqa: S101  (one of the two is given)
        mean, sd, lasting = (Amount.of(value, target.names) for value in (make.mean, make.sd, memory))
        return cls(mean, sd, lasting, make.at, 1 if moment == "date" else MICROSECONDS_PER_DAY, target)

    @property
    def names(self) -> frozenset[str]:
        """The columns of all numbers, and the moments."""
        own = self.mean.names | self.sd.names | self.memory.names
        return own if self.at is None else own | {self.at}

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One normal draw per row; those n-th in their families advance together."""
        family = families(rows)
        first = np.searchsorted(family, family)
        phi = np.where(first == np.arange(rows.count), 0.0, self._correlation(rows))
        series = remembering(rng.standard_normal(rows.count), phi, np.arange(rows.count) - first)
        sd = self.sd.present(rows, self.target.where)
        if bad := int((~(sd >= 0)).sum()):
            raise impossible(self.target.where, f"{bad} negative sd", "use max(x, 0)")
        values = self.mean.present(rows, self.target.where) + sd * series
        return from_floats(
            _within(values, self.target.column), np.zeros(rows.count, bool), self.target.column
        )

    def _correlation(self, rows: Rows) -> FloatArray:
        memory = self.memory.present(rows, self.target.where)
        wrong: BoolArray = ~(np.abs(memory) <= 1) if self.at is None else ~(memory > 0)
        if bad := int(wrong.sum()):
            raise impossible(
                self.target.where, f"impossible memory in {bad} rows", "phi is -1 to 1, half_life above 0"
            )
        if self.at is None:
            return memory
        at = rows.vector(self.at)
        days = np.diff(at.values.astype(np.int64), prepend=0) / self.unit
        return np.asarray(0.5 ** (np.abs(np.where(at.missing, 0.0, days)) / memory))


def remembering(draws: FloatArray, phi: FloatArray, position: IntArray) -> FloatArray:
    """z[i] = phi[i] z[i-1] + sqrt(1 - phi[i]**2) draws[i], where phi is 0 for the first of a family.

    Args:
        draws: standard normal, shape (n,).
        phi: correlation with the row before, shape (n,).
        position: 0 for the first row of a family, then 1, 2, …; shape (n,).
    """
    series = np.sqrt(1 - phi**2) * draws
    order = np.argsort(position, kind="stable")
    ends = np.cumsum(np.bincount(position)) if len(position) else np.zeros(0, np.int64)
    for low, high in pairwise(ends):
        rows = order[low:high]
        series[rows] += phi[rows] * series[rows - 1]
    return series


def _within(values: FloatArray, column: Column) -> FloatArray:
    """Values held within the column's domain."""
    domain = column.domain
    low = None if domain is None or domain.min is None else float(domain.min)  # type: ignore[arg-type]
    high = None if domain is None or domain.max is None else float(domain.max)  # type: ignore[arg-type]
    return np.asarray(values if low is None and high is None else np.clip(values, low, high))


@dataclass(frozen=True)
class SplitMaker:
    """Shares of a total by weight: differences of the rounded running share, which end at the total."""

    total: Amount
    weights: Amount
    target: Target

    @classmethod
    def of(cls, make: spec.Split, target: Target) -> SplitMaker:
        """From its spec."""
        return cls(Amount.of(make.total, target.names), Amount.of(make.weights, target.names), target)

    @property
    def names(self) -> frozenset[str]:
        """The columns of total and weights."""
        return self.total.names | self.weights.names

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """Exact whole units per row."""
        family = families(rows)
        total = self._units(self.total, rows)
        if bad := int((np.diff(total, prepend=0)[_inner(family)] != 0).sum()):
            raise impossible(self.target.where, f"{bad} rows with another total than the row before", _ONE)
        weights = self._units(self.weights, rows)
        if bad := int((weights < 0).sum()):
            raise impossible(self.target.where, f"{bad} negative weights", "use max(x, 0)")
        upto, whole = _running(weights, family)
        return Vector.full(_share(total, upto, whole) - _share(total, upto - weights, whole))

    def _units(self, amount: Amount, rows: Rows) -> IntArray:
        """A number in the smallest units of the column."""
        return np.rint(amount.present(rows, self.target.where) / grid(self.target.column)).astype(np.int64)


_ONE = "take the total from the parent's columns"


def _inner(family: IntArray) -> BoolArray:
    """Rows that are not the first of their family."""
    return np.asarray(np.diff(family, prepend=-1) == 0)


def _running(weights: IntArray, family: IntArray) -> tuple[IntArray, IntArray]:
    """Sum of the family's weights so far, and of all of them; equal weights where all are 0."""
    ones = np.bincount(family, weights, minlength=1)[family] == 0 if len(family) else np.zeros(0, bool)
    weights[ones] = 1
    sums = np.concatenate(([0], np.cumsum(weights)))
    first, last = np.searchsorted(family, family), np.searchsorted(family, family, side="right")
    return sums[1:] - sums[first], sums[last] - sums[first]


def _share(total: IntArray, part: IntArray, whole: IntArray) -> IntArray:
    """floor(total * part / whole), without overflow for totals and weights below 2**53 units."""
    quotient, rest = np.divmod(total, whole)
    wide = (rest * part.astype(np.float64)) > 2**62
    exact = rest * np.where(wide, 0, part) // whole
    rough = np.floor(rest.astype(np.float64) * (part / whole)).astype(np.int64)
    return quotient * part + np.where(wide, rough, exact)
