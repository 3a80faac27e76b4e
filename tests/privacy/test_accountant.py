"""What a plan is said to cost: never below independent figures, hardly above them, rounded up."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import comb, exp, log, log1p, sqrt

import dp_accounting as dpa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.optimize import brentq
from scipy.stats import norm

from synthrec.errors import ConfigError, InternalError
from synthrec.privacy import accountant
from synthrec.privacy.accountant import calibrated, epsilon, rdp_epsilon, rounded_up
from synthrec.privacy.budget import Budget
from synthrec.privacy.events import CountsEvent, Plan, SampledGaussianEvent, VectorEvent
from synthrec.privacy.gaussian_bound import gaussian_epsilon
from synthrec.privacy.people import weight_scale

DELTA = Decimal("1e-6")
SHARES = {"one": 0.2, "two": 0.3, "sgd": 0.5}


def counts(z, limit=1):
    return Plan((CountsEvent("one", z, 10),), limit)


def sampled(z, q, steps):
    return Plan((SampledGaussianEvent("sgd", z, q, steps),), 1)


def random_plan(rng):
    events = [
        CountsEvent(f"counts {number}", float(np.exp(rng.uniform(0.7, 4))), int(rng.integers(1, 200)))
        for number in range(rng.integers(0, 3))
    ]
    if rng.random() < 0.5:
        events.append(VectorEvent("sum", float(np.exp(rng.uniform(0.7, 4)))))
    if rng.random() < 0.3 or not events:
        q, steps = float(np.exp(rng.uniform(-5, 0))), int(np.exp(rng.uniform(0, 7)))
        z = max(2.0, q * sqrt(steps) / rng.uniform(0.1, 1.2))
        events.append(SampledGaussianEvent("sgd", z, q, steps))
    return Plan(tuple(events), int(rng.integers(1, 13)))


def reference(plan, delta):
    """dp-accounting's figure with every event as a Gaussian."""
    account = dpa.pld.PLDAccountant(value_discretization_interval=1e-3)
    for event in plan.events:
        step = dpa.GaussianDpEvent(event.noise_multiplier)
        if isinstance(event, SampledGaussianEvent):
            step = dpa.SelfComposedDpEvent(dpa.PoissonSampledDpEvent(event.sampling_rate, step), event.steps)
        account.compose(step)
    return account.get_epsilon(delta)


def test_two_hundred_random_plans_are_near_the_reference_and_never_below():
    rng = np.random.default_rng(3)
    for _ in range(200):
        plan, delta = random_plan(rng), 10 ** -rng.uniform(4, 9)
        claimed = float(epsilon(plan, Decimal(delta)))
        assert -0.004 <= claimed - reference(plan, delta) <= 0.02, (
            plan
        )  # the coarser reference is above itself


@pytest.mark.parametrize("z", [0.6, 1.0, 4.2, 30.0])
@pytest.mark.parametrize("limit", [1, 7])
def test_counts_cost_what_the_closed_form_says(z, limit):
    exact = gaussian_epsilon(1 / z, 1e-6)
    assert exact <= float(epsilon(counts(z, limit), DELTA)) <= exact * (1 + 1e-4) + 0.0011


@pytest.mark.parametrize(("z", "q"), [(1.0, 0.1), (2.0, 0.5), (0.7, 0.3)])
def test_one_sampled_step_costs_what_its_integral_says(z, q):
    x = np.linspace(-12 * z, 1 + 12 * z, 200_001)
    without = norm.pdf(x, 0, z)
    within = (1 - q) * without + q * norm.pdf(x, 1, z)

    def delta(target):
        removed, added = within - exp(target) * without, without - exp(target) * within
        return max(trapezoid(np.maximum(excess, 0), x) for excess in (removed, added))

    exact = brentq(lambda target: delta(target) - 1e-5, 1e-3, 30, xtol=1e-6)
    assert exact - 1e-5 <= float(epsilon(sampled(z, q, 1), Decimal("1e-5"))) <= exact + 0.005


def test_steps_on_everyone_are_one_gaussian():
    assert epsilon(sampled(10.0, 1.0, 25), DELTA) == rounded_up(gaussian_epsilon(0.5, 1e-6))


@pytest.mark.parametrize("z", [1.0, 5.0])
def test_the_cross_check_is_the_conversion_of_zero_concentrated_privacy(z):
    """Canonne, Kamath and Steinke 2020, Proposition 12 with rho = 1 / (2 z**2), at the best order."""
    orders = np.array(accountant.RENYI_ORDERS, dtype=float)
    rho = 1 / (2 * z**2)
    bounds = rho * orders + np.log1p(-1 / orders) - (log(1e-6) + np.log(orders)) / (orders - 1)
    assert float(rdp_epsilon(counts(z), DELTA)) == pytest.approx(bounds.min(), abs=0.0011)


def test_renyi_of_one_sampled_step_is_mironovs_sum():
    """Mironov, Talwar and Zhang 2019, section 3.3: a binomial sum at whole orders."""
    z, q = 2.0, 0.1

    def divergence(order):
        terms = [
            comb(order, k) * (1 - q) ** (order - k) * q**k * exp((k * k - k) / (2 * z * z))
            for k in range(order + 1)
        ]
        return log(sum(terms)) / (order - 1)

    orders = range(2, 40)
    bounds = [divergence(a) + log1p(-1 / a) - (log(1e-6) + log(a)) / (a - 1) for a in orders]
    assert float(rdp_epsilon(sampled(z, q, 1), DELTA)) == pytest.approx(min(bounds), abs=0.0011)


def test_a_loss_distribution_below_the_renyi_bound_by_a_third_is_refused(monkeypatch):
    monkeypatch.setattr(accountant, "loss_bound", lambda *_: 0.7)
    with pytest.raises(InternalError, match="disagree"):
        epsilon(counts(4.2), DELTA)


def test_a_loss_distribution_above_the_renyi_bound_is_refused(monkeypatch):
    monkeypatch.setattr(accountant, "renyi_bound", lambda *_: 0.9)
    with pytest.raises(InternalError, match="disagree"):
        epsilon(counts(4.2), DELTA)


@pytest.mark.parametrize("z", [0.0, -1.0, float("nan"), float("inf"), 1e-5])
def test_noise_that_is_none_is_refused(z):
    with pytest.raises(InternalError):
        epsilon(counts(z), DELTA)


@pytest.mark.parametrize(("q", "steps"), [(1.5, 1), (-0.1, 1), (float("nan"), 1), (0.1, -1)])
def test_a_sample_that_is_none_is_refused(q, steps):
    with pytest.raises(InternalError):
        epsilon(sampled(1.0, q, steps), DELTA)


@pytest.mark.parametrize("delta", ["0", "1", "-1e-6", "NaN", "Infinity", "1e-12"])
def test_a_delta_that_cannot_be_served_is_refused(delta):
    with pytest.raises(ConfigError):
        epsilon(counts(3.0), Decimal(delta))


def test_what_reads_nothing_costs_nothing():
    assert epsilon(Plan((), 1), DELTA) == 0
    assert epsilon(sampled(1.0, 0.0, 10), DELTA) == 0
    assert epsilon(sampled(1.0, 0.5, 0), DELTA) == 0


@given(st.floats(min_value=0, max_value=1e6, allow_nan=False))
def test_rounding_is_up_by_less_than_a_thousandth(value):
    rounded = rounded_up(value)
    assert Fraction(value) <= Fraction(rounded) < Fraction(value) + Fraction(1, 1000)
    assert rounded.as_tuple().exponent == -3


def mixed(mu):
    events = (
        CountsEvent("one", 1 / (mu * sqrt(SHARES["one"])), 5),
        VectorEvent("two", 1 / (mu * sqrt(SHARES["two"]))),
        SampledGaussianEvent("sgd", 0.1 * sqrt(150) / (mu * sqrt(SHARES["sgd"])), 0.1, 150),
    )
    return Plan(events, 2)


def pure(mu):
    return replace(mixed(mu), events=mixed(mu).events[:2])


@pytest.mark.parametrize("make", [pure, mixed])
@pytest.mark.parametrize("target", ["0.02", "0.5", "1", "2.9999"])
def test_a_calibrated_plan_spends_the_budget_and_never_more(make, target):
    budget = Budget(Decimal(target), DELTA)
    plan = calibrated(SHARES, budget, make)
    assert budget.epsilon - Decimal("0.0012") <= epsilon(plan, DELTA) <= budget.epsilon


@settings(max_examples=10, deadline=None)
@given(st.floats(min_value=0.01, max_value=5), st.floats(min_value=-9, max_value=-3))
def test_any_budget_is_kept_by_counts(target, exponent):
    budget = Budget(Decimal(target), Decimal(10**exponent))
    assert epsilon(calibrated(SHARES, budget, pure), budget.delta) <= budget.epsilon


def test_a_budget_below_the_unit_of_claims_is_refused():
    with pytest.raises(ConfigError):
        calibrated(SHARES, Budget(Decimal("0.0009"), DELTA), pure)


def test_a_plan_with_a_fixed_part_above_the_budget_is_refused():
    with pytest.raises(ConfigError):
        calibrated({"one": 1.0}, Budget(Decimal("0.5"), DELTA), lambda mu: counts(min(1 / mu, 2.0)))


@pytest.mark.parametrize("shares", [{"one": 1.0}, {"one": 0.6, "two": 0.6}, {"one": -0.1, "two": 0.5}])
def test_shares_that_do_not_fit_are_refused(shares):
    with pytest.raises(InternalError):
        calibrated(shares, Budget(Decimal(1), DELTA), pure)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 12, 20, 100])
def test_the_lattice_of_counts_is_fine_for_every_bound_on_rows(limit):
    assert weight_scale(limit) >= 4096


def test_the_lattice_of_vector_sums_is_at_least_what_is_charged():
    from synthrec.privacy.curator import GRID  # noqa: PLC0415

    assert accountant.VECTOR_LATTICE <= GRID
