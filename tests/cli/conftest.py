"""A command line run in this process, with `api` replaced by a recorder where a test asks for it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from synthrec import api
from synthrec.cli.app import run
from synthrec.validation.result import CheckResult, Finding, Measure, Verdict


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class FakeDecision:
    verdict: Verdict
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class FakeReport:
    decision: FakeDecision | None = None
    notes: tuple[str, ...] = ()
    model: Path = Path("model_folder")
    out: Path = Path("records_folder")
    card: Path | None = None
    steward: Path = Path("model_folder.steward.html")

    def document(self) -> dict[str, Any]:
        return {"kind": "report", "verdict": self.decision and self.decision.verdict}


@dataclass
class Recorder:
    """Stands for a function of `api`: keeps the arguments, returns or raises what it was given."""

    outcome: Any
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.args, self.options = args, options
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    """An empty working directory holding data.csv, without configuration from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNTHREC_DEBUG", raising=False)
    (tmp_path / "data.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "holdout.csv").write_text("a\n2\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def cli(capfd):
    """Run a command line: ``cli("fit", "s", "data.csv", "-o", "m")``."""

    def call(*arguments: str) -> Ran:
        code = run(arguments)
        caught = capfd.readouterr()
        return Ran(code, caught.out, caught.err)

    return call


@pytest.fixture
def calls(monkeypatch):
    """Replace a function of `api`: ``calls("fit", report)`` returns its recorder."""

    def replace(name: str, outcome: Any) -> Recorder:
        assert hasattr(api, name)
        recorder = Recorder(outcome)
        monkeypatch.setattr(api, name, recorder)
        return recorder

    return replace


@pytest.fixture
def judged():
    """A report under a verdict: ``judged("fail", reason)``."""

    def build(verdict: str, reason: str = "12 copies where at most 3 are chance") -> FakeReport:
        measure = Measure("share", 0.012, 0.01, 0.015, 400, 0.001, "Clopper-Pearson")
        result = CheckResult("P1", "Are rows copied?", (measure,), bound="share")
        finding = Finding(result, Verdict(verdict), blocking=True, limit=0.01, reason=reason, measure="share")
        reasons = () if verdict == "pass" else (reason,)
        return FakeReport(FakeDecision(Verdict(verdict), (finding,), reasons))

    return build
