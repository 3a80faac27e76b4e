"""Groups of levels for counts of pairs, from the shares of the levels; nothing here sees rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthrec.generators.copula.marginals import FloatArray

GROUPS = 16
"""Groups of an ordered column in counts of pairs."""

NAMED = 64
"""Groups of a nominal column: its most frequent levels, the others together."""


def grouped(shares: FloatArray, *, ordered: bool, missing: bool) -> NDArray[np.int64]:
    """Group of each level: neighbours of about equal mass with missing apart, or the frequent ones."""
    if not ordered:
        return _frequent(shares)
    if not missing:
        return _equal_mass(shares)
    values = _equal_mass(shares[:-1])
    return np.append(values, values.max(initial=-1) + 1)


def _equal_mass(shares: FloatArray) -> NDArray[np.int64]:
    """Neighbours together; a level that alone fills a group stays alone."""
    if len(shares) <= GROUPS:
        return np.arange(len(shares))
    groups, group, mass, rest, left = np.empty(len(shares), dtype=np.int64), 0, 0.0, shares.sum(), GROUPS
    for level, share in enumerate(shares):
        if mass > 0 and mass + share / 2 > rest / left and left > 1:
            rest, left, group, mass = rest - mass, left - 1, group + 1, 0.0
        groups[level] = group
        mass += share
    return groups


def _frequent(shares: FloatArray) -> NDArray[np.int64]:
    rank = np.empty(len(shares), dtype=np.int64)
    rank[np.argsort(-shares, kind="stable")] = np.arange(len(shares))
    return np.minimum(rank, NAMED - 1)
