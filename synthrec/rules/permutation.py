"""A keyed permutation of the whole numbers below a size, computed without a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.schema.vector import IntArray

Words = NDArray[np.uint64]
ROUNDS = 6
_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


@dataclass(frozen=True, eq=False)
class Permutation:
    """A balanced Feistel network, walked along its cycle until below the size (Black and Rogaway 2002)."""

    size: int
    keys: Words
    """One per round, shape (ROUNDS,)."""

    @classmethod
    def of(cls, size: int, rng: np.random.Generator) -> Permutation:
        """With keys from a stream."""
        return cls(size, rng.integers(0, 2**64, ROUNDS, dtype=np.uint64))

    def at(self, numbers: IntArray) -> IntArray:
        """The place of each number below the size, shape (n,)."""
        values = self._once(numbers.astype(np.uint64))
        while (outside := np.flatnonzero(values >= np.uint64(self.size))).size:
            values[outside] = self._once(values[outside])
        return values.astype(np.int64)

    def _once(self, values: Words) -> Words:
        half = np.uint64(max(1, ((self.size - 1).bit_length() + 1) // 2))
        mask = (np.uint64(1) << half) - np.uint64(1)
        left, right = values >> half, values & mask
        for key in self.keys:
            left, right = right, left ^ (_mixed(right + key) & mask)
        return np.asarray((left << half) | right)


def _mixed(values: Words) -> Words:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> _SHIFTS[0])) * _FACTORS[0]
    values = (values ^ (values >> _SHIFTS[1])) * _FACTORS[1]
    return np.asarray(values ^ (values >> _SHIFTS[2]))
