"""Projection, hysteresis and extrapolation, each against an independent or hand-made answer."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from synthrec.codec.cleaner import CellGroups, clean, keep, simplex, upper_quantile
from synthrec.codec.octaves import octave_borders

vectors = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=30).map(np.array)


def unmeasured(edges, borders):
    size = len(borders) - 1
    return CellGroups(edges, borders, np.zeros(size), np.full(size, np.inf))


@settings(deadline=None)
@given(vectors, st.floats(1e-3, 1e5))
def test_simplex_is_the_shifted_positive_part(values, total):
    """The projection is max(values - s, 0) with the one s that gives the total (found by bisection)."""

    def excess(shift):
        return np.maximum(values - shift, 0).sum() - total

    shift = brentq(excess, values.min() - total - 1, values.max(), xtol=1e-12, rtol=1e-15)
    np.testing.assert_allclose(simplex(values, total), np.maximum(values - shift, 0), atol=1e-6)


def test_simplex_of_no_mass_is_nothing():
    assert simplex(np.array([3.0, 1.0]), 0.0).tolist() == [0, 0]
    assert simplex(np.array([3.0, 1.0]), -5.0).tolist() == [0, 0]


def test_upper_quantile_is_that_of_the_normal():
    assert upper_quantile(0.01) == pytest.approx(norm.isf(0.01), rel=1e-12)


def test_without_groups_or_noise_cleaning_is_projection():
    values = np.array([5.0, -3.0, 8.0])
    edges = np.array([0, 1, 2, 3])
    assert clean(values, 2.0).tolist() == simplex(values, 10.0).tolist()
    assert clean(values, 0.0, unmeasured(edges, edges)).tolist() == simplex(values, 10.0).tolist()


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([9.0, 0.0, 0.0, 0.0], [1, 0, 0, 0]),
        ([9.0, 2.5, 0.0, 0.0], [1, 1, 0, 0]),
        ([9.0, 2.5, 2.5, 0.0], [1, 1, 1, 0]),
        ([9.0, 0.0, 2.5, 0.0], [1, 0, 0, 0]),  # weak, and next to nothing that is kept
        ([9.0, 1.5, 1.9, 0.0], [1, 1, 0, 0]),  # (1.5 + 1.9) / sqrt 2 = 2.4: with the group beyond it
        ([9.0, -0.1, 2.95, 0.0], [1, 0, 0, 0]),  # a negative count is not carried by the next one
        ([0.0, 0.0, 2.5, 9.0], [0, 0, 1, 1]),
        ([0.0, 1.9, 1.5, 9.0], [0, 0, 1, 1]),
        ([0.1, 0.5, 0.2, -1.0], [0, 1, 0, 0]),  # the best one where none is significant
    ],
)
def test_groups_are_kept_by_significance_and_neighbourhood(scores, expected):
    assert keep(np.array(scores) * 7, np.full(4, 7.0)).astype(int).tolist() == expected


def test_forced_groups_are_kept_and_exact_ones_where_positive():
    forced = np.array([False, False, True])
    assert keep(np.array([50.0, 0.0, 0.0]), np.ones(3), forced).tolist() == [True, False, True]
    assert keep(np.array([0.0, 1.0, 3.0]), np.zeros(3)).tolist() == [False, True, True]


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32), st.integers(0, 1), st.floats(1, 60))
def test_a_cleaned_histogram_has_the_total_and_no_negative_cell(seed, missing, sigma):
    rng = np.random.default_rng(seed)
    edges = octave_borders(-40, 4000)
    fine = np.unique(np.concatenate([edges, rng.integers(-40, 4001, 30)]))
    values = rng.poisson(20, len(fine) - 1 + missing) + rng.normal(0, sigma, len(fine) - 1 + missing)
    cleaned = clean(values, sigma, unmeasured(fine, edges), total=5000.0)
    assert cleaned.shape == values.shape
    assert cleaned.min() >= 0
    assert cleaned.sum() == pytest.approx(5000)


@pytest.fixture
def long_tail():
    """20,000 rows below 1,000 in a domain to 10**6, in eight cells per octave; noise of 40 rows a cell."""
    borders = octave_borders(0, 10**6)
    parts = [np.linspace(low, high, 9).astype(int) for low, high in pairwise(borders)]
    edges = np.unique(np.concatenate(parts))
    rng = np.random.default_rng(5)
    rows = np.minimum(rng.lognormal(5, 0.5, 20_000).astype(int), 999)
    return edges, borders, np.histogram(rows, edges)[0].astype(float), rng


def test_an_empty_tail_stays_empty(long_tail):
    """Projection leaves noise in about half of the empty cells; by groups hardly a row is left there."""
    edges, borders, truth, rng = long_tail
    noisy = truth + rng.normal(0, 40, len(truth))
    tail = edges[:-1] >= 3000  # at least three octaves beyond the last row
    assert truth[tail].sum() == 0
    assert simplex(noisy, 20_000)[tail].sum() > 500
    assert clean(noisy, 40.0, unmeasured(edges, borders), total=20_000.0)[tail].sum() < 120


def test_the_body_is_not_worse_than_by_projection(long_tail):
    edges, borders, truth, rng = long_tail
    noisy = truth + rng.normal(0, 40, len(truth))
    plain = np.abs(simplex(noisy, 20_000) - truth).sum()
    assert np.abs(clean(noisy, 40.0, unmeasured(edges, borders), total=20_000.0) - truth).sum() < plain


def test_a_frequent_value_far_out_is_kept(long_tail):
    edges, borders, truth, rng = long_tail
    cell = int(np.searchsorted(edges, 500_000, side="right")) - 1
    truth[cell] = 300
    cleaned = clean(truth + rng.normal(0, 40, len(truth)), 40.0, unmeasured(edges, borders), total=20_300.0)
    assert cleaned[cell] == pytest.approx(300, abs=5 * 40)
    assert cleaned[cell + 1 :].sum() < 1


def test_an_earlier_measurement_counts_by_its_precision():
    """Group counts (100 with sd 1, cells that sum to 0 with variance 4 * 100): nearly all from the first."""
    edges = np.arange(9) * 10
    groups = CellGroups(edges, edges[::4], np.array([100.0, 300.0]), np.ones(2))
    cleaned = clean(np.array([0.0] * 4 + [75.0] * 4), 10.0, groups, total=400.0)
    assert cleaned[:4].sum() == pytest.approx(100, abs=1)


def test_a_decaying_tail_is_continued_and_an_atom_is_not():
    """Groups 1000, 400, 100 and then nothing seen: 100 * .25 * .625 = 15.6, times .0977 = 1.5, end."""
    edges = octave_borders(0, 2**10)
    borders = edges
    middles = (borders[:-1] + borders[1:] - 1) / 2
    seen = np.zeros(len(middles))
    place = int(np.searchsorted(middles, 40))
    seen[place : place + 3] = [1000, 400, 100]
    groups = CellGroups(edges, borders, seen, np.full(len(seen), 20.0))
    cleaned = clean(seen, 20.0, groups, total=1500.0)
    tail = cleaned[place + 3 :]
    assert tail[0] == pytest.approx(100 * 0.25 * 0.625, rel=0.02)
    assert tail[1] == pytest.approx(tail[0] * 0.25 * 0.625**2, rel=0.02)
    assert tail[3:].sum() < 0.01
    seen[place + 1] = 0
    alone = clean(seen, 20.0, CellGroups(edges, borders, seen, groups.sigmas), total=1100.0)
    assert alone[place + 3 :].sum() < 0.01


def test_missing_is_a_cell_of_its_own():
    edges = np.arange(0, 101, 10)
    values = np.append(np.full(10, 50.0), 200.0)
    cleaned = clean(values, 5.0, unmeasured(edges, edges), total=700.0)
    assert cleaned[-1] == pytest.approx(200, abs=5)
