from __future__ import annotations

import numpy as np
import pytest

from synthrec.schema.model import Column, Null
from synthrec.validation.attacks.distance import ROWS, DistanceShare, clustered_mean, nearest
from synthrec.validation.real import RealData

NUMBER = Column(kind="float", null=Null(allowed=True))
LABEL = Column(kind="category", null=Null(allowed=True))


def share(real, *chunks):
    check = DistanceShare(real)
    for chunk in chunks:
        check.add({"t": chunk})
    return check.result()


def test_distances_by_hand():
    ranks, labels = np.array([[0.0, -1.0]], np.float32), np.array([[0, -1]], np.int32)
    others = np.array([[0.5, -1.0, 1.0]], np.float32), np.array([[0, 0, 1]], np.int32)
    distances, rows = nearest(ranks, labels, *others)
    # row 0: 0.5 + 0; row 1 (missing, missing): 0 + 1 from the second
    assert distances.tolist() == [0.5, 1.0]
    assert rows.tolist() == [0, 1]


def test_the_nearest_agrees_with_all_pairs():
    rng = np.random.default_rng(0)
    ranks, others = rng.random((3, 600)).astype(np.float32), rng.random((3, 70)).astype(np.float32)
    labels, more = rng.integers(-1, 3, (2, 600), np.int32), rng.integers(-1, 3, (2, 70), np.int32)
    full = np.abs(ranks[:, :, None] - others[:, None]).sum(0) + (labels[:, :, None] != more[:, None]).sum(0)
    distances, rows = nearest(ranks, labels, others, more)
    np.testing.assert_allclose(distances, full.min(1), atol=1e-5)
    np.testing.assert_array_equal(rows, full.argmin(1))


def test_copies_of_train_are_all_closer_and_ties_count_one_half(table_of):
    def rows(numbers, labels):
        return table_of({"a": (NUMBER, numbers), "b": (LABEL, labels)}, one_row_per_person=True)

    train, holdout = rows([1.0, 2.0, 3.0], ["x", "y", None]), rows([1.0, 2.2, None], ["x", "x", "x"])
    real = RealData("t", train, holdout)
    assert share(real, rows([2.0, 3.0], ["y", None])).measure("closer to train").value == 1.0
    assert share(real, rows([1.0], ["x"])).measure("closer to train").value == 0.5
    assert share(real, rows([None], ["x"])).measure("closer to train").value == 0.0


def test_fresh_rows_are_as_close_to_both_sides(release):
    drawn = release(1, 1500, 600)
    measure = share(drawn.real, drawn.fresh.slice(0, 100), drawn.fresh.slice(100)).measure("closer to train")
    assert measure.low < 0.5 < measure.high
    assert (measure.n, measure.baseline) == (600, 0.5)


def test_memorised_rows_are_closer_to_train(release):
    drawn = release(1, 1500, 600)
    assert share(drawn.real, drawn.real.train).measure("closer to train").low > 0.55


def test_only_the_first_rows_are_kept(release):
    drawn = release(1, 60, 2 * ROWS)
    chunks = [drawn.fresh.slice(start, 3000) for start in range(0, 2 * ROWS, 3000)]
    assert share(drawn.real, *chunks).measure("closer to train").n == ROWS
    assert share(drawn.real, *chunks) == share(drawn.real, drawn.fresh)


def test_clusters_widen_the_error():
    values = np.array([1.0, 1.0, 0.0, 0.0])
    mean, single = clustered_mean(values, np.arange(4))
    assert (mean, single) == (0.5, pytest.approx(np.sqrt(4 * 0.25) / 4))
    assert clustered_mean(values, np.array([7, 7, 9, 9]))[1] == pytest.approx(np.sqrt(2 * 1.0) / 4)


def test_without_holdout_or_rows_it_says_so(release):
    real = release(1, 50, 1).real
    empty = real.train.slice(0, 0)
    assert "holdout" in share(RealData("t", real.train, empty), real.train).not_applicable
    assert "synthetic" in share(real, empty).not_applicable
