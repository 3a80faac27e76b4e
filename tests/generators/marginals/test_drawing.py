"""Oracle: inversion of the cumulative distribution in Python integers, one uniform at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from synthrec.generators.marginals.drawing import Inversion

ONE = 2**32
EDGES = np.array([0, 1, 2, ONE // 2 - 1, ONE // 2, ONE // 2 + 1, ONE - 2, ONE - 1], dtype=np.uint32)


def inverted(shares, uniform):
    upper = np.cumsum(shares) / np.cumsum(shares)[-1]
    ends = [round(float(end) * ONE) for end in upper]
    return next(level for level, end in enumerate(ends) if uniform < end)


@pytest.mark.parametrize(("rows", "levels"), [(1, 1), (1, 2), (3, 7), (5, 300), (70_000, 3)])
def test_draws_equal_plain_inversion(rows, levels):
    rng = np.random.default_rng(rows + levels)
    shares = rng.random((rows, levels)) ** 4 * (rng.random((rows, levels)) < 0.7)
    shares[:, levels // 2] += 0.01
    row = rng.integers(0, rows, 2_000).astype(np.int32)
    uniform = np.concatenate([EDGES, rng.integers(0, ONE, 2_000 - len(EDGES), dtype=np.uint32)])
    drawn = Inversion.of_rows(shares).draw(row, uniform)
    expected = [inverted(shares[r], int(u)) for r, u in zip(row, uniform, strict=True)]
    np.testing.assert_array_equal(drawn, expected)


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, (3, 5), elements=st.sampled_from([0.0, 1e-300, 1e-12, 0.1, 1.0])), st.randoms())
def test_a_level_of_probability_zero_is_never_drawn(shares, random):
    shares[:, random.randrange(5)] += 0.5
    row = np.repeat(np.arange(3, dtype=np.int32), len(EDGES))
    drawn = Inversion.of_rows(shares).draw(row, np.tile(EDGES, 3))
    assert (shares[row, drawn] > 0).all()


def test_groups_draw_their_own_levels():
    groups = np.array([1, 0, 1, 2, 0, 1])
    within = np.array([0.0, 0.25, 1e-15, 1.0, 0.75, 3e-15])
    drawn = Inversion.of_groups(groups, within)
    row = np.repeat(np.arange(3, dtype=np.int32), 4)
    uniform = np.tile(np.array([0, ONE // 4 - 1, ONE // 4, ONE - 1], dtype=np.uint32), 3)
    np.testing.assert_array_equal(drawn.draw(row, uniform), [1, 1, 4, 4, 2, 2, 5, 5, 3, 3, 3, 3])


def test_a_last_level_without_mass_is_not_drawn():
    groups = np.repeat(np.arange(400), 3)
    within = np.tile([1 / 3, 2 / 3, 0.0], 400)
    row = np.arange(400, dtype=np.int32)
    drawn = Inversion.of_groups(groups, within).draw(row, np.full(400, ONE - 1, dtype=np.uint32))
    np.testing.assert_array_equal(drawn, 3 * row + 1)
