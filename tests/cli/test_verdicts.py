"""The verdicts in words, on a terminal and elsewhere."""

import io

import pytest
from rich.console import Console

from synthrec.cli.verdicts import print_verdicts
from synthrec.release.gate import Decision
from synthrec.validation.result import CheckResult, Finding, Measure, Verdict

QUESTION = "How near is it?"
MEASURE = Measure("mean", 0.93751, 0.9, 1.0, 400, 0.98, "exact")
LEAK = Measure("excess", -1.4e-16, -0.0903, 0.01827, 303, 0.0, "exact")
REASON = "fidelity.columns fails: the [mean] is low."
LONG = "P1 is inconclusive: " + "its 99 % upper bound is above the limit 0.01 and " * 3 + "that is that."


def decision(verdict: Verdict, *, blocking: bool = True, **options) -> Decision:
    result = CheckResult("fidelity.columns", QUESTION, (MEASURE,), **options)
    finding = Finding(result, verdict, blocking, 0.92, REASON, "mean", "at least")
    return Decision(verdict if blocking else Verdict.PASS, (finding,), ())


def two() -> Decision:
    copied = CheckResult("P1", "Are whole rows of training persons reproduced?", (LEAK,))
    unsure = Finding(copied, Verdict.INCONCLUSIVE, True, 0.01, LONG, "excess")
    return Decision(Verdict.INCONCLUSIVE, (*decision(Verdict.PASS).findings, unsure), (LONG,))


def printed(judged: Decision, width: int = 100, **options) -> str:
    text = io.StringIO()
    print_verdicts(judged, Console(file=text, width=width, **options))
    return text.getvalue()


def test_a_pipe_gets_one_aligned_line_per_finding_and_the_reasons_after():
    assert printed(two()).splitlines() == [
        "verdict       check             measure  measured              limit",
        "passed        fidelity.columns  mean     0.9375 [0.9, 1]       at least 0.92",
        "inconclusive  P1                excess   0 [-0.0903, 0.01827]  at most 0.01",
        f"  {LONG}",
        "verdict: inconclusive",
    ]


def test_a_terminal_gets_each_question_once_with_its_answers_and_reasons_below():
    lines = printed(two(), force_terminal=True, color_system=None).splitlines()
    assert lines[:4] == [
        f"fidelity.columns  {QUESTION}",
        "  passed        mean    0.9375 [0.9, 1]       at least 0.92",
        "P1  Are whole rows of training persons reproduced?",
        "  inconclusive  excess  0 [-0.0903, 0.01827]  at most 0.01",
    ]
    assert LONG in " ".join(line.strip() for line in lines)
    assert lines[-1] == "verdict: inconclusive"


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_narrow_terminal_cuts_nothing_off(width):
    text = printed(two(), width=width, force_terminal=True, color_system=None)
    assert "…" not in text
    assert "0 [-0.0903, 0.01827]" in text
    assert max(map(len, text.splitlines())) <= width


def test_colours_are_left_out_where_they_are_not_wanted(monkeypatch):
    assert "\x1b[" in printed(two(), force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in printed(two(), force_terminal=True, color_system="standard")


@pytest.mark.parametrize(
    ("judged", "word"),
    [
        (decision(Verdict.FAIL), "failed"),
        (decision(Verdict.INCONCLUSIVE), "inconclusive"),
        (decision(Verdict.FAIL, blocking=False), "warning"),
        (decision(Verdict.PASS, not_applicable="no numbers"), "nothing to test"),
        (decision(Verdict.INCONCLUSIVE, not_applicable="no holdout"), "inconclusive"),
    ],
)
def test_words(judged, word):
    assert printed(judged).splitlines()[1].partition("  ")[0] == word


def test_a_reason_is_told_where_something_did_not_pass():
    assert REASON in printed(decision(Verdict.FAIL))
    assert REASON in printed(decision(Verdict.FAIL, blocking=False))
    assert REASON not in printed(decision(Verdict.PASS))


def test_a_finding_without_a_figure():
    finding = Finding(
        CheckResult("P2", "Is anyone singled out?", ()), Verdict.INCONCLUSIVE, True, None, "No result."
    )
    lines = printed(Decision(Verdict.INCONCLUSIVE, (finding,), ("No result.",))).splitlines()
    assert lines[1:3] == ["inconclusive  P2", "  No result."]
