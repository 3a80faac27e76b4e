"""Coins fall true with exactly the probability asked for: counted over all first words, not sampled."""

from fractions import Fraction
from math import exp, factorial

import numpy as np
import pytest

from synthrec.privacy.coins import MAX_DENOMINATOR, constant, exponential, half_square, ratio, root_e
from synthrec.privacy.random_bytes import OS_BYTES

WORDS = 2**16


class Scripted:
    """Every 16-bit word once at the first call, then one fixed word for ever."""

    def __init__(self, after=0):
        self.after = after
        self.calls = 0

    def read(self, count):
        self.calls += 1
        if self.calls == 1:
            return np.arange(WORDS, dtype=np.uint16).tobytes()
        return np.full(count // 2, self.after, dtype=np.uint16).tobytes()


@pytest.mark.parametrize(
    ("a", "b"), [(0, 1), (1, 1), (1, 3), (5, 7), (12_345, 2**39 - 7), (2**46, 2**47 - 1)]
)
@pytest.mark.parametrize("after", [1, WORDS - 1])
def test_of_all_first_words_exactly_the_share_is_true(a, b, after):
    digit, rest = divmod(a * WORDS, b)
    expected = digit + (Fraction(after, WORDS - 1) < Fraction(rest, b))
    assert ratio(np.full(WORDS, a), b, Scripted(after)).sum() == expected
    assert constant(a, b, WORDS, Scripted(after)).sum() == expected


def test_a_tie_goes_to_the_next_digit_of_the_fraction():
    digit = WORDS // 3
    below, above = Scripted(digit - 1), Scripted(digit + 1)
    assert ratio(np.full(WORDS, 1), 3, below).sum() == ratio(np.full(WORDS, 1), 3, above).sum() + 1


@pytest.mark.parametrize(
    ("coin", "probability"),
    [
        (lambda n: exponential(np.full(n, 1), 1, OS_BYTES), exp(-1)),
        (lambda n: exponential(np.full(n, 3), 10, OS_BYTES), exp(-0.3)),
        (lambda n: exponential(np.zeros(n, dtype=np.int64), 10, OS_BYTES), 1.0),
        (lambda n: exponential(np.full(n, MAX_DENOMINATOR - 1), MAX_DENOMINATOR, OS_BYTES), exp(-1)),
        (lambda n: half_square(np.full(n, 1), 1, OS_BYTES), exp(-0.5)),
        (lambda n: half_square(np.full(n, 2), 3, OS_BYTES), exp(-2 / 9)),
        (lambda n: root_e(n, OS_BYTES), exp(-0.5)),
    ],
)
def test_exponential_coins_have_their_probability_within_five_deviations(coin, probability):
    n = 200_000
    deviation = (probability * (1 - probability) / n) ** 0.5
    assert abs(coin(n).mean() - probability) <= 5 * deviation


def test_no_round_can_overflow():
    assert 2 * MAX_DENOMINATOR * 127 * WORDS < 2**63
    assert 1 / factorial(127) < 1e-200
