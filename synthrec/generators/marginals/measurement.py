"""Releases: the 1-way marginals, the groups they suggest, and the 2-way marginals of the groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from synthrec.codec.base import CodeDomain
from synthrec.generators.marginals.fitting import Targets
from synthrec.generators.marginals.grouping import Grouping, grouped
from synthrec.generators.marginals.queries import CellCounts, Cells, Reader
from synthrec.generators.marginals.recipe import ONE_WAY, TARGET_BOOST, TWO_WAY, ordered_groups
from synthrec.privacy.counts import Count, FloatArray

_FEWEST = 50.0
"""Number of rows assumed where noise says fewer."""

_EXACT_SHARE_WEIGHT = 5.0
_MOST_SHARE_WEIGHT = 50.0


@dataclass(frozen=True, eq=False)
class OneWay:
    """The cleaned 1-way counts of all columns."""

    rows: float
    """Number of rows (in the units of the counts); an estimate under noise."""
    counts: tuple[FloatArray, ...]
    """Non-negative, each of total `rows`."""
    sigma: float
    """Noise of one count before cleaning."""


@dataclass(frozen=True, eq=False)
class PairShares:
    """The measured joint shares of two grouped columns."""

    first: int
    second: int
    shares: FloatArray
    """Shape (groups of the first, groups of the second); may be negative under noise."""
    sigma: float
    """Noise of one share."""


Clean = Callable[[str, Count, float], FloatArray]
"""Column, released histogram, number of rows → plausible histogram of that total."""


def measure_one_way(counts: CellCounts, reader: Reader, domain: CodeDomain, clean: Clean) -> OneWay:
    """Release the histogram of every column."""
    queries = [Cells(reader, (j,), (np.arange(size),), (size,)) for j, size in enumerate(domain.sizes)]
    released = counts.release(ONE_WAY, queries)
    if not counts.is_private:
        return OneWay(float(released[0].values.sum()), tuple(count.values for count in released), 0.0)
    rows = max(_total(released), _FEWEST)
    cleaned = tuple(clean(name, count, rows) for name, count in zip(domain.names, released, strict=True))
    return OneWay(rows, cleaned, float(np.mean([count.sigma for count in released])))


def _total(released: Sequence[Count]) -> float:
    """Number of rows: the column totals weighted by their inverse variances."""
    weights = np.array([1 / (len(count.values) * count.sigma**2) for count in released])
    totals = np.array([count.values.sum() for count in released])
    return float((weights * totals).sum() / weights.sum())


def group_columns(one_way: OneWay, domain: CodeDomain) -> tuple[Grouping, ...]:
    """The groups of every column."""
    groups = ordered_groups(one_way.rows, one_way.sigma)
    layouts = zip(domain.ordered, domain.missing, strict=True)
    return tuple(
        grouped(count, layout, groups, one_way.sigma)
        for count, layout in zip(one_way.counts, layouts, strict=True)
    )


def measure_pairs(
    counts: CellCounts, reader: Reader, groupings: Sequence[Grouping], rows: float, target: int | None
) -> tuple[PairShares, ...]:
    """Release the joint histograms of pairs of columns; larger ones get more precision (McKenna et al. 2019).

    The share of a pair grows with cells**(2/3), which minimises the summed error of the cells.
    """
    pairs = list(combinations(range(len(groupings)), 2))
    if not pairs:
        return ()
    queries = [_pair_query(reader, groupings, pair) for pair in pairs]
    weight = np.array([query.size for query in queries]) ** (2 / 3)
    weight[[target is not None and target in pair for pair in pairs]] *= TARGET_BOOST
    released = counts.release(TWO_WAY, queries, list(weight / weight.sum()))
    return tuple(
        PairShares(i, j, count.values.reshape(query.sizes) / rows, count.sigma / rows)
        for (i, j), query, count in zip(pairs, queries, released, strict=True)
    )


def _pair_query(reader: Reader, groupings: Sequence[Grouping], pair: tuple[int, int]) -> Cells:
    first, second = groupings[pair[0]], groupings[pair[1]]
    return Cells(reader, pair, (first.groups, second.groups), (first.size, second.size))


def targets_of(one_way: OneWay, groupings: Sequence[Grouping], pairs: Sequence[PairShares]) -> Targets:
    """What the mixture shall meet: shares of groups and of pairs of groups, weighted by their precision."""
    offsets = np.concatenate([[0], np.cumsum([grouping.size for grouping in groupings])]).astype(np.intp)
    total = int(offsets[-1])
    shares, weights = np.zeros((total, total), np.float32), np.zeros((total, total), np.float32)
    reference = float(np.mean([1 / pair.sigma**2 for pair in pairs])) if pairs and one_way.sigma else 0.0
    expected = 0.0
    for pair in pairs:
        rows, columns = _block(offsets, pair.first), _block(offsets, pair.second)
        weight = 1 / pair.sigma**2 / reference if reference else 1.0
        shares[rows, columns], shares[columns, rows] = pair.shares, pair.shares.T
        weights[rows, columns] = weights[columns, rows] = weight
        expected += pair.shares.size * pair.sigma**2 * weight
    single = [
        np.bincount(grouping.groups, weights=count, minlength=grouping.size) / one_way.rows
        for grouping, count in zip(groupings, one_way.counts, strict=True)
    ]
    share_weight = _EXACT_SHARE_WEIGHT
    if reference:
        share_weight = float(np.clip((one_way.rows / one_way.sigma) ** 2 / reference, 1, _MOST_SHARE_WEIGHT))
    return Targets(
        offsets, np.concatenate(single).astype(np.float32), share_weight, shares, weights, expected
    )


def _block(offsets: np.ndarray, column: int) -> slice:
    return slice(int(offsets[column]), int(offsets[column + 1]))
