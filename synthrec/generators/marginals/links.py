"""Columns that follow from another: read off the measured pairs, at no further charge.

A mixture of products blurs a function between two columns. Where the significant cells of a measured pair say
that the first column all but fixes the second, the second is redrawn from that table given the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synthrec.generators.marginals.measurement import PairShares
from synthrec.privacy.counts import FloatArray

_FIXED = 0.95
"""Least share of rows in the likeliest level given the parent."""
_GAIN = 0.2
"""Least gain over the likeliest level without the parent."""
_SIGMAS = 3.0
_COVERED = 0.5
"""Least share of rows in significant cells."""


@dataclass(frozen=True, eq=False)
class Link:
    """A child column, drawn given the group of its parent."""

    parent: int
    table: FloatArray
    """Probability of the child's groups by the parent's group; a row of zeros keeps the mixture's draw."""


@dataclass(frozen=True, eq=False)
class _Candidate:
    child: int
    parent: int
    strength: float
    table: FloatArray


def find_links(pairs: Sequence[PairShares]) -> dict[int, Link]:
    """The links by child; a parent is no child itself, the weaker link gives way."""
    best: dict[int, _Candidate] = {}
    for candidate in (found for pair in pairs for found in _candidates(pair)):
        held = best.get(candidate.child)
        if held is None or candidate.strength > held.strength:
            best[candidate.child] = candidate
    for candidate in sorted(best.values(), key=lambda found: found.strength):
        if candidate.parent in best:
            del best[candidate.child]
    return {child: Link(best[child].parent, best[child].table) for child in sorted(best)}


def _candidates(pair: PairShares) -> list[_Candidate]:
    table = np.where(pair.shares > _SIGMAS * pair.sigma, pair.shares, 0.0)
    if table.sum() < _COVERED:
        return []
    found = []
    for parent, child, shares in ((pair.first, pair.second, table), (pair.second, pair.first, table.T)):
        strength = shares.max(1).sum() / shares.sum()
        base = shares.sum(0).max() / shares.sum()
        if strength > _FIXED and strength - base > _GAIN:
            found.append(_Candidate(child, parent, float(strength), _rows(shares)))
    return found


def _rows(shares: FloatArray) -> FloatArray:
    """Each row to sum 1; rows without mass stay 0."""
    total = shares.sum(1, keepdims=True)
    return shares / np.where(total > 0, total, 1)


def family(links: Mapping[int, Link], parent: int) -> list[int]:
    """The children of a column."""
    return [child for child, link in links.items() if link.parent == parent]
