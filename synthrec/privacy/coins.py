"""Exact biased coins by integer arithmetic: of probability a / b, or exp(-x) for rational x in [0, 1].

Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy" (2020), Algorithm 1; Karney,
"Sampling Exactly from the Normal Distribution" (2016), section 2. No float takes part in a decision.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synthrec.privacy.random_bytes import RandomBytes, words16
from synthrec.schema.vector import BoolArray, IntArray

MAX_DENOMINATOR = 2**39
"""Keeps 2 b k * 2**16 within int64 for every round k < 128; round 128 comes with odds below 1 / 127!."""


def ratio(numerators: IntArray, denominator: int, source: RandomBytes) -> BoolArray:
    """Coins that fall true with probability a / b, 0 <= a <= b < 2**47.

    Compares the base-65536 digits of a uniform number with those of a / b, up to the first that differ.
    """
    scaled = numerators << 16
    digits = scaled // denominator
    words = words16(source, len(numerators))
    result = words < digits
    tied = np.flatnonzero(words == digits)
    if len(tied):
        result[tied] = ratio(scaled[tied] - digits[tied] * denominator, denominator, source)
    return np.asarray(result)


def constant(numerator: int, denominator: int, count: int, source: RandomBytes) -> BoolArray:
    """`count` coins that fall true with probability a / b, 0 <= a <= b; as `ratio`."""
    digit, rest = divmod(numerator << 16, denominator)
    words = words16(source, count)
    result = words < digit
    tied = np.flatnonzero(words == digit) if rest else ()
    if len(tied):
        result[tied] = constant(rest, denominator, len(tied), source)
    return np.asarray(result)


def exponential(numerators: IntArray, denominator: int, source: RandomBytes) -> BoolArray:
    """Coins that fall true with probability exp(-a / b), 0 <= a <= b <= MAX_DENOMINATOR."""
    return _first_failure_is_odd(
        len(numerators), lambda alive, number: ratio(numerators[alive], denominator * number, source)
    )


def half_square(numerators: IntArray, denominator: int, source: RandomBytes) -> BoolArray:
    """Coins that fall true with probability exp(-(a / b)**2 / 2), 0 <= a <= b <= MAX_DENOMINATOR."""

    def goes_on(alive: IntArray, number: int) -> BoolArray:
        both = ratio(numerators[alive], denominator, source)
        both[both] = ratio(numerators[alive[both]], 2 * denominator * number, source)
        return both

    return _first_failure_is_odd(len(numerators), goes_on)


def root_e(count: int, source: RandomBytes) -> BoolArray:
    """`count` coins that fall true with probability exp(-1/2)."""
    return _first_failure_is_odd(count, lambda alive, number: constant(1, 2 * number, len(alive), source))


def _first_failure_is_odd(count: int, goes_on: Callable[[IntArray, int], BoolArray]) -> BoolArray:
    """Coins true with probability exp(-x), where round k = 1, 2, ... goes on with probability x / k."""
    result = np.ones(count, dtype=bool)
    alive = np.arange(count)
    number = 0
    while len(alive):
        number += 1
        alive = alive[goes_on(alive, number)]
        result[alive] = number % 2 == 0
    return result
