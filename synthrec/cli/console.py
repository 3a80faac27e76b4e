"""What a command prints while it works and when it is done."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from synthrec.cli.failures import RefusedError
from synthrec.cli.output import Output
from synthrec.cli.verdicts import print_verdicts
from synthrec.cli.visible import visible
from synthrec.progress import SILENT
from synthrec.progress import Progress as Listener

if TYPE_CHECKING:
    from synthrec.api import Decision


class Report(Protocol):
    """What the functions of `api` return."""

    @property
    def decision(self) -> Decision | None:
        """The verdict of the gate, or None where nothing was judged."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user."""

    def document(self) -> dict[str, Any]:
        """The report as one JSON document."""


class Bar:
    """A listener that draws one line on a terminal."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def step(self, text: str) -> None:
        """Start the line of the next step."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(text, total=None)

    def advance(self, done: int, total: int) -> None:
        """Move the bar of the present step."""
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=total)


@contextmanager
def working(output: Output) -> Iterator[Listener]:
    """Progress on stderr while the body runs; none when quiet or when stderr is not a terminal."""
    if output.quiet or not sys.stderr.isatty():
        yield SILENT
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Bar(bar)


def show_document(output: Output, document: Mapping[str, Any] | Sequence[Any], text: str) -> None:
    """Print the document under ``--json``, else the text."""
    said = json.dumps(document, indent=2, default=str) if output.json else text.rstrip("\n")
    click.echo(visible(said))


def finish(output: Output, report: Report, made: Mapping[str, Path | None], *, refused: str = "") -> None:
    """Print the report of a command that makes something: the verdicts, then where things were put.

    Args:
        output: how this run speaks.
        report: what `api` returned.
        made: what was made, by name; None for what was not.
        refused: what became of it where the gate refused.

    Raises:
        RefusedError: the gate said no, or could not say yes; verdicts then go to stderr.
    """
    _open(output, report, stderr=_is_refused(report.decision))
    _raise_if_refused(output, report, refused)
    lines = [f"{name}: {path}" for name, path in made.items() if path is not None]
    _close(output, report, lines)


def deliver(output: Output, report: Report) -> None:
    """Print the report of a command whose verdict is what was asked for: on stdout, whatever it says.

    Raises:
        RefusedError: the verdict is not a pass.
    """
    _open(output, report, stderr=False)
    _raise_if_refused(output, report)
    _close(output, report, [])


def _open(output: Output, report: Report, *, stderr: bool) -> None:
    for note in report.notes:
        output.say(f"note: {note}")
    if report.decision is not None and not output.json:
        print_verdicts(report.decision, Console(stderr=stderr))


def _close(output: Output, report: Report, lines: Sequence[str]) -> None:
    if output.json or lines:
        show_document(output, report.document(), "\n".join(lines))


def _is_refused(decision: Decision | None) -> bool:
    return decision is not None and decision.verdict != "pass"


def _raise_if_refused(output: Output, report: Report, became: str = "") -> None:
    """Refuse; the reasons stand among the verdicts, or in the message where none were printed."""
    if report.decision is not None and _is_refused(report.decision):
        message = f"refused by the policy; {became}" if became else "refused by the policy"
        reasons = report.decision.reasons if output.json else ()
        raise RefusedError("\n  ".join([message, *reasons]), report.document())
