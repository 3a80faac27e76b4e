"""Three columns at a time: the k-marginal score of the NIST contests, with k = 3.

For each of some random triples of columns, the L1 distance between the two binned joint distributions, which
is 0 for equal and 2 for disjoint ones; the score is 1 less half their mean. NIST publishes a thousand times
it (Task, Bhagat, Streat, Simpson and Howarth 2023, SDNist v2). Bins are so coarse that a cell of a triple
holds five rows on average; in finer ones two samples of one population hardly meet.
"""

from __future__ import annotations

from itertools import combinations, permutations
from math import comb

import numpy as np

from synthrec.schema.vector import IntArray
from synthrec.validation.binning import BinArray, Binning, NumericBins
from synthrec.validation.exhibits import Grid
from synthrec.validation.fidelity import similarity
from synthrec.validation.quality.ground import SAMPLED, Answer, Question, Sides, fixed_rng
from synthrec.validation.quality.resample import bounded
from synthrec.validation.stats import FloatArray

TRIPLES = 100
"""Triples compared at most, always the same for a number of columns."""

ROWS, FEWEST = 5, 3
"""Rows to a cell that bins are made for, and bins that a column keeps in any case."""

_METHOD = (
    "1 - mean L1 distance / 2 over up to 100 fixed random triples of columns, in bins of the "
    "holdout that leave about five rows to a cell; a thousandth of NIST's k-marginal score (SDNist); the "
    "floor depends on the number of rows" + SAMPLED
)


def answer(sides: Sides) -> Answer:
    """The score and the worst triple's."""
    if len(sides.spec.modelled) < 3:
        return _too_narrow(sides)
    triples = chosen_triples(len(sides.spec.modelled))
    sizes = coarse_sizes(sides)
    synthetic, train, holdout = (coarse(bins, sides.binning, sizes) for bins in sides.bins)
    found, floor = (scores(side, holdout, sizes, triples) for side in (synthetic, train))
    measures = (
        bounded("score", float(np.mean(found)), float(np.mean(floor)), sides, _METHOD),
        bounded("worst", min(found), min(floor), sides, "the lowest of: " + _METHOD),
    )
    ratios = np.array(found) / np.maximum(floor, 1e-9)
    return Answer(measures, "score", (triples_map(ratios, triples, tuple(sides.spec.modelled)),))


QUESTION = Question(
    "quality.triples", "Are three columns together distributed as in other real rows?", answer
)


def scores(
    first: BinArray, second: BinArray, sizes: tuple[int, ...], triples: list[tuple[int, ...]]
) -> list[float]:
    """1 - half the L1 distance of each triple; bins of shape (columns, n)."""
    return [similarity(*(_count(bins, sizes, triple) for bins in (first, second))) for triple in triples]


def triples_map(ratios: FloatArray, triples: list[tuple[int, ...]], names: tuple[str, ...]) -> Grid:
    """Where triples fall short: for each pair of columns, the mean over the triples that hold both.

    Args:
        ratios: Score of each triple relative to its floor, shape (triples,).
        triples: Places of columns.
        names: Of all columns.
    """
    sums, counts = np.zeros((2, len(names), len(names)))
    for ratio, triple in zip(np.minimum(ratios, 1.0), triples, strict=True):
        for pair in permutations(triple, 2):
            sums[pair] += ratio
            counts[pair] += 1
    rows = tuple(
        tuple(float(total / n) if n else None for total, n in zip(*row, strict=True))
        for row in zip(sums, counts, strict=True)
    )
    worst = int(np.argmin(ratios))
    first, second, third = (names[place] for place in triples[worst])
    text = (
        "Each square is the mean over the triples that hold both columns, relative to other real rows; the "
        f"worst triple is {first}, {second} and {third}, {ratios[worst]:.3f} of that."
    )
    return Grid("Map of triples", text, names, names, rows)


def coarse_sizes(sides: Sides) -> tuple[int, ...]:
    """Bins per column, the last one for missing: about five rows to a cell of a triple, but three bins."""
    rows = min(len(sides.synthetic), len(sides.holdout))
    most = max(FEWEST, int((rows / ROWS) ** (1 / 3)))
    return tuple(min(size, most + 1) for size in sides.binning.sizes)


def coarse(bins: BinArray, binning: Binning, sizes: tuple[int, ...]) -> BinArray:
    """Neighbouring bins of numbers and rare labels taken together, shape (columns, n)."""
    found = np.empty_like(bins)
    for place, (column, size) in enumerate(zip(binning.columns.values(), sizes, strict=True)):
        if isinstance(column, NumericBins):
            merged = bins[place] * (size - 1) // max(1, column.size - 1)
        else:
            merged = np.minimum(bins[place], size - 2)
        found[place] = np.where(bins[place] == column.size - 1, size - 1, merged)
    return found


def chosen_triples(columns: int) -> list[tuple[int, ...]]:
    """All triples of columns, or 100 of them chosen by the audit's fixed seed, in ascending order."""
    if comb(columns, 3) <= TRIPLES:
        return list(combinations(range(columns), 3))
    rng, found = fixed_rng(), set[tuple[int, ...]]()
    while len(found) < TRIPLES:
        found.add(tuple(sorted(rng.choice(columns, 3, replace=False).tolist())))
    return sorted(found)


def _count(bins: BinArray, sizes: tuple[int, ...], triple: tuple[int, ...]) -> IntArray:
    a, b, c = triple
    cells = (bins[a] * sizes[b] + bins[b]) * sizes[c] + bins[c]
    return np.bincount(cells, minlength=sizes[a] * sizes[b] * sizes[c])


def _too_narrow(sides: Sides) -> Answer:
    """Tables of one or two columns have all columns compared together."""
    synthetic, train, holdout = (
        np.ravel_multi_index(tuple(bins), sides.binning.sizes) for bins in sides.bins
    )
    cells = int(np.prod(sides.binning.sizes))
    found, floor = (
        similarity(np.bincount(side, minlength=cells), np.bincount(holdout, minlength=cells))
        for side in (synthetic, train)
    )
    return Answer((bounded("score", found, floor, sides, "all columns together; " + _METHOD),), "score")
