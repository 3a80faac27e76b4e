"""Makers that choose among listed values: weights, conditional tables, lookups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from synthrec.rules.amounts import Amount, Target
from synthrec.rules.categories import Conditional, Sampler, draw_weighted, sampler
from synthrec.rules.numeric import weight_matrix
from synthrec.rules.rows import Maker, Rows
from synthrec.schema import generate_model as spec
from synthrec.schema import spec_base as base
from synthrec.schema.conditional import Arranged, arrange, closed_labels
from synthrec.schema.model import Scalar
from synthrec.schema.scalars import constants
from synthrec.schema.vector import BoolArray, IntArray, Vector


def category(make: spec.Category, target: Target) -> Maker:
    """A maker by weights, the same for all rows if they are constants."""
    values = constants(list(make.weights), target.column)
    amounts = tuple(Amount.of(weight, target.names) for weight in make.weights.values())
    if any(amount.expression for amount in amounts):
        return WeightedMaker(values, amounts, target.where)
    return FixedWeightsMaker(values, sampler(np.array([amount.constant for amount in amounts])))


@dataclass(frozen=True, eq=False)
class FixedWeightsMaker:
    """Listed values with the same weights in every row."""

    values: Vector
    sampler: Sampler
    names = frozenset[str]()

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One uniform draw per row."""
        return self.values.take(self.sampler.draw(rows.count, rng))


@dataclass(frozen=True, eq=False)
class WeightedMaker:
    """Listed values with weights that depend on the row."""

    values: Vector
    weights: tuple[Amount, ...]
    where: str

    @property
    def names(self) -> frozenset[str]:
        """The columns of the weights."""
        return frozenset[str]().union(*(weight.names for weight in self.weights))

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One uniform draw per row."""
        return self.values.take(draw_weighted(weight_matrix(self.weights, rows, self.where), rng))


@dataclass(frozen=True, eq=False)
class Combinations:
    """Which row of a table holds for the labels of some columns; -1 for none."""

    by: tuple[str, ...]
    cells: IntArray
    """One axis per column; the last position of each axis is for a missing label."""

    @classmethod
    def of(cls, make: Arranged, target: Target, default: int) -> Combinations:
        """From a spec; combinations without a row take row `default`."""
        columns = [target.names[name] for name in make.by]
        cells = np.full([len(closed_labels(column)) + 1 for column in columns], -1, np.int64)
        inner, _ = arrange(make, columns)
        cells[tuple(slice(size) for size in inner.shape)] = inner
        return cls(make.by, np.where(cells < 0, default, cells))

    def rows(self, rows: Rows) -> IntArray:
        """The table row for each data row."""
        positions = []
        for name, size in zip(self.by, self.cells.shape, strict=True):
            vector = rows.vector(name)
            codes = np.minimum(vector.values.astype(np.int64), size - 1)
            positions.append(np.where(vector.missing, size - 1, codes))
        return np.asarray(self.cells[tuple(positions)])


def table(make: spec.Table, target: Target) -> Maker:
    """A maker by a conditional probability table; missing where no row holds."""
    sets = [row.weights for row in make.rows] + ([make.default] if make.default is not None else [])
    keys = list(dict.fromkeys(key for weights in sets for key in weights))
    matrix = np.array([_row(weights, keys) for weights in sets])
    default = len(make.rows) if make.default is not None else -1
    return TableMaker(
        constants(keys, target.column), Conditional.of(matrix), Combinations.of(make, target, default)
    )


def _row(weights: Mapping[Scalar, base.Amount], keys: Iterable[Scalar]) -> list[float]:
    return [float(weights.get(key, 0)) for key in keys]


@dataclass(frozen=True, eq=False)
class TableMaker:
    """Listed values with weights by the combination of other columns."""

    values: Vector
    weights: Conditional
    combinations: Combinations

    @property
    def names(self) -> frozenset[str]:
        """The columns of the combination."""
        return frozenset(self.combinations.by)

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One uniform draw per row."""
        held = self.combinations.rows(rows)
        chosen = self.weights.draw(np.maximum(held, 0), rng)
        return _where(held >= 0, self.values.take(chosen))


def lookup(make: spec.Lookup, target: Target) -> Maker:
    """A maker of the value that stands beside a combination; missing where none does."""
    values = [entry.value for entry in make.rows] + ([make.default] if make.default is not None else [])
    default = len(make.rows) if make.default is not None else -1
    return LookupMaker(constants(values, target.column), Combinations.of(make, target, default))


@dataclass(frozen=True, eq=False)
class LookupMaker:
    """A value by the combination of other columns."""

    values: Vector
    combinations: Combinations

    @property
    def names(self) -> frozenset[str]:
        """The columns of the combination."""
        return frozenset(self.combinations.by)

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """The value for each row."""
        held = self.combinations.rows(rows)
        return _where(held >= 0, self.values.take(np.maximum(held, 0)))


def _where(present: BoolArray, vector: Vector) -> Vector:
    """The vector, missing where not `present`."""
    values = np.where(present, vector.values, vector.values.dtype.type(0))
    return Vector(values, vector.missing | ~present, vector.levels)
