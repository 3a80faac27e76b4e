"""The steward's report: may this be released, why, what would change the answer, and everything measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from markupsafe import Markup

from synthrec.release.gate import Decision
from synthrec.release.judge import CONFORMITY
from synthrec.release.pages import html_page
from synthrec.release.policy import Policy
from synthrec.release.reports.drawings import figure
from synthrec.release.reports.first_screen import ANSWERS, changes, named, tally, told, why
from synthrec.release.reports.markup import element, figure_text, table
from synthrec.release.reports.risk import risk_chart
from synthrec.validation.profile import Profile
from synthrec.validation.result import CheckResult, Finding
from synthrec.whole_files import write_whole


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
        reasons=why(decision),
        changes=changes(decision),
        warnings=decision.warnings,
        notes=audited.notes,
        rules=tuple(f"{rule.name} {rule.version}" for rule in rules),
        risks=risk_chart(item for item in findings if _kind(item) == RISK),
        tables=tuple((kind, _findings([one for one in findings if _kind(one) == kind])) for kind in KINDS),
        tally=tuple(tally(findings)),
        figures=tuple(
            (name, tuple(_figures([one for one in findings if _kind(one) == kind])))
            for kind, name in SHOWN.items()
        ),
        measures=tuple(_measures(findings)),
    )


def write_steward(path: Path, audited: Audited) -> None:
    """Write the report where only its owner may read it (0600), in the place of an older one.

    Raises:
        OSError: the place is not writable, or the disk is full; an older report then stays.
    """
    write_whole(path, steward_html(audited).encode())


RISK, QUALITY, CONFORMS = "Risk of re-identification", "Quality", "Schema"
KINDS = (RISK, QUALITY, CONFORMS)
SHOWN = {RISK: "Risk, attack by attack", QUALITY: "Quality, question by question"}
"""Headings of the figures."""


def _kind(finding: Finding) -> str:
    if finding.result.check.startswith(CONFORMITY):
        return CONFORMS
    return QUALITY if finding.sense == "at least" else RISK


HEADER = (
    "question",
    "verdict",
    "decides",
    "measure",
    "measured",
    "99 % bounds",
    "limit",
    "real against real",
    "n",
)
"""Columns of the verdicts."""


def _findings(findings: Sequence[Finding]) -> str:
    rows = [_finding(item) for item in findings]
    repeated = [False, *(row[0] == before[0] for row, before in pairwise(rows))]
    shown = [("", *row[1:]) if again else row for row, again in zip(rows, repeated, strict=False)]
    return table(HEADER, shown, layout="stacked")


def _finding(item: Finding) -> tuple[Any, ...]:
    found = {measure.name: measure for measure in item.result.measures}.get(item.measure or "")
    bounds = None if found is None else f"{figure_text(found.low)} to {figure_text(found.high)}"
    figures = (None,) * 3 if found is None else (found.value, found.baseline, found.n)
    limit = "—" if item.limit is None else f"{item.sense} {item.limit:.4g}"
    return (
        question(item.result),
        chip(item),
        "yes" if item.blocking else "no",
        item.measure,
        figures[0],
        bounds,
        limit,
        *figures[1:],
    )


def question(result: CheckResult) -> Markup:
    """The question, and why it was not asked if it was not."""
    unasked = () if result.not_applicable is None else (f"Not asked: {result.not_applicable}.",)
    return element("div", named(result), *(element("p", each, class_="kind") for each in unasked))


def chip(item: Finding) -> Markup:
    """The verdict in a word; one that does not decide warns at most."""
    word = told(item.verdict, blocking=item.blocking)
    return element("span", word, class_=f"chip {word}")


def _figures(findings: Sequence[Finding]) -> Iterator[tuple[Markup, tuple[Markup, ...]]]:
    """Title and figures of each check that has any."""
    for result in _results(findings):
        if result.exhibits:
            yield named(result), tuple(figure(exhibit) for exhibit in result.exhibits)


def _measures(findings: Sequence[Finding]) -> Iterator[tuple[Markup, Markup]]:
    """Everything measured by each check, with the real-versus-real figure beside it, and how."""
    header = ("measure", "value", "lower", "upper", "real against real", "n")
    for result in _results(findings):
        rows = [
            (item.name, item.value, item.low, item.high, item.baseline, item.n) for item in result.measures
        ]
        methods = dict.fromkeys(item.method for item in result.measures)
        said = (*_evidence(result), *methods)
        content = [table(header, rows)] if rows else []
        yield named(result), element("div", *content, *(element("p", each, class_="kind") for each in said))


def _evidence(result: CheckResult) -> Iterator[str]:
    """What the test itself says, beside its measures."""
    if result.not_applicable is not None:
        yield f"Did not run: {result.not_applicable}."
    if result.p_value is not None:
        yield f"Probability of such a result if nothing leaks: {figure_text(result.p_value)}."
    if result.power is not None:
        yield f"Probability that a leak of 1 % would have been seen: {figure_text(result.power)}."
    if result.persons_needed is not None:
        yield f"Persons needed, train and holdout together: {result.persons_needed:,}."


def _results(findings: Sequence[Finding]) -> list[CheckResult]:
    return list({item.result.check: item.result for item in findings}.values())
