"""What the functions of `api` return: where things are, what the gate said, and remarks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synthrec.release.gate import Decision
from synthrec.validation.result import Finding


@dataclass(frozen=True)
class Report:
    """Common to all: the decision, if one was made, and remarks for the user."""

    decision: Decision | None
    notes: tuple[str, ...]

    @property
    def approved(self) -> bool:
        """Whether the gate decided, and decided yes."""
        return self.decision is not None and self.decision.verdict == "pass"

    def document(self) -> dict[str, Any]:
        """The report as JSON values; for the steward, since figures may rest on real records."""
        return {"decision": _decision(self.decision), "notes": list(self.notes), **self._places()}

    def _places(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class AuditReport(Report):
    """What an audit or validation found."""


@dataclass(frozen=True)
class FitReport(Report):
    """A fitted model and the verdict on its trial sample."""

    model: Path
    """Folder of the model; kept, and marked as not approved, where the gate refused."""
    steward: Path
    """The steward's report, beside the model; it shows figures of real records."""

    def _places(self) -> dict[str, Any]:
        return {"model": str(self.model), "steward": str(self.steward)}


@dataclass(frozen=True)
class SampleReport(Report):
    """An export, or the reasons why there is none."""

    out: Path | None
    """Folder of the export; None where nothing was written."""
    card: Path | None
    """Its `card.json`; None for a draft."""
    files: tuple[Path, ...]
    rows: int
    """Root records asked for."""
    rows_reached: int
    """Root records written; fewer where a rare condition ran out of proposals."""

    def _places(self) -> dict[str, Any]:
        return {
            "out": str(self.out) if self.out else None,
            "card": str(self.card) if self.card else None,
            "files": [str(path) for path in self.files],
            "rows": self.rows,
            "rows_reached": self.rows_reached,
        }


@dataclass(frozen=True)
class DemoReport(SampleReport):
    """The export of the demo, and the model it was drawn from."""

    model: Path

    def _places(self) -> dict[str, Any]:
        return {"model": str(self.model), **super()._places()}


def _decision(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    findings = [_finding(finding) for finding in decision.findings]
    return {"verdict": str(decision.verdict), "reasons": list(decision.reasons), "findings": findings}


def _finding(finding: Finding) -> dict[str, Any]:
    result = finding.result
    return {
        "check": result.check,
        "title": result.title,
        "verdict": str(finding.verdict),
        "blocking": finding.blocking,
        "measure": finding.measure,
        "limit": finding.limit,
        "sense": finding.sense,
        "reason": finding.reason,
        "p_value": result.p_value,
        "power": result.power,
        "persons_needed": result.persons_needed,
        "not_applicable": result.not_applicable,
        "measures": [asdict(measure) for measure in result.measures],
    }
