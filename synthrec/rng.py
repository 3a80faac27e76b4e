"""Two kinds of randomness: sampling (seedable, one stream per purpose and block) and noise (OS entropy).

A sampling stream is named by (seed, purpose, block). Rows are drawn in blocks of `BLOCK` rows, and within a
block in row order, so that the first m rows of a longer sample equal a sample of m rows, whatever the chunk
size and the number of workers.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import index
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

BLOCK = 65_536
"""Rows per block of a sampling stream."""

POOL = 4
"""Words of a seed in front of a spawn key, at least (`numpy.random.SeedSequence`)."""

SEED_BITS = 53
"""Seeds stay within the integers that RFC 8785 JSON can hold."""


@dataclass(frozen=True)
class Streams:
    """The sampling streams of one seed."""

    seed: int

    @classmethod
    def fresh(cls) -> Streams:
        """Streams of a seed drawn from OS entropy."""
        return cls(secrets.randbits(SEED_BITS))

    def sampling(self, purpose: str, block: int = 0) -> np.random.Generator:
        """The generator of one purpose (for example ``decode:age``) and block of rows."""
        import numpy as np  # noqa: PLC0415

        words = (*_words(self.seed, POOL), *_words(_number(purpose)), *_words(block))
        sequence = np.random.SeedSequence(np.array(words, np.uint32))
        return np.random.Generator(np.random.PCG64DXSM(sequence))


@lru_cache(maxsize=4_096)
def _words(number: int, least: int = 1) -> tuple[int, ...]:
    """The 32-bit words of a number, the lowest first, filled up with zeros.

    So does `SeedSequence` with a seed and its spawn key, at three times the cost.

    Raises:
        ValueError: the number is negative.
    """
    number = index(number)
    if number < 0:
        raise ValueError("a seed and a block are not negative")
    count = max(least, -(-number.bit_length() // 32))
    return tuple(number >> 32 * place & 0xFFFF_FFFF for place in range(count))


@lru_cache(maxsize=1_024)
def _number(purpose: str) -> int:
    return int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "big")


def blocks(start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Cut rows [start, stop) at block borders: (block, first row within it, end row within it)."""
    while start < stop:
        block, first = divmod(start, BLOCK)
        end = min(BLOCK, first + stop - start)
        yield block, first, end
        start += end - first
