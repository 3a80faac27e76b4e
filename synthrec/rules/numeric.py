"""Makers of numbers: distributions and mixtures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from synthrec.rules.amounts import Amount, FloatArray, Names, Target, impossible
from synthrec.rules.categories import draw_weighted
from synthrec.rules.distributions import DISTRIBUTIONS, Operand, draw, invert
from synthrec.rules.numbers import from_floats, grid
from synthrec.rules.rows import Rows
from synthrec.schema import generate_model as spec
from synthrec.schema import spec_base as base
from synthrec.schema.dist_spec import DISTRIBUTIONS as PARAMETERS
from synthrec.schema.dist_spec import Dist
from synthrec.schema.model import Scalar, label
from synthrec.schema.vector import BoolArray, Vector


class Numbers(Protocol):
    """Something that gives a number per row, in the column's unit."""

    @property
    def names(self) -> frozenset[str]:
        """The columns it reads."""

    def floats(self, rows: Rows, rng: np.random.Generator) -> tuple[FloatArray, BoolArray]:
        """Numbers and where they are missing, both of shape (n,)."""


@dataclass(frozen=True)
class DistMaker:
    """A distribution truncated to its bounds and the column's domain, rounded to the column's grid."""

    name: str
    parameters: tuple[Amount, ...]
    lows: tuple[Amount, ...]
    highs: tuple[Amount, ...]
    target: Target

    @classmethod
    def of(cls, make: Dist, target: Target) -> DistMaker:
        """From its spec."""
        domain = target.column.domain
        return cls(
            make.name,
            tuple(Amount.of(make.parameters[name], target.names) for name in PARAMETERS[make.name]),
            _bounds(make.min, domain.min if domain else None, target.names),
            _bounds(make.max, domain.max if domain else None, target.names),
            target,
        )

    @property
    def names(self) -> frozenset[str]:
        """The columns of parameters and bounds."""
        return frozenset[str]().union(*(part.names for part in (*self.parameters, *self.lows, *self.highs)))

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One draw per row, and one more for those outside the bounds."""
        return from_floats(*self.floats(rows, rng), self.target.column)

    def floats(self, rows: Rows, rng: np.random.Generator) -> tuple[FloatArray, BoolArray]:
        """Numbers on the column's grid; missing where a parameter is."""
        return self._made(rows, lambda given, bounds: draw(self.name, given, bounds, rows.count, rng))

    def floats_at(self, quantiles: FloatArray, rows: Rows) -> tuple[FloatArray, BoolArray]:
        """Those at given quantiles of the truncated distribution."""
        return self._made(rows, lambda given, bounds: invert(self.name, given, bounds, quantiles))

    def _made(self, rows: Rows, make: Callable[..., FloatArray]) -> tuple[FloatArray, BoolArray]:
        """What `make` yields for parameters and bounds, on the grid."""
        missing = np.zeros(rows.count, dtype=bool)
        parameters = tuple(_operand(amount, rows, missing, 1.0) for amount in self.parameters)
        low = _extreme(np.maximum, self.lows, rows, missing, -np.inf)
        high = _extreme(np.minimum, self.highs, rows, missing, np.inf)
        self._check(parameters, low, high)
        spacing = grid(self.target.column) if DISTRIBUTIONS[self.name].ppf else 0.0
        values = make(parameters, (low - spacing / 2, high + spacing / 2))
        return np.clip(_on_grid(values, spacing), low, high), missing

    @cached_property
    def _constants_hold(self) -> bool:
        """Whether parameters and bounds are the same in all rows, and possible."""
        if any(part.expression for part in (*self.parameters, *self.lows, *self.highs)):
            return False
        low = max((part.constant for part in self.lows), default=-np.inf)
        high = min((part.constant for part in self.highs), default=np.inf)
        good = DISTRIBUTIONS[self.name].valid(*(part.constant for part in self.parameters))
        return bool(good.all()) and low <= high

    def _check(self, parameters: tuple[Operand, ...], low: Operand, high: Operand) -> None:
        if self._constants_hold:
            return
        good = DISTRIBUTIONS[self.name].valid(*parameters)
        if bad := int((~good).sum()):
            wanted = ", ".join(PARAMETERS[self.name])
            raise impossible(
                self.target.where, f"{self.name}: impossible {wanted} in {bad} of {good.size}", "correct them"
            )
        if bad := int((np.asarray(low) > np.asarray(high)).sum()):
            raise impossible(self.target.where, f"min above max in {bad} rows", "correct the bounds")


def _on_grid(values: FloatArray, spacing: float) -> FloatArray:
    """The nearest multiples of a spacing; the values themselves where it is 0."""
    if spacing == 1:
        return np.rint(values)
    return np.rint(values / spacing) * spacing if spacing else values


def _bounds(own: base.Amount | None, public: Scalar | None, names: Names) -> tuple[Amount, ...]:
    """The bounds of the distribution itself and of the column's domain, as far as there are any."""
    given = [] if own is None else [Amount.of(own, names)]
    return (*given, *([] if public is None else [Amount(float(label(public)))]))


def _operand(amount: Amount, rows: Rows, missing: BoolArray, neutral: float) -> Operand:
    """An amount per row, `neutral` where it is missing; marks those rows in `missing`."""
    values, absent = amount.evaluate(rows)
    if absent is None:
        return values
    missing |= absent
    return np.where(absent, neutral, values)


def _extreme(
    choose: np.ufunc, bounds: tuple[Amount, ...], rows: Rows, missing: BoolArray, neutral: float
) -> Operand:
    result: Operand = neutral
    for bound in bounds:
        result = choose(result, _operand(bound, rows, missing, neutral))
    return result


@dataclass(frozen=True)
class AmountNumbers:
    """A constant or an expression as a component of a mixture."""

    amount: Amount

    @property
    def names(self) -> frozenset[str]:
        """The columns of the expression."""
        return self.amount.names

    def floats(self, rows: Rows, rng: np.random.Generator) -> tuple[FloatArray, BoolArray]:  # noqa: ARG002
        """Its value in each row."""
        values, missing = self.amount.evaluate(rows)
        none = np.zeros(rows.count, dtype=bool)
        return np.broadcast_to(np.asarray(values), rows.count), none if missing is None else missing


@dataclass(frozen=True)
class MixtureMaker:
    """One of several components per row, by weight."""

    weights: tuple[Amount, ...]
    parts: tuple[Numbers, ...]
    target: Target

    @classmethod
    def of(cls, make: spec.Mixture, target: Target) -> MixtureMaker:
        """From its spec."""
        weights = tuple(Amount.of(part.weight, target.names) for part in make.parts)
        return cls(weights, tuple(_component(part, target) for part in make.parts), target)

    @property
    def names(self) -> frozenset[str]:
        """The columns of weights and components."""
        weights = (weight.names for weight in self.weights)
        return frozenset[str]().union(*weights, *(part.names for part in self.parts))

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """Which component first, then every component in turn."""
        choice = draw_weighted(weight_matrix(self.weights, rows, self.target.where), rng)
        drawn = [part.floats(rows, rng) for part in self.parts]
        everywhere = np.arange(rows.count)
        values = np.stack([values for values, _ in drawn])[choice, everywhere]
        missing = np.stack([missing for _, missing in drawn])[choice, everywhere]
        return from_floats(values, missing, self.target.column)


def _component(part: spec.Part, target: Target) -> Numbers:
    match part.make:
        case Dist():
            return DistMaker.of(part.make, target)
        case spec.Const(value=value):
            return AmountNumbers(Amount(float(value)))  # type: ignore[arg-type]
        case spec.Expr(source=source):
            return AmountNumbers(Amount.of(source, target.names))


def weight_matrix(weights: tuple[Amount, ...], rows: Rows, where: str) -> FloatArray:
    """Weights of shape (n, values).

    Raises:
        SchemaError: some are negative, or all weights of a row are 0.
    """
    by_value = np.stack([weight.present(rows, where) for weight in weights])
    matrix = by_value.T  # a view: NumPy sums few values faster where the rows of one value lie together
    if bad := int((~((matrix >= 0).all(axis=1) & (matrix.sum(axis=1) > 0))).sum()):
        raise impossible(where, f"impossible weights in {bad} rows", "use exp(x) or max(x, 0), never all 0")
    return matrix
