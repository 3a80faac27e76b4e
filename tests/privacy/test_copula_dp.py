"""The copula behind a curator: its plan, what it recovers, small tables, and the two methods side by side."""

from decimal import Decimal

import numpy as np
import pytest

from synthrec.data.table import Table
from synthrec.errors import ConfigError
from synthrec.generators.copula import CopulaFitted
from synthrec.generators.copula_dp import PrivateCopula
from synthrec.generators.copula_dp.groups import GROUPS, NAMED, grouped
from synthrec.generators.copula_dp.orders import Pairs, group_orders
from synthrec.privacy.accountant import epsilon
from synthrec.privacy.budget import Budget
from synthrec.privacy.curator import Curator
from synthrec.privacy.events import SampledGaussianEvent, VectorEvent
from synthrec.privacy.selfaudit import replayed
from synthrec.rng import Streams
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector

LABELS = tuple("abcdefgh")
SPEC = TableSpec.model_validate(
    {
        "columns": {
            "age": {"kind": "integer", "domain": {"min": 0, "max": 99, "source": "public"}},
            "ward": {"kind": "category", "domain": {"values": LABELS, "source": "public"}},
            "fee": {"kind": "integer", "domain": {"min": 0, "max": 100_000, "source": "public"}},
        },
        "one_row_per_person": True,
    }
)
BUDGET = Budget(Decimal(3), Decimal("1e-5"))
SHUFFLED = np.array([3, 6, 0, 7, 2, 5, 1, 4])
METHODS = ("dp_sgd", "closed_form")


def patients(rows):
    """Latent correlations .8 (age, ward), .6 (age, fee), .48 (ward, fee); wards in an order nobody states."""
    rng = np.random.default_rng(0)
    age = rng.standard_normal(rows)
    ward = 0.8 * age + 0.6 * rng.standard_normal(rows)
    fee = 0.6 * age + 0.8 * rng.standard_normal(rows)
    place = np.digitize(ward, [-1.2, -0.7, -0.3, 0, 0.3, 0.7, 1.2])
    columns = {
        "age": Vector.full((50 + 15 * age).clip(0, 99).astype(np.int64)),
        "ward": Vector.full(SHUFFLED[place].astype(np.int32), LABELS),
        "fee": Vector.full((300 * np.exp(fee)).clip(0, 100_000).astype(np.int64)),
    }
    return Table.from_vectors("patients", SPEC, columns)


@pytest.fixture(scope="module")
def plans():
    return {method: PrivateCopula().plan(SPEC, BUDGET, {"method": method}) for method in METHODS}


def fit(plan, rows):
    curator = Curator(patients(rows), plan)
    return curator, *PrivateCopula().fit(SPEC, "patients", curator, streams=Streams(1))


def latent(fitted):
    factor = fitted.strata[0].factor
    return factor @ factor.T


@pytest.mark.parametrize("method", METHODS)
def test_the_plan_spends_the_budget_and_not_more(plans, method):
    assert BUDGET.epsilon - Decimal("0.02") <= epsilon(plans[method], BUDGET.delta) <= BUDGET.epsilon
    kind = {"dp_sgd": SampledGaussianEvent, "closed_form": VectorEvent}[method]
    assert isinstance(plans[method].event("correlation"), kind)


@pytest.mark.parametrize("method", METHODS)
def test_order_and_correlations_are_recovered(plans, method):
    """8,000 persons; noise of a correlation is about .02 here, tolerance .1 for clipping and 16 groups."""
    curator, _, fitted = fit(plans[method], 8_000)
    found = latent(fitted)
    ranks = np.argsort(fitted.strata[0].marginals[1].order)[SHUFFLED]
    turned = np.sign(np.corrcoef(ranks, np.arange(8))[0, 1])
    assert abs(np.corrcoef(ranks, np.arange(8))[0, 1]) > 0.9
    assert found[0, 2] == pytest.approx(0.6, abs=0.1)
    assert turned * found[0, 1] == pytest.approx(0.8, abs=0.1)
    assert turned * found[1, 2] == pytest.approx(0.48, abs=0.1)
    assert curator.is_bounded


@pytest.mark.parametrize("rows", [0, 1, 20])
@pytest.mark.parametrize("method", METHODS)
def test_a_table_too_small_to_learn_from_still_gives_valid_records(plans, method, rows):
    _, codec, fitted = fit(plans[method], rows)
    codes = fitted.sample(0, 500, streams=Streams(0))
    assert (codes.values >= 0).all()
    assert (codes.values.max(0) < fitted.domain.sizes).all()
    assert len(codec.decode(codes, 0, Streams(0))) == 500


def test_what_is_fitted_can_be_stored(plans):
    _, _, fitted = fit(plans["closed_form"], 200)
    restored = CopulaFitted.restore(fitted.domain, fitted.parameters, fitted.arrays())
    first, second = (model.sample(0, 100, streams=Streams(0)).values for model in (fitted, restored))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_learned_beside_the_answers(plans, method):
    assert replayed(PrivateCopula(), SPEC, "patients", plans[method], leavers=[0, 2]) == (True, True)


def test_a_single_column_has_no_pairs():
    spec = TableSpec.model_validate({"columns": {"ward": SPEC.columns["ward"]}, "one_row_per_person": True})
    plan = PrivateCopula().plan(spec, BUDGET, {})
    assert [event.name for event in plan.events] == ["levels"]
    table = Table.from_vectors("wards", spec, {"ward": Vector.full(np.zeros(500, np.int32), LABELS)})
    _, fitted = PrivateCopula().fit(spec, "wards", Curator(table, plan), streams=Streams(0))
    drawn = fitted.sample(0, 1_000, streams=Streams(0)).values[:, 0]
    assert (drawn == 0).mean() > 0.95


@pytest.mark.parametrize("settings", [{"method": "exact"}, {"seed": 1}])
def test_unknown_settings_are_refused(settings):
    with pytest.raises(ConfigError, match="method"):
        PrivateCopula().plan(SPEC, BUDGET, settings)


def test_learned_domains_are_refused_with_the_ways_out():
    learned = {"columns": {"name": {"kind": "category", "domain": {"source": "learned"}}}}
    spec = TableSpec.model_validate(learned | {"one_row_per_person": True})
    with pytest.raises(ConfigError, match="declare"):
        PrivateCopula().plan(spec, BUDGET, {})


def test_groups_are_few_even_and_keep_missing_apart():
    shares = np.random.default_rng(0).dirichlet(np.ones(500))
    groups = grouped(shares, ordered=True, missing=True)
    assert groups[-1] == groups.max() <= GROUPS
    assert (np.diff(groups) >= 0).all()
    masses = np.bincount(groups[:-1], shares[:-1])
    assert masses.max() < 2.5 * masses.min()
    assert len(set(grouped(shares, ordered=False, missing=False))) == NAMED


def test_orders_survive_noise_that_hides_every_cell():
    """Cells of about .004 under noise of .002; the means over rows and columns are far clearer."""
    rng = np.random.default_rng(0)
    scores = np.linspace(-1.5, 1.5, 16)
    joint = np.exp(0.6 * np.outer(scores, scores))
    for _ in range(200):
        joint /= 16 * joint.sum(1, keepdims=True)
        joint /= 16 * joint.sum(0, keepdims=True)
    shuffled = rng.permutation(16)
    flat = np.full(16, 1 / 16)
    residuals = {
        (0, j): joint[shuffled] - np.outer(flat, flat) + rng.normal(0, 0.002, (16, 16)) for j in (1, 2, 3)
    } | {(i, j): rng.normal(0, 0.002, (16, 16)) for i, j in ((1, 2), (1, 3), (2, 3))}
    order = group_orders(Pairs([flat] * 4, residuals, 0.002), [0])[0]
    assert abs(np.corrcoef(shuffled[order], np.arange(16))[0, 1]) > 0.97
