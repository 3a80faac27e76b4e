"""The classifier two-sample test: can a learner tell synthetic rows from real ones?

Lopez-Paz and Oquab (2017, Revisiting Classifier Two-Sample Tests, arXiv:1610.06545), with the AUC of
gradient-boosted trees by cross-validation, all rows of a person in one fold. The floor is the same test
between person-disjoint halves of the real rows. By right it is 0.5; where it is not within [.45, .55] the
test itself does not work on these rows, and it says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.data.table import Table
from synthrec.schema.vector import BoolArray, IntArray
from synthrec.validation.attacks.roc import Roc
from synthrec.validation.exhibits import Curves
from synthrec.validation.quality.features import Features
from synthrec.validation.quality.ground import Answer, Question, Rows, Sides, fixed_rng
from synthrec.validation.quality.resample import clustered_auc
from synthrec.validation.quality.trees import probabilities
from synthrec.validation.result import Measure
from synthrec.validation.stats import Estimate, FloatArray

FOLDS = 3
HALVINGS = 3
"""Random halves of the real rows whose mean AUC is the floor."""
FEWEST, MOST = 50, 5_000
"""Rows per side: with fewer there is nothing to learn from, more are not looked at."""
USABLE = (0.45, 0.55)

_METHOD = (
    "AUC of gradient-boosted trees, mean of 3 folds by person, as many synthetic as real rows, at most 5,000 "
    "of each; limits with the placement variance by person (Obuchowski 1997); floor: mean of 3 halvings by "
    "person of the real rows, usable within [.45, .55]"
)


@dataclass(frozen=True, eq=False)
class Told:
    """How well two kinds of rows were told apart: out-of-fold scores, shape (n,), of all rows together."""

    scores: FloatArray
    first: BoolArray
    persons: IntArray
    auc: float


def answer(sides: Sides) -> Answer | str:
    """The AUC beside its floor, and how far from certain detection the rows are."""
    real = pooled(sides)
    people = int(real.persons.max()) + 1
    most = min(len(sides.synthetic), len(real) // 2, MOST)
    if most < FEWEST or people < 2 * FOLDS:
        return f"fewer than {FEWEST} rows to a side are too few to learn from"
    floor = float(np.mean([tell(*halves(real, most, number)).auc for number in range(HALVINGS)]))
    if not USABLE[0] <= floor <= USABLE[1]:
        return (
            "the test is unusable on these rows: halves of the real rows are told apart with an AUC outside "
            "[.45, .55]; more persons would help"
        )
    told = tell(sides.synthetic.some(most, 1), real.some(most, 2))
    limits = clustered_auc(told.scores, told.first, told.persons)
    half = (limits.value - limits.low, limits.high - limits.value)
    found = Estimate(told.auc, max(0.0, told.auc - half[0]), min(1.0, told.auc + half[1]))
    n = len(told.scores)
    alike = "2 - 2 AUC, at most 1: " + _METHOD
    measures = (
        Measure("AUC", found.value, found.low, found.high, n, floor, _METHOD),
        Measure(
            "undetected",
            _undetected(found.value),
            _undetected(found.high),
            _undetected(found.low),
            n,
            _undetected(floor),
            alike,
        ),
    )
    return Answer(measures, "undetected", (_curves(told, tell(*halves(real, most, 0))),))


QUESTION = Question("quality.detection", "Can a classifier tell synthetic from real rows?", answer)


def tell(first: Rows, second: Rows) -> Told:
    """Learn to tell two kinds of rows apart on some persons, score others, in turn."""
    features = Features.of([second], second.table.spec.modelled)
    values = np.vstack([features.matrix(first), features.matrix(second)])
    kind = np.arange(len(values)) < len(first)
    persons = np.concatenate([first.persons, second.persons + int(first.persons.max()) + 1])
    folds = _folds(persons, kind)
    scores = np.empty(len(values))
    for fold in range(FOLDS):
        test = folds == fold
        scores[test] = probabilities(values[~test], kind[~test].astype(np.float64), values[test])[:, 1]
    aucs = [
        clustered_auc(scores[folds == k], kind[folds == k], persons[folds == k]).value for k in range(FOLDS)
    ]
    return Told(scores, kind, persons, float(np.mean(aucs)))


def halves(real: Rows, most: int, number: int) -> tuple[Rows, Rows]:
    """At most so many rows each of two random halves of the persons."""
    people = int(real.persons.max()) + 1
    order = fixed_rng(number + 1).permutation(people)
    upper = order[real.persons] < people // 2
    first, second = (real.take(np.flatnonzero(half)) for half in (upper, ~upper))
    return first.some(most, number + 1), second.some(most, number + 1)


def pooled(sides: Sides) -> Rows:
    """Training and holdout rows together, persons apart."""
    persons = np.concatenate(
        [sides.train.persons, sides.holdout.persons + int(sides.train.persons.max()) + 1]
    )
    return Rows(Table.concat([sides.train.table, sides.holdout.table]), persons)


def _folds(persons: IntArray, kind: BoolArray) -> IntArray:
    """The fold of every row: persons of either kind dealt out in turn, in random order; shape (n,)."""
    folds, rng = np.empty(len(persons), dtype=np.int64), fixed_rng()
    for side in (kind, ~kind):
        dense = np.unique(persons[side], return_inverse=True)[1]
        folds[side] = rng.permutation(int(dense.max()) + 1)[dense] % FOLDS
    return folds


def _undetected(auc: float) -> float:
    return min(1.0, 2 - 2 * auc)


def _curves(told: Told, floor: Told) -> Curves:
    series = tuple(
        (name, Roc.of(one.scores, one.first).curve())
        for name, one in (("synthetic or real", told), ("one half of the real rows or the other", floor))
    )
    text = f"Synthetic and real rows are told apart with an area of {told.auc:.3f}; the diagonal is chance."
    return Curves(
        "Telling synthetic from real", text, "real rows taken for synthetic", "synthetic rows found", series
    )
