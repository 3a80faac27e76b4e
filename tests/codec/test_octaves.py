"""Borders of octaves and of what is cut from them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthrec.codec.octaves import (
    Measured,
    fine_edges,
    measured_again,
    measured_octaves,
    octave_borders,
    refined_borders,
)


def octave(index):
    """Sign and floor(2 log2 |index|), by whole numbers: the last k with 2**k <= index**2."""
    return (int(np.sign(index)), (index**2).bit_length())


def test_octaves_of_a_small_range():
    assert octave_borders(-3, 12).tolist() == [-3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12, 13]


@settings(deadline=None, max_examples=60)
@given(st.integers(-3000, 3000), st.integers(0, 4000))
def test_a_cell_never_holds_two_octaves(low, span):
    high = low + span
    borders = octave_borders(low, high)
    assert (borders[0], borders[-1]) == (low, high + 1)
    for start, stop in zip(borders.tolist(), borders[1:].tolist(), strict=False):
        assert octave(start) == octave(stop - 1)


def test_bounds_and_single_points_stand_alone():
    borders = octave_borders(5, 10**6, single=[777]).tolist()
    for point in (5, 777, 10**6):
        assert borders[borders.index(point) + 1] == point + 1


def test_borders_are_exact_at_the_largest_lattice():
    borders = octave_borders(-(2**52), 2**52)
    assert 2**51 in borders.tolist()
    assert math.isqrt(2**51 - 1) + 1 in borders.tolist()
    assert len(borders) < 250


@pytest.fixture
def octaves():
    borders = octave_borders(0, 1000)
    counts = np.zeros(len(borders) - 1)
    counts[np.searchsorted(borders, 100, side="right") - 1] = 900.0
    counts[np.searchsorted(borders, 20, side="right") - 1] = 20.0
    return measured_octaves(borders, counts, 1.0)


def test_heavy_octaves_are_cut_in_at_most_sixteen(octaves):
    borders = refined_borders(octaves, 1.0)
    inside = borders[(borders >= 91) & (borders <= 128)]
    assert len(inside) - 1 == 16
    assert set(octaves.borders) <= set(borders)
    assert len(borders) == len(octaves.borders) + 15


def test_noise_bounds_the_number_of_parts(octaves):
    """920 rows * 900/920 / (4 * 60) = 3.75: four parts."""
    assert len(refined_borders(octaves, 60.0)) == len(octaves.borders) + 3


def test_uncut_octaves_get_the_mean_of_both_measurements(octaves):
    borders = refined_borders(octaves, 60.0)
    again = measured_again(octaves, borders, np.full(len(borders) - 1, 30.0), 2.0)
    cell = np.searchsorted(borders, 20, side="right") - 1
    assert again.counts[cell] == pytest.approx((20 / 1 + 30 / 4) / (1 + 1 / 4))
    assert again.sigmas[cell] == pytest.approx((1 + 1 / 4) ** -0.5)
    part = np.searchsorted(borders, 100, side="right") - 1
    assert (again.counts[part], again.sigmas[part]) == (30.0, 2.0)


def test_fine_cells_follow_the_mass_and_the_noise(octaves):
    borders = refined_borders(octaves, 60.0)
    counts = np.where((borders[:-1] >= 91) & (borders[:-1] < 128), 230.0, 0.0)
    refined = measured_again(octaves, borders, counts, 1.0)
    edges = fine_edges(refined, octaves.borders, 100.0, single=[500])
    assert {500, 501} <= set(edges)
    assert set(borders) <= set(edges)
    heavy = edges[(edges >= 91) & (edges <= 128)]
    assert len(heavy) - 1 == 4 * 2  # 230 rows in a cell, at least 100 each
    empty = edges[(edges >= 182) & (edges <= 256)]
    assert len(empty) - 1 == 4


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32),
    st.integers(-(10**9), 10**9),
    st.integers(300, 10**10),
    st.just(0.0) | st.floats(0.1, 50),
)
def test_every_grid_covers_the_bounds_in_order(seed, low, span, sigma):
    rng = np.random.default_rng(seed)
    borders = octave_borders(low, low + span)
    octaves = measured_octaves(borders, rng.exponential(50, len(borders) - 1), sigma)
    finer = refined_borders(octaves, sigma)
    refined = measured_again(octaves, finer, rng.exponential(50, len(finer) - 1), sigma)
    edges = fine_edges(refined, borders, 1.5 * sigma, single=[low + span // 2])
    for grid in (borders, finer, edges):
        assert (np.diff(grid) > 0).all()
        assert (grid[0], grid[-1]) == (low, low + span + 1)
    assert set(borders) <= set(finer) <= set(edges)
    assert len(edges) < 1500


def test_no_rows_at_all_still_give_a_grid():
    borders = octave_borders(0, 5000)
    nothing = Measured(
        borders,
        np.zeros(len(borders) - 1),
        np.zeros(len(borders) - 1),
        np.zeros(len(borders) - 1, dtype=bool),
    )
    assert nothing.rows == 1
    assert fine_edges(nothing, borders, 0.0, single=[]).tolist()[-1] == 5001
