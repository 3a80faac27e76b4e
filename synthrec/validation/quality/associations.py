"""Pairs of columns by one number each: is what goes together in real rows together in synthetic ones?

Two numeric columns have Spearman's rank correlation, two label columns Cramér's V, and one of each the
correlation ratio of the ranks. Unlike the distance of joint distributions these hardly depend on the number
of rows, and they have a sign or a strength that a reader knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from synthrec.schema.vector import IntArray
from synthrec.validation.attacks.space import Points, Space
from synthrec.validation.exhibits import Grid
from synthrec.validation.fidelity import chosen_pairs
from synthrec.validation.quality.ground import SAMPLED, Answer, Question, Sides
from synthrec.validation.quality.resample import JACKKNIFE, jackknife
from synthrec.validation.result import Measure
from synthrec.validation.stats import FloatArray

DRAWN = 20
"""Columns of the drawn matrix, those with the largest differences."""

_METHOD = (
    "1 - absolute difference of {}, of at most 300 pairs of columns; a missing number counts as the mean "
    "rank, a missing label as a label" + SAMPLED + JACKKNIFE
)
_KINDS = {
    "numbers": "Spearman's rank correlations, halved",
    "mixed": "correlation ratios of ranks within labels",
    "labels": "Cramér's V",
}


@dataclass(frozen=True, eq=False)
class Pairs:
    """Which columns are compared and how; `kinds` holds a key of `_KINDS` per pair."""

    names: tuple[str, ...]
    places: list[tuple[int, int]]
    kinds: tuple[str, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Cells:
    """The rows of one side: ranks of numbers and bins, each of shape (columns, n)."""

    ranks: FloatArray
    bins: IntArray


def answer(sides: Sides) -> Answer:
    """Mean and worst agreement, by kind of pair and over all."""
    pairs = _pairs(sides)
    if not pairs.places:
        return Answer((Measure("mean", 1.0, 1.0, 1.0, 0, None, "there is one column only"),), "mean")
    synthetic, train, holdout = _cells(sides)
    kinds = np.array(pairs.kinds)

    def figures(mine: Cells, weights: FloatArray, theirs: FloatArray) -> FloatArray:
        found = agreement(associations(mine, pairs, weights), associations(holdout, pairs, theirs), pairs)
        means = [found[kinds == kind].mean() for kind in _KINDS if (kinds == kind).any()]
        return np.array([found.mean(), found.min(), *means])

    halves = jackknife(lambda mine, theirs: figures(synthetic, mine, theirs), sides)
    value, floor = (
        figures(side, np.ones(len(sides.train)), np.ones(len(sides.holdout))) for side in (synthetic, train)
    )
    return Answer(
        tuple(_measures(value, halves, floor, pairs, len(sides.synthetic))),
        "mean",
        (_grid(_agreements(sides, pairs, synthetic, holdout), pairs),),
    )


QUESTION = Question("quality.associations", "Are pairs of columns associated as in other real rows?", answer)


def associations(cells: Cells, pairs: Pairs, weights: FloatArray) -> FloatArray:
    """The association of every pair, shape (pairs,); rows count as often as their weights say."""
    correlations = correlation(cells.ranks, weights)
    found = np.empty(len(pairs.places))
    for place, ((first, second), kind) in enumerate(zip(pairs.places, pairs.kinds, strict=True)):
        if kind == "numbers":
            found[place] = correlations[first, second]
        elif kind == "mixed":
            number, label = (first, second) if pairs.sizes[first] == 0 else (second, first)
            found[place] = correlation_ratio(cells.ranks[number], cells.bins[label], weights)
        else:
            shape = pairs.sizes[first], pairs.sizes[second]
            cell = cells.bins[first] * shape[1] + cells.bins[second]
            joint = np.bincount(cell, weights, shape[0] * shape[1]).astype(np.float64)
            found[place] = cramers_v(joint.reshape(shape))
    return found


def correlation(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Pearson's correlations of rows of values, shape (k, n) to (k, k); 0 where a row does not vary."""
    centred = values - (values @ weights / weights.sum())[:, None]
    covariance = (centred * weights) @ centred.T
    spread = np.sqrt(np.diag(covariance))
    spread[spread <= 1e-12] = np.inf
    return np.asarray(covariance / np.outer(spread, spread))


def correlation_ratio(values: FloatArray, groups: IntArray, weights: FloatArray) -> float:
    """Pearson's eta: the root of the share of the variance that lies between groups."""
    counts, sums = np.bincount(groups, weights), np.bincount(groups, weights * values)
    mean = sums.sum() / counts.sum()
    total = float(weights @ (values - mean) ** 2)
    held = counts > 0
    between = float(counts[held] @ (sums[held] / counts[held] - mean) ** 2)
    return (between / total) ** 0.5 if total > 1e-12 else 0.0


def cramers_v(joint: FloatArray) -> float:
    """Cramér's V (1946) of a contingency table; 0 where one side does not vary."""
    joint = joint[joint.sum(axis=1) > 0][:, joint.sum(axis=0) > 0]
    if min(joint.shape) < 2:
        return 0.0
    n, expected = joint.sum(), np.outer(joint.sum(axis=1), joint.sum(axis=0)) / joint.sum()
    chi_square = float(((joint - expected) ** 2 / expected).sum())
    return float((chi_square / (n * (min(joint.shape) - 1))) ** 0.5)


def agreement(first: FloatArray, second: FloatArray, pairs: Pairs) -> FloatArray:
    """1 - difference, halved for correlations, which range from -1 to 1; shape (pairs,)."""
    halved = np.array([2.0 if kind == "numbers" else 1.0 for kind in pairs.kinds])
    return np.asarray(1 - np.abs(first - second) / halved)


def _pairs(sides: Sides) -> Pairs:
    names, places = sides.spec.modelled, chosen_pairs(len(sides.spec.modelled))
    labels = [vector.levels is not None for vector in sides.holdout.vectors.values()]
    sizes = tuple(size if label else 0 for size, label in zip(sides.binning.sizes, labels, strict=True))
    kinds = ("numbers", "mixed", "labels")
    return Pairs(names, places, tuple(kinds[labels[a] + labels[b]] for a, b in places), sizes)


def _cells(sides: Sides) -> Iterator[Cells]:
    space = Space.of(sides.spec, sides.holdout.table)
    labels = [vector.levels is not None for vector in sides.holdout.vectors.values()]
    for side, bins in zip((sides.synthetic, sides.train, sides.holdout), sides.bins, strict=True):
        yield Cells(_spread(_ranks(space.points(side.table)), labels), bins)


def _ranks(points: Points) -> FloatArray:
    """Ranks from 0 to 1, missing ones the mean of the others; shape (numeric columns, n)."""
    ranks, present = points.ranks / points.step, points.ranks >= 0
    means = (ranks * present).sum(axis=1) / np.maximum(1, present.sum(axis=1))
    return np.where(present, ranks, means[:, None])


def _spread(ranks: FloatArray, labels: list[bool]) -> FloatArray:
    """The ranks at the places of their columns among all columns, 0 at those of labels."""
    found = np.zeros((len(labels), ranks.shape[1]))
    found[~np.array(labels)] = ranks
    return found


def _agreements(sides: Sides, pairs: Pairs, synthetic: Cells, holdout: Cells) -> FloatArray:
    ones = np.ones(len(sides.synthetic)), np.ones(len(sides.holdout))
    return agreement(associations(synthetic, pairs, ones[0]), associations(holdout, pairs, ones[1]), pairs)


def _measures(
    value: FloatArray, halves: FloatArray, floor: FloatArray, pairs: Pairs, n: int
) -> Iterator[Measure]:
    kinds = [kind for kind in _KINDS if kind in pairs.kinds]
    names = ["mean", "worst", *kinds]
    what = ["associations, mean", "associations, the worst pair's", *(_KINDS[kind] for kind in kinds)]
    for place, name in enumerate(names):
        found, half = float(value[place]), float(halves[place])
        low, high = max(0.0, found - half), min(1.0, found + half)
        yield Measure(name, found, low, high, n, float(floor[place]), _METHOD.format(what[place]))


def _grid(found: FloatArray, pairs: Pairs) -> Grid:
    """The agreement of the columns with the worst pairs."""
    order = np.argsort(found, kind="stable")
    columns = list(dict.fromkeys(column for place in order for column in pairs.places[place]))[:DRAWN]
    columns.sort()
    values = dict(zip(pairs.places, found.tolist(), strict=True))
    rows = tuple(
        tuple(1.0 if a == b else values.get((min(a, b), max(a, b))) for b in columns) for a in columns
    )
    first, second = (pairs.names[column] for column in pairs.places[order[0]])
    text = f"The association of {first} and {second} differs most: agreement {found[order[0]]:.3f}."
    names = tuple(pairs.names[column] for column in columns)
    return Grid("Agreement of associations", text, names, names, rows)
