"""The rare end: how much of the real mass in rare levels and far tails have the synthetic rows?

Rare is a label that at least 11 real persons hold and at most one row in twenty; far is a number beyond the
holdout's 1 % or 99 % quantile. What two distributions share of such cells is the sum of the smaller of the
two masses, relative to the holdout's: 1 if nothing rare is lost, 0 if everything is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from synthrec.schema.vector import IntArray, Vector
from synthrec.validation.exhibits import Listing
from synthrec.validation.quality.ground import SAMPLED, Answer, Question, Rows, Sides
from synthrec.validation.quality.marginals import CENTRAL, is_numeric
from synthrec.validation.quality.resample import JACKKNIFE, jackknife
from synthrec.validation.result import Measure
from synthrec.validation.stats import FloatArray

RARE = 0.05
NAMED = 11
"""Real persons who must hold a label before it is counted or named."""
SHOWN = 20

_METHOD = (
    "shared mass, sum of the smaller of two shares relative to the holdout's, of {}; 1 where there are none"
    + SAMPLED
    + JACKKNIFE
)


@dataclass(frozen=True)
class Rare:
    """The rare cells of one column: names, and the cell of every row of the sides, or -1."""

    names: tuple[str, ...]
    cells: tuple[IntArray, IntArray, IntArray]


def answer(sides: Sides) -> Answer:
    """The shared mass of rare levels and of far tails."""
    names = [name for name, vector in sides.holdout.vectors.items() if vector.levels is not None]
    numbers = [name for name, vector in sides.holdout.vectors.items() if is_numeric(vector)]
    levels = [_levels(name, sides) for name in names]
    tails = [_tails(name, sides) for name in numbers]
    measures = (
        _measure("rare levels", levels, sides, "labels of 11 persons and more and at most 5 % of the rows"),
        _measure("tails", tails, sides, "numbers beyond the holdout's 1 % and 99 % quantiles"),
    )
    return Answer(measures, "rare levels", (_listing([*levels, *tails]),))


QUESTION = Question("quality.tails", "Is what is rare in real rows there in synthetic ones?", answer)


def shared(first: FloatArray, second: FloatArray) -> float:
    """The sum of the smaller masses relative to the sum of the second; 1 where that is 0."""
    total = float(second.sum())
    return float(np.minimum(first, second).sum()) / total if total > 0 else 1.0


def _masses(columns: list[Rare], side: int, weights: FloatArray) -> FloatArray:
    """The share of the rows in each rare cell of each column, one after the other."""
    found = [
        np.bincount(column.cells[side] + 1, weights, len(column.names) + 1)[1:] / weights.sum()
        for column in columns
    ]
    return np.concatenate([np.zeros(0), *found])


def _measure(name: str, columns: list[Rare], sides: Sides, what: str) -> Measure:
    def figure(mine: FloatArray, theirs: FloatArray) -> FloatArray:
        return np.array([shared(_masses(columns, 0, mine), _masses(columns, 2, theirs))])

    one = [np.ones(len(side)) for side in (sides.synthetic, sides.train, sides.holdout)]
    value, half = float(figure(one[0], one[2])[0]), float(jackknife(figure, sides)[0])
    floor = shared(_masses(columns, 1, one[1]), _masses(columns, 2, one[2]))
    low, high = max(0.0, value - half), min(1.0, value + half)
    return Measure(name, value, low, high, len(sides.synthetic), floor, _METHOD.format(what))


def _levels(column: str, sides: Sides) -> Rare:
    held: dict[str, int] = {}
    rows: dict[str, int] = {}
    for side in (sides.train, sides.holdout):
        for label, persons, count in _holders(side, column):
            held[label], rows[label] = held.get(label, 0) + persons, rows.get(label, 0) + count
    most = RARE * (len(sides.train) + len(sides.holdout))
    names = tuple(
        sorted(label for label, persons in held.items() if persons >= NAMED and rows[label] <= most)
    )
    synthetic, train, holdout = (
        _cells(side.vectors[column], names) for side in (sides.synthetic, sides.train, sides.holdout)
    )
    return Rare(tuple(f"{column} = {name}" for name in names), (synthetic, train, holdout))


def _holders(side: Rows, column: str) -> Iterator[tuple[str, int, int]]:
    """Every label with its persons and rows."""
    vector = side.vectors[column]
    codes = vector.values[~vector.missing].astype(np.int64)
    levels = vector.levels or ()
    pairs = np.unique(np.stack([codes, side.persons[~vector.missing]]), axis=1)
    persons, rows = (np.bincount(each, minlength=len(levels)) for each in (pairs[0], codes))
    yield from zip(levels, persons.tolist(), rows.tolist(), strict=True)


def _cells(vector: Vector, names: tuple[str, ...]) -> IntArray:
    places = {name: place for place, name in enumerate(names)}
    codes = np.array([places.get(level, -1) for level in vector.levels or ()] or [-1], dtype=np.int64)
    return np.where(vector.missing, -1, codes[vector.values.astype(np.int64)])


def _tails(column: str, sides: Sides) -> Rare:
    vector = sides.holdout.vectors[column]
    present = vector.values[~vector.missing].astype(np.float64)
    low, high = np.quantile(present, CENTRAL) if len(present) else (-np.inf, np.inf)
    synthetic, train, holdout = (
        _ends(side.vectors[column], float(low), float(high))
        for side in (sides.synthetic, sides.train, sides.holdout)
    )
    return Rare((f"{column}, lowest 1 %", f"{column}, highest 1 %"), (synthetic, train, holdout))


def _ends(vector: Vector, low: float, high: float) -> IntArray:
    values = vector.values.astype(np.float64)
    cells = np.where(values < low, 0, np.where(values > high, 1, -1))
    return np.where(vector.missing, -1, cells)


def _listing(columns: list[Rare]) -> Listing:
    masses = [
        _masses(columns, side, np.ones(len(columns[0].cells[side]) if columns else 1)) for side in range(3)
    ]
    names = [name for column in columns for name in column.names]
    order = np.argsort(np.minimum(masses[0], masses[2]) - masses[2], kind="stable")[:SHOWN]
    rows = tuple((names[place], *(float(mass[place]) for mass in masses)) for place in order)
    text = "Nothing is rare." if not names else f"Of what is rare, {names[order[0]]} lost most of its mass."
    return Listing("What is rare", text, ("value", "synthetic", "training", "holdout"), rows)
