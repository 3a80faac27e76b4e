"""The first screen in plain words: may this be released, why, and what would change the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from synthrec.release.gate import Decision
from synthrec.release.pages import WORDS
from synthrec.release.reports.markup import element
from synthrec.validation.result import CheckResult, Finding, Verdict

ANSWERS = {
    Verdict.PASS: "Yes: these records may be released.",
    Verdict.FAIL: "No: these records must not be released.",
    Verdict.INCONCLUSIVE: "Not yet: the audit cannot tell whether these records are safe and good enough.",
}

_GRAVITY = (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL).index


@dataclass(frozen=True)
class Point:
    """One sentence, and what it is about."""

    said: str
    about: tuple[Markup, ...] = ()


def why(decision: Decision) -> tuple[Point, ...]:
    """Each reason once, worst first, with the questions that it answers."""
    if decision.verdict is Verdict.PASS:
        return tuple(map(Point, decision.reasons))
    grouped: dict[str, list[Markup]] = {}
    for item in _against(decision.findings):
        grouped.setdefault(_found(item), []).append(named(item.result))
    return _points(grouped)


def changes(decision: Decision) -> tuple[Point, ...]:
    """What would change the answer, each once, with the ids of the checks."""
    if decision.verdict is Verdict.PASS:
        return (
            Point(
                "More rows, another seed or a condition: these are audited again before they are released."
            ),
            Point("A stricter policy or profile."),
        )
    grouped: dict[str, list[Markup]] = {}
    for item in _against(decision.findings):
        _, _, repair = item.reason.rpartition("; ")
        if repair != item.reason:
            grouped.setdefault(_sentence(repair), []).append(element("code", item.result.check))
    return _points(grouped) or (Point("Let the checks run that could not."),)


def tally(findings: Sequence[Finding]) -> Iterator[str]:
    """How many checks decide and how many advise, and what they came to."""
    for blocking, what in ((True, ("decides", "decide")), (False, ("advises", "advise"))):
        worst: dict[str, Verdict] = {}
        for item in findings:
            if item.blocking == blocking:
                before = worst.get(item.result.check, item.verdict)
                worst[item.result.check] = max(before, item.verdict, key=_GRAVITY)
        if worst:
            counts = Counter(told(verdict, blocking=blocking) for verdict in worst.values())
            outcomes = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
            yield f"{_number(len(worst), what)}: {outcomes}"


def _number(checks: int, verbs: tuple[str, str]) -> str:
    return f"1 check {verbs[0]}" if checks == 1 else f"{checks} checks {verbs[1]}"


def told(verdict: Verdict, *, blocking: bool) -> str:
    """The word for a verdict; one that does not decide warns at most."""
    return WORDS[verdict] if blocking or verdict is Verdict.PASS else "warning"


def named(result: CheckResult) -> Markup:
    """The question of a check after its short id."""
    return element("span", element("code", result.check), " ", result.title)


def _against(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that stand against a release, worst first."""
    found = [item for item in findings if item.blocking and item.verdict is not Verdict.PASS]
    return sorted(found, key=lambda item: -_GRAVITY(item.verdict))


def _found(item: Finding) -> str:
    """What was found, without the id of the check in front and what to do behind the last semicolon."""
    found, _, _ = item.reason.rpartition("; ")
    text = found or item.reason
    _, colon, rest = text.partition(": ")
    return _sentence(rest if colon and text.startswith(f"{item.result.check} ") else text)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _points(grouped: dict[str, list[Markup]]) -> tuple[Point, ...]:
    return tuple(Point(said, tuple(dict.fromkeys(about))) for said, about in grouped.items())
