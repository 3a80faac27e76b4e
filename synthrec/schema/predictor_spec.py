"""The specs of outcomes by a linear predictor: logit for yes or no, softmax for one of several values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from synthrec.schema.model import LABEL_KINDS, Model, Scalar
from synthrec.schema.spec_base import Amount, Path, Spec

Effects = dict[Scalar, float]
"""The effect of each label of a column; those left out have none."""


class Score(Model):
    """An intercept and terms: an expression with its coefficient, or a column with the effect of each label.

    An expression that is true or false counts as 1 or 0.
    """

    intercept: Amount = 0
    terms: dict[str, Amount | Effects] = Field(default_factory=dict)

    def expressions_below(self, place: Path) -> Iterator[tuple[Path, str]]:
        """The intercept, the terms and their coefficients."""
        if isinstance(self.intercept, str):
            yield (*place, "intercept"), self.intercept
        for term, coefficient in self.terms.items():
            if not isinstance(coefficient, dict):
                yield (*place, "terms", term), term
            if isinstance(coefficient, str):
                yield (*place, "terms", term, "coefficient"), coefficient

    def labelled(self, place: Path) -> Iterator[tuple[Path, str]]:
        """The columns with an effect for each label."""
        for term, coefficient in self.terms.items():
            if isinstance(coefficient, dict):
                yield (*place, "terms", term), term


class Logit(Score, Spec):
    """True with the probability whose log odds are the score."""

    kinds: ClassVar = frozenset({"boolean"})

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """Those of the score."""
        return self.expressions_below(())

    def references(self) -> Iterator[tuple[Path, str]]:
        """The columns with an effect for each label."""
        return self.labelled(())

    def scores(self) -> Iterator[tuple[Path, Score]]:
        """The score, with its path."""
        yield (), self


class Softmax(Spec):
    """One of some values, with probabilities proportional to the exponentials of their scores."""

    kinds: ClassVar = LABEL_KINDS | {"integer", "boolean"}
    of: dict[Scalar, Score] = Field(min_length=1)

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """Those of all scores."""
        for place, score in self.scores():
            yield from score.expressions_below(place)

    def references(self) -> Iterator[tuple[Path, str]]:
        """The columns with an effect for each label."""
        for place, score in self.scores():
            yield from score.labelled(place)

    def scores(self) -> Iterator[tuple[Path, Score]]:
        """The score of each value, with its path."""
        return ((("of", str(value)), score) for value, score in self.of.items())
