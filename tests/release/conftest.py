"""A policy, a profile and hand-made check results with the figures a test is about."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from synthrec.data.keys import Keys
from synthrec.release.policy import Policy, parse_policy
from synthrec.validation.profile import Profile, parse_profile
from synthrec.validation.result import CheckResult, Measure

POLICY = """
synthrec: 1
policy: {name: strict, version: 1.0.0}
evidence: {alpha: 0.01, source: own}
power: {minimum: 0.9, leak: 0.01, source: own}
conformity:
  measures:
    violations: {limit: 0, source: own}
    constraint_violations: {limit: 0.001, source: own}
checks:
  P1: {kind: copies, effect: block, limit: 0.01, source: own}
  P2: {kind: copies, effect: block, limit: 0.1, source: own}
  P3: {kind: distance, effect: block, limit: 0.55, source: own}
  P10: {kind: distance, effect: warn, limit: 0.55, source: own}
card: {row_counts: banded, minimum_cell: 11, source: own}
attempts: {limit: 3, source: own}
"""

PROFILE = """
synthrec: 1
profile: {name: plain, version: 1.0.0}
limits:
  fidelity.columns:
    mean: {least: 0.92, margin: 0.03, effect: block, source: own}
  fidelity.pairs:
    mean: {least: 0.80, margin: 0.03, effect: block, source: own}
    worst: {least: 0.50, margin: 0.03, effect: warn, source: own}
"""


def measure(name: str, value: float, low: float | None = None, high: float | None = None) -> Measure:
    return Measure(
        name,
        value,
        value if low is None else low,
        value if high is None else high,
        1000,
        None,
        "made by hand",
    )


@pytest.fixture
def policy_text() -> str:
    return POLICY.lstrip()


@pytest.fixture
def policy() -> Policy:
    return parse_policy(POLICY)


@pytest.fixture
def profile() -> Profile:
    return parse_profile(PROFILE)


@pytest.fixture
def clean() -> dict[str, CheckResult]:
    """Results of one table that pass everything, by check id."""
    rows = (measure("violations", 0.0), measure("constraint_violations", 0.0))
    leak = measure("copied_share", 0.0, 0.0, 0.004)
    excess = measure("excess_share", 0.0, -0.02, 0.05)
    share = measure("closer", 0.5, 0.48, 0.52)
    results = (
        CheckResult("conformity.patient", "Does patient keep its schema?", rows, bound="violations"),
        CheckResult("fidelity.columns", "Are the columns alike?", (measure("mean", 0.951),), bound="mean"),
        CheckResult(
            "fidelity.pairs",
            "Are the pairs alike?",
            (measure("mean", 0.9), measure("worst", 0.7)),
            bound="mean",
        ),
        CheckResult("P1", "Are rows copied?", (leak,), "copied_share", p_value=0.4, power=0.97),
        CheckResult("P2", "Are parts copied?", (excess,), "excess_share", p_value=0.7, power=0.99),
        CheckResult("P3", "Are members found?", (share,), "closer", p_value=0.5),
        CheckResult("P10", "Are members closer?", (share,), "closer", p_value=0.5),
    )
    return {result.check: result for result in results}


Change = Callable[..., tuple[CheckResult, ...]]


@pytest.fixture
def but(clean: dict[str, CheckResult]) -> Change:
    """The clean results with one check changed, or left out where no change is given."""

    def changed(check: str, **changes: object) -> tuple[CheckResult, ...]:
        rest = {name: result for name, result in clean.items() if name != check}
        if changes:
            rest[check] = replace(clean[check], **changes)
        return tuple(rest.values())

    return changed


@pytest.fixture
def keys() -> Keys:
    return Keys("0123456789abcdef", b"s" * 32, b"f" * 32, b"a" * 32)
