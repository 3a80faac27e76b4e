"""What risk is acceptable: a reviewed file in `privacy/policies/`, as frozen limits with their sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from synthrec.schema.asset_model import AssetModel, AssetPart, RulesInfo, load_asset, parse_asset
from synthrec.schema.model import Assertion

AUDITED_LEAK = 0.01
"""Share of copied rows at which the copy tests state their power."""

Effect = Literal["block", "warn"]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
OpenShare = Annotated[float, Field(strict=True, gt=0, lt=1, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=1)]


def _exact(value: object) -> object:
    """A number as the decimal that is written in the file; texts and truth values stay, to be refused."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return Decimal(str(value).removesuffix(".0"))


Amount = Annotated[Decimal, Field(strict=True, gt=0, allow_inf_nan=False), BeforeValidator(_exact)]
Reason = Annotated[str, Field(strict=True, min_length=3)]
"""Where a limit comes from: a citation, or ``own`` with the reason."""


class Evidence(AssetPart):
    """How sure the gate is before it calls a result a leak."""

    alpha: OpenShare
    """Familywise error over all blocking tests, kept by Holm's step-down procedure."""
    source: Reason


class Power(AssetPart):
    """What a copy test must have been able to see before its silence counts."""

    minimum: OpenShare
    leak: Annotated[float, Field(strict=True, ge=AUDITED_LEAK, le=AUDITED_LEAK)]
    """Share of copied rows at which the power is stated; the audit states it at 0.01 only."""
    source: Reason


class MeasureLimit(AssetPart):
    """The largest tolerated value of one measure."""

    limit: Share
    source: Reason


class Conformity(AssetPart):
    """What the records may break of their own schema: measure name -> tolerated share. Always blocks."""

    measures: dict[str, MeasureLimit] = Field(min_length=1)


class RiskLimit(AssetPart):
    """What one check on real data may find."""

    kind: Literal["copies", "attack"]
    """A copy test needs power before it can pass."""
    effect: Effect
    weight: Annotated[float, Field(strict=True, gt=0, le=100, allow_inf_nan=False)] = 1.0
    """Its part of the level in Holm's correction, beside those of the other blocking checks."""
    limit: Share
    """On the one-sided 99 % upper bound of the check's bounded measure."""
    source: Reason
    measures: dict[str, MeasureLimit] = Field(default_factory=dict)
    """Limits on the upper bounds of further measures: above one of them the check cannot pass."""


class CardRules(AssetPart):
    """What the card may say of the real data."""

    row_counts: Literal["banded", "exact"]
    minimum_cell: Count
    source: Reason


class Attempts(AssetPart):
    """How often one model may be audited: trying until it passes is not passing."""

    limit: Count
    source: Reason


class SpendingLimit(AssetPart):
    """The most that all runs together may spend on one population."""

    epsilon: Amount
    delta: Annotated[Amount, Field(lt=1)]
    source: Reason


class Policy(AssetModel):
    """A whole policy file."""

    synthrec: Literal[1]
    policy: RulesInfo
    evidence: Evidence
    power: Power
    conformity: Conformity
    checks: dict[str, RiskLimit]
    card: CardRules
    attempts: Attempts
    budget: SpendingLimit
    regulatory: tuple[Assertion, ...] = ()
    """What somebody asserts of every release under this policy; it stands on each card."""

    @model_validator(mode="after")
    def _some_copy_test_blocks(self) -> Self:
        if not any(check.kind == "copies" and check.effect == "block" for check in self.checks.values()):
            raise ValueError("'checks' needs a blocking check of kind copies for records learned from people")
        return self

    @property
    def blocking(self) -> tuple[str, ...]:
        """Ids of the checks against real records that block, in the order of the file."""
        return tuple(name for name, check in self.checks.items() if check.effect == "block")

    def looser_than(self, other: Policy) -> tuple[str, ...]:
        """Keys at which this policy allows what the other forbids, for example ``checks.P1.limit``."""
        return tuple(sorted(_looser(self, other)))


def load_policy(name_or_path: str | Path = "default") -> Policy:
    """The policy of a short name, from `privacy/policies/`, or in a file.

    Raises:
        ConfigError: no policy has that name, or the file cannot be read.
        FaultsError: every fault of the file, each with line, column and repair.
    """
    return load_asset("privacy", "policies", name_or_path, Policy)


def parse_policy(text: str, file: str = "<policy>") -> Policy:
    """The policy in a YAML text; `file` names it in faults.

    Raises:
        FaultsError: every fault of the text, each with line, column and repair.
    """
    return parse_asset(text, Policy, file)


def _looser(policy: Policy, other: Policy) -> Iterator[str]:
    compared = {
        "evidence.alpha": policy.evidence.alpha < other.evidence.alpha,
        "power.minimum": policy.power.minimum < other.power.minimum,
        "card.row_counts": (policy.card.row_counts, other.card.row_counts) == ("exact", "banded"),
        "card.minimum_cell": policy.card.minimum_cell < other.card.minimum_cell,
        "attempts.limit": policy.attempts.limit > other.attempts.limit,
        "budget.epsilon": policy.budget.epsilon > other.budget.epsilon,
        "budget.delta": policy.budget.delta > other.budget.delta,
    }
    yield from (key for key, looser in compared.items() if looser)
    yield from _looser_measures("conformity.measures", policy.conformity.measures, other.conformity.measures)
    for name, limit in other.checks.items():
        yield from _looser_check(name, policy.checks.get(name), limit)


def _looser_measures(
    where: str, limits: Mapping[str, MeasureLimit], others: Mapping[str, MeasureLimit]
) -> Iterator[str]:
    for name, tolerated in others.items():
        mine = limits.get(name)
        if mine is None or mine.limit > tolerated.limit:
            yield f"{where}.{name}"


def _looser_check(name: str, mine: RiskLimit | None, other: RiskLimit) -> Iterator[str]:
    if mine is None:
        yield f"checks.{name}"
        return
    if mine.limit > other.limit:
        yield f"checks.{name}.limit"
    yield from _looser_measures(f"checks.{name}.measures", mine.measures, other.measures)
    if mine.weight < other.weight:
        yield f"checks.{name}.weight"
    if _weaker(mine.effect, other.effect):
        yield f"checks.{name}.effect"
    if (mine.kind, other.kind) == ("attack", "copies"):
        yield f"checks.{name}.kind"


def _weaker(effect: Effect, other: Effect) -> bool:
    return (effect, other) == ("warn", "block")
