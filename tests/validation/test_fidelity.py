from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

from synthrec.schema.model import Column, Null
from synthrec.schema.vector import Vector
from synthrec.validation.binning import Binning, LabelBins, NumericBins
from synthrec.validation.fidelity import chosen_pairs, fidelity_checks, half_width, similarity
from synthrec.validation.real import RealData

INTEGER, CATEGORY = Column(kind="integer", null=Null(allowed=True)), Column(kind="category")


def results(train, holdout, *chunks):
    checks = fidelity_checks(RealData("t", train, holdout))
    for check in checks:
        for chunk in chunks:
            check.add({"t": chunk})
    return [check.result() for check in checks]


def values(*numbers, missing=()):
    mask = np.zeros(len(numbers), bool)
    mask[list(missing)] = True
    return Vector(np.array(numbers, np.int64), mask)


def test_numbers_fall_in_equal_quantiles():
    vector = values(*range(1000))
    bins = NumericBins.learn(vector)
    assert np.bincount(bins.of(vector), minlength=bins.size).tolist() == [50] * 20 + [0]


def test_a_heavy_value_is_alone():
    vector = values(*[0] * 500, *range(1, 501))
    bins = NumericBins.learn(vector)
    found = bins.of(values(-1, 0, 1))
    assert found[0] == found[1] == 0
    assert found[2] == 1
    middle = values(*range(-240, 0), *[0] * 500, *range(1, 261))
    alone = NumericBins.learn(middle)
    assert len(set(alone.of(values(-1, 0, 1)).tolist())) == 3


def test_missing_is_a_bin_and_nothing_but_missing_is_no_fault():
    vector = values(0, 0, 5, missing=(1,))
    bins = NumericBins.learn(vector)
    assert bins.of(vector)[1] == bins.size - 1
    empty = NumericBins.learn(values(0, 0, missing=(0, 1)))
    assert empty.of(values(0, 3, missing=(0,))).tolist() == [1, 0]


def test_rare_labels_share_a_bin():
    levels = tuple(f"v{i:02}" for i in range(60))
    counts = np.repeat(np.arange(60), np.arange(60, 0, -1)).astype(np.int32)
    bins = LabelBins.learn(Vector.full(counts, levels))
    found = bins.of(Vector.full(np.array([0, 49, 50, 59], np.int32), levels))
    assert found.tolist() == [0, 49, 50, 50]
    unseen = bins.of(Vector(np.array([0, 0], np.int32), np.array([False, True]), ("new",)))
    assert unseen.tolist() == [50, 51]


def test_similarity_by_hand():
    assert similarity(np.array([2, 2, 0]), np.array([1, 0, 1])) == pytest.approx(0.5)
    assert similarity(np.array([3, 1]), np.array([6, 2])) == 1.0
    assert similarity(np.array([0, 0]), np.array([1, 1])) == 0.0


def test_a_hand_sized_table(table_of):
    def rows(a, b):
        return table_of({"a": (CATEGORY, a), "b": (CATEGORY, b)}, one_row_per_person=True)

    train = rows(["x", "x", "y", "y"], ["u", "u", "v", "v"])
    holdout = rows(["x", "y"], ["u", "v"])
    columns, pairs = results(train, holdout, rows(["x", "y"], ["u", "v"]), rows(["x", "y"], ["v", "u"]))
    assert columns.measure("column a").value == columns.measure("worst").value == 1.0
    assert pairs.measure("pair a, b").value == pairs.measure("mean").value == pytest.approx(0.5)
    assert pairs.measure("worst").baseline == 1.0
    assert pairs.measure("mean").n == 4
    assert pairs.bound == columns.bound == "mean"


def test_chunks_do_not_matter_and_equal_rows_are_equal(release):
    drawn = release(1, 800, 500)
    whole = results(drawn.real.train, drawn.real.holdout, drawn.fresh)
    pieces = [drawn.fresh.slice(start, 33) for start in range(0, 500, 33)]
    assert results(drawn.real.train, drawn.real.holdout, *pieces) == whole
    same = results(drawn.real.train, drawn.real.holdout, drawn.real.train)
    assert [result.measure("worst").value for result in same] == [1.0, 1.0]


def test_without_holdout_there_is_no_baseline(release):
    real = release(1, 100, 1).real
    columns, pairs = results(real.train, real.train.slice(0, 0), real.train)
    assert columns.measure("mean").baseline is None
    assert pairs.measure("worst").baseline is None


def test_one_column_has_no_pair_and_loses_nothing(table_of):
    table = table_of({"a": (INTEGER, [1, 2, None])}, one_row_per_person=True)
    _, pairs = results(table, table, table)
    assert (pairs.measure("mean").value, pairs.measure("worst").value) == (1.0, 1.0)


def test_the_half_width_counts_persons_not_rows():
    assert half_width(100, np.arange(100)) == pytest.approx(sqrt(log(100) * (0.01 + 0.01) / 2))
    assert half_width(100, np.zeros(100, np.int64)) == pytest.approx(sqrt(log(100) * (0.01 + 1) / 2))


def test_limits_cover_the_expected_similarity(population):
    rng = np.random.default_rng(4)
    found = []
    for _ in range(60):
        train = population(rng, 200, weight=False)
        columns, _ = results(train, train.slice(0, 0), population(rng, 200, weight=False))
        found.append(columns.measure("mean"))
    expected = np.mean([measure.value for measure in found])
    assert sum(measure.low > expected for measure in found) <= 2  # one-sided 1 %, mean 0.6
    assert sum(measure.high < expected for measure in found) <= 2


def test_wide_tables_have_three_hundred_pairs_always_the_same():
    pairs = chosen_pairs(60)
    assert len(set(pairs)) == len(pairs) == 300
    assert pairs == chosen_pairs(60) == sorted(pairs)
    assert chosen_pairs(3) == [(0, 1), (0, 2), (1, 2)]
    assert chosen_pairs(1) == chosen_pairs(0) == []


def test_bins_follow_the_labels_not_their_positions(table_of):
    train = table_of({"a": (CATEGORY, ["x", "x", "y"])})
    binning = Binning.learn(train)
    assert binning.of(table_of({"a": (CATEGORY, ["y", "x"])})).tolist() == [[1, 0]]
