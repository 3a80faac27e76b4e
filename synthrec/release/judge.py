"""One result under its limits: a finding with a verdict and a sentence that says what would change it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from synthrec.release.figures import about, round_down, round_up
from synthrec.release.policy import Conformity, Policy, RiskLimit
from synthrec.validation.conformity_rules import Level
from synthrec.validation.profile import Limit, Profile
from synthrec.validation.result import CheckResult, Finding, Measure, NothingAtRisk, Verdict
from synthrec.validation.stats import persons_for_bound

CONFORMITY = "conformity."
"""Front part of the ids of the checks that a table keeps its own schema; its name follows."""

_TOLD = 6
"""Broken rules that a reason names."""

_REMEMBERS = (
    "fit a generator that remembers less, or coarsen the columns that single persons out, and audit again"
)
_TOO_POOR = (
    "fit another generator, stratify by the target or give more training rows; "
    "if the use allows less, say so in a profile of your own"
)


@dataclass(frozen=True)
class Judge:
    """A policy, a profile and the Holm-adjusted p-values of the blocking tests, by check id."""

    policy: Policy
    profile: Profile
    adjusted: Mapping[str, float]

    def findings(self, result: CheckResult) -> Iterator[Finding]:
        """One finding per limit on the result; at least one."""
        check = result.check
        rule, limits = self.policy.checks.get(check), self.profile.limits_for(check)
        rules = self.policy.conformity if check.startswith(CONFORMITY) else None
        blocking = rules is not None or "block" in {item.effect for item in (rule, *limits.values()) if item}
        if not (rule or rules or limits):
            yield self._unruled(result)
        elif isinstance(result.not_applicable, NothingAtRisk) and rule is not None:
            yield _nothing_at_risk(result, rule)
        elif result.not_applicable is not None:
            yield _did_not_run(result, blocking=blocking)
        else:
            if rules is not None:
                yield from _conformity_findings(result, rules)
            if rule is not None:
                yield self._by_policy(result, rule)
            yield from (self._by_profile(result, name, limit) for name, limit in limits.items())

    def _unruled(self, result: CheckResult) -> Finding:
        who = f"policy {self.policy.policy.name} nor profile {self.profile.profile.name}"
        reason = f"{result.check} decides nothing: neither {who} has a limit for it; add one there."
        return Finding(result, Verdict.INCONCLUSIVE, blocking=False, limit=None, reason=reason)

    def _by_policy(self, result: CheckResult, rule: RiskLimit) -> Finding:
        verdict, reason = self._risk(result, rule)
        return Finding(result, verdict, rule.effect == "block", rule.limit, reason, result.bound)

    def _risk(self, result: CheckResult, rule: RiskLimit) -> tuple[Verdict, str]:
        """Evidence first; then what stands between the result and a pass, if anything."""
        check, alpha = result.check, self.policy.evidence.alpha
        if self._leaks(result, rule):
            found = f"the evidence of a leak holds at level {alpha:g}, all blocking tests counted"
            return Verdict.FAIL, f"{check} fails: {found}; {_REMEMBERS}."
        doubts = " and ".join(self._doubts(result, rule))
        if doubts:
            return Verdict.INCONCLUSIVE, f"{check} is inconclusive: {doubts}; {_needed(result, rule)}."
        return Verdict.PASS, f"{check} passes: its 99 % upper bound is within the limit {rule.limit:g}."

    def _evidence(self, result: CheckResult, rule: RiskLimit) -> float | None:
        if rule.effect == "block":
            return self.adjusted.get(result.check)
        return result.p_value if usable_p(result.p_value) else None

    def _leaks(self, result: CheckResult, rule: RiskLimit) -> bool:
        """Evidence by the p-value; where a check has none, by a lower bound above the limit."""
        evidence, measure = self._evidence(result, rule), _measure(result, result.bound)
        if evidence is not None:
            return evidence <= self.policy.evidence.alpha
        return measure is not None and measure.low > rule.limit

    def _doubts(self, result: CheckResult, rule: RiskLimit) -> Iterator[str]:
        measure, power = _measure(result, result.bound), self.policy.power
        if measure is None:
            yield "it gave no usable bound"
        elif measure.high > rule.limit:
            yield f"its 99 % upper bound is above the limit {rule.limit:g}"
        yield from _further_doubts(result, rule)
        if rule.kind != "copies":
            return
        if self._evidence(result, rule) is None:
            yield "it gave no usable p-value"
        if result.power is None or not result.power >= power.minimum:
            yield f"it would have seen a {power.leak:.0%} leak with a probability below {power.minimum:g}"

    def _by_profile(self, result: CheckResult, name: str, limit: Limit) -> Finding:
        blocking, measure = limit.effect == "block", _measure(result, name)
        if measure is None:
            verdict, reason = _no_figure(result, name)
            return Finding(result, verdict, blocking, None, reason, name, "at least")
        threshold = limit.threshold(measure)
        verdict, reason = self._quality(result, measure, limit)
        return Finding(result, verdict, blocking, threshold, reason, name, "at least")

    def _quality(self, result: CheckResult, measure: Measure, limit: Limit) -> tuple[Verdict, str]:
        value, what = round_down(measure.value), f"{measure.name} of {result.check}"
        threshold = limit.threshold(measure)
        if limit.met_by(measure):
            return Verdict.PASS, f"{what} is {value:g}, at least {round_down(threshold):g}."
        short = f"below the {round_up(threshold):g} of profile {self.profile.profile.name}"
        return Verdict.FAIL, f"{what} is {value:g}, {short}; {_TOO_POOR}."


def conformity_of(table: str) -> str:
    """Id of the check that a table keeps its own schema."""
    return CONFORMITY + table


def absent(check: str) -> Finding:
    """The finding of a required check that gave no result."""
    result = CheckResult(check, "A required check that gave no result.", ())
    reason = f"{check} is inconclusive: the check is required and gave no result; run it on the very output."
    return Finding(result, Verdict.INCONCLUSIVE, blocking=True, limit=None, reason=reason)


def blocks(limits: Iterable[Limit]) -> bool:
    """Whether one of the limits blocks."""
    return any(limit.effect == "block" for limit in limits)


def usable_p(p_value: float | None) -> bool:
    """Whether a p-value can be read as evidence at all."""
    return p_value is not None and 0 <= p_value <= 1


def _measure(result: CheckResult, name: str | None) -> Measure | None:
    """The measure of that name, if it is there and finite."""
    named = (measure for measure in result.measures if measure.name == name)
    measure = next(named, None)
    if measure is None or not all(map(math.isfinite, (measure.value, measure.low, measure.high))):
        return None
    return measure


def _further_doubts(result: CheckResult, rule: RiskLimit) -> Iterator[str]:
    """The further measures that are missing or above their limits."""
    for name, tolerated in rule.measures.items():
        measure = _measure(result, name)
        if measure is None:
            yield f"it gave no usable figure for {name!r}"
        elif measure.high > tolerated.limit:
            yield f"the 99 % upper bound of {name!r} is above the limit {tolerated.limit:g}"


def _did_not_run(result: CheckResult, *, blocking: bool) -> Finding:
    reason = f"{result.check} is inconclusive: it did not run, because {result.not_applicable}."
    return Finding(result, Verdict.INCONCLUSIVE, blocking, None, reason)


def _nothing_at_risk(result: CheckResult, rule: RiskLimit) -> Finding:
    """A reason for not running that is good news."""
    reason = f"{result.check} passes: {result.not_applicable}."
    return Finding(result, Verdict.PASS, rule.effect == "block", rule.limit, reason)


def _no_figure(result: CheckResult, name: str) -> tuple[Verdict, str]:
    return (
        Verdict.INCONCLUSIVE,
        f"{result.check} is inconclusive: it gave no usable figure for {name!r}; run it on more rows.",
    )


def _conformity_findings(result: CheckResult, rules: Conformity) -> Iterator[Finding]:
    """One finding per measure that the policy tolerates up to a limit, whether the check gave it or not."""
    for name, tolerated in rules.measures.items():
        measure = _measure(result, name)
        if measure is None:
            verdict, reason = _no_figure(result, name)
        else:
            verdict, reason = _conformity(result, measure, tolerated.limit)
        yield Finding(result, verdict, blocking=True, limit=tolerated.limit, reason=reason, measure=name)


def _conformity(result: CheckResult, measure: Measure, limit: float) -> tuple[Verdict, str]:
    if measure.value > limit:
        found = f"{measure.name} {measure.value:.2g} of what was checked, above the tolerated {limit:g}"
        repair = "correct the records, or the schema and generator they come from"
        return Verdict.FAIL, f"{result.check} fails: {found}{_broken(result, measure)}; {repair}."
    return Verdict.PASS, f"{result.check} passes: {measure.name} within the tolerated {limit:g}."


def _broken(result: CheckResult, total: Measure) -> str:
    """The rules behind a total that are broken most often: names and counts, no value of a record."""
    constraints = total.name != "violations"
    rules = (item for item in result.measures if item.name not in get_args(Level) and item.value > 0)
    ours = [item for item in rules if item.name.startswith("constraint: ") == constraints]
    worst = sorted(ours, key=lambda item: -item.value)[:_TOLD]
    told = [f"{item.name}, {round(item.value * item.n):,} of {item.n:,}" for item in worst]
    told += [f"and {len(ours) - _TOLD} more"] if len(ours) > _TOLD else []
    return f" ({'; '.join(told)})" if told else ""


def _needed(result: CheckResult, rule: RiskLimit) -> str:
    if rule.kind != "copies":
        return "more real persons, in the holdout above all, would decide it"
    measure, narrow = _measure(result, result.bound), None
    if measure is not None:
        narrow = persons_for_bound(measure.n, measure.high - measure.value, rule.limit)
    if result.persons_needed is None or narrow is None:
        return "no number of persons is known to decide it: coarsen the columns that single persons out"
    persons = about(max(result.persons_needed, narrow))
    return f"about {persons} persons, train and holdout together, would be needed to decide it"
