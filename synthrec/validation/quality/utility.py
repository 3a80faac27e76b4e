"""Train on synthetic, test on real: does a model learned from synthetic rows work on real ones?

Esteban, Hyland and Raetsch (2017, arXiv:1706.02633). Gradient-boosted trees predict the schema's target from
the other columns; one model learns from the synthetic rows (TSTR), one from as many training rows (TRTR), and
both are tested on the holdout. The transfer ratio is TSTR / TRTR. Its floor is the same ratio between models
of two person-disjoint halves of the training rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from synthrec.schema.vector import IntArray
from synthrec.validation.exhibits import Listing
from synthrec.validation.quality.detection import halves
from synthrec.validation.quality.ground import SAMPLED, Answer, Question, Rows, Sides, fixed_rng
from synthrec.validation.quality.groups import declared_groups
from synthrec.validation.quality.prediction import Predictions, Task
from synthrec.validation.result import Measure
from synthrec.validation.stats import ALPHA, FloatArray

RESAMPLES = 100
FEWEST = 50
"""Training rows and holdout rows with a target that are needed."""

TWO_CLASSES = 20
"""Holdout rows of each of two classes that a group needs, or its AUC is mostly chance."""

_LIMITS = f"; 99 % limits by {RESAMPLES} bootstraps of the holdout's persons, the models taken as given"
_BRIER = "mean squared error of the probabilities, halved (Brier 1950); less is better; floor: of TRTR"
_RATIO = "TSTR / TRTR, {}; gradient-boosted trees; floor: ratio of models of two halves of the training rows"


@dataclass(frozen=True, eq=False)
class Trial:
    """Models learned from synthetic rows, from training rows and from each half of these, on one holdout."""

    models: tuple[Predictions, Predictions, Predictions, Predictions]
    holdout: Rows

    def weights(self, rows: IntArray) -> FloatArray:
        """1 for the given rows of the holdout, 0 for others."""
        weights = np.zeros(len(self.holdout))
        weights[rows] = 1.0
        return weights


def answer(sides: Sides) -> Answer | str:
    """Quality of both models, their ratio, calibration, and the group that transfers worst."""
    task = Task.of(sides)
    if isinstance(task, str):
        return task
    known = [task.known(side) for side in (sides.synthetic, sides.train, sides.holdout)]
    if min(map(len, known)) < FEWEST:
        return f"fewer than {FEWEST} rows of each kind have a target"
    synthetic, train, holdout = known
    most = min(len(synthetic), len(train))
    parts = (_first(synthetic, most), _first(train, most), *halves(train, most, 0))
    synthetic_model, real_model, first, second = (task.tested(part, holdout) for part in parts)
    trial = Trial((synthetic_model, real_model, first, second), holdout)
    if not task.predictable(real_model):
        return f"{task.target} cannot be predicted from the other columns, not even by a model of real rows"
    groups = _by_group(trial, sides)
    return Answer(_measures(task, trial, groups), "transfer ratio", (_listing(task, trial, groups),))


QUESTION = Question("quality.utility", "Does a model learned from synthetic rows work on real ones?", answer)

Figure = Callable[[Trial, FloatArray], float]
"""A number from a trial and the weights of the holdout rows."""


def _measures(task: Task, trial: Trial, groups: dict[str, IntArray]) -> tuple[Measure, ...]:
    every = np.arange(len(trial.holdout))
    transfer, floor = _ratio(0, 1), _ratio(2, 3)
    found = [
        _measure("transfer ratio", (transfer, floor), _RATIO.format(task.score), trial, every),
        _measure("TSTR", (_score(0), _score(1)), f"{task.score} on the holdout; floor: TRTR", trial, every),
    ]
    if task.classes:
        found.append(_measure("TSTR Brier score", (_brier(0), _brier(1)), _BRIER, trial, every))
    if groups:
        name = min(groups, key=lambda name: transfer(trial, trial.weights(groups[name])))
        method = _RATIO.format(f"{task.score}, the declared group of 50 persons that transfers worst")
        worst = _measure("worst group", (transfer, floor), method, trial, groups[name])
        lowest = min(floor(trial, trial.weights(rows)) for rows in groups.values())
        found.append(replace(worst, baseline=lowest))
    return tuple(found)


def _score(model: int) -> Figure:
    return lambda trial, weights: trial.models[model].score(weights)


def _brier(model: int) -> Figure:
    return lambda trial, weights: trial.models[model].brier(weights)


def _ratio(mine: int, other: int) -> Figure:
    return lambda trial, weights: _score(mine)(trial, weights) / max(1e-9, _score(other)(trial, weights))


def _measure(name: str, figures: tuple[Figure, Figure], method: str, trial: Trial, rows: IntArray) -> Measure:
    """A figure on some rows of the holdout, beside the figure that is its floor."""
    weights, (figure, floor) = trial.weights(rows), figures
    value, half = figure(trial, weights), _half_width(figure, trial, weights)
    method += SAMPLED + _LIMITS
    return Measure(name, value, value - half, value + half, len(rows), floor(trial, weights), method)


def _half_width(figure: Figure, trial: Trial, weights: FloatArray) -> float:
    """A one-sided 99 % half-width from the standard deviation over bootstraps by person."""
    persons, rng = trial.holdout.persons, fixed_rng()
    people = int(persons.max()) + 1
    draws = (
        np.bincount(rng.integers(0, people, people), minlength=people)[persons] * weights
        for _ in range(RESAMPLES)
    )
    found = [figure(trial, draw) for draw in draws if draw.any()]
    return float(ndtri(1 - ALPHA)) * float(np.std(found, ddof=1))


def _by_group(trial: Trial, sides: Sides) -> dict[str, IntArray]:
    """The holdout rows of every declared group in which a model of real rows predicts the target at all.

    Groups by the target itself are left out, as it does not vary within them.
    """
    found: dict[str, IntArray] = {}
    for group in declared_groups(sides):
        rows = group.rows(trial.holdout)
        real = trial.models[1]
        if group.column == sides.spec.target or not len(rows) or not real.varies(rows, TWO_CLASSES):
            continue
        if real.score(trial.weights(rows)) > 0:
            found[group.name] = rows
    return found


def _first(rows: Rows, most: int) -> Rows:
    return rows if len(rows) <= most else rows.take(np.arange(most))


def _listing(task: Task, trial: Trial, groups: dict[str, IntArray]) -> Listing:
    every = {"all": np.arange(len(trial.holdout)), **groups}
    rows = sorted(
        (_row(name, task, trial, members) for name, members in every.items()), key=lambda row: row[4]
    )
    header = ("group", "rows", "TSTR", "TRTR", "ratio", "Brier, synthetic", "Brier, real")
    text = f"Predicting {task.target} by {task.score}: {rows[0][0]} transfers worst, ratio {rows[0][4]:.3f}."
    return Listing("Train on synthetic, test on real", text, header[: len(rows[0])], tuple(rows))


def _row(
    name: str, task: Task, trial: Trial, rows: IntArray
) -> tuple[str, int, float, float, float, *tuple[float, ...]]:
    weights = trial.weights(rows)
    mine, real = (model.score(weights) for model in trial.models[:2])
    brier = [model.brier(weights) for model in trial.models[:2]] if task.classes else []
    return (name, len(rows), mine, real, mine / max(1e-9, real), *brier)
