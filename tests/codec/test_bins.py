import numpy as np
import pytest

from synthrec.codec.bins import Bins, Grid, cut, pool

UNIFORM = Grid("uniform")


def test_few_points_get_unit_bins():
    bins = cut(-100, 155, UNIFORM, heaps=[3])
    assert bins.edges.tolist() == list(range(-100, 157))
    assert bins.width.tolist() == [1] * 256


def test_more_points_get_256_bins_and_each_heap_one_of_its_own():
    bins = cut(0, 256 * 100 - 1, UNIFORM, heaps=[0, 150])
    assert bins.edges[:6].tolist() == [0, 1, 100, 150, 151, 200]
    assert len(bins) == 256 + 1 + 2


def test_asinh_bins_are_symmetric_linear_near_zero_and_geometric_far_out():
    bins = cut(-1_000_000, 999_999, Grid("asinh", 1000.0), heaps=[])
    assert (bins.edges == -bins.edges[::-1]).all()
    widths = bins.width
    middle = len(bins) // 2
    assert widths[middle] / widths[middle + 10] == pytest.approx(1, abs=0.2)
    assert widths[-1] / widths[-2] == pytest.approx(widths[-41] / widths[-42], rel=0.01)
    assert widths[-1] > 50 * widths[middle]


def test_narrow_asinh_bins_collapse_to_unit_bins():
    bins = cut(0, 10_000_000, Grid("asinh", 1.0), heaps=[])
    assert (np.diff(bins.edges) >= 1).all()
    assert bins.edges[:3].tolist() == [0, 1, 2]
    assert len(bins) <= 256


@pytest.mark.parametrize("last", [1000, 2**18 + 5, 2**50])
def test_find_agrees_with_the_edges(last):
    bins = cut(0, last, UNIFORM, heaps=[7])
    points = np.array([0, 6, 7, 8, last // 2, last])
    found = bins.find(points)
    assert (bins.edges[found] <= points).all()
    assert (points < bins.edges[found + 1]).all()


def pooled(counts, persons=None):
    """Pool unit bins that hold so many rows each, every row a person unless said otherwise."""
    bins = Bins.between(np.arange(len(counts) + 1))
    found = np.repeat(np.arange(len(counts)), counts)
    return pool(bins, found, np.arange(len(found)) if persons is None else persons)


def test_solid_bins_stay_as_they_are():
    bins = pooled([11, 30, 12])
    assert bins.edges.tolist() == [0, 1, 2, 3]
    assert bins.width.tolist() == [1, 1, 1]


def test_sparse_bins_are_merged_until_eleven_persons_share_them():
    bins = pooled([20, 5, 0, 6, 4, 7, 3, 20])
    assert bins.edges.tolist() == [0, 1, 4, 7, 8]
    assert bins.low.tolist() == [0, 1, 4, 7]
    assert bins.width.tolist() == [1, 3, 3, 1]


def test_values_of_fewer_than_eleven_persons_are_held_by_a_neighbour_but_never_drawn():
    bins = pooled([3, 20, 0, 4, 0, 20, 10])
    assert bins.edges.tolist() == [0, 5, 7]
    assert bins.low.tolist() == [1, 5]
    assert bins.width.tolist() == [1, 1]


def test_rows_of_one_person_do_not_make_a_bin_solid():
    bins = pooled([50, 20], persons=np.append(np.zeros(50, dtype=int), np.arange(1, 21)))
    assert bins.edges.tolist() == [0, 2]
    assert bins.low.tolist() == [1]


def test_one_sparse_run_without_solid_bins():
    bins = pooled([4, 4, 4, 4, 4, 4])
    assert bins.edges.tolist() == [0, 3, 6]
