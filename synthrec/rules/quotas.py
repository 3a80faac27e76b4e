"""Which rows of a run get a value that an exact number of them has: the smallest of exponential keys win.

Every eligible row draws a key from an exponential distribution with its weight as rate; the k rows with
the smallest keys are a weighted draw without replacement (Efraimidis and Spirakis 2006, algorithm A-Res,
in logarithms), and a simple one where all weights are equal.

A count is drawn over the whole run: a first pass over the keys finds the k-th smallest of each stratum. A
rate is drawn block by block, so many rows that all blocks so far together have the rate rounded half up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthrec.schema.vector import BoolArray, IntArray

FloatArray = NDArray[np.float64]
KEYS_HELD = 65_536
"""Keys that a census holds beyond the k smallest."""


class Quota(Protocol):
    """How many of one stratum's rows are chosen, block after block."""

    def take(self, keys: FloatArray) -> int:
        """How many of the next block's rows, whose keys are given; those with the smallest keys are meant."""


@dataclass(eq=False)
class RateQuota:
    """A share of the rows so far, rounded half up."""

    rate: Fraction
    seen: int = 0
    taken: int = 0

    def take(self, keys: FloatArray) -> int:
        """What is missing to the share of the rows up to and with these."""
        self.seen += len(keys)
        part = int(self.rate * self.seen + Fraction(1, 2)) - self.taken
        self.taken += part
        return part


@dataclass(frozen=True)
class Cut:
    """Which keys of a stratum are chosen: those below the threshold, and the first few of those on it."""

    threshold: float
    ties: int


@dataclass(eq=False)
class KeyQuota:
    """The rows on one side of a cut."""

    threshold: float
    ties: int

    def take(self, keys: FloatArray) -> int:
        """The rows below the threshold, and those on it while there are any left."""
        on = min(int((keys == self.threshold).sum()), self.ties)
        self.ties -= on
        return int((keys < self.threshold).sum()) + on


@dataclass(eq=False)
class Census:
    """The k smallest keys of a stratum, and how many there are."""

    k: int
    eligible: int = 0
    _smallest: FloatArray = field(default_factory=lambda: np.empty(0))

    def add(self, keys: FloatArray) -> None:
        """Some more keys."""
        self.eligible += len(keys)
        self._smallest = np.concatenate((self._smallest, keys))
        if len(self._smallest) > self.k + KEYS_HELD:
            self._smallest = self._kept()

    def _kept(self) -> FloatArray:
        if len(self._smallest) <= self.k:
            return self._smallest
        return np.partition(self._smallest, self.k)[: self.k]

    def cut(self) -> Cut:
        """What chooses exactly the k smallest, in a pass over the same keys; at least k were added."""
        if not self.k:
            return Cut(-np.inf, 0)
        smallest = self._kept()
        threshold = float(smallest.max())
        return Cut(threshold, int((smallest == threshold).sum()))


def exponential_keys(uniform: FloatArray, weights: FloatArray | float) -> FloatArray:
    """A key per row from one uniform draw in [0, 1) each; inf where the weight is 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(np.asarray(weights) > 0, -np.log1p(-uniform) / weights, np.inf))


def chosen(strata: IntArray, keys: FloatArray, quotas: Sequence[Quota]) -> BoolArray:
    """Where rows are chosen; `strata` is the number of each row's quota, -1 where it is not eligible."""
    mask = np.zeros(len(strata), dtype=bool)
    for rows, quota in zip(members(strata, len(quotas)), quotas, strict=True):
        take = quota.take(keys[rows])
        if take:
            order = np.argsort(keys[rows], kind="stable")
            mask[rows[order[:take]]] = True
    return mask


def members(strata: IntArray, count: int) -> list[NDArray[np.intp]]:
    """The rows of each stratum, ascending."""
    if count == 1:
        return [np.flatnonzero(strata == 0)]
    order = np.argsort(strata, kind="stable")
    ends = np.searchsorted(strata[order], np.arange(count + 1), side="left")
    return [order[first:last] for first, last in pairwise(ends)]
