"""Coarse levels: which fine levels a 2-way marginal tells apart, decided from the 1-way marginals alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.codec.base import CodeDomain
from synthrec.generators.marginals.recipe import FEW_LEVELS, TOP_LEVELS
from synthrec.privacy.counts import FloatArray
from synthrec.schema.vector import IntArray

_LEAST = 1e-9
"""Mass, in rows, of a level without any: runs of such levels are cut, too."""

_ROUNDING = 1e-4
"""Of the sum of stored shares."""


@dataclass(frozen=True, eq=False)
class Grouping:
    """The groups of one column's K levels."""

    groups: IntArray
    """Group of each level, int64 of shape (K,); every group 0..size-1 occurs."""
    within: FloatArray
    """Probability of each level within its group, shape (K,)."""

    @property
    def size(self) -> int:
        """Number of groups."""
        return int(self.groups.max()) + 1

    @classmethod
    def of(cls, groups: IntArray, counts: FloatArray) -> Grouping:
        """Groups with the shares of their levels; levels of an empty group share it equally."""
        total = np.bincount(groups, weights=counts)
        members = np.bincount(groups)
        empty = total[groups] <= 0
        within = np.where(empty, 1 / members[groups], counts / np.where(empty, 1, total[groups]))
        return cls(groups, within)


def restored(domain: CodeDomain, groups: IntArray, within: FloatArray) -> tuple[Grouping, ...]:
    """The groupings of all columns from the groups and shares of all levels, one column after the other.

    Raises:
        ValueError: groups are not numbered from 0, or shares do not sum to 1 in every group.
    """
    found = []
    for end, size in zip(np.cumsum(domain.sizes), domain.sizes, strict=True):
        group, share = groups[end - size : end], within[end - size : end]
        occurring = np.unique(group)
        if not np.array_equal(occurring, np.arange(len(occurring))):
            raise ValueError("groups do not number the groups of a column from 0")
        if (share < 0).any() or np.abs(np.bincount(group, weights=share) - 1).max() > _ROUNDING:
            raise ValueError("within are not shares that sum to 1 in every group")
        found.append(Grouping(group, share))
    return tuple(found)


def grouped(counts: FloatArray, layout: tuple[bool, bool], groups: int, sigma: float) -> Grouping:
    """The groups of one column.

    Args:
        counts: Cleaned 1-way counts of the levels, at least 0, shape (K,).
        layout: Whether the levels are in order, and whether the last one means missing.
        groups: Number of groups of an ordered column, about.
        sigma: Noise of one count before it was cleaned.
    """
    ordered, missing = layout
    if len(counts) <= FEW_LEVELS:
        found = np.arange(len(counts))
    elif ordered:
        found = _runs(counts, groups, missing=missing)
    else:
        found = _top(counts, 3 * sigma + 1 if sigma else 0.0)
    return Grouping.of(found, counts)


def _top(counts: FloatArray, threshold: float) -> IntArray:
    """Frequent levels alone, all others in the last group."""
    levels = len(counts)
    if levels <= TOP_LEVELS:
        return np.arange(levels)
    kept = int(np.clip((counts > threshold).sum(), 1, TOP_LEVELS - 1))
    groups = np.full(levels, kept)
    groups[np.argsort(-counts, kind="stable")[:kept]] = np.arange(kept)
    return groups


def _runs(counts: FloatArray, groups: int, *, missing: bool) -> IntArray:
    """Runs of neighbours of about equal mass; a level of a whole group's mass, and missing, stay alone."""
    present = len(counts) - missing
    if present <= groups:
        return np.arange(len(counts))
    mass = counts[:present] + _LEAST
    mass /= mass.sum()
    heavy = mass >= 1 / groups
    step = mass[~heavy].sum() / max(groups - int(heavy.sum()), 1)
    found = np.empty(len(counts), dtype=np.int64)
    current, filled, closed = -1, 0.0, True
    for level in range(present):
        if heavy[level] or closed or filled + mass[level] / 2 >= step:
            current, filled = current + 1, 0.0
        found[level] = current
        filled += mass[level]
        closed = bool(heavy[level])
    found[present:] = current + 1
    return found
