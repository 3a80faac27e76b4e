from __future__ import annotations

import numpy as np
import pytest

from synthrec.schema.model import Column, Null
from synthrec.validation.attacks.distance import TARGETS, DistanceShare, clustered_mean
from synthrec.validation.real import RealData

NUMBER = Column(kind="float", null=Null(allowed=True))
LABEL = Column(kind="category", null=Null(allowed=True))


def share(real, *chunks):
    check = DistanceShare(real)
    for chunk in chunks:
        check.add({"t": chunk})
    return check.result()


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


def test_all_rows_are_compared_in_whatever_chunks(release):
    drawn = release(1, 60, 5_000)
    chunks = [drawn.fresh.slice(start, 1_700) for start in range(0, 5_000, 1_700)]
    assert share(drawn.real, *chunks).measure("closer to train").n == 5_000
    assert share(drawn.real, *chunks) == share(drawn.real, drawn.fresh)


def test_sides_are_sampled_alike_and_the_number_is_told(release, monkeypatch):
    drawn = release(1, 1_500, 10)
    monkeypatch.setattr("synthrec.validation.attacks.distance.TARGETS", 50)
    assert "to 50 random rows of each side" in share(drawn.real, drawn.fresh).measures[0].method
    monkeypatch.undo()
    assert TARGETS > 300
    assert "to 300 random rows of each side" in share(drawn.real, drawn.fresh).measures[0].method


def test_clusters_widen_the_error():
    mean, single = clustered_mean(np.array([1.0, 1.0, 0.0, 0.0]), np.ones(4))
    assert (mean, single) == (0.5, pytest.approx(np.sqrt(4 * 0.25) / 4))
    two = clustered_mean(np.array([2.0, 0.0]), np.array([2.0, 2.0]))
    assert two == (0.5, pytest.approx(np.sqrt(2 * 1.0) / 4))


def test_without_holdout_or_rows_it_says_so(release):
    real = release(1, 50, 1).real
    empty = real.train.slice(0, 0)
    assert "side" in share(RealData("t", real.train, empty), real.train).not_applicable
    assert "synthetic" in share(real, empty).not_applicable
