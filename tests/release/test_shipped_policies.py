"""The policies that are shipped: complete, sourced, and stricter or looser than the default as they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthrec.release.policy import Policy, load_policy

NAMES = ("default", "hipaa_expert_determination", "gdpr", "internal_test")
STRICTER = ("hipaa_expert_determination", "gdpr")


def sources(policy: Policy) -> Iterator[str]:
    parts = (policy.evidence, policy.power, policy.card, policy.attempts, policy.budget)
    yield from (part.source for part in parts)
    yield from (item.source for item in policy.conformity.measures.values())
    for check in policy.checks.values():
        yield check.source
        yield from (item.source for item in check.measures.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_policy_judges_what_the_default_judges(name) -> None:
    policy, default = load_policy(name), load_policy()
    assert policy.policy.name == name
    assert set(policy.checks) == set(default.checks)
    for check, limit in default.checks.items():
        assert set(policy.checks[check].measures) == set(limit.measures)
        assert policy.checks[check].kind == limit.kind


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_has_a_source(name) -> None:
    for source in sources(load_policy(name)):
        assert source.startswith("own; ") or any(map(str.isdigit, source)), source


@pytest.mark.parametrize("name", STRICTER)
def test_the_stricter_ones_are_nowhere_looser(name) -> None:
    policy, default = load_policy(name), load_policy()
    assert policy.looser_than(default) == ()
    stricter = default.looser_than(policy)
    assert {f"checks.P{number}.limit" for number in (0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12)} <= set(stricter)
    assert policy.blocking == default.blocking


def test_the_internal_one_is_nowhere_stricter_says_so_and_still_refuses_copies() -> None:
    policy = load_policy("internal_test")
    assert load_policy().looser_than(policy) == ()
    assert "checks.P1.limit" in policy.looser_than(load_policy())
    assert {"P0", "P1", "P2"} <= set(policy.blocking)
    assert "must stay inside" in str(policy.policy.title)
    assert all("stay inside" in policy.checks[check].source for check in ("P1", "P2", "P3", "P7"))


@pytest.mark.parametrize("name", NAMES)
def test_each_is_told_of_in_the_readme(name) -> None:
    readme = (Path(__file__).parents[2] / "privacy" / "README.md").read_text("utf-8")
    assert f"`{name}`" in readme
