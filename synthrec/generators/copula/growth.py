"""Strata: rows split by levels of the columns whose dependence one copula cannot express.

One normal dependence has a single correlation per pair; husband and wife, say, differ in sex but hardly in
age. Splitting by such a column makes its pairs exact and leaves each part a copula of its own. Growth is
greedy, as in regression trees (Breiman et al. 1984): the part with the largest misfit, in rows, is next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import Codes
from synthrec.generators.copula.correspondence import level_orders
from synthrec.generators.copula.marginals import FloatArray
from synthrec.generators.copula.misfit import misfit, noise
from synthrec.generators.copula.stratum import Stratum

Rows = NDArray[np.intp]

MIN_STRATUM = 2_000
"""No stratum has fewer rows, unless the whole table has: small strata remember single persons."""

MOST_LEVELS = 16
"""Ordered columns with more levels do not split."""

WORTH = 0.02
"""Misfit in standard units, beyond one unit of noise, from which a split is worth its strata."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """Rows with one copula."""

    rows: Rows
    stratum: Stratum
    gains: FloatArray
    """Misfit of each column times rows, 0 where a split is not worth it, shape (d,)."""


def grow(codes: Codes, first: int | None, limit: int, rng: np.random.Generator) -> list[Leaf]:
    """Split by the levels of the first column, then where it pays, into at most `limit` strata.

    Args:
        codes: Training rows.
        first: Position of a declared column to split by, if any.
        limit: Largest number of strata.
        rng: Draws of the copulas that are compared with the rows.
    """
    every = np.arange(len(codes))
    starts = [every] if first is None else split(codes, every, first, limit)
    orders = level_orders(codes)

    def leaf_of(rows: Rows) -> Leaf:
        part = Codes(codes.values[rows], codes.domain)
        stratum = Stratum.fit(part, orders)
        worth = limit > 1 and len(rows) >= 2 * MIN_STRATUM
        return Leaf(rows, stratum, _gains(part, stratum, rng) if worth else np.zeros(len(orders)))

    leaves = [leaf_of(rows) for rows in starts]
    while parts := _next_split(codes, leaves, limit):
        worst, rows = parts
        leaves = [leaf for leaf in leaves if leaf is not worst]
        leaves += [leaf_of(part) for part in rows]
    return leaves


def split(codes: Codes, rows: Rows, column: int, limit: int) -> list[Rows]:
    """Rows by level of a column: frequent levels apart, the others together, in at most `limit` parts."""
    values = codes.values[rows, column]
    part = pooled(np.bincount(values), limit)[values]
    return [rows[part == number] for number in np.unique(part)]


def pooled(counts: NDArray[np.intp], limit: int) -> NDArray[np.intp]:
    """Part of each level: its own for frequent levels; a pool of the others, itself not small."""
    ranked = np.argsort(-counts, kind="stable")
    own = ranked[counts[ranked] >= MIN_STRATUM]
    if len(own) > limit:
        own = own[: limit - 1]
    rest = counts.sum() - counts[own].sum()
    if len(own) and rest > 0 and (rest < MIN_STRATUM or len(own) == limit):
        own = own[:-1]
    part = np.full(len(counts), len(own))
    part[own] = np.arange(len(own))
    return part


def _gains(part: Codes, stratum: Stratum, rng: np.random.Generator) -> FloatArray:
    """Misfit of each column times rows, 0 where it may not split or a split is not worth it."""
    found = misfit(part, stratum, rng)
    domain = part.domain
    narrow = np.array(domain.sizes) <= MOST_LEVELS
    worth = (found > WORTH + noise(part)) & (narrow | ~np.array(domain.ordered))
    return np.where(worth, found * len(part), 0.0)


def _next_split(codes: Codes, leaves: Sequence[Leaf], limit: int) -> tuple[Leaf, list[Rows]] | None:
    """The leaf and parts of the most rewarding split that room is left for."""
    room = limit - len(leaves) + 1
    order = sorted(
        (
            (gain, number, column)
            for number, leaf in enumerate(leaves)
            for column, gain in enumerate(leaf.gains)
        ),
        reverse=True,
    )
    for gain, number, column in order:
        if gain <= 0 or room < 2:
            return None
        parts = split(codes, leaves[number].rows, column, room)
        if len(parts) > 1:
            return leaves[number], parts
    return None
