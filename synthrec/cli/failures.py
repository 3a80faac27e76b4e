"""From an exception to one message on stderr and an exit code; nothing here can show a cell of real data."""

from __future__ import annotations

import errno
import json
import os
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click

from synthrec.cli.output import Output
from synthrec.cli.visible import visible
from synthrec.errors import (
    Breach,
    Fault,
    FaultsError,
    PolicyRefusedError,
    SynthrecError,
    VerificationError,
)

INTERRUPTED = 130
DEBUG = "SYNTHREC_DEBUG"
_REPAIRS = {
    errno.ENOSPC: "; make room on the disk, or write to another one",
    errno.EROFS: "; write to another place",
}


class RefusedError(PolicyRefusedError):
    """A refusal that comes with the report of the run."""

    def __init__(self, message: str, report: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.report = report


@dataclass(frozen=True)
class Failure:
    """What is said about an exception."""

    kind: str
    message: str
    exit_code: int
    faults: tuple[Fault, ...] = ()
    breaches: tuple[Breach, ...] = ()
    report: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The JSON document of a failed run."""
        error = {"type": self.kind, "exit_code": self.exit_code, "message": self.message}
        faults = {"faults": [asdict(fault) for fault in self.faults]} if self.faults else {}
        breaches = {"breaches": [asdict(breach) for breach in self.breaches]} if self.breaches else {}
        return {**self.report, "error": error | faults | breaches}


def explain(error: BaseException) -> Failure:
    """Say what went wrong: our own words in full, foreign words not at all, since those may quote data."""
    match error:
        case SynthrecError():
            return _ours(error)
        case click.ClickException():
            return Failure("UsageError", _usage(error), 2)
        case click.Abort() | KeyboardInterrupt():
            return Failure("Interrupted", "interrupted", INTERRUPTED)
        case OSError():
            return Failure("OSError", _system(error), 1)
        case _:
            return Failure("InternalError", _internal(error), 1)


def report(error: BaseException, output: Output) -> int:
    """Print a failure to stderr (and its document to stdout under ``--json``); return the exit code."""
    failure = explain(error)
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    click.echo(visible(f"synthrec: {failure.message}"), err=True)
    if output.json:
        with suppress(OSError):
            click.echo(json.dumps(failure.document(), indent=2, default=str))
    return failure.exit_code


def _ours(error: SynthrecError) -> Failure:
    return Failure(
        kind="PolicyRefusedError" if isinstance(error, RefusedError) else type(error).__name__,
        message=str(error),
        exit_code=error.exit_code,
        faults=error.faults if isinstance(error, FaultsError) else (),
        breaches=error.breaches if isinstance(error, VerificationError) else (),
        report=error.report if isinstance(error, RefusedError) else {},
    )


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"\nTry '{context.command_path} --help'." if context else ""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return f"name a command{hint}"
    return error.format_message() + hint


def _system(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    repair = _REPAIRS.get(error.errno or 0, "")
    return place + (error.strerror or f"{type(error).__name__} from the operating system") + repair


def _internal(error: BaseException) -> str:
    hint = f"set {DEBUG}=1 for the traceback, which may show values of your data"
    return f"internal error: {type(error).__name__} at {_place(error)}; {hint}"


def _place(error: BaseException) -> str:
    """``module:line`` of the innermost frame of synthrec, else of the innermost frame."""
    frames = traceback.extract_tb(error.__traceback__)
    package = Path(__file__).resolve().parents[1]
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(package)]
    if not frames:
        return "an unknown place"
    frame = (ours or frames)[-1]
    path = Path(frame.filename)
    inside = path.relative_to(package.parent).with_suffix("") if ours else Path(path.stem)
    return f"{'.'.join(inside.parts)}:{frame.lineno}"
