import numpy as np
import pytest

from synthrec.generators.copula.stratum import FACTOR_STEP, MAX_COLUMNS, NORMAL_STEP, _product, on_grid


def grid_case(columns, rows):
    rng = np.random.default_rng(columns)
    factor = np.linalg.cholesky(np.corrcoef(rng.standard_normal((columns, 3 * columns + 2))))
    normals = on_grid(rng.standard_normal((columns, rows), dtype=np.float32), NORMAL_STEP)
    return on_grid(factor, FACTOR_STEP), normals


@pytest.mark.parametrize("columns", [2, 15, 130])
def test_latent_values_are_exact(columns):
    """Against sums of Python integers, which do not round: equality to the last bit."""
    factor, normals = grid_case(columns, 40)
    whole = (factor / FACTOR_STEP).astype(int).astype(object) @ (normals / NORMAL_STEP).astype(int).astype(
        object
    )
    exact = np.array(whole, dtype=np.float64) * (FACTOR_STEP * NORMAL_STEP)
    np.testing.assert_array_equal(_product(factor, normals), exact)


def test_the_grid_leaves_room_for_the_widest_table():
    largest_normal, longest_row = 16.0, np.sqrt(MAX_COLUMNS)
    assert largest_normal * longest_row / (FACTOR_STEP * NORMAL_STEP) <= 2**53


@pytest.mark.parametrize("columns", [15, 130])
def test_the_number_of_rows_at_once_does_not_matter(columns):
    factor, normals = grid_case(columns, 3_000)
    whole = _product(factor, normals)
    for start, stop in ((0, 1), (1, 2), (7, 1_031), (256, 2_999)):
        np.testing.assert_array_equal(_product(factor, normals[:, start:stop]), whole[:, start:stop])
