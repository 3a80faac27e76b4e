"""The propensity mean squared error: how far do fitted probabilities of being synthetic stray from chance?

Snoke, Raab, Nowok, Dibben and Slavkovic (2018, General and specific utility measures for synthetic data,
J. R. Statist. Soc. A 181): a logistic regression on the main effects. For equal distributions the error has a
known expectation, so that the ratio to it is about 1; the training rows against the holdout are the floor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.validation.quality.embedding import Embedding
from synthrec.validation.quality.ground import Answer, Question, Rows, Sides
from synthrec.validation.quality.resample import clustered_mean
from synthrec.validation.result import Measure
from synthrec.validation.stats import Estimate, FloatArray

MOST = 5_000
ROUNDS = 25
RIDGE = 1e-6
"""Of the penalty on the coefficients, so that a direction that separates the rows has an end."""

_METHOD = (
    "mean squared deviation of propensities from the share of synthetic rows, logistic regression on "
    "ranks and labels, {} (Snoke and others 2018); at most 5,000 rows of each kind; 99 % limits by the "
    "variance over persons, the regression taken as given"
)


@dataclass(frozen=True)
class Strayed:
    """The propensity error, its largest possible value and its expectation for equal distributions."""

    error: Estimate
    largest: float
    expected: float
    rows: int


def answer(sides: Sides) -> Answer | str:
    """The error relative to its null expectation, and relative to its largest possible value."""
    few = Sides(*(side.some(MOST) for side in (sides.synthetic, sides.train, sides.holdout)))
    embedding = Embedding.of(sides)
    found, floor = (propensity(side, few.holdout, embedding) for side in (few.synthetic, few.train))
    if found.expected == 0:
        return "no column varies"
    ratio, error = found.error.times(1 / found.expected), found.error
    alike = Estimate(*(1 - each / found.largest for each in (error.value, error.high, error.low)))
    floors = floor.error.value / floor.expected, 1 - floor.error.value / floor.largest
    measures = (
        Measure(
            "pMSE ratio",
            ratio.value,
            max(0.0, ratio.low),
            ratio.high,
            found.rows,
            floors[0],
            _METHOD.format("divided by its null expectation"),
        ),
        Measure(
            "unpredicted",
            alike.value,
            alike.low,
            min(1.0, alike.high),
            found.rows,
            floors[1],
            _METHOD.format("1 less its share of the largest possible"),
        ),
    )
    return Answer(measures, "unpredicted")


QUESTION = Question("quality.propensity", "Do simple differences give synthetic rows away?", answer)


def propensity(side: Rows, reference: Rows, embedding: Embedding) -> Strayed:
    """The propensity error of one side's rows against reference rows.

    For c the share of the side's rows among N, and k - 1 fitted directions, the sum of squares divided by
    c (1 - c) is chi-square with k - 1 degrees of freedom where two independent samples are equal in law, so
    that the expectation is (k - 1) c (1 - c) / N. (Snoke and others have a further factor 1 - c, as they
    compare with the very rows that the synthesiser was fitted to; the holdout is independent of it.)
    """
    points = np.vstack([embedding.points(side), embedding.points(reference)])
    kind = (np.arange(len(points)) < len(side)).astype(np.float64)
    design = directions(points)
    share, n = float(kind.mean()), len(kind)
    squares = (logistic(design, kind) - share) ** 2
    persons = np.concatenate([side.persons, reference.persons + int(side.persons.max()) + 1])
    expected = design.shape[1] * share * (1 - share) / n
    return Strayed(clustered_mean(squares, persons), share * (1 - share), expected, n)


def directions(points: FloatArray) -> FloatArray:
    """The principal directions in which points vary at all, each of variance 1; shape (n, rank)."""
    centred = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(points))
    kept = values > 1e-9
    return np.asarray(centred @ (vectors[:, kept] / np.sqrt(values[kept])))


def logistic(design: FloatArray, kind: FloatArray) -> FloatArray:
    """Fitted probabilities of a logistic regression with intercept, by Newton's method; shape (n,)."""
    x = np.column_stack([np.ones(len(design)), design])
    coefficients = np.zeros(x.shape[1])
    penalty = RIDGE * len(kind)
    for _ in range(ROUNDS):
        fitted = 1 / (1 + np.exp(-np.clip(x @ coefficients, -30, 30)))
        slope = x.T @ (kind - fitted) - penalty * coefficients
        curvature = (x * (fitted * (1 - fitted))[:, None]).T @ x + penalty * np.eye(x.shape[1])
        step = np.linalg.solve(curvature, slope)
        coefficients += step * min(1.0, 5 / max(1e-12, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(1 / (1 + np.exp(-np.clip(x @ coefficients, -30, 30))))
