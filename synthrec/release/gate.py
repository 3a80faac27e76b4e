"""The gate: from the results of the checks to one verdict, under a policy and a quality profile.

Three answers per check. *Fail*: Holm-corrected evidence of a leak, too low a quality, a broken schema.
*Pass*: the check's own one-sided 99 % bound is inside its limit and a copy test had the power to see a leak.
Anything else is *inconclusive*, and so is a required check that did not run: the gate fails closed.

No reason holds a count, p-value or bound that was computed on real records; those are the steward's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from synthrec.errors import InternalError
from synthrec.release.judge import Judge, absent, blocks, conformity_of, usable_p
from synthrec.release.policy import Policy
from synthrec.validation.profile import Profile
from synthrec.validation.result import CheckResult, Finding, Verdict
from synthrec.validation.stats import holm

_GRAVITY = {Verdict.FAIL: 2, Verdict.INCONCLUSIVE: 1, Verdict.PASS: 0}


class Origin(StrEnum):
    """What the records were made from; it decides which checks must have run."""

    LEARNED = "learned"
    """A generator that was fitted on real records: conformity, quality and the attacks are required."""
    RULES = "rules"
    """Declared rules without real records: conformity is required."""


@dataclass(frozen=True)
class Decision:
    """What the gate says, and why."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]
    """Of the blocking findings that did not pass, worst first; or one sentence saying that all passed."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons of the findings that did not pass and do not block."""
        return tuple(
            item.reason for item in self.findings if not item.blocking and item.verdict != Verdict.PASS
        )


def decide(
    results: Sequence[CheckResult],
    policy: Policy,
    profile: Profile,
    *,
    origin: Origin,
    tables: Iterable[str],
) -> Decision:
    """Judge the results of one audit.

    Args:
        results: What the checks found, one per check id.
        policy: What risk is acceptable.
        profile: What quality is required.
        origin: What the records were made from.
        tables: Names of the tables that are to be released; each needs its own conformity check.

    Returns:
        The verdict (fail before inconclusive before pass), one finding per judged measure, and the reasons.

    Raises:
        InternalError: two results bear the same check id.
    """
    _refuse_twins(results)
    evidence = {result.check: p for result in results if (p := _evidence(result, policy)) is not None}
    weights = [policy.checks[check].weight for check in evidence]
    adjusted = dict(zip(evidence, holm(tuple(evidence.values()), weights), strict=True))
    judge = Judge(policy, profile, adjusted)
    findings = [finding for result in results for finding in judge.findings(result)]
    ran = {result.check for result in results}
    required = dict.fromkeys(_required(policy, profile, origin, tables))
    findings += [absent(check) for check in required if check not in ran]
    return _decision(tuple(findings), policy, profile)


def passed(checks: int, policy: Policy, profile: Profile) -> str:
    """The sentence that says that every required check passed, and under what."""
    risk, quality = policy.policy, profile.profile
    under = f"policy {risk.name} {risk.version} and profile {quality.name} {quality.version}"
    which = "The one required check" if checks == 1 else f"All {checks} required checks"
    return f"{which} passed under {under}."


def _evidence(result: CheckResult, policy: Policy) -> float | None:
    """The p-value of a blocking test, for the family that Holm corrects."""
    rule = policy.checks.get(result.check)
    if rule is None or rule.effect != "block":
        return None
    return result.p_value if usable_p(result.p_value) else None


def _required(policy: Policy, profile: Profile, origin: Origin, tables: Iterable[str]) -> Iterator[str]:
    """Ids of the checks that must have run."""
    yield from (conformity_of(table) for table in tables)
    if origin is Origin.LEARNED:
        yield from policy.blocking
        yield from (check for check, limits in profile.limits.items() if blocks(limits.values()))


def _refuse_twins(results: Sequence[CheckResult]) -> None:
    names = [result.check for result in results]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise InternalError(f"several results for one check: {', '.join(twins)}")


def _decision(findings: tuple[Finding, ...], policy: Policy, profile: Profile) -> Decision:
    blocking = sorted(
        (finding for finding in findings if finding.blocking), key=lambda finding: -_GRAVITY[finding.verdict]
    )
    if not blocking:
        raise InternalError("no check was required; the gate has nothing to decide on")
    verdict = blocking[0].verdict
    if verdict is Verdict.PASS:
        checks = {finding.result.check for finding in blocking}
        return Decision(verdict, findings, (passed(len(checks), policy, profile),))
    reasons = tuple(finding.reason for finding in blocking if finding.verdict != Verdict.PASS)
    return Decision(verdict, findings, reasons)
