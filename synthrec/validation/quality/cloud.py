"""All columns at once, as clouds of points: do the synthetic rows lie where real rows lie, and everywhere?

alpha-precision and beta-recall: Alaa, van Breugel, Saveliev and van der Schaar (2022, How Faithful is your
Synthetic Data?, arXiv:2102.08921), integrated over alpha and beta, with balls around the mean of the
embedding in place of a learned one-class network. Maximum mean discrepancy: Gretton and others (2012, JMLR
13). Frechet distance: Heusel and others (2017, arXiv:1706.08500), here without an image network.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synthrec.schema.vector import BoolArray
from synthrec.validation.quality.embedding import Embedding
from synthrec.validation.quality.ground import SAMPLED, Answer, Question, Sides
from synthrec.validation.quality.resample import JACKKNIFE, jackknife
from synthrec.validation.result import Measure
from synthrec.validation.stats import FloatArray

MOST = 1_500
"""Points of each cloud for measures that compare every point with every other."""
LEVELS = np.linspace(0, 1, 31)

_ON = "; on the embedding of ranks and labels"
_PAIRED = f"{_ON}, at most {MOST:,} rows of each kind, equally many{JACKKNIFE}"
METHODS = {
    "alpha-precision": "1 - 2 x area between alpha and the share of synthetic rows within the ball of a "
    "share alpha of the real ones (Alaa and others 2022)" + _PAIRED,
    "beta-recall": "1 - 2 x area between beta and the share of real rows that have a synthetic row of the "
    "inner beta nearer than any other real one (Alaa and others 2022); about 0.5 between equal distributions"
    + _PAIRED,
    "MMD": "squared maximum mean discrepancy, unbiased, Gaussian kernel as wide as the median distance of "
    "the holdout (Gretton and others 2012)" + _PAIRED,
    "Frechet distance": "squared distance of the means and covariances (Heusel and others 2017)"
    + _ON
    + SAMPLED
    + JACKKNIFE,
}


def answer(sides: Sides) -> Answer | str:
    """alpha-precision, beta-recall, discrepancy and Frechet distance."""
    few = _fewer(sides, MOST)
    n = len(few.holdout)
    if n < 4:
        return "fewer than 4 rows to a side make no cloud"
    embedding = Embedding.of(sides)
    pairs = [
        *_compared(support, few, embedding, 2),
        *_compared(discrepancy, few, embedding, 1),
        *_compared(frechet, sides, embedding, 1),
    ]
    measures = (
        _measure(name, figures, n if name != "Frechet distance" else len(sides.synthetic))
        for name, figures in zip(METHODS, pairs, strict=True)
    )
    return Answer(tuple(measures), "alpha-precision")


QUESTION = Question(
    "quality.cloud", "Do the rows as a whole lie where other real rows lie, and everywhere?", answer
)

Statistic = Callable[[FloatArray, FloatArray], Callable[[FloatArray, FloatArray], FloatArray]]
"""From two clouds, the figures of the two under weights."""


def support(points: FloatArray, real: FloatArray) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """Integrated alpha-precision and beta-recall of points against real ones."""
    across, among = _distances(real, points), _distances(real, real)
    np.fill_diagonal(among, np.inf)

    def figures(mine: FloatArray, theirs: FloatArray) -> FloatArray:
        kept, held = np.flatnonzero(theirs), np.flatnonzero(mine)
        cloud, reference = points[held], real[kept]
        to_synthetic = across[np.ix_(kept, held)]
        nearest, to_real = to_synthetic.argmin(axis=1), among[np.ix_(kept, kept)].min(axis=1)
        nearer = to_synthetic[np.arange(len(kept)), nearest] <= to_real
        return np.array([_precision(cloud, reference), _recall(cloud[nearest], cloud, nearer)])

    return figures


def discrepancy(points: FloatArray, real: FloatArray) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """The unbiased squared discrepancy of two clouds."""
    squares = _distances(real, real) ** 2
    width = float(np.median(squares[np.triu_indices(len(real), 1)])) or 1.0
    mine_mine, mine_theirs, theirs_theirs = (
        np.exp(-each / (2 * width))
        for each in (_distances(points, points) ** 2, _distances(points, real) ** 2, squares)
    )

    def figures(mine: FloatArray, theirs: FloatArray) -> FloatArray:
        across = mine @ mine_theirs @ theirs / (mine.sum() * theirs.sum())
        return np.array([_within(mine_mine, mine) + _within(theirs_theirs, theirs) - 2 * across])

    return figures


def frechet(points: FloatArray, real: FloatArray) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """The squared Frechet distance of the normal distributions with the moments of two clouds."""

    def figures(mine: FloatArray, theirs: FloatArray) -> FloatArray:
        (mean, first), (other, second) = _moments(points, mine), _moments(real, theirs)
        values, vectors = np.linalg.eigh(first)
        root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
        mixed = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
        gap = mean - other
        return np.array([max(0.0, gap @ gap + np.trace(first) + np.trace(second) - 2 * mixed)])

    return figures


def _precision(cloud: FloatArray, reference: FloatArray) -> float:
    centre = reference.mean(axis=0)
    radii = np.quantile(_lengths(reference - centre), LEVELS)
    within = np.searchsorted(np.sort(_lengths(cloud - centre)), radii, "right") / len(cloud)
    return _integrated(within)


def _recall(nearest: FloatArray, cloud: FloatArray, nearer: BoolArray) -> float:
    """Recall from the synthetic point nearest to each real one, and whether it is nearer than a real one."""
    lengths = _lengths(nearest - cloud.mean(axis=0))
    radii = np.quantile(lengths, LEVELS)
    return _integrated((nearer[:, None] & (lengths[:, None] <= radii)).mean(axis=0))


def _integrated(curve: FloatArray) -> float:
    return 1 - 2 * float(np.trapezoid(np.abs(curve - LEVELS), LEVELS))


def _within(kernel: FloatArray, weights: FloatArray) -> float:
    """The mean of a kernel over pairs of different points, weights 0 or 1."""
    count = weights.sum()
    return float((weights @ kernel @ weights - weights @ np.diag(kernel)) / (count * (count - 1)))


def _moments(points: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    kept = points[weights > 0]
    return kept.mean(axis=0), np.atleast_2d(np.cov(kept, rowvar=False))


def _distances(first: FloatArray, second: FloatArray) -> FloatArray:
    """Euclidean distances of all pairs, shape (first, second)."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    return np.asarray(np.sqrt(np.maximum(squares, 0).round(12)), dtype=np.float64)


def _lengths(points: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((points**2).sum(axis=1)).round(12))


def _compared(
    statistic: Statistic, sides: Sides, embedding: Embedding, count: int
) -> list[tuple[float, float, float]]:
    """Value, half-width and floor of each of the figures of a statistic."""
    synthetic, train, holdout = (
        embedding.points(side) for side in (sides.synthetic, sides.train, sides.holdout)
    )
    figures = statistic(synthetic, holdout)
    found = figures(np.ones(len(synthetic)), np.ones(len(holdout)))
    halves = jackknife(figures, sides)
    floor = statistic(train, holdout)(np.ones(len(train)), np.ones(len(holdout)))
    return [(float(found[k]), float(halves[k]), float(floor[k])) for k in range(count)]


def _measure(name: str, figures: tuple[float, float, float], n: int) -> Measure:
    value, half, floor = figures
    most = 1.0 if name in {"alpha-precision", "beta-recall"} else np.inf
    return Measure(name, value, value - half, min(most, value + half), n, floor, METHODS[name])


def _fewer(sides: Sides, most: int) -> Sides:
    """As many rows of each kind, at most `most`."""
    count = min(len(sides.synthetic), len(sides.holdout), most)
    return Sides(*(side.some(count) for side in (sides.synthetic, sides.train, sides.holdout)))
