import numpy as np
import pytest

from synthrec.generators.marginals.grouping import Grouping, grouped
from synthrec.generators.marginals.recipe import FEW_LEVELS, TOP_LEVELS, ordered_groups, shares

ORDERED, NOMINAL, WITH_MISSING = (True, False), (False, False), (True, True)


def test_few_levels_stay_as_they_are():
    found = grouped(np.ones(FEW_LEVELS), ORDERED, 8, 1.0)
    np.testing.assert_array_equal(found.groups, np.arange(FEW_LEVELS))
    np.testing.assert_array_equal(found.within, np.ones(FEW_LEVELS))


def test_neighbours_of_equal_mass_are_joined_evenly():
    found = grouped(np.ones(32), ORDERED, 8, 1.0)
    np.testing.assert_array_equal(found.groups, np.repeat(np.arange(8), 4))
    np.testing.assert_allclose(found.within, 0.25)


def test_a_heavy_level_and_missing_stay_alone():
    counts = np.ones(41)
    counts[20] = 100.0
    counts[40] = 0.0
    found = grouped(counts, WITH_MISSING, 8, 1.0)
    assert (found.groups == found.groups[20]).sum() == 1
    assert (found.groups == found.groups[40]).sum() == 1
    assert (np.diff(found.groups[:40]) >= 0).all()
    assert found.groups[40] == found.groups[39] + 1


def test_many_nominal_levels_keep_the_most_frequent():
    counts = np.ones(200)
    counts[50:150] = np.arange(100) + 50
    found = grouped(counts, NOMINAL, 8, 0.0)
    assert found.size == TOP_LEVELS
    rest = found.groups == TOP_LEVELS - 1
    assert rest.sum() == 200 - TOP_LEVELS + 1
    assert counts[~rest].min() >= counts[rest].max()
    np.testing.assert_allclose(found.within[rest], counts[rest] / counts[rest].sum())


def test_nominal_levels_below_the_noise_are_not_told_apart():
    counts = np.ones(200)
    counts[:3] = 1_000.0
    assert grouped(counts, NOMINAL, 8, 50.0).size == 4


def test_levels_of_an_empty_group_share_it():
    found = Grouping.of(np.array([0, 1, 1, 0]), np.array([1.0, 0.0, 0.0, 3.0]))
    np.testing.assert_array_equal(found.within, [0.25, 0.5, 0.5, 0.75])


@pytest.mark.parametrize("wide", [0, 3])
@pytest.mark.parametrize("pairs", [0, 1, 105, 1_128])
def test_shares_sum_to_one(wide, pairs):
    found = shares(wide, pairs)
    assert sum(found.values()) == pytest.approx(1, abs=1e-12)
    assert min(found.values()) > 0
    assert ("two_way" in found) == (pairs > 0)


def test_more_signal_gives_more_groups():
    sizes = [ordered_groups(rows, 40.0) for rows in (1e3, 2e4, 1e5, 2e5, 1e6)]
    assert sizes == [8, 12, 16, 24, 32]
