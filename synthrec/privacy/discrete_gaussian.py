"""The discrete Gaussian, sampled exactly: P(n) proportional to exp(-n**2 / (2 sigma**2)) on the integers.

Karney, "Sampling Exactly from the Normal Distribution" (2016), Algorithms N and D, for a rational deviation.
An absolute value n lies k = floor(n / sigma) whole deviations and a fraction f = n / sigma - k of one from 0:

    exp(-(k + f)**2 / 2) = exp(-k**2 / 2) * exp(-f)**k * exp(-f**2 / 2).

k is drawn in proportion to the first factor, n uniformly among the integers of its deviation, and the other
two are coins that keep or drop it. Every decision is one of whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, frexp

import numpy as np

from synthrec.errors import InternalError
from synthrec.privacy.coins import MAX_DENOMINATOR, exponential, half_square, root_e
from synthrec.privacy.random_bytes import RandomBytes, words16, words64
from synthrec.schema.vector import BoolArray, IntArray

SMALLEST = 2.0**-8
LARGEST = float(MAX_DENOMINATOR)

_BITS = 31
_CHUNK = 2**16


@dataclass(frozen=True)
class Deviation:
    """sigma = p / q; q is a power of two, 1 where sigma is large."""

    p: int
    q: int

    @classmethod
    def at_least(cls, sigma: float) -> Deviation:
        """The smallest p / q >= sigma with a p of 31 bits or more: at most 2**-30 too large, never too small.

        Raises:
            InternalError: sigma is outside what the integer arithmetic serves.
        """
        if not SMALLEST <= sigma <= LARGEST:
            raise InternalError(f"discrete Gaussian noise of deviation {sigma} cannot be drawn exactly")
        q = 2 ** max(0, _BITS - frexp(sigma)[1])
        return cls(ceil(Fraction(sigma) * q), q)


def sample(deviation: Deviation, size: int, source: RandomBytes) -> IntArray:
    """Independent draws, int64 of shape (size,)."""
    result = np.empty(size, dtype=np.int64)
    filled = 0
    while filled < size:
        proposals = min(_CHUNK, 2 * (size - filled) + 64)
        drawn = _accepted(deviation, proposals, source)[: size - filled]
        result[filled : filled + len(drawn)] = drawn
        filled += len(drawn)
    return result


def _accepted(deviation: Deviation, proposals: int, source: RandomBytes) -> IntArray:
    """Those of some proposals that are kept, in order."""
    whole = _whole_deviations(proposals, source)
    p, q = deviation.p, deviation.q
    offsets, kept = _uniform(len(whole), -(-p // q), source)
    values = -(-whole * p // q) + offsets
    fractions = values * q - whole * p
    kept &= fractions < p
    whole, values, fractions = whole[kept], values[kept], fractions[kept]
    kept = half_square(fractions, p, source)
    for times in range(int(whole.max(initial=0))):
        exposed = np.flatnonzero(kept & (whole > times))
        kept[exposed] = exponential(fractions[exposed], p, source)
    return _signed(values[kept], source)


def _signed(magnitudes: IntArray, source: RandomBytes) -> IntArray:
    """Each with a fair sign; zero stays in half of the cases, so that it is not met twice as often."""
    negative = words16(source, len(magnitudes)) % 2 == 1
    values = np.where(negative, -magnitudes, magnitudes)
    return np.asarray(values[~negative | (magnitudes != 0)])


def _whole_deviations(proposals: int, source: RandomBytes) -> IntArray:
    """Draws of k >= 0, P(k) proportional to exp(-k**2 / 2); fewer than `proposals`.

    Algorithm N, steps 1 and 2: k is geometric in exp(-1/2), and kept when k (k - 1) more such coins are true.
    """
    whole = _runs(proposals, source)
    left = whole * (whole - 1)
    kept = np.ones(proposals, dtype=bool)
    alive = np.flatnonzero(left)
    while len(alive):
        held = root_e(len(alive), source)
        kept[alive[~held]] = False
        alive = alive[held]
        left[alive] -= 1
        alive = alive[left[alive] > 0]
    return whole[kept]


def _runs(count: int, source: RandomBytes) -> IntArray:
    """Lengths of the first `count` runs of true in a sequence of exp(-1/2) coins."""
    ends = np.empty(0, dtype=np.int64)
    tossed = 0
    while len(ends) < count:
        coins = root_e(2 * (count - len(ends)) + 64, source)
        ends = np.append(ends, np.flatnonzero(~coins) + tossed)
        tossed += len(coins)
    return np.diff(ends[:count], prepend=-1) - 1


def _uniform(count: int, bound: int, source: RandomBytes) -> tuple[IntArray, BoolArray]:
    """Numbers 0 .. bound - 1, and which of them are kept so that all are equally likely."""
    words = words64(source, count) >> np.uint64(1)
    fair = 2**63 // bound * bound
    return (words % np.uint64(bound)).astype(np.int64), words < np.uint64(fair)
