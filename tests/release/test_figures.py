"""Rounding that never makes a figure look better, and bands that tell little."""

from hypothesis import given
from hypothesis import strategies as st

from synthrec.release.figures import about, band, round_down, round_up


def test_rounding_by_hand() -> None:
    assert (round_down(0.919), round_down(0.29), round_down(-0.001), round_down(1.0)) == (
        0.91,
        0.29,
        -0.01,
        1.0,
    )
    assert (round_up(0.911), round_up(0.29), round_up(0.0)) == (0.92, 0.29, 0.0)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_pair_that_fails_still_fails_as_shown_and_one_that_passes_passes(value, limit) -> None:
    if value < limit:
        assert round_down(value) < round_up(limit)
    else:
        assert round_down(value) >= round_down(limit)


def test_persons_by_hand() -> None:
    assert [about(n) for n in (0, 7, 99, 100, 101, 4_312, 99_001)] == [
        "0",
        "7",
        "99",
        "100",
        "110",
        "4,400",
        "100,000",
    ]


def test_bands_by_hand() -> None:
    known = {0: (0, 10), 10: (0, 10), 11: (11, 19), 20: (20, 49), 99: (50, 99), 100: (100, 199)}
    known |= {199: (100, 199), 30_162: (20_000, 49_999), 50_000: (50_000, 99_999)}
    assert {count: band(count, 11) for count in known} == known


@given(st.integers(0, 10**9), st.integers(1, 100))
def test_bands_hold_their_counts_and_tell_the_same_for_each(count, minimum_cell) -> None:
    low, high = band(count, minimum_cell)
    assert low <= count <= high
    assert band(low, minimum_cell) == band(high, minimum_cell) == (low, high)
    assert low == 0 or low >= minimum_cell
