"""Hold the privacy charge of random plans against dp-accounting's, and time noise and calibration.

    python benchmarks/accounting.py [--plans 1000] [--seed 0] [--interval 1e-4]

The reference charges every event as a Gaussian mechanism, on a grid of losses of the given interval. Exit
code 1 where a claim is below the reference or more than 0.02 above it. Plans that the cross-check refuses are
counted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from math import exp, sqrt

import numpy as np

from synthrec.errors import InternalError
from synthrec.privacy.accountant import calibrated, epsilon
from synthrec.privacy.budget import Budget
from synthrec.privacy.events import CountsEvent, Event, Plan, SampledGaussianEvent, VectorEvent
from synthrec.privacy.noise import discrete_gaussian, gaussian

ALLOWED = 0.02
ROUNDING = 1e-6
"""Figures of the reference that differ by less are the same: its own sums are floats."""


def random_plan(rng: np.random.Generator) -> Plan:
    """Up to three count releases, a vector sum in half of the plans, DP-SGD in three of four."""
    events: list[Event] = [
        CountsEvent(f"counts {number}", exp(rng.uniform(-0.3, 4)), int(rng.integers(1, 200)))
        for number in range(int(rng.integers(1, 4)))
    ]
    if rng.random() < 0.5:
        events.append(VectorEvent("sum", exp(rng.uniform(0, 4))))
    if rng.random() < 0.75:
        rate, steps = exp(rng.uniform(-7, 0)), int(exp(rng.uniform(0, 10)))
        noise = max(0.6, rate * sqrt(steps) / exp(rng.uniform(-3, 0.7)))
        events.append(SampledGaussianEvent("sgd", noise, rate, steps))
    return Plan(tuple(events), int(rng.integers(1, 13)))


def reference(plan: Plan, delta: float, interval: float) -> float:
    """Epsilon by dp-accounting."""
    import dp_accounting as dpa  # noqa: PLC0415

    account = dpa.pld.PLDAccountant(value_discretization_interval=interval)
    for event in plan.events:
        step = dpa.GaussianDpEvent(event.noise_multiplier)
        if isinstance(event, SampledGaussianEvent):
            step = dpa.SelfComposedDpEvent(dpa.PoissonSampledDpEvent(event.sampling_rate, step), event.steps)
        account.compose(step)
    return float(account.get_epsilon(delta))


def compare(plans: int, seed: int, interval: float) -> bool:
    """Print the extreme differences; whether all are allowed."""
    rng = np.random.default_rng(seed)
    differences, refused = [], 0
    for _ in range(plans):
        plan, delta = random_plan(rng), 10 ** -float(rng.uniform(4, 9))
        try:
            claim = float(epsilon(plan, Decimal(delta)))
        except InternalError as error:
            refused += 1
            print(f"refused: {error}")
            continue
        differences.append(claim - reference(plan, delta, interval))
    low, high = min(differences), max(differences)
    print(f"{len(differences)} plans: claim - reference from {low:+.6f} to {high:+.6f}; {refused} refused")
    return low >= -ROUNDING and high <= ALLOWED


def timed(label: str, unit: str, work: Callable[[], object], amount: float = 1.0) -> None:
    """Print CPU seconds of one call, or its rate."""
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    print(f"{label:38} {amount / seconds if amount != 1 else seconds:10.3f} {unit}")


def counts_plan(mu: float) -> Plan:
    """Two count releases at a precision."""
    return Plan(
        (CountsEvent("one", 1 / (mu * sqrt(0.3)), 15), CountsEvent("two", 1 / (mu * sqrt(0.7)), 105)), 1
    )


def sgd_plan(mu: float) -> Plan:
    """One count release and DP-SGD at a precision."""
    steps = SampledGaussianEvent("two", 0.1 * sqrt(150) / (mu * sqrt(0.7)), 0.1, 150)
    return Plan((CountsEvent("one", 1 / (mu * sqrt(0.3)), 15), steps), 1)


def main() -> int:
    """Run all of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--plans", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--interval", type=float, default=1e-4)
    options = parser.parse_args()
    shares = {"one": 0.3, "two": 0.7}
    for sigma in (0.3, 4.0, 1e4, 4e8):
        timed(
            f"discrete Gaussian, sigma {sigma:g}",
            "M/s",
            partial(discrete_gaussian, sigma, 10**6),
            1.0000001,
        )
    timed("Gaussian for DP-SGD", "M/s", lambda: gaussian((10**6,)), 1.0000001)
    for target in ("1", "3"):
        budget = Budget(Decimal(target), Decimal("1e-6"))
        timed(f"calibrate counts, epsilon {target}", "s", partial(calibrated, shares, budget, counts_plan))
        timed(f"calibrate with DP-SGD, epsilon {target}", "s", partial(calibrated, shares, budget, sgd_plan))
    return 0 if compare(options.plans, options.seed, options.interval) else 1


if __name__ == "__main__":
    sys.exit(main())
