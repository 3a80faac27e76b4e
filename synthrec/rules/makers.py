"""From a `generate:` spec to the maker that executes it, and the makers of one idea each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain, product
from typing import Any

import numpy as np

from synthrec.rules.amounts import Amount, FloatArray, Target, evaluate, impossible
from synthrec.rules.choices import category, lookup, table
from synthrec.rules.correlated import CorrelatedMaker
from synthrec.rules.fitted import FittedMaker
from synthrec.rules.graph import PartnerMaker
from synthrec.rules.numbers import convert, from_labels
from synthrec.rules.numeric import DistMaker, MixtureMaker
from synthrec.rules.predictors import LogitMaker, SoftmaxMaker
from synthrec.rules.prevalence import PrevalenceMaker
from synthrec.rules.rows import Maker, Rows
from synthrec.rules.scans import scan
from synthrec.rules.siblings import ArMaker, SplitMaker
from synthrec.rules.sources import GivenMaker
from synthrec.rules.temporal import BetweenMaker, OffsetMaker
from synthrec.schema import generate_model as spec
from synthrec.schema import spec_base as base
from synthrec.schema.correlated_spec import Correlated
from synthrec.schema.dist_spec import Dist
from synthrec.schema.events_spec import Given
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.fitted_spec import Fitted
from synthrec.schema.graph_spec import Partner
from synthrec.schema.model import Column
from synthrec.schema.predictor_spec import Logit, Softmax
from synthrec.schema.prevalence_spec import Prevalence
from synthrec.schema.scalars import constants
from synthrec.schema.siblings_spec import Ar, Split
from synthrec.schema.vector import IntArray, Vector


def maker(make: spec.Generate, target: Target) -> Maker:
    """The maker of a column, missing values included."""
    inner = _MAKERS[type(make.make)](make.make, target)
    if make.missing is None:
        return inner
    return MissingMaker(inner, Amount.of(make.missing.rate, target.names), target.where)


@dataclass(frozen=True, eq=False)
class FixedMaker:
    """The same value in every row."""

    value: Vector
    names = frozenset[str]()

    @classmethod
    def of(cls, make: spec.Const, target: Target) -> FixedMaker:
        """From its spec."""
        return cls(constants([make.value], target.column))

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """The value, once per row."""
        return self.value.take(np.zeros(rows.count, np.int64))


@dataclass(frozen=True)
class ExprMaker:
    """An expression over other columns."""

    expression: Expression
    column: Column

    @classmethod
    def of(cls, make: spec.Expr, target: Target) -> ExprMaker:
        """From its spec."""
        return cls(compile_expression(make.source, target.names), target.column)

    @property
    def names(self) -> frozenset[str]:
        """The columns of the expression."""
        return self.expression.names

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """Its value in each row."""
        return convert(evaluate(self.expression, rows), self.expression.kind, self.column)


@dataclass(frozen=True)
class CopyMaker:
    """An ancestor's column."""

    source: str
    column: Column

    @classmethod
    def of(cls, make: spec.Copy, target: Target) -> CopyMaker:
        """From its spec."""
        return cls(make.column, target.column)

    @property
    def names(self) -> frozenset[str]:
        """The ancestor's column."""
        return frozenset({self.source})

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """The ancestor's value for each row."""
        return from_labels(rows.vector(self.source), self.column)


@dataclass(frozen=True)
class BernoulliMaker:
    """True with probability p."""

    p: Amount
    where: str

    @classmethod
    def of(cls, make: spec.Bernoulli, target: Target) -> BernoulliMaker:
        """From its spec."""
        return cls(Amount.of(make.p, target.names), target.where)

    @property
    def names(self) -> frozenset[str]:
        """The columns of p."""
        return self.p.names

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One uniform draw per row."""
        p, missing = self.p.evaluate(rows)
        check_share(p, self.where)
        values = rng.random(rows.count) < p
        return Vector.full(values) if missing is None else Vector(values & ~missing, missing)


def check_share(p: float | FloatArray, where: str) -> None:
    """Refuse probabilities outside [0, 1]."""
    if outside := int((~((np.asarray(p) >= 0) & (np.asarray(p) <= 1))).sum()):
        raise impossible(where, f"{outside} probabilities outside 0 to 1", "use logistic(x) or clip(x, 0, 1)")


@dataclass(frozen=True)
class MissingMaker:
    """Another maker's values, some of them taken away."""

    inner: Maker
    rate: Amount
    where: str

    @property
    def names(self) -> frozenset[str]:
        """The columns of the values and of the rate."""
        return self.inner.names | self.rate.names

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """The values first, then one uniform draw per row."""
        vector = self.inner.draw(rows, rng)
        rate = self.rate.present(rows, self.where)
        check_share(rate, self.where)
        missing = vector.missing | (rng.random(rows.count) < rate)
        return Vector(np.where(missing, vector.values.dtype.type(0), vector.values), missing, vector.levels)


@dataclass(frozen=True, eq=False)
class TemplateMaker:
    """All texts that a pattern allows, each equally likely if its parts have no repetitions."""

    levels: tuple[str, ...]
    names = frozenset[str]()

    @classmethod
    def of(cls, make: spec.Template, target: Target) -> TemplateMaker:  # noqa: ARG003
        """The texts of every combination of parts."""
        between = [piece.split("}")[-1] for piece in make.pattern.split("{")]
        choices = [make.parts[name] for name in make.names]
        return cls(
            tuple("".join(chain(*zip(between, (*parts, ""), strict=True))) for parts in product(*choices))
        )

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One uniform draw per row."""
        codes = (rng.random(rows.count) * len(self.levels)).astype(np.int32)
        return Vector.full(codes, self.levels)


def numbered(sequence: spec.Sequence, column: Column, first: int, count: int) -> Vector:
    """Consecutive numbers from the `first`-th row of the table on (0-based)."""
    numbers: IntArray = np.arange(first, first + count) + sequence.start
    if column.kind == "integer":
        return Vector.full(numbers)
    pattern = f"{sequence.prefix.replace('%', '%%')}%0{sequence.width}d"
    texts = tuple(map(pattern.__mod__, numbers.tolist()))
    return Vector.full(np.arange(count, dtype=np.int32), texts)


_MAKERS: Mapping[type[base.Spec], Callable[[Any, Target], Maker]] = {
    spec.Const: FixedMaker.of,
    Dist: DistMaker.of,
    spec.Category: category,
    spec.Table: table,
    spec.Lookup: lookup,
    spec.Expr: ExprMaker.of,
    spec.Between: BetweenMaker.of,
    spec.Offset: OffsetMaker.of,
    spec.Mixture: MixtureMaker.of,
    spec.Scan: scan,
    spec.Copy: CopyMaker.of,
    Partner: PartnerMaker.of,
    spec.Bernoulli: BernoulliMaker.of,
    Prevalence: PrevalenceMaker.of,
    Logit: LogitMaker.of,
    Softmax: SoftmaxMaker.of,
    Correlated: CorrelatedMaker.of,
    Fitted: FittedMaker.of,
    spec.Template: TemplateMaker.of,
    Given: GivenMaker.of,
    Ar: ArMaker.of,
    Split: SplitMaker.of,
}
