import numpy as np

from synthrec.generators.marginals.links import find_links
from synthrec.generators.marginals.measurement import PairShares

FUNCTION = np.array([[0.3, 0.0], [0.2, 0.0], [0.0, 0.25], [0.0, 0.25]])
"""The first column (4 levels) fixes the second (2 levels), not the other way round."""


def pair(first, second, shares, sigma=0.0):
    return PairShares(first, second, np.asarray(shares, dtype=float), sigma)


def test_a_function_is_a_link_from_its_argument():
    found = find_links([pair(0, 1, FUNCTION)])
    assert list(found) == [1]
    assert found[1].parent == 0
    np.testing.assert_array_equal(found[1].table, [[1, 0], [1, 0], [0, 1], [0, 1]])


def test_the_order_of_the_pair_does_not_matter():
    assert find_links([pair(0, 1, FUNCTION.T)])[0].parent == 1


def test_independence_is_no_link_even_where_one_level_rules():
    assert find_links([pair(0, 1, np.outer([0.5, 0.5], [0.97, 0.03]))]) == {}


def test_cells_below_the_noise_do_not_count():
    noisy = FUNCTION + np.array([[0, 0.02], [0, 0], [0.02, 0], [0, -0.01]])
    found = find_links([pair(0, 1, noisy, sigma=0.01)])
    np.testing.assert_array_equal(found[1].table, [[1, 0], [1, 0], [0, 1], [0, 1]])
    assert find_links([pair(0, 1, noisy, sigma=0.2)]) == {}


def test_a_parent_is_no_child():
    chain = [pair(0, 1, FUNCTION), pair(1, 2, np.diag([0.5, 0.5]))]
    found = find_links(chain)
    assert all(link.parent not in found for link in found.values())
    assert found


def test_one_of_two_equal_columns_follows_the_other():
    found = find_links([pair(0, 1, np.diag([0.4, 0.35, 0.25]))])
    assert len(found) == 1


def test_a_parent_level_that_was_not_seen_keeps_the_mixtures_draw():
    unseen = np.array([[0.3, 0.0], [0.2, 0.0], [0.0, 0.5], [0.0, 0.0]])
    np.testing.assert_array_equal(find_links([pair(0, 1, unseen)])[1].table[3], [0, 0])
