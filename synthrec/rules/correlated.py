"""Columns with margins of their own and correlated normal scores: a Gaussian copula (Nelsen 2006, chapter 2).

Every column of a block has a hidden innovation, an independent standard normal from a stream of its own; its
normal score mixes its innovation with those of the columns before it by a row of the Cholesky factor. So a
column that is added at the end of a block changes none of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from synthrec.rules.amounts import FloatArray, Member, Target
from synthrec.rules.numbers import from_floats
from synthrec.rules.numeric import DistMaker
from synthrec.rules.rows import Maker, Rows
from synthrec.schema.correlated_spec import Block, Correlated
from synthrec.schema.model import Column
from synthrec.schema.scalars import constants
from synthrec.schema.vector import Vector


class Margin(Protocol):
    """What a column holds at each quantile."""

    @property
    def names(self) -> frozenset[str]:
        """The columns it reads."""

    def at(self, quantiles: FloatArray, rows: Rows) -> Vector:
        """The values at quantiles in (0, 1), one per row."""


@dataclass(frozen=True, eq=False)
class Innovation:
    """An independent standard normal, hidden."""

    names = frozenset[str]()

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One draw per row."""
        return Vector.full(rng.standard_normal(rows.count))


@dataclass(frozen=True, eq=False)
class DistMargin:
    """A truncated distribution."""

    dist: DistMaker
    column: Column

    @property
    def names(self) -> frozenset[str]:
        """The columns of parameters and bounds."""
        return self.dist.names

    def at(self, quantiles: FloatArray, rows: Rows) -> Vector:
        """The inverse of the distribution function."""
        return from_floats(*self.dist.floats_at(quantiles, rows), self.column)


@dataclass(frozen=True, eq=False)
class OrderedMargin:
    """Listed values in their order, by cumulative weight."""

    values: Vector
    upper: FloatArray
    names = frozenset[str]()

    def at(self, quantiles: FloatArray, rows: Rows) -> Vector:  # noqa: ARG002
        """The value whose share of the weights a quantile falls into."""
        return self.values.take(np.searchsorted(self.upper, quantiles, side="right"))


@dataclass(frozen=True, eq=False)
class CorrelatedMaker:
    """A margin read at the normal score of a block's column."""

    margin: Margin
    member: Member

    @classmethod
    def of(cls, make: Correlated, target: Target) -> CorrelatedMaker:
        """From its spec; the target is a member of a block."""
        assert target.member is not None  # noqa: S101  (`faults` has seen to it)
        return cls(_margin(make, target), target.member)

    @property
    def names(self) -> frozenset[str]:
        """The innovations up to its own, and what the margin reads."""
        return self.margin.names.union(self.member.innovations)

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """All that is random are the innovations."""
        innovations = (rows.vector(name).values for name in self.member.innovations)
        score = np.zeros(rows.count)
        for factor, innovation in zip(self.member.factors, innovations, strict=True):
            score += factor * innovation.astype(np.float64)
        return self.margin.at(special.ndtr(score), rows)


def _margin(make: Correlated, target: Target) -> Margin:
    if make.dist is not None:
        return DistMargin(DistMaker.of(make.dist, target), target.column)
    assert make.weights is not None  # noqa: S101  (a spec gives one of the two)
    weights = np.array([float(weight) for weight in make.weights.values()])
    return OrderedMargin(
        constants(list(make.weights), target.column), np.cumsum(weights)[:-1] / weights.sum()
    )


def members(blocks: Mapping[str, Block]) -> dict[str, Member]:
    """The place of each column in its block."""
    found = {}
    for name, block in blocks.items():
        factors = np.linalg.cholesky(np.array(block.matrix))
        hidden = tuple(f"{name}\0{column}" for column in block.columns)
        for i, column in enumerate(block.columns):
            found[column] = Member(hidden[: i + 1], tuple(factors[i, : i + 1].tolist()))
    return found


def innovations(blocks: Mapping[str, Block]) -> dict[str, Maker]:
    """The hidden columns of all blocks; no column of a schema has a name with a null character."""
    return {name: Innovation() for member in members(blocks).values() for name in member.innovations}
