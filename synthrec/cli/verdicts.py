"""The verdict table: one row per check, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from synthrec.api import Decision, Finding

HEADINGS = ("check", "verdict", "measured", "limit", "reason")
WORDS = {"pass": "passed", "fail": "failed", "inconclusive": "cannot tell"}
COLOURS = {
    "passed": "green",
    "failed": "bold red",
    "cannot tell": "bold yellow",
    "warning": "yellow",
    "does not apply": "dim",
}


def print_verdicts(decision: Decision, console: Console) -> None:
    """Print the table on a terminal, else one plain line per check, then the verdict of the whole."""
    rows = [_row(finding) for finding in decision.findings]
    if console.is_terminal:
        console.print(_table(rows))
    else:
        for row in rows:
            console.print(_line(row), soft_wrap=True, markup=False, highlight=False)
    console.print(Text("verdict: ").append(_coloured(WORDS[decision.verdict])), highlight=False)


def _row(finding: Finding) -> tuple[str, ...]:
    limit = "" if finding.limit is None else f"{finding.limit:.4g}"
    return finding.result.title, _word(finding), _measured(finding), limit, finding.reason


def _word(finding: Finding) -> str:
    if finding.result.not_applicable is not None:
        return "does not apply"
    if finding.verdict != "pass" and not finding.blocking:
        return "warning"
    return WORDS[finding.verdict]


def _measured(finding: Finding) -> str:
    result = finding.result
    if result.bound is None:
        return ""
    measure = result.measure(result.bound)
    return f"{measure.value:.4g} [{measure.low:.4g}, {measure.high:.4g}]"


def _table(rows: list[tuple[str, ...]]) -> Table:
    table = Table(*HEADINGS, caption="in brackets: one-sided 99 % bounds", caption_justify="left")
    for check, word, measured, limit, reason in rows:
        table.add_row(Text(check), _coloured(word), Text(measured), limit, Text(reason))
    return table


def _line(row: tuple[str, ...]) -> str:
    check, word, measured, limit, reason = row
    figures = [f"measured {measured}" if measured else "", f"limit {limit}" if limit else "", reason]
    return f"{check}: {word}; {'; '.join(part for part in figures if part)}"


def _coloured(word: str) -> Text:
    return Text(word, style=COLOURS[word])
