"""Predicting the schema's target by gradient-boosted trees, and how good the predictions are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthrec.schema.vector import BoolArray, IntArray
from synthrec.validation.quality.features import Features
from synthrec.validation.quality.ground import Rows, Sides
from synthrec.validation.quality.marginals import is_numeric
from synthrec.validation.quality.resample import auc_of_levels
from synthrec.validation.quality.trees import numbers, probabilities
from synthrec.validation.stats import FloatArray

CLASSES = 10
"""Most classes told apart; the least frequent labels share the last one."""
FEWEST = 5
"""Predictions rows of a class, and of the others, without which its AUC is not counted."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions for the holdout beside the truth: probabilities, shape (n, classes), or numbers, (n, 1)."""

    predicted: FloatArray
    truth: FloatArray
    classes: int
    """0 where the target is a number."""

    def __len__(self) -> int:
        """Number of tested rows."""
        return len(self.truth)

    def score(self, weights: FloatArray) -> float:
        """AUC, mean one-versus-rest AUC, or R squared; rows count as often as their weights say."""
        if not self.classes:
            return _r_squared(self.truth, self.predicted[:, 0], weights)
        told = [auc_of_levels(level, is_one, weights) for level, is_one in self._one_versus_rest]
        return float(np.mean(told)) if told else 0.5

    def brier(self, weights: FloatArray) -> float:
        """Mean squared error of the probabilities, halved, so that two classes have that of either."""
        truth = self.truth[:, None] == np.arange(self.classes)
        return float(weights @ ((self.predicted - truth) ** 2).sum(axis=1) / 2 / weights.sum())

    def varies(self, rows: IntArray, fewest: int = FEWEST) -> bool:
        """Whether some rows have at least so many of two classes, or two values."""
        if not self.classes:
            return bool(np.ptp(self.truth[rows]) > 0)
        counts = np.bincount(self.truth[rows].astype(np.int64), minlength=self.classes)
        return int((counts >= fewest).sum()) >= 2

    @cached_property
    def _one_versus_rest(self) -> list[tuple[IntArray, BoolArray]]:
        """Per counted class the rank of every row's probability, and whether it is of the class."""
        chosen = range(1, 2) if self.classes == 2 else range(self.classes)
        found = []
        for one in chosen:
            is_one = self.truth == one
            if FEWEST <= int(is_one.sum()) <= len(is_one) - FEWEST:
                found.append((np.unique(self.predicted[:, one], return_inverse=True)[1], is_one))
        return found


@dataclass(frozen=True, eq=False)
class Task:
    """The prediction of a column from the others."""

    target: str
    features: Features
    labels: Features
    classes: int
    """0 where the target is a number."""

    @classmethod
    def of(cls, sides: Sides) -> Task | str:
        """The task that the schema declares; or in words why there is none."""
        target, columns = sides.spec.target, sides.spec.modelled
        if target is None:
            return "the schema declares no target (target: COLUMN) that a model could predict"
        if target not in columns or len(columns) < 2:
            return f"the target {target} is not modelled, or nothing else is"
        real = (sides.train, sides.holdout)
        features = Features.of(real, [name for name in columns if name != target])
        vector = sides.holdout.vectors[target]
        classes = 0 if is_numeric(vector) else _classes(sides, target)
        if classes == 1:
            return f"the target {target} has one value only"
        return cls(target, features, Features.of(real, [target]), classes)

    @property
    def score(self) -> str:
        """What the quality of predictions is called."""
        return "R squared" if not self.classes else "AUC" if self.classes == 2 else "mean one-versus-rest AUC"

    def known(self, rows: Rows) -> Rows:
        """The rows that have a target."""
        missing = rows.vectors[self.target].missing
        return rows.take(np.flatnonzero(~missing)) if missing.any() else rows

    def tested(self, train: Rows, test: Rows) -> Predictions:
        """A model learned from some rows, tested on others."""
        values, truth = self.features.matrix(train), self._truth(train)
        predicted = self._predicted(values, truth, self.features.matrix(test))
        return Predictions(predicted, self._truth(test), self.classes)

    def predictable(self, real: Predictions) -> bool:
        """Whether a model of real rows does anything at all."""
        return real.varies(np.arange(len(real))) and real.score(np.ones(len(real))) > 0

    def _truth(self, rows: Rows) -> FloatArray:
        values = self.labels.matrix(rows)[:, 0]
        return np.minimum(values, self.classes - 1) if self.classes else values

    def _predicted(self, values: FloatArray, truth: FloatArray, asked: FloatArray) -> FloatArray:
        if not self.classes:
            return numbers(values, truth, asked)[:, None]
        found = np.zeros((len(asked), self.classes))
        found[:, np.unique(truth).astype(np.int64)] = probabilities(values, truth, asked)
        return found


def _classes(sides: Sides, target: str) -> int:
    """Different labels or truth values of the real rows, at most 10."""
    held: set[str | bool] = set()
    for side in (sides.train, sides.holdout):
        vector = side.vectors[target]
        codes = np.unique(vector.values[~vector.missing].astype(np.int64))
        held |= {vector.levels[code] if vector.levels else bool(code) for code in codes}
    return min(CLASSES, max(1, len(held)))


def _r_squared(truth: FloatArray, predicted: FloatArray, weights: FloatArray) -> float:
    mean = weights @ truth / weights.sum()
    total = weights @ (truth - mean) ** 2
    return float(1 - weights @ (truth - predicted) ** 2 / total) if total > 0 else 0.0
