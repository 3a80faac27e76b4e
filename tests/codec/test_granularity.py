"""Levels of the divisor chain against counting them out, and the fitting of level shares."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthrec.codec.granularity import (
    MAGNITUDES,
    WEIGHTS,
    HeapTable,
    divisors,
    level_of,
    level_points,
    level_shares,
    magnitude_bins,
    whole_weights,
)
from synthrec.codec.lattice import Lattice
from synthrec.codec.octaves import measured_octaves
from synthrec.schema.model import Column

CHAINS = [(1,), (1, 5, 10, 50, 100), (1, 60, 3600, 86400), (1, 3)]


def level(index, chain):
    return max(place for place, step in enumerate(chain) if index % step == 0)


@pytest.mark.parametrize(
    ("kind", "step", "reach", "expected"),
    [
        ("integer", 1, 700, (1, 5, 10, 50, 100, 500)),
        ("integer", 1, 0, (1,)),
        ("decimal", 5, 60, (1, 5, 10, 50)),
        ("date", 1, 20_000, (1,)),
        ("datetime", 1_000_000, 10**9, (1, 60, 3_600, 86_400)),
        ("datetime", 900_000_000, 10**6, (1, 4, 96)),
        ("datetime", 7_000_000, 10**6, (1,)),
    ],
)
def test_chains(kind, step, reach, expected):
    assert divisors(Column(kind=kind), Lattice(Decimal(step)), reach) == expected


def test_every_divisor_divides_the_next():
    chain = divisors(Column(kind="float"), Lattice(Decimal(1)), 2**52)
    assert len(chain) == 16
    assert all(upper % lower == 0 for lower, upper in pairwise(chain))


@given(st.lists(st.integers(-(10**6), 10**6) | st.just(0), min_size=1), st.sampled_from(CHAINS))
def test_level_is_the_last_divisor_that_divides(indices, chain):
    assert level_of(np.array(indices), chain).tolist() == [level(index, chain) for index in indices]


@settings(deadline=None, max_examples=60)
@given(st.sets(st.integers(-500, 500), min_size=2, max_size=8), st.sampled_from(CHAINS))
def test_points_of_a_level_are_those_counted_out(edges, chain):
    edges = sorted(edges)
    expected = np.zeros((len(edges) - 1, len(chain)), dtype=int)
    for place in range(len(edges) - 1):
        for index in range(edges[place], edges[place + 1]):
            expected[place, level(index, chain)] += 1
    assert level_points(np.array(edges), chain).tolist() == expected.tolist()


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32), st.integers(1, 20), st.integers(1, 16))
def test_whole_weights_are_nearest_and_keep_the_sum(seed, bins, levels):
    shares = np.random.default_rng(seed).dirichlet(np.full(levels, 0.3), bins)
    weights = whole_weights(shares)
    assert (weights.sum(axis=1) == WEIGHTS).all()
    assert (np.abs(weights - shares * WEIGHTS) < 1).all()
    assert (weights[shares == 0] == 0).all()


def test_magnitudes_have_about_equal_mass_and_leave_single_points_out():
    borders = np.array([0, *range(1, 971, 10)])
    counts = np.array([300.0, *[700 / 96] * 96])
    exact = magnitude_bins(measured_octaves(borders, counts, 0.0))
    assert exact[0] == -1
    assert np.bincount(exact[1:]).tolist() == [4] * MAGNITUDES


def test_noise_makes_magnitudes_fewer():
    """9,600 rows and a noise of 24: bins of 2,400 rows, four of them."""
    measured = measured_octaves(np.arange(0, 961, 10), np.full(96, 100.0), 24.0)
    measured = replace(measured, kept=np.ones(96, dtype=bool))
    assert np.bincount(magnitude_bins(measured)).tolist() == [24] * 4


def test_shares_match_both_margins_where_they_can():
    """One magnitude, bins of 600 and 400 rows, levels of 500 and 500: rows and columns both come out."""
    points = level_points(np.array([1, 101, 201]), (1, 10))
    table = HeapTable(np.zeros(2, dtype=int), np.array([[500.0, 500.0]]), 0.0)
    masses = np.array([600.0, 400.0])
    shares = level_shares(np.full(2, 500.0), np.zeros(2, dtype=int), points, table, masses)
    assert shares.sum(axis=1) == pytest.approx([1, 1])
    assert masses @ shares == pytest.approx([500, 500], rel=1e-3)


def test_without_rows_a_level_is_spread_over_its_points():
    """Bins 1..9 and 10..29 with 90 and 200 rows expected; 100 rows off the tens, 40 on the two tens."""
    points = level_points(np.array([1, 10, 30]), (1, 10))
    table = HeapTable(np.zeros(2, dtype=int), np.array([[100.0, 40.0]]), 0.0)
    shares = level_shares(np.array([90.0, 200.0]), np.zeros(2, dtype=int), points, table)
    off = 100 * 18 * 10 / (9 * 10 + 18 * 10)
    assert shares[1] == pytest.approx([off / (off + 40), 40 / (off + 40)], rel=1e-4)


def test_weak_levels_and_bins_without_points_get_nothing():
    points = level_points(np.array([1, 10, 20, 30]), (1, 10))
    table = HeapTable(np.zeros(3, dtype=int), np.array([[20.0, 900.0]]), 50.0)
    shares = level_shares(np.array([10.0, 500.0, 400.0]), np.array([0, 0, 0]), points, table)
    assert shares[0].tolist() == [1, 0]  # 1..9 has no multiple of ten
    assert (shares[1:, 1] > 0.99).all()
    apart = level_shares(np.array([0.0, 500.0, 400.0]), np.array([-1, 0, 0]), points, table)
    assert apart[0].tolist() == [1, 0]
