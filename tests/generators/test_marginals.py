import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, truncnorm

from synthrec.generators.copula.marginals import FAR, LARGEST_SCORE, Marginal, scores

COUNTS = st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(any)


@given(COUNTS, st.randoms(use_true_random=False))
def test_cells_have_the_probabilities_of_the_counts(counts, random):
    counts = np.array(counts)
    order = np.arange(len(counts))
    random.shuffle(order)
    marginal = Marginal.of(counts, order)
    np.testing.assert_allclose(
        np.diff(norm.cdf(marginal.cuts)), counts[order] / counts.sum(), rtol=0, atol=1e-12
    )
    assert marginal.cuts[0] == -FAR
    assert marginal.cuts[-1] == FAR


@given(COUNTS, st.lists(st.floats(-8, 8), max_size=20))
def test_no_level_without_mass_is_drawn(counts, latent):
    counts = np.array(counts)
    marginal = Marginal.of(counts, np.arange(len(counts)))
    assert (counts[marginal.levels(np.array(latent))] > 0).all()


def test_levels_follow_the_order():
    marginal = Marginal.of(np.array([25, 50, 25]), np.array([2, 0, 1]))
    np.testing.assert_array_equal(marginal.levels(np.array([-1.0, -0.3, 0.3])), [2, 0, 1])


def test_scores_are_means_of_the_truncated_normal():
    counts = np.array([100, 300, 0, 500, 100])
    marginal = Marginal.of(counts, np.arange(5))
    found = scores(marginal, counts / 1000)
    cells = [(-np.inf, norm.ppf(0.1)), (norm.ppf(0.1), norm.ppf(0.4)), (norm.ppf(0.4), norm.ppf(0.9))]
    np.testing.assert_allclose(found[[0, 1, 3]], [truncnorm.mean(a, b) for a, b in cells], rtol=1e-9)
    assert found[2] == 0


def test_scores_of_rare_levels_are_bounded():
    counts = np.array([1, 999_999])
    marginal = Marginal.of(counts, np.arange(2))
    assert scores(marginal, counts / 1_000_000)[0] == -LARGEST_SCORE
