"""The verdict table: one row per check, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
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


@dataclass(frozen=True)
class Row:
    """One finding, as it is shown."""

    check: str
    measure: str
    verdict: str
    measured: str
    limit: str
    question: str
    answer: str

    def line(self) -> str:
        """The row without a table, for logs and pipes."""
        name = f"{self.check} {self.measure}".rstrip()
        measured = f"measured {self.measured}" if self.measured else ""
        limit = f"limit {self.limit}" if self.limit else ""
        parts = (self.verdict, measured, limit, f"{self.question} {self.answer}")
        return f"{name}: {'; '.join(part for part in parts if part)}"

    def cells(self) -> tuple[Text, ...]:
        """The cells of the table."""
        name = Text.assemble((self.check, "bold"), f"\n{self.measure}")
        said = Text.assemble((f"{self.question}\n" * bool(self.question), "dim"), self.answer)
        return name, _coloured(self.verdict), Text(self.measured), Text(self.limit), said


def print_verdicts(decision: Decision, console: Console) -> None:
    """Print the table on a terminal, else one plain line per finding, then the verdict of the whole."""
    rows = [_row(finding) for finding in decision.findings]
    if console.is_terminal:
        console.print(_table(rows))
    else:
        for row in rows:
            console.print(row.line(), soft_wrap=True, markup=False, highlight=False)
    console.print(Text("verdict: ").append(_coloured(WORDS[decision.verdict])))


def _row(finding: Finding) -> Row:
    return Row(
        check=finding.result.check,
        measure=finding.measure or "",
        verdict=_word(finding),
        measured=_measured(finding),
        limit="" if finding.limit is None else f"{finding.limit:.4g}",
        question=finding.result.title,
        answer=finding.reason,
    )


def _word(finding: Finding) -> str:
    if finding.result.not_applicable is not None:
        return "does not apply"
    if finding.verdict != "pass" and not finding.blocking:
        return "warning"
    return WORDS[finding.verdict]


def _measured(finding: Finding) -> str:
    """The value that was judged, with its bounds where it has any."""
    if finding.measure is None:
        return ""
    measure = finding.result.measure(finding.measure)
    bounds = f" [{measure.low:.4g}, {measure.high:.4g}]" if measure.low < measure.high else ""
    return f"{measure.value:.4g}{bounds}"


def _table(rows: list[Row]) -> Table:
    table = Table(*HEADINGS, caption="in brackets: one-sided 99 % bounds", caption_justify="left")
    for _, group in groupby(rows, lambda row: row.check):
        first, *others = group
        table.add_section()
        table.add_row(*first.cells())
        for row in others:
            table.add_row(*replace(row, question="").cells())
    return table


def _coloured(word: str) -> Text:
    return Text(word, style=COLOURS[word])
