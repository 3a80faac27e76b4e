"""The verdict table in words, on a terminal and elsewhere."""

import io

import pytest
from rich.console import Console

from synthrec.cli.verdicts import print_verdicts
from synthrec.release.gate import Decision
from synthrec.validation.result import CheckResult, Finding, Measure, Verdict

QUESTION = "How near is it?"
MEASURE = Measure("mean", 0.93751, 0.93751, 0.93751, 400, 0.98, "exact")


def decision(verdict: Verdict, *, blocking: bool = True, **options) -> Decision:
    result = CheckResult("fidelity.columns", QUESTION, (MEASURE,), **options)
    finding = Finding(result, verdict, blocking, 0.92, "mean is [0.93], enough.", "mean")
    return Decision(verdict if blocking else Verdict.PASS, (finding,), ())


def printed(judged: Decision, **options) -> str:
    text = io.StringIO()
    print_verdicts(judged, Console(file=text, width=160, **options))
    return text.getvalue()


def test_a_pipe_gets_one_plain_line_per_finding():
    assert printed(decision(Verdict.PASS)).splitlines() == [
        f"fidelity.columns mean: passed; measured 0.9375; limit 0.92; {QUESTION} mean is [0.93], enough.",
        "verdict: passed",
    ]


def test_a_terminal_gets_a_table():
    text = printed(decision(Verdict.FAIL), force_terminal=True, color_system=None)
    assert "failed" in text
    assert "mean is [0.93], enough." in text
    assert "┃ check" in text


@pytest.mark.parametrize(
    ("judged", "word"),
    [
        (decision(Verdict.INCONCLUSIVE), "cannot tell"),
        (decision(Verdict.FAIL, blocking=False), "warning"),
        (decision(Verdict.PASS, not_applicable="no numbers"), "does not apply"),
    ],
)
def test_words(judged, word):
    assert f"mean: {word};" in printed(judged)


def test_a_finding_without_a_figure():
    finding = Finding(
        CheckResult("P2", "Is anyone singled out?", ()), Verdict.INCONCLUSIVE, True, None, "No result."
    )
    line = printed(Decision(Verdict.INCONCLUSIVE, (finding,), ("No result.",))).splitlines()[0]
    assert line == "P2: cannot tell; Is anyone singled out? No result."
