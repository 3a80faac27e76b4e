"""What a plan costs: (epsilon, delta) of everything that one run does with private rows.

The claim is read from the privacy loss distribution of the whole plan (dp-accounting's pessimistic estimate)
under add/remove of one person. Count and vector releases enter as the Gaussian mechanism that dominates them
(`gaussian_bound`), Gaussians compose to one Gaussian, and Poisson-sampled steps enter as they are. Renyi
divergences, which rest on another theorem for the discrete Gaussian (Canonne, Kamath and Steinke 2020,
Theorem 14), must agree, or there is no claim. There is no approximate accountant to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from math import exp, fsum, isfinite, log, sqrt
from typing import TYPE_CHECKING

from scipy.optimize import brentq

from synthrec.errors import ConfigError, InternalError
from synthrec.privacy.budget import Budget
from synthrec.privacy.events import CountsEvent, DiscoveryEvent, Plan, SampledGaussianEvent, VectorEvent
from synthrec.privacy.gaussian_bound import SLACK, dominating_precision, gaussian_epsilon, gaussian_mu
from synthrec.privacy.people import weight_scale

if TYPE_CHECKING:
    from dp_accounting import DpEvent, PrivacyAccountant

UNIT = Decimal("0.001")
"""Claims are rounded up to multiples of this."""

SMALLEST_DELTA = Decimal("1e-11")
"""Below, rounding in the Fourier transforms of loss distributions would be part of the answer."""

VECTOR_LATTICE = 2**12
"""Lattice steps per clipping norm that a vector sum has at least."""

RENYI_ORDERS = (*range(2, 65), *(int(64 * 1.25**step) for step in range(1, 13)))
"""Whole orders only: series for fractional ones may not converge where a sampling rate is positive."""

_LOWEST_LOG_MU = -25.0


@dataclass(frozen=True)
class Losses:
    """A plan as an accountant sees it: one Gaussian, and steps on Poisson samples."""

    precision: float
    """Sum of 1 / z**2 over everything that reads all persons."""
    sampled: tuple[SampledGaussianEvent, ...]

    @property
    def steps(self) -> int:
        """Number of steps on samples."""
        return sum(event.steps for event in self.sampled)

    def feed(self, accountant: PrivacyAccountant) -> None:
        """Compose all of it in an accountant of dp-accounting."""
        from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent, SelfComposedDpEvent  # noqa: PLC0415 - takes a second

        events: list[DpEvent] = [GaussianDpEvent(1 / sqrt(self.precision))] if self.precision else []
        for event in self.sampled:
            step = PoissonSampledDpEvent(event.sampling_rate, GaussianDpEvent(event.noise_multiplier))
            events.append(SelfComposedDpEvent(step, event.steps))
        for composed in events:
            accountant.compose(composed)


def epsilon(plan: Plan, delta: Decimal) -> Decimal:
    """Upper bound on the epsilon of a plan at delta, rounded up to a multiple of 0.001.

    Raises:
        ConfigError: a delta that cannot be computed with.
        InternalError: no plan (NaN, no noise), an unbounded loss, or accountants that disagree.
    """
    target = checked_delta(delta_of_noise(plan, delta))
    parts = losses(plan)
    other = renyi_bound(renyi_losses(plan), target)
    claim = loss_bound(parts, target, other) + 2 * discovery_delta(plan)
    highest = 2.5 * claim + 0.3 if parts.sampled else 1.3 * claim + 0.05
    if not claim - 0.02 <= other < highest:
        raise InternalError(
            f"accountants disagree: epsilon {claim:.4f} by loss distributions, {other:.4f} by Renyi"
        )
    return rounded_up(claim)


def rdp_epsilon(plan: Plan, delta: Decimal) -> Decimal:
    """Upper bound on epsilon at delta by Renyi divergences, rounded up; the cross-check, never a claim."""
    return rounded_up(renyi_bound(renyi_losses(plan), checked_delta(delta_of_noise(plan, delta))))


def discovery_delta(plan: Plan) -> float:
    """What the plan's discoveries spend of delta; as much, doubled, is added to epsilon (docs/privacy.md)."""
    return fsum(event.delta for event in plan.events if isinstance(event, DiscoveryEvent))


def delta_of_noise(plan: Plan, delta: Decimal) -> Decimal:
    """What is left of delta for the noise of a plan."""
    return delta - Decimal(discovery_delta(plan))


def calibrated(shares: Mapping[str, float], budget: Budget, make: Callable[[float], Plan]) -> Plan:
    """The plan of the largest precision whose epsilon, as `epsilon` rounds it, is within the budget.

    Args:
        shares: Positive share of each event of the plan, at most 1 together.
        budget: What may be spent.
        make: The plan at a precision mu; more must cost more. By convention an event that reads all persons
            has the noise multiplier 1 / (mu sqrt(share)), so that mu is that of the Gaussian mechanism.

    Raises:
        ConfigError: the budget is below what any noise, or the parts that mu does not move, can meet.
        InternalError: shares that do not fit the plan, or a plan that costs no more with more precision.
    """
    delta = checked_delta(delta_of_noise(make(1.0), budget.delta))
    target = float(budget.epsilon.quantize(UNIT, ROUND_FLOOR))
    if target <= 0:
        raise ConfigError(f"epsilon = {budget.epsilon}; give at least {UNIT}, to which claims are rounded up")
    start = gaussian_mu(target, delta)
    _check_shares(shares, make(start))
    log_mu = _root(lambda x: _estimate(losses(make(exp(x))), delta, target) - target, log(start))
    for backoff in (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2):
        plan = make(exp(log_mu - backoff))
        if epsilon(plan, budget.delta) <= budget.epsilon:
            return plan
    raise InternalError("no precision meets the budget: less of it does not cost less")


def losses(plan: Plan) -> Losses:
    """The Gaussian and sampled mechanisms that together dominate a plan."""
    scale = weight_scale(plan.max_rows_per_person)

    def precision(event: CountsEvent | VectorEvent | DiscoveryEvent) -> float:
        lattice = VECTOR_LATTICE if isinstance(event, VectorEvent) else scale
        return dominating_precision(event.noise_multiplier, lattice)

    return _losses(plan, precision)


def renyi_losses(plan: Plan) -> Losses:
    """The same for Renyi divergences, whose bound is one for discrete and continuous Gaussians."""
    return _losses(plan, lambda event: event.noise_multiplier**-2)


def loss_bound(parts: Losses, delta: float, scale: float) -> float:
    """Epsilon at delta by privacy loss distributions, pessimistic.

    Args:
        parts: What is composed.
        delta: As a float.
        scale: About the answer; the grid of losses is finer where the answer is smaller.
    """
    from dp_accounting.pld import PLDAccountant  # noqa: PLC0415 - takes a second

    if not (parts.precision or parts.sampled):
        return 0.0
    accountant = PLDAccountant(value_discretization_interval=_interval(parts.steps, scale))
    parts.feed(accountant)
    return _bounded(accountant.get_epsilon(delta * (1 - SLACK)) + SLACK)


def renyi_bound(parts: Losses, delta: float) -> float:
    """Epsilon at delta by Renyi divergences (Mironov 2017; Mironov, Talwar and Zhang 2019)."""
    from dp_accounting.rdp import RdpAccountant  # noqa: PLC0415 - takes a second

    accountant = RdpAccountant(RENYI_ORDERS)
    parts.feed(accountant)
    return _bounded(accountant.get_epsilon(delta))


def checked_delta(delta: Decimal) -> float:
    """A delta as a float that is not above it.

    Raises:
        ConfigError: it is outside what can be computed with.
    """
    if not (delta.is_finite() and SMALLEST_DELTA <= delta < 1):
        raise ConfigError(f"delta = {delta}; give a number from {SMALLEST_DELTA} to below 1, such as 1e-6")
    return float(delta) * (1 - 2.0**-52)


def rounded_up(value: float) -> Decimal:
    """The next multiple of UNIT; exact, as every float is a decimal fraction."""
    return Decimal(value).quantize(UNIT, ROUND_CEILING)


def _losses(plan: Plan, precision: Callable[[CountsEvent | VectorEvent | DiscoveryEvent], float]) -> Losses:
    total, sampled = [], []
    for event in plan.events:
        if not (isfinite(event.noise_multiplier) and event.noise_multiplier > 0):
            raise InternalError(f"event {event.name} has a noise multiplier of {event.noise_multiplier}")
        if isinstance(event, DiscoveryEvent) and not 0 < event.delta < 1:
            raise InternalError(f"event {event.name} spends a delta of {event.delta}")
        if not isinstance(event, SampledGaussianEvent):
            total.append(precision(event))
        elif not (0 <= event.sampling_rate <= 1 and event.steps >= 0):
            raise InternalError(
                f"event {event.name} has no sampling rate in [0, 1] or a negative number of steps"
            )
        elif event.sampling_rate == 1:
            total.append(event.steps / event.noise_multiplier**2)
        elif event.sampling_rate and event.steps:
            sampled.append(event)
    return Losses(fsum(total), tuple(sampled))


def _interval(steps: int, scale: float) -> float:
    """Grid of losses: its square times the number of steps, about the error in epsilon, stays below 0.002."""
    return min(max(1e-4, 5e-5 * scale), sqrt(0.002 / max(steps, 1)))


def _estimate(parts: Losses, delta: float, scale: float) -> float:
    return (
        loss_bound(parts, delta, scale) if parts.sampled else gaussian_epsilon(sqrt(parts.precision), delta)
    )


def _root(excess: Callable[[float], float], start: float) -> float:
    """Where an increasing function is 0, to 1e-5; `start` is a guess."""
    excess = cache(excess)
    low = high = start
    step = 0.02
    while excess(low) > 0:
        low, step = low - step, 2 * step
        if low < _LOWEST_LOG_MU:
            raise ConfigError(
                "this plan cannot be run within the budget: give a larger epsilon or fewer steps"
            )
    while excess(high) < 0:
        high, step = high + step, 2 * step
        if high > -_LOWEST_LOG_MU:
            raise InternalError("the plan does not cost more with more precision")
    return float(brentq(excess, low, high, xtol=1e-5)) if low < high else start


def _bounded(value: float) -> float:
    if not (isfinite(value) and value >= 0):
        raise InternalError(f"the privacy loss of a plan is not bounded: epsilon {value}")
    return value


def _check_shares(shares: Mapping[str, float], plan: Plan) -> None:
    if (
        not all(isfinite(share) and share > 0 for share in shares.values())
        or fsum(shares.values()) > 1 + 1e-9
    ):
        raise InternalError("the shares of events must be positive and at most 1 together")
    if missing := {event.name for event in plan.events} - shares.keys():
        raise InternalError(f"events without a share: {', '.join(sorted(missing))}")
