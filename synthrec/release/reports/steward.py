"""The steward's report: may this be released, why, what would change the answer, and everything measured."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from synthrec.release.gate import Decision
from synthrec.release.judge import CONFORMITY
from synthrec.release.pages import html_page
from synthrec.release.policy import Policy
from synthrec.release.reports.drawings import figure
from synthrec.release.reports.markup import element, table
from synthrec.release.reports.risk import risk_chart
from synthrec.validation.profile import Profile
from synthrec.validation.result import CheckResult, Finding, Verdict

ANSWERS = {
    Verdict.PASS: "Yes: these records may be released.",
    Verdict.FAIL: "No: these records must not be released.",
    Verdict.INCONCLUSIVE: "Not yet: the audit cannot tell whether these records are safe or good enough.",
}
WORDS = {Verdict.PASS: "passed", Verdict.FAIL: "failed", Verdict.INCONCLUSIVE: "inconclusive"}


@dataclass(frozen=True)
class Audited:
    """What a steward's report is made from."""

    subject: str
    """What was audited, in a few words."""
    decision: Decision
    notes: tuple[str, ...]
    policy: Policy
    profile: Profile


def steward_html(audited: Audited) -> str:
    """The report as one page that needs nothing else."""
    findings, decision = audited.decision.findings, audited.decision
    rules = (audited.policy.policy, audited.profile.profile)
    return html_page(
        "steward.html.j2",
        ("card.css", "report.css"),
        subject=audited.subject,
        verdict=str(decision.verdict),
        answer=ANSWERS[decision.verdict],
        reasons=tuple(_why(decision)),
        changes=tuple(_changes(decision)),
        warnings=decision.warnings,
        notes=audited.notes,
        rules=tuple(f"{rule.name} {rule.version}" for rule in rules),
        risks=risk_chart(item for item in findings if _kind(item) == RISK),
        tables=tuple((kind, _findings([one for one in findings if _kind(one) == kind])) for kind in KINDS),
        figures=tuple(_figures(findings)),
        measures=tuple(_measures(findings)),
    )


def write_steward(path: Path, audited: Audited) -> None:
    """Write the report where only its owner may read it (0600), in the place of an older one.

    Raises:
        OSError: the place is not writable, or the disk is full; an older report then stays.
    """
    content, hidden = steward_html(audited).encode(), path.with_name(f".{path.name}.partial")
    hidden.unlink(missing_ok=True)
    handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        hidden.replace(path)
    except OSError:
        hidden.unlink(missing_ok=True)
        raise


RISK, QUALITY, CONFORMS = "Risk of re-identification", "Quality", "Schema"
KINDS = (RISK, QUALITY, CONFORMS)


def _kind(finding: Finding) -> str:
    if finding.result.check.startswith(CONFORMITY):
        return CONFORMS
    return QUALITY if finding.sense == "at least" else RISK


def _why(decision: Decision) -> Iterator[str]:
    """The reasons without what to do, which follows the last semicolon."""
    for reason in decision.reasons:
        found, _, _ = reason.rpartition("; ")
        yield f"{found}." if found and decision.verdict is not Verdict.PASS else reason


def _changes(decision: Decision) -> Iterator[str]:
    """What would change the answer, each once."""
    if decision.verdict is Verdict.PASS:
        yield "More rows, another seed or a condition: these are audited again before they are released."
        yield "A stricter policy or profile."
        return
    repairs = (reason.rpartition("; ")[2] for reason in decision.reasons)
    yield from dict.fromkeys(repair[:1].upper() + repair[1:] for repair in repairs)


def _findings(findings: Sequence[Finding]) -> str:
    header = ("check", "question", "verdict", "decides", "measure", "measured", "lower", "upper", "limit")
    rows = [_finding(item) for item in findings]
    repeated = [False, *(row[:2] == before[:2] for row, before in pairwise(rows))]
    shown = [("", "", *row[2:]) if again else row for row, again in zip(rows, repeated, strict=False)]
    return table(header, shown)


def _finding(item: Finding) -> tuple[Any, ...]:
    found = {measure.name: measure for measure in item.result.measures}.get(item.measure or "")
    figures = (None,) * 3 if found is None else (found.value, found.low, found.high)
    limit = "—" if item.limit is None else f"{item.sense} {item.limit:.4g}"
    told = WORDS[item.verdict] if item.blocking or item.verdict is Verdict.PASS else "warning"
    verdict = element("span", told, class_=f"verdict {item.verdict}")
    decides = "yes" if item.blocking else "no"
    return (item.result.check, item.result.title, verdict, decides, item.measure, *figures, limit)


def _figures(findings: Sequence[Finding]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Title and figures of each check that has any."""
    for result in _results(findings):
        if result.exhibits:
            yield f"{result.check} {result.title}", tuple(figure(exhibit) for exhibit in result.exhibits)


def _measures(findings: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """Everything measured by each check, with the real-versus-real figure beside it, and how."""
    header = ("measure", "value", "lower", "upper", "real against real", "n")
    for result in _results(findings):
        rows: list[tuple[object, ...]] = [
            (item.name, item.value, item.low, item.high, item.baseline, item.n) for item in result.measures
        ]
        methods = dict.fromkeys(item.method for item in result.measures)
        told = [element("p", method, class_="kind") for method in methods]
        yield f"{result.check} {result.title}", element("div", table(header, rows), *told)


def _results(findings: Sequence[Finding]) -> list[CheckResult]:
    return list({item.result.check: item.result for item in findings}.values())
