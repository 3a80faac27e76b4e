import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from synthrec.generators.copula.hermite import (
    LARGEST_CORRELATION,
    SMALLEST_EIGENVALUE,
    TERMS,
    coefficients,
    hermite,
    latent_correlation,
    repaired,
)
from synthrec.generators.copula.marginals import FAR

BINARY = (np.array([-FAR, 0.7, FAR]), np.array([-0.4, 1.2]))
FINE = (np.concatenate([[-FAR], np.linspace(-2, 2, 9), [FAR]]), np.linspace(-2.2, 2.2, 10))


def centred(cuts, scores):
    return scores - norm.cdf(cuts[1:]) @ scores + norm.cdf(cuts[:-1]) @ scores


def exact_covariance(first, second, rho):
    """E[f(z1) g(z2)] as a sum over rectangles of the bivariate normal distribution function."""
    joint = multivariate_normal(cov=[[1, rho], [rho, 1]], abseps=1e-9, releps=1e-9)
    points = np.array([[[a, b] for b in np.clip(second[0], -9, 9)] for a in np.clip(first[0], -9, 9)])
    masses = np.diff(np.diff(joint.cdf(points), axis=0), axis=1)
    return centred(*first) @ masses @ centred(*second)


def test_polynomials_are_the_textbook_ones():
    z = np.array([-1.5, 0.0, 2.0])
    expected = [np.ones(3), z, (z**2 - 1) / np.sqrt(2), (z**3 - 3 * z) / np.sqrt(6)]
    np.testing.assert_allclose(hermite(z, 3), expected)


@pytest.mark.parametrize("k", [1, 2, 7])
def test_coefficients_are_integrals_of_the_step_function(k):
    cuts, scores = BINARY
    found = coefficients(cuts, scores)[k - 1]
    pieces = [
        quad(lambda z: hermite(np.array(z), k)[k] * norm.pdf(z), max(low, -10), min(high, 10))[0]
        for low, high in itertools.pairwise(cuts)
    ]
    assert found == pytest.approx(np.dot(pieces, scores), abs=1e-9)


@pytest.mark.parametrize("rho", [-0.9, -0.4, 0.0, 0.3, 0.8])
@pytest.mark.parametrize("pair", [(FINE, FINE), (FINE, BINARY), (BINARY, BINARY)])
def test_the_latent_correlation_is_found_from_the_moment(pair, rho):
    covariance = np.zeros((2, 2))
    covariance[0, 1] = covariance[1, 0] = exact_covariance(*pair, rho)
    series = np.stack([coefficients(cuts, centred(cuts, scores)) for cuts, scores in pair])
    assert series.shape == (2, TERMS)
    found = latent_correlation(covariance, series)
    # 64 terms leave |rho|^65 = 1e-3 of the series of two step functions at .9, nothing below .8.
    assert found[0, 1] == found[1, 0] == pytest.approx(rho, abs=5e-3 if abs(rho) > 0.8 else 1e-4)


def test_a_moment_out_of_reach_gives_the_largest_correlation():
    series = np.stack([coefficients(*FINE)] * 2)
    found = latent_correlation(np.full((2, 2), 99.0), series)
    assert found[0, 1] == pytest.approx(LARGEST_CORRELATION, abs=1e-6)


def test_a_constant_column_is_uncorrelated():
    series = np.stack([coefficients(*FINE), np.zeros(TERMS)])
    np.testing.assert_array_equal(latent_correlation(np.zeros((2, 2)), series), np.eye(2))


def test_repair_gives_a_correlation_matrix():
    impossible = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    fixed = repaired(impossible)
    np.testing.assert_allclose(np.diag(fixed), 1)
    np.testing.assert_allclose(fixed, fixed.T)
    # Scaling back to a unit diagonal can only shrink the smallest eigenvalue by the largest diagonal entry.
    assert np.linalg.eigvalsh(fixed)[0] > SMALLEST_EIGENVALUE / 2
    # By symmetry all three keep one size; the projection of .9 is 1/2.
    np.testing.assert_allclose(np.abs(fixed[np.triu_indices(3, 1)]), 0.5, atol=1e-3)


def test_repair_leaves_a_good_matrix_alone():
    good = np.array([[1, 0.3], [0.3, 1]])
    np.testing.assert_array_equal(repaired(good), good)
