"""How parameters are spread, and who is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from synthrec.rng import Streams
from synthrec.scenarios.coverage import evenness
from synthrec.scenarios.design import draw, spread
from synthrec.scenarios.model import SPREAD, Design
from synthrec.scenarios.selection import shares


@pytest.mark.parametrize("count", [1, 2, 50, 64])
def test_sobol_points_fill_every_part_of_each_axis(count):
    points = spread(Design(kind="sobol"), 3, count, np.random.default_rng(1))
    assert points.shape == (count, 3)
    whole = 2 ** int(np.log2(count))
    for axis in points[:whole].T:
        assert len(np.unique(np.floor(axis * whole))) == whole
    if count == 64:
        assert evenness(points) < 0.2


def test_a_grid_runs_through_all_combinations_in_turn():
    points = spread(Design(kind="grid", levels=4), 2, 32, np.random.default_rng(1))
    assert len({tuple(point) for point in points[:16]}) == 16
    assert (points[:16] == points[16:]).all()
    assert set(points[:, 0]) == {0.125, 0.375, 0.625, 0.875}


def test_evenness_of_independent_points_is_one_on_average():
    """Against SciPy's discrepancy; the mean of 300 ratios within 4 of its standard errors."""
    rng = np.random.default_rng(0)
    ratios = [evenness(rng.random((50, 4))) for _ in range(300)]
    assert abs(np.mean(ratios) - 1) < 4 * np.std(ratios) / np.sqrt(300)
    assert evenness(qmc.Sobol(4, rng=1).random_base2(6)) < 0.3


def test_parameters_stay_in_their_ranges_and_severity_in_its_window(theft):
    for tier, level in (("low", 0.1), ("high", 0.9)):
        drawn = draw(theft.scenario, tier, 200, Streams(1))
        taken = np.log(drawn.values["taken"].values) / np.log(100)
        low, high = max(0, level - SPREAD), min(1, level + SPREAD)
        assert taken.min() >= low - 1e-9
        assert taken.max() <= high + 1e-9
        assert taken.max() - taken.min() > 0.9 * (high - low)
        assert np.allclose(drawn.severity, taken)
        assert set(drawn.values["times"].values.tolist()) == {1, 2, 3, 4}
        assert drawn.values["way"].levels == ("cash", "card")
        assert 90 <= drawn.values["way"].values.sum() <= 110


def test_instances_of_a_scenario_do_not_depend_on_how_many_there_are(theft):
    few, many = (draw(theft.scenario, "low", count, Streams(1)) for count in (33, 60))
    assert (few.points == many.points[:33]).all()


@given(st.integers(0, 500), st.lists(st.integers(0, 400), min_size=1, max_size=6))
def test_shares_of_strata_add_up_and_are_within_one_of_proportion(count, sizes):
    sizes = np.array(sizes)
    found = shares(count, sizes)
    if sizes.sum():
        assert found.sum() == count
        assert (np.abs(found - count * sizes / sizes.sum()) < 1).all()
