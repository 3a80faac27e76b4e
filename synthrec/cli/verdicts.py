"""The verdicts: one row per finding, then in words why some did not pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from synthrec.cli.visible import visible

if TYPE_CHECKING:
    from synthrec.api import Decision, Finding

HEADINGS = ("verdict", "check", "measure", "measured", "limit")
BOUNDS = "in brackets: one-sided 99 % bounds"
WORDS = {"pass": "passed", "fail": "failed", "inconclusive": "inconclusive"}
COLOURS = {
    "passed": "green",
    "failed": "bold red",
    "inconclusive": "bold yellow",
    "warning": "yellow",
    "nothing to test": "dim",
}
_NOUGHT = 1e-12
"""What is nearer to zero is zero that was computed in floating point."""


@dataclass(frozen=True)
class Row:
    """One finding, as it is shown."""

    verdict: str
    check: str
    measure: str
    measured: str
    limit: str


def print_verdicts(decision: Decision, console: Console) -> None:
    """Print blocks of a question and its answers on a terminal, else one plain line per finding.

    Reasons of what did not pass follow, and the verdict of the whole comes last.
    """
    if console.is_terminal:
        _print_blocks(decision.findings, console)
    else:
        _print_lines(decision.findings, console)
    console.print(Text("verdict: ").append(_coloured(WORDS[decision.verdict])))


def _print_blocks(findings: Sequence[Finding], console: Console) -> None:
    widths = _widths([astuple(_row(finding)) for finding in findings])
    for _, group in groupby(findings, lambda finding: finding.result.check):
        first, *others = group
        console.print(
            Text.assemble((visible(first.result.check), "bold"), "  ", (visible(first.result.title), "dim"))
        )
        for finding in (first, *others):
            verdict, _, *cells = _padded(astuple(_row(finding)), widths)
            console.print(Text.assemble("  ", _coloured(verdict), "  ", "  ".join(cells).rstrip()))
        for reason in _reasons((first, *others)):
            console.print(Padding(Text(reason), (0, 0, 0, 4)))
    console.print(Text(BOUNDS, style="dim"))


def _print_lines(findings: Sequence[Finding], console: Console) -> None:
    lines = [HEADINGS, *(astuple(_row(finding)) for finding in findings)]
    widths = _widths(lines)
    table = ("  ".join(_padded(line, widths)).rstrip() for line in lines)
    for line in (*table, *(f"  {reason}" for reason in _reasons(findings))):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*lines, strict=True)]


def _padded(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]


def _reasons(findings: Iterable[Finding]) -> list[str]:
    return [visible(finding.reason) for finding in findings if finding.verdict != "pass"]


def _row(finding: Finding) -> Row:
    return Row(
        verdict=_word(finding),
        check=visible(finding.result.check),
        measure=finding.measure or "",
        measured=_measured(finding),
        limit="" if finding.limit is None else f"{finding.sense} {_figure(finding.limit)}",
    )


def _word(finding: Finding) -> str:
    if finding.verdict == "pass" and finding.result.not_applicable is not None:
        return "nothing to test"
    if finding.verdict != "pass" and not finding.blocking:
        return "warning"
    return WORDS[finding.verdict]


def _measured(finding: Finding) -> str:
    """The value that was judged, with its bounds where it has any."""
    measures = {measure.name: measure for measure in finding.result.measures}
    measure = measures.get(finding.measure or "")
    if measure is None:
        return ""
    bounds = f" [{_figure(measure.low)}, {_figure(measure.high)}]" if measure.low < measure.high else ""
    return _figure(measure.value) + bounds


def _figure(value: float) -> str:
    return "0" if abs(value) < _NOUGHT else f"{value:.4g}"


def _coloured(word: str) -> Text:
    return Text(word, style=COLOURS[word.rstrip()])
