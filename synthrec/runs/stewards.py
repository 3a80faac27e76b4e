"""Where the steward's report of an audit goes."""

from __future__ import annotations

from pathlib import Path

from synthrec.errors import ConfigError
from synthrec.release.gate import Decision
from synthrec.release.reports.steward import Audited, write_steward
from synthrec.runs.context import Run

REPORT = "steward.html"


def beside(model: Path) -> Path:
    """The report of a fit: beside the model, which may be handed on without it."""
    return model.with_name(f"{model.name}.{REPORT}")


def refuse_report(path: Path | None) -> None:
    """Before any work is done: a report must have a folder to go to, and replaces nothing.

    Raises:
        ConfigError: there is no such folder, or something stands at the place.
    """
    if path is None:
        return
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"--report {path}: there is no such folder; give a file in a folder that exists")
    if path.exists() or path.is_symlink():
        raise ConfigError(f"--report {path}: something stands there; remove it, or name another file")


def tell_steward(path: Path, subject: str, decision: Decision, notes: tuple[str, ...], run: Run) -> Path:
    """Write the report of one audit, 0600."""
    write_steward(path, Audited(subject, decision, notes, run.policy, run.profile))
    return path
