from __future__ import annotations

from itertools import product
from math import comb, sqrt

import numpy as np
import pytest
from scipy.stats import binom

from synthrec.validation.attacks import strata
from synthrec.validation.attacks.exchange import Hits, scale_for_power
from synthrec.validation.attacks.strata import Stratum, merged
from synthrec.validation.result import NothingAtRisk
from synthrec.validation.stats import tail, weighted_tail


def test_the_actual_split_ratio_decides_not_a_margin():
    assert Hits(347, 97, 8000, 2000).p_value > 0.1
    assert Hits(347, 97, 5000, 5000).p_value < 1e-30
    assert Hits(0, 0, 80, 20).p_value == 1.0


@pytest.mark.parametrize(("train", "holdout"), [(40, 10), (8, 2), (15, 15), (10, 40)])
def test_binomial_evidence_is_never_stronger_than_the_exact_law_beyond_the_mean(train, holdout):
    # the exact law of the train hits given all hits is hypergeometric: count the ways
    for total in range(1, train + holdout):
        for hits in range(total * train // (train + holdout) + 2, min(total, train) + 1):
            ways = sum(
                comb(train, k) * comb(holdout, total - k) for k in range(hits, min(train, total) + 1)
            ) / comb(train + holdout, total)
            assert Hits(hits, total - hits, train, holdout).p_value >= ways - 1e-12


def test_reasons_why_nothing_can_be_said():
    assert Hits(0, 0, 0, 5).inapplicable(10) == NothingAtRisk.UNIQUE
    assert "holdout" in Hits(0, 0, 5, 0).inapplicable(10)
    assert "no synthetic rows" in Hits(0, 0, 5, 5).inapplicable(0)
    assert Hits(0, 0, 5, 5).inapplicable(1) is None


def test_excess_hits_of_no_hits_at_all():
    excess = Hits(0, 0, 80, 20).excess_hits()
    # Garwood's upper limit of no events is -ln 0.01; the chance part cannot raise it
    assert (excess.value, excess.high) == (0.0, pytest.approx(4.60517))


def test_excess_share_of_a_hand_sized_case():
    assert Hits(30, 2, 100, 50).excess_share().value == pytest.approx(0.30 - 0.04)


@pytest.mark.parametrize(
    ("hits", "exposure", "alpha"),
    [(Hits(40, 10, 800, 200), 0.05, 0.01), (Hits(0, 0, 4000, 1000), 0.01, 0.005)],
)
def test_power_agrees_with_simulation(hits, exposure, alpha):
    rng = np.random.default_rng(5)
    runs = 4000
    chance = hits.total_hits / hits.unique
    train = rng.binomial(hits.train, chance + (1 - chance) * exposure, runs)
    holdout = rng.binomial(hits.holdout, chance, runs)
    seen = float(np.mean(tail(train, holdout, hits.share) <= alpha))
    assert hits.power(exposure, alpha) == pytest.approx(seen, abs=5 * sqrt(0.25 / runs))


def test_power_without_a_side_is_nil():
    assert Hits(0, 0, 100, 0).power(0.5, 0.01) == 0.0


def test_power_is_nil_where_all_train_persons_together_are_no_evidence():
    hits = Hits(0, 0, 16, 4)
    assert hits.power(0.01, 0.01) == 0.0
    assert scale_for_power(lambda scale: hits.power(0.01, 0.01, scale)) > 50


def test_the_scale_is_found_to_two_percent():
    assert scale_for_power(lambda _: 1.0) == 1.0
    assert scale_for_power(lambda _: 0.0) is None
    assert scale_for_power(lambda scale: 0.95 if scale >= 37 else 0.5) == pytest.approx(37, rel=0.02)


def test_the_weighted_tail_equals_enumeration():
    weights, totals, shares = [3, 1, 2], [2, 3, 2], [0.8, 0.75, 0.5]
    outcomes = [
        (sum(w * k for w, k in zip(weights, ks, strict=True)), np.prod([
            comb(n, k) * s**k * (1 - s) ** (n - k) for n, k, s in zip(totals, ks, shares, strict=True)
        ]))
        for ks in product(*(range(n + 1) for n in totals))
    ]  # fmt: skip
    for observed in range(15):
        exact = sum(mass for value, mass in outcomes if value >= observed)
        assert weighted_tail(weights, totals, shares, observed) == pytest.approx(exact, abs=1e-12)


def test_the_weighted_tail_of_many_hits_is_exact_far_out():
    assert weighted_tail([1, 0], [5000, 9], [0.8, 0.5], 4150) == pytest.approx(
        float(binom.sf(4149, 5000, 0.8)), rel=1e-9
    )


ISOLATED, CROWDED = Stratum(Hits(9, 1, 4000, 1000), 0.01), Stratum(Hits(430, 120, 2000, 500), 0.01)


def test_one_stratum_is_the_binomial_test():
    assert strata.p_value([ISOLATED]) == ISOLATED.hits.p_value
    assert strata.p_value([]) == 1.0
    assert strata.power([], 0.01, 60) == 0.0
    empty_side = Stratum(Hits(3, 0, 7, 0), 0.01)
    assert strata.p_value([ISOLATED, empty_side]) == ISOLATED.hits.p_value


def test_strata_merge_by_adding():
    both = merged([ISOLATED, CROWDED])
    assert both.hits == Hits(439, 121, 6000, 1500)
    assert both.exposure == pytest.approx(0.01)


def test_copies_among_the_isolated_are_seen_although_the_crowd_drowns_them():
    leaked = Stratum(Hits(49, 1, 4000, 1000), 0.01)
    assert merged([leaked, CROWDED]).hits.p_value > 0.01
    assert strata.p_value([leaked, CROWDED]) < 1e-3


def null_hits(rng, stratum):
    """Hits by chance alone at the stratum's pooled rate."""
    hits, chance = stratum.hits, stratum.hits.chance()
    return Stratum(
        Hits(rng.binomial(hits.train, chance), rng.binomial(hits.holdout, chance), hits.train, hits.holdout),
        stratum.exposure,
    )


def test_safe_strata_are_rejected_no_more_often_than_stated():
    rng = np.random.default_rng(8)
    runs, level = 1500, 0.05
    rejected = sum(
        strata.p_value([null_hits(rng, ISOLATED), null_hits(rng, CROWDED)]) <= level for _ in range(runs)
    )
    assert rejected / runs <= level + 4 * sqrt(level * (1 - level) / runs)


def leaking(rng, parts, rows):
    """Hits by chance, and of as many of the training persons as rows leak, drawn without replacement."""
    everyone = np.repeat(np.arange(len(parts)), [part.hits.train for part in parts])
    leaked = np.bincount(rng.choice(everyone, rows, replace=False), minlength=len(parts))
    for part, exposed in zip(parts, leaked, strict=True):
        hits, chance = part.hits, part.hits.chance()
        mine = exposed + rng.binomial(hits.train - exposed, chance)
        yield Stratum(Hits(mine, rng.binomial(hits.holdout, chance), hits.train, hits.holdout), part.exposure)


def test_the_power_of_strata_agrees_with_exact_tests_on_simulated_leaks():
    rng, parts = np.random.default_rng(9), [ISOLATED, CROWDED]
    runs, alpha = 600, 0.01
    seen = np.mean([strata.p_value([*leaking(rng, parts, 60)]) <= alpha for _ in range(runs)])
    stated = strata.power(parts, alpha, 60)
    # the lattice term of many hits only lowers it; four standard errors of the simulation
    assert stated <= seen + 4 * sqrt(0.25 / runs)
    assert stated >= seen - 0.06 - 4 * sqrt(0.25 / runs)


def test_few_hits_are_tested_draw_by_draw():
    rng, runs = np.random.default_rng(10), 1_000
    parts = [Stratum(Hits(1, 1, 900, 900), 0.01), Stratum(Hits(20, 22, 400, 400), 0.01)]
    stated = strata.power(parts, 0.01, 13)
    seen = np.mean([strata.p_value([*leaking(rng, parts, 13)]) <= 0.01 for _ in range(runs)])
    # four standard errors of 500 and of 1,000 draws
    assert stated == pytest.approx(seen, abs=4 * sqrt(0.25 / 500 + 0.25 / 1_000))


def test_rates_that_never_fall():
    hits, persons = np.array([1.0, 3.0, 2.0, 9.0]), np.array([10.0, 10.0, 10.0, 10.0])
    assert strata.ascending(hits, persons) == pytest.approx([0.1, 0.25, 0.25, 0.9])
    assert strata.ascending(hits[::-1].copy(), persons) == pytest.approx([15 / 40] * 4)
    weighted = strata.ascending(np.array([4.0, 1.0]), np.array([10.0, 40.0]))
    assert weighted == pytest.approx([0.1, 0.1])


def test_neighbours_of_one_weight_are_one_stratum():
    parts = [Stratum(Hits(6, 0, 600, 400), 0.01), Stratum(Hits(4, 0, 400, 600), 0.01)]
    assert strata.p_value(parts) == pytest.approx(0.5**10, rel=1e-9)
    apart = [*parts, Stratum(Hits(300, 310, 400, 400), 0.01)]
    assert strata.p_value(apart) < 0.01
