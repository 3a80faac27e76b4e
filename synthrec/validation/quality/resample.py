"""How sure a figure is: bounded differences, a jackknife by person, and AUC limits that know of persons."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import ndtri, stdtrit

from synthrec.schema.vector import BoolArray, IntArray
from synthrec.validation.fidelity import half_width
from synthrec.validation.quality.ground import Rows, Sides, fixed_rng
from synthrec.validation.result import Measure
from synthrec.validation.stats import ALPHA, Estimate, FloatArray

BLOCKS = 10
"""Parts that are left out in turn."""

MCDIARMID = "; 99 % limits by bounded differences (McDiarmid 1989)"
JACKKNIFE = f"; 99 % limits by a jackknife of {BLOCKS} blocks of persons (Quenouille 1956), Student's t"


def bounded(name: str, value: float, floor: float, sides: Sides, method: str) -> Measure:
    """A similarity that one of n rows moves by at most 1/n, with limits that hold for any distribution."""
    half = half_width(len(sides.synthetic), sides.holdout.persons)
    low, high = max(0.0, value - half), min(1.0, value + half)
    return Measure(name, value, low, high, len(sides.synthetic), floor, method + MCDIARMID)


def blocks(rows: Rows) -> IntArray:
    """The block of every row, the same for all rows of a person, shape (n,)."""
    persons = int(rows.persons.max()) + 1
    return np.asarray(fixed_rng().permutation(persons) % BLOCKS)[rows.persons]


def jackknife(statistic: Callable[[FloatArray, FloatArray], FloatArray], sides: Sides) -> FloatArray:
    """Half-widths of one-sided 99 % limits of some figures.

    Args:
        statistic: Figures, shape (k,), from the weights of the synthetic and of the holdout rows; a weight of
            0 leaves a row out.
        sides: The rows.

    Returns:
        Shape (k,); infinite where fewer than two blocks have rows on both sides.
    """
    mine, theirs = blocks(sides.synthetic), blocks(sides.holdout)
    shared = [block for block in range(BLOCKS) if _splits(mine, block) and _splits(theirs, block)]
    whole = statistic(np.ones(len(mine)), np.ones(len(theirs)))
    if len(shared) < 2:
        return np.full(whole.shape, np.inf)
    found = np.array([statistic((mine != block) * 1.0, (theirs != block) * 1.0) for block in shared])
    count = len(shared)
    error = np.sqrt((count - 1) / count * ((found - found.mean(axis=0)) ** 2).sum(axis=0))
    return np.asarray(error * float(stdtrit(count - 1, 1 - ALPHA)))


def _splits(blocks_of: IntArray, block: int) -> bool:
    share = float((blocks_of == block).mean())
    return 0 < share < 1


def auc(scores: FloatArray, positive: BoolArray, weights: FloatArray | None = None) -> float:
    """P(score of a positive > of a negative), ties one half; .5 where one of them is absent.

    Args:
        scores: Shape (n,).
        positive: Shape (n,).
        weights: How often each row counts, shape (n,); once by default.
    """
    weights = np.ones(len(scores)) if weights is None else weights
    return auc_of_levels(np.unique(scores, return_inverse=True)[1], positive, weights)


def auc_of_levels(level: IntArray, positive: BoolArray, weights: FloatArray) -> float:
    """The same from the ranks of the scores among their different values, shape (n,)."""
    ones = np.bincount(level, weights * positive)
    others = np.bincount(level, weights * ~positive)
    pairs = ones.sum() * others.sum()
    if pairs == 0:
        return 0.5
    below = np.cumsum(others) - others
    return float((ones @ (below + others / 2)) / pairs)


def clustered_auc(scores: FloatArray, positive: BoolArray, persons: IntArray) -> Estimate:
    """An AUC with limits that take the rows of a person together (Obuchowski 1997, Biometrics 53).

    Args:
        scores: Shape (n,).
        positive: Shape (n,).
        persons: Dense person numbers over both kinds together; no person has rows of both. Shape (n,).
    """
    if len(np.unique(persons[positive])) < 2 or len(np.unique(persons[~positive])) < 2:
        return Estimate(0.5, 0.0, 1.0)
    value = auc(scores, positive)
    variance = sum(_placement_variance(scores, side, persons) for side in (positive, ~positive))
    m, n = (len(np.unique(persons[side])) for side in (positive, ~positive))
    half = float(ndtri(1 - ALPHA)) * math.sqrt(max(variance, (m + n + 1) / (12 * m * n)))
    return Estimate(value, max(0.0, value - half), min(1.0, value + half))


def _placement_variance(scores: FloatArray, side: BoolArray, persons: IntArray) -> float:
    """Variance of the mean placement of one side's rows among the other's, rows of a person together."""
    own, among = scores[side], np.sort(scores[~side])
    placed = (np.searchsorted(among, own, "left") + np.searchsorted(among, own, "right")) / (2 * len(among))
    sums = np.bincount(np.unique(persons[side], return_inverse=True)[1], placed - placed.mean())
    count = len(sums)
    return float(count / (count - 1) * (sums @ sums)) / len(own) ** 2


def clustered_mean(values: FloatArray, persons: IntArray) -> Estimate:
    """A mean with limits by the normal distribution that take the values of a person together.

    Args:
        values: Shape (n,).
        persons: Dense person numbers, shape (n,).
    """
    mean = float(values.mean())
    sums = np.bincount(persons, values - mean)
    if len(sums) < 2:
        return Estimate(mean, -math.inf, math.inf)
    variance = float(len(sums) / (len(sums) - 1) * (sums @ sums)) / len(values) ** 2
    half = float(ndtri(1 - ALPHA)) * math.sqrt(variance)
    return Estimate(mean, mean - half, mean + half)
