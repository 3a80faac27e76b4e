from __future__ import annotations

import numpy as np
import pytest

from synthrec.data.table import Table
from synthrec.schema.model import Column
from synthrec.schema.vector import Vector
from synthrec.validation.attacks.copies import RowCopies
from synthrec.validation.attacks.projections import ProjectionCopies, column_sets, random_sets
from synthrec.validation.real import RealData
from synthrec.validation.result import NothingAtRisk

INTEGER, CATEGORY = Column(kind="integer"), Column(kind="category")


def found(check, real, *chunks):
    test = check(real)
    for chunk in chunks:
        test.add({"t": chunk})
    return test.result()


def people(table_of, a, b, **spec):
    return table_of({"a": (INTEGER, a), "b": (CATEGORY, b)}, **({"one_row_per_person": True} | spec))


def test_a_hand_sized_copy_count(table_of):
    # train: (1,x) is shared with the holdout, (2,x) and (3,y) are alone; holdout: (4,y) and (5,x) are alone
    train = people(table_of, [1, 2, 3], ["x", "x", "y"])
    holdout = people(table_of, [1, 4, 5], ["x", "y", "x"])
    synthetic = people(table_of, [9, 4, 3, 3, 1], ["x", "y", "y", "y", "x"])
    result = found(RowCopies, RealData("t", train, holdout), synthetic)
    excess = result.measure("excess")
    # one of two unique train persons, one of two unique holdout persons, in 5 rows
    assert excess.value == pytest.approx((1 - 1 * 2 / 2) * 3 / 2 / 5)
    assert excess.low < 0 < excess.high
    assert (excess.n, excess.baseline) == (6, 0.0)
    assert result.p_value == pytest.approx(0.75)  # P(Binomial(2, 1/2) >= 1)


@pytest.mark.parametrize("check", [RowCopies, ProjectionCopies])
def test_persons_are_counted_not_rows(table_of, check):
    keys = {"person": "k"}

    def rows(persons, a):
        spec = {"k": (Column(kind="id", role="key"), persons), "a": (INTEGER, a)}
        return table_of(spec, **keys)

    real = RealData("t", rows(["p", "p", "q"], [1, 2, 3]), rows(["r", "s"], [4, 5]))
    result = found(check, real, rows(["x", "y", "z"], [1, 2, 4]))
    assert result.p_value == pytest.approx(0.75)  # one person of two on each side, not two rows of three


@pytest.mark.parametrize("check", [RowCopies, ProjectionCopies])
@pytest.mark.parametrize("weight", [True, False])
def test_fresh_rows_are_safe(release, check, weight):
    drawn = release(3, 12_500, 10_000, weight=weight)
    result = found(check, drawn.real, drawn.fresh)
    assert result.p_value > 0.005
    assert result.measure("excess").low <= 0 <= result.measure("excess").high


@pytest.mark.parametrize("check", [RowCopies, ProjectionCopies])
def test_one_percent_of_verbatim_rows_is_seen(release, leaky, check):
    drawn = release(1, 12_500, 10_000)
    assert found(check, drawn.real, drawn.fresh).power > 0.99
    assert found(check, drawn.real, leaky(drawn, 0.01)).p_value < 1e-6


def test_the_excess_estimates_the_share_of_copied_rows(release, leaky):
    for share in (0.01, 0.2):
        drawn = release(1, 12_500, 10_000)
        excess = found(RowCopies, drawn.real, leaky(drawn, share)).measure("excess")
        assert excess.low < share < excess.high
        assert excess.value == pytest.approx(share, rel=0.1)


def test_a_repeated_near_unique_value_is_seen_by_its_column_only(release):
    drawn = release(2, 12_500, 4_000)
    train, fresh = drawn.real.train, drawn.fresh
    rows = drawn.rng.integers(0, len(train), len(fresh))
    vectors = fresh.vectors() | {"weight": train.vector("weight").take(rows)}
    copied = Table.from_vectors("t", fresh.spec, vectors)
    result = found(ProjectionCopies, drawn.real, copied)
    assert result.p_value < 1e-30
    assert result.steward["strongest evidence"] == "weight"
    assert result.measure("excess").low > 0.1
    assert found(RowCopies, drawn.real, copied).p_value > 0.01


def test_memorised_rows_with_a_tenth_of_the_cells_resampled_are_seen(release):
    drawn = release(4, 5_000, 4_000)
    train = drawn.real.train
    vectors = {}
    for name, vector in train.vectors().items():
        other = vector.take(drawn.rng.permutation(len(train)))
        swap = drawn.rng.random(len(train)) < 0.1
        vectors[name] = Vector(
            np.where(swap, other.values, vector.values),
            np.where(swap, other.missing, vector.missing),
            vector.levels,
        )
    result = found(ProjectionCopies, drawn.real, Table.from_vectors("t", train.spec, vectors))
    assert result.p_value < 1e-30


def test_the_answer_does_not_depend_on_chunks_or_on_the_order_of_labels(release, leaky):
    drawn = release(5, 2_000, 1_500)
    synthetic = leaky(drawn, 0.05)
    spec = synthetic.spec
    relabelled = synthetic.vectors()
    job = relabelled["job"]
    last = len(job.levels) - 1
    relabelled["job"] = Vector((last - job.values).astype(np.int32), job.missing, job.levels[::-1])
    for check in (RowCopies, ProjectionCopies):
        whole = found(check, drawn.real, synthetic)
        pieces = [synthetic.slice(start, 37) for start in range(0, len(synthetic), 37)]
        assert found(check, drawn.real, *pieces) == whole
        assert found(check, drawn.real, Table.from_vectors("t", spec, relabelled)) == whole


@pytest.mark.parametrize("check", [RowCopies, ProjectionCopies])
def test_nobody_unique_is_said_in_words(table_of, check):
    train = people(table_of, [1, 1, 2, 2], ["x"] * 4)
    result = found(check, RealData("t", train, people(table_of, [1, 2], ["x", "x"])), train)
    assert result.not_applicable == NothingAtRisk.UNIQUE
    assert result.p_value is None


@pytest.mark.parametrize("check", [RowCopies, ProjectionCopies])
def test_without_holdout_or_rows_nothing_is_claimed(table_of, check):
    train = people(table_of, [1, 2, 3], ["x", "x", "y"])
    nobody = found(check, RealData("t", train, train.slice(0, 0)), train)
    assert "holdout" in nobody.not_applicable
    empty = found(check, RealData("t", train.slice(0, 2), train.slice(2)), train.slice(0, 0))
    assert "no synthetic rows" in empty.not_applicable
    assert nobody.not_applicable != NothingAtRisk.UNIQUE != empty.not_applicable


def test_small_data_say_how_many_persons_are_needed(release):
    drawn = release(6, 500, 400)
    result = found(RowCopies, drawn.real, drawn.fresh)
    assert result.power < 0.5
    needed = result.persons_needed
    assert 1_000 < needed < 20_000
    # an estimate: with more persons a few more match by chance and a few less are alone
    enough = release(7, round(1.15 * needed), round(1.15 * 0.8 * needed))
    assert found(RowCopies, enough.real, enough.fresh).power > 0.85


def test_the_column_sets_are_those_that_were_announced():
    sets = column_sets(15, singles=[2])
    assert len(sets) == len(set(sets)) == 15 + 1 + 40
    assert (2,) in sets
    assert sum(len(chosen) == 14 for chosen in sets) == 15
    assert all(3 <= len(chosen) <= 7 for chosen in sets if len(chosen) not in {1, 14})
    assert random_sets(15) == random_sets(15)
    assert column_sets(2, [0]) == ((1,), (0,))
    assert column_sets(1, [0]) == column_sets(0, []) == ()
    assert all(len(chosen) == 3 for chosen in random_sets(4))
