"""Membership: exact oracles for the curves, exchangeability without a leak, and planted leaks."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import binom

from synthrec.data.table import Table
from synthrec.schema.model import Column, Null
from synthrec.validation.attacks.isolated import (
    IsolatedMembership,
    declared_groups,
    most_isolated,
)
from synthrec.validation.attacks.membership import TOPS, Membership
from synthrec.validation.attacks.roc import Roc
from synthrec.validation.attacks.space import Space, nearest
from synthrec.validation.attacks.suspects import Sides, Suspects, some_persons
from synthrec.validation.real import RealData

NUMBER = Column(kind="float", null=Null(allowed=True))


def roc(members, others):
    return Roc(np.sort(np.array(members, float)), np.sort(np.array(others, float)))


def attacked(real, *chunks):
    suspects = Suspects(real)
    checks = (Membership(suspects), IsolatedMembership(suspects))
    for chunk in chunks:
        for check in checks:
            check.add({"t": chunk})
    return tuple(check.result() for check in checks)


def test_the_area_is_the_share_of_pairs():
    rng = np.random.default_rng(0)
    members, others = rng.integers(0, 9, 40), rng.integers(0, 8, 30)
    pairs = (members[:, None] > others) + 0.5 * (members[:, None] == others)
    assert roc(members, others).auc.value == pytest.approx(pairs.mean())


def test_the_limits_are_those_of_delong():
    """By the placements of each person among the other side, computed pair by pair."""
    rng = np.random.default_rng(1)
    members, others = rng.choice([-5, 5], 300), rng.normal(size=200)
    pairs = (members[:, None] > others).astype(float)
    variance = pairs.mean(1).var(ddof=1) / 300 + pairs.mean(0).var(ddof=1) / 200
    assert variance > 501 / (12 * 300 * 200)
    auc = roc(members, others).auc
    assert auc.high - auc.value == pytest.approx(ndtri(0.99) * np.sqrt(variance))


def test_few_persons_that_happen_to_be_apart_prove_nothing():
    assert (roc([0, 1], [2, 3]).auc.value, roc([0, 1], [2, 3]).auc.high > 0.7) == (0.0, True)
    assert (roc([5], [1]).auc.low, roc([5], [1]).auc.high) == (0.0, 1.0)
    assert roc([], [1]).rate(0.1).high == 1.0


@pytest.mark.parametrize(("false_alarms", "found"), [(0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_hit_rates_by_hand(false_alarms, found):
    assert roc([1, 3, 5, 7], [0, 2, 4, 6]).rate(false_alarms).value == found


def test_ties_at_the_threshold_are_shared():
    tied = roc([1, 1, 1, 1], [1, 1, 1, 1])
    assert [tied.rate(share).value for share in (0.1, 0.5)] == [pytest.approx(0.1), 0.5]
    assert tied.p_value(TOPS) == 1.0


def test_the_evidence_is_an_exact_binomial_tail():
    """The 10 highest of 100 are members, half of all: 2 fractions, P(10 of 10) by coin."""
    scores = roc([*range(200, 210), *range(40)], range(50, 100))
    assert scores.p_value((0.1, 0.5)) == pytest.approx(2 * binom.sf(9, 10, 0.5))


def test_the_curve_runs_from_corner_to_corner():
    points = roc(range(1, 31), range(30)).curve()
    assert points[-1] == (1.0, 1.0)
    assert all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(points))


def test_without_a_leak_persons_are_exchangeable(release):
    """The mean AUC over 60 releases of 150 + 150 persons errs by sqrt(301 / 270,000 / 60) = 0.0043; four of
    them are allowed. Of 120 p-values, valid at 5 %, 16 or more are below it once in 2,000 times.
    """
    aucs, p_values = [], []
    for seed in range(60):
        drawn = release(seed, 300, 150, share=0.5)
        suspects = Suspects(drawn.real)
        checks = (Membership(suspects), IsolatedMembership(suspects))
        for check in checks:
            check.add({"t": drawn.fresh})
        p_values += [check.result().p_value for check in checks]
        aucs.append([Roc.of(score, suspects.sides.member).auc.value for score in suspects.scores.values()])
    assert np.abs(np.mean(aucs, axis=0) - 0.5).max() < 4 * 0.0043
    assert np.mean(np.array(p_values) <= 0.05) < 16 / 120


def test_copied_rows_are_found_and_fresh_ones_are_not(release, leaky):
    drawn = release(3, 2_000, 1_000, share=0.5)
    clean, _ = attacked(drawn.real, drawn.fresh)
    found, _ = attacked(drawn.real, leaky(drawn, 0.02))
    assert clean.p_value > 0.01
    assert found.p_value < 1e-4
    assert found.measure("TPR at 1 % FPR").low > clean.measure("TPR at 1 % FPR").value


def test_copies_of_the_most_isolated_are_found_among_them(release):
    drawn = release(4, 2_000, 1_000, share=0.5)
    suspects = Suspects(drawn.real)
    members = np.flatnonzero(suspects.sides.member)
    chosen = members[np.argsort(-suspects.isolation[members])[:30]]
    spoilt = Table.concat([drawn.fresh.slice(30), suspects.sides.rows.take(chosen)])
    clean, found = attacked(drawn.real, drawn.fresh)[1], attacked(drawn.real, spoilt)[1]
    assert clean.p_value > 0.01
    assert found.p_value < 1e-3
    assert found.exhibits[0].title.endswith("isolated persons")


def test_rows_that_keep_away_from_members_betray_them(release):
    """A distance filter: fresh rows whose nearest real row is of train are dropped, and holes are left."""
    drawn = release(8, 6_000, 1_000, share=0.5)
    rows = Table.concat([drawn.real.train, drawn.real.holdout])
    space = Space.of(drawn.real.train.spec, rows)
    reference = space.points(rows)
    _, place = nearest(space.points(drawn.fresh), reference)
    filtered = drawn.fresh.take(np.flatnonzero(place >= len(drawn.real.train)))
    kept, _ = attacked(drawn.real, drawn.fresh)
    found, _ = attacked(drawn.real, filtered)
    assert kept.p_value > 0.01
    assert found.p_value < 1e-4
    assert found.measure("AUC").low > 0.5


def test_all_copied_is_certain(release):
    drawn = release(5, 600, 1, share=0.5)
    everyone, isolated = attacked(drawn.real, drawn.real.train)
    assert everyone.measure("AUC").low > 0.9
    assert max(everyone.p_value, isolated.p_value) < 1e-9


def test_chunks_do_not_matter(release):
    drawn = release(6, 300, 500)
    whole = attacked(drawn.real, drawn.fresh)
    assert attacked(drawn.real, *(drawn.fresh.slice(start, 77) for start in range(0, 500, 77))) == whole


def household(table_of, values, persons):
    columns = {"p": (Column(kind="id", role="key"), persons), "x": (NUMBER, values)}
    return table_of(columns, person="p")


def test_a_person_is_one_however_many_rows(table_of):
    train = household(table_of, [0.0, 10.0, 20.0, 30.0], ["a", "a", "a", "b"])
    holdout = household(table_of, [5.0, 25.0], ["c", "d"])
    suspects = Suspects(RealData("t", train, holdout))
    suspects.add(1, {"t": household(table_of, [10.0], ["z"])})
    assert suspects.sides.member.tolist() == [True, True, False, False]
    nearness = suspects.scores["nearness"]
    assert nearness[0] == 0  # the best of the three rows of person a
    assert (nearness[1:] < 0).all()
    suspects.add(1, {"t": household(table_of, [30.0], ["y"])})
    assert suspects.scores["nearness"][1] < 0  # chunk 1 was seen already
    assert suspects.rows == 1


def test_large_sides_are_sampled_by_person():
    persons = np.repeat(np.arange(100), 3)
    rows = some_persons(persons, 31)
    kept, counts = np.unique(persons[rows], return_counts=True)
    assert (len(kept), set(counts)) == (10, {3})
    assert len(some_persons(persons, 2)) == 3
    np.testing.assert_array_equal(some_persons(persons, 300), np.arange(300))


@pytest.mark.parametrize(
    ("members", "others", "count"),
    [(20_000, 20_000, 2_000), (2_000, 2_000, 600), (3_000, 1_000, 800), (50, 50, 50)],
)
def test_enough_isolated_persons_are_taken_to_certify(members, others, count):
    member = np.arange(members + others) < members
    chosen = most_isolated(np.arange(members + others)[::-1].astype(float), member)
    assert chosen.sum() == count
    assert chosen[:count].all()


def test_groups_are_levels_of_declared_columns_with_fifty_on_either_side(table_of):
    n = 300
    levels = ["big", "big", "small", "one side", None]
    columns = {
        "region": (
            Column(kind="category", role="quasi_identifier", null=Null(allowed=True)),
            [levels[i % 5] if i >= 150 or i % 5 != 2 else "one side" for i in range(n)],
        ),
        "ill": (Column(kind="boolean", role="sensitive"), [i % 2 == 0 for i in range(n)]),
        "other": (Column(kind="category"), ["x"] * n),
        "age": (Column(kind="integer", role="quasi_identifier"), [i % 3 for i in range(n)]),
    }
    table = table_of(columns, one_row_per_person=True)
    groups = declared_groups(Sides.of(RealData("t", table.slice(0, 150), table.slice(150))))
    assert set(groups) == {"region = big", "ill = false", "ill = true"}
    assert groups["region = big"].sum() == 120


def test_a_small_group_is_told_and_does_not_widen_the_bound(table_of):
    rng, n = np.random.default_rng(8), 4_000
    columns = {
        "x": (NUMBER, rng.normal(size=n).tolist()),
        "y": (NUMBER, rng.normal(size=n).tolist()),
        "g": (
            Column(kind="category", role="sensitive"),
            ["rare" if i % 20 == 0 else "usual" for i in range(n)],
        ),
    }
    table = table_of(columns, one_row_per_person=True)
    drawn = SimpleNamespace(real=RealData("t", table.slice(0, 2_000), table.slice(2_000)))
    isolated = attacked(drawn.real, table.slice(0, 0).concat([table.take(rng.permutation(n)[:1_000])]))[1]
    rows = {row[0]: row[-1] for row in isolated.exhibits[1].rows}
    assert rows == {"most isolated": "yes", "g = rare": "too few persons", "g = usual": "yes"}
    assert isolated.measure("AUC").high < 0.7


def test_what_cannot_be_attacked_says_why(release):
    real = release(1, 50, 1).real
    empty = real.train.slice(0, 0)
    cases = (("holdout", RealData("t", real.train, empty), real.train), ("synthetic", real, empty))
    for word, given, rows in cases:
        assert all(word in result.not_applicable for result in attacked(given, rows))
    assert all(
        "training" in result.not_applicable for result in attacked(RealData("t", empty, real.train), empty)
    )
