"""Makers of outcomes by a linear predictor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from synthrec.rules.amounts import Amount, FloatArray, Target, evaluate
from synthrec.rules.categories import draw_weighted
from synthrec.rules.rows import Rows
from synthrec.schema.conditional import closed_labels
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.model import label
from synthrec.schema.predictor_spec import Effects, Logit, Score, Softmax
from synthrec.schema.scalars import constants
from synthrec.schema.vector import BoolArray, Vector


class Term(Protocol):
    """A part of a score."""

    @property
    def names(self) -> frozenset[str]:
        """The columns it reads."""

    def add(self, score: FloatArray, missing: BoolArray, rows: Rows) -> None:
        """Add it to the score of each row; where it is missing, mark that and add anything."""


@dataclass(frozen=True)
class ExpressionTerm:
    """An expression times a coefficient."""

    expression: Expression
    coefficient: Amount

    @property
    def names(self) -> frozenset[str]:
        """The columns of both."""
        return self.expression.names | self.coefficient.names

    def add(self, score: FloatArray, missing: BoolArray, rows: Rows) -> None:
        """True counts as 1, false as 0."""
        value = evaluate(self.expression, rows)
        factor, absent = self.coefficient.evaluate(rows)
        score += factor * value.values.astype(np.float64)
        missing |= value.missing
        if absent is not None:
            missing |= absent


@dataclass(frozen=True, eq=False)
class LabelTerm:
    """The effect of a column's label."""

    column: str
    effects: FloatArray
    """By position of the label; 0 for labels that are not listed."""

    @classmethod
    def of(cls, column: str, effects: Effects, target: Target) -> LabelTerm:
        """From the effects by label."""
        known = {label(value): effect for value, effect in effects.items()}
        return cls(column, np.array([known.get(text, 0.0) for text in closed_labels(target.names[column])]))

    @property
    def names(self) -> frozenset[str]:
        """The column."""
        return frozenset({self.column})

    def add(self, score: FloatArray, missing: BoolArray, rows: Rows) -> None:
        """The effect of each row's label."""
        vector = rows.vector(self.column)
        score += self.effects[np.minimum(vector.values.astype(np.int64), len(self.effects) - 1)]
        missing |= vector.missing


@dataclass(frozen=True)
class Predictor:
    """An intercept and terms."""

    intercept: Amount
    terms: tuple[Term, ...]

    @classmethod
    def of(cls, score: Score, target: Target) -> Predictor:
        """From its spec."""
        terms = (
            LabelTerm.of(term, coefficient, target)
            if isinstance(coefficient, dict)
            else ExpressionTerm(compile_expression(term, target.names), Amount.of(coefficient, target.names))
            for term, coefficient in score.terms.items()
        )
        return cls(Amount.of(score.intercept, target.names), tuple(terms))

    @property
    def names(self) -> frozenset[str]:
        """The columns of all parts."""
        return self.intercept.names.union(*(term.names for term in self.terms))

    def evaluate(self, rows: Rows) -> tuple[FloatArray, BoolArray]:
        """The score of each row, and where it is missing."""
        start, absent = self.intercept.evaluate(rows)
        score = np.full(rows.count, start, np.float64) if absent is None else np.array(start, np.float64)
        missing = np.zeros(rows.count, dtype=bool) if absent is None else absent.copy()
        for term in self.terms:
            term.add(score, missing, rows)
        return np.where(missing, 0.0, score), missing


@dataclass(frozen=True)
class LogitMaker:
    """True by the log odds of a score."""

    predictor: Predictor

    @classmethod
    def of(cls, make: Logit, target: Target) -> LogitMaker:
        """From its spec."""
        return cls(Predictor.of(make, target))

    @property
    def names(self) -> frozenset[str]:
        """The columns of the score."""
        return self.predictor.names

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One uniform draw per row."""
        score, missing = self.predictor.evaluate(rows)
        values = rng.random(rows.count) < special.expit(score)
        return Vector(values & ~missing, missing)


@dataclass(frozen=True, eq=False)
class SoftmaxMaker:
    """One of some values by their scores; missing where a score is."""

    values: Vector
    predictors: tuple[Predictor, ...]

    @classmethod
    def of(cls, make: Softmax, target: Target) -> SoftmaxMaker:
        """From its spec."""
        predictors = tuple(Predictor.of(score, target) for score in make.of.values())
        return cls(constants(list(make.of), target.column), predictors)

    @property
    def names(self) -> frozenset[str]:
        """The columns of all scores."""
        return frozenset[str]().union(*(predictor.names for predictor in self.predictors))

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One uniform draw per row."""
        parts = [predictor.evaluate(rows) for predictor in self.predictors]
        scores = np.column_stack([score for score, _ in parts])
        missing = np.logical_or.reduce([absent for _, absent in parts])
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        drawn = self.values.take(draw_weighted(weights, rng))
        return Vector(np.where(missing, drawn.values.dtype.type(0), drawn.values), missing, drawn.levels)
