"""Coarse levels: which fine levels a 2-way marginal tells apart, decided from the 1-way marginals alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.generators.marginals.recipe import TOP_LEVELS
from synthrec.privacy.counts import FloatArray
from synthrec.schema.vector import IntArray

_FLOOR = 1e-9
"""Mass, in rows, of a level that noise has hidden: so that no group is without a level to draw."""


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
    def of(cls, groups: IntArray, counts: FloatArray, *, floor: float = 0.0) -> Grouping:
        """Groups with the shares of their levels; levels of an empty group share it equally."""
        mass = np.maximum(counts, 0) + floor
        total = np.bincount(groups, weights=mass)
        members = np.bincount(groups)
        empty = total[groups] <= 0
        within = np.where(empty, 1 / members[groups], mass / np.where(empty, 1, total[groups]))
        return cls(groups, within)


def simplex(counts: FloatArray, total: float) -> FloatArray:
    """The nearest non-negative vector of that total (Duchi et al. 2008, Figure 1)."""
    ranked = np.sort(counts)[::-1]
    excess = (np.cumsum(ranked) - total) / np.arange(1, len(counts) + 1)
    last = np.flatnonzero(ranked > excess)[-1]
    return np.maximum(counts - excess[last], 0)


def grouped(counts: FloatArray, layout: tuple[bool, bool], groups: int, sigma: float) -> Grouping:
    """The groups of one column.

    Args:
        counts: Cleaned 1-way counts of the levels, shape (K,).
        layout: Whether the levels are in order, and whether the last one means missing.
        groups: Number of groups of an ordered column, about.
        sigma: Noise of one count before it was cleaned.
    """
    ordered, missing = layout
    if ordered:
        found = _runs(counts, groups, missing=missing)
    else:
        found = _top(counts, 3 * sigma + 1 if sigma else 0.0)
    return Grouping.of(found, counts, floor=_FLOOR if sigma else 0.0)


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
    mass = np.maximum(counts[:present], 0) + _FLOOR
    mass = mass / mass.sum()
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
