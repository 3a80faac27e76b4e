"""Rows of a known Gaussian copula: the fit must find its correlations within their sampling error."""

import numpy as np
import pytest

from synthrec.codec.base import CodeDomain, Codes
from synthrec.generators.copula import CopulaGenerator
from synthrec.rng import Streams

ROWS = 40_000
TRUTH = np.array(
    [
        [1.0, 0.8, 0.3, -0.5],
        [0.8, 1.0, 0.1, -0.4],
        [0.3, 0.1, 1.0, 0.0],
        [-0.5, -0.4, 0.0, 1.0],
    ]
)
SIZES = (40, 12, 3, 2)


def known_rows(seed):
    """Latent normals with correlations TRUTH, cut at equal masses into SIZES levels."""
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((ROWS, 4)) @ np.linalg.cholesky(TRUTH).T
    ranks = latent.argsort(axis=0).argsort(axis=0)
    values = (ranks * np.array(SIZES) // ROWS).astype(np.int32)
    return Codes(values, CodeDomain(("a", "b", "c", "d"), SIZES, (True,) * 4, (False,) * 4))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_latent_correlations_are_recovered(seed):
    """Tolerance: 6 sigma, sigma = efficiency · (1 - rho²) / √n.

    The product-moment estimate has (1 - rho²) / √n; cutting into 2 x 3 levels costs up to a factor √(π/2)
    per column (Kendall & Stuart, tetrachoric at the median), so 1.6 covers every pair here.
    """
    factor = CopulaGenerator().fit(known_rows(seed), streams=Streams(0)).strata[0].factor
    sigma = 1.6 * (1 - TRUTH**2) / np.sqrt(ROWS)
    assert (np.abs(factor @ factor.T - TRUTH) <= 6 * sigma + 1e-3 * np.abs(TRUTH)).all()


def test_samples_have_the_same_pair_frequencies():
    """Chi-square of homogeneity for each pair; 5 sigma of a chi-square with its own degrees of freedom."""
    codes = known_rows(4)
    drawn = CopulaGenerator().fit(codes, streams=Streams(0)).sample(0, ROWS, streams=Streams(9)).values
    for i in range(4):
        for j in range(i):
            size = SIZES[i] * SIZES[j]
            one, two = (
                np.bincount(rows[:, i] * SIZES[j] + rows[:, j], minlength=size)
                for rows in (codes.values, drawn)
            )
            filled = one + two > 0
            statistic = ((one - two)[filled] ** 2 / (one + two)[filled]).sum()
            freedom = filled.sum() - 1
            assert statistic < freedom + 5 * np.sqrt(2 * freedom), (i, j)
