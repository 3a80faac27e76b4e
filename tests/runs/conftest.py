"""One model of the sample data for all tests, a small table that is never approved, and a command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthrec import api
from synthrec.assets import asset
from synthrec.cli.app import run
from synthrec.rng import Streams
from synthrec.runs.reports import FitReport

RELEASE_ROWS = 5_000

SMALL = """\
synthrec: 1
schema: {name: small, version: 1.0.0, source: {population: one town}}
tables:
  people:
    person: person
    max_rows_per_person: 1
    columns:
      person: {kind: id, role: key}
      age: {kind: integer, domain: {min: 0, max: 99, source: public}}
      sex: {kind: category, domain: {values: [F, M], source: public}}
      score: {kind: float, precision: 0.1, domain: {min: 0, max: 20, source: public}}
"""


@pytest.fixture(scope="session")
def described() -> Callable[[Path], dict[str, Any]]:
    """The manifest of a model, without what the ledger said when it was entered."""

    def manifest(model: Path) -> dict[str, Any]:
        document = json.loads((model / "manifest.json").read_text())
        assert document.pop("ledger_head")["sequence"] > 0
        assert document.pop("fits") > 0
        return document

    return manifest


@dataclass(frozen=True)
class Ran:
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Workshop:
    """Real records, their schema, the folder of the key, and the model with its report."""

    home: Path
    schema: str | Path
    data: Path
    model: Path
    report: FitReport


def fixed_home(folder: Path) -> Path:
    """A folder with a root secret that is always the same, so that splits and verdicts repeat."""
    folder.mkdir(mode=0o700)
    (folder / "root.key").write_bytes(bytes(range(32)))
    (folder / "root.key").chmod(0o600)
    return folder


@pytest.fixture(scope="session")
def admissions(tmp_path_factory) -> Workshop:
    """The shipped sample data, fitted and approved, under a seed too long to be in a digest by chance."""
    folder = tmp_path_factory.mktemp("admissions")
    home, data = fixed_home(folder / "home"), asset("sample_data", "admissions_flat.csv.gz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Streams, "fresh", classmethod(lambda cls: cls(20_260_102)))
        report = api.fit("admissions_flat", data, out=folder / "model", home=home, release_rows=RELEASE_ROWS)
    return Workshop(home, "admissions_flat", data, folder / "model", report)


def small_csv(path: Path, rows: int, *, seed: int = 0, first: int = 0) -> Path:
    """Rows of the small schema; persons are numbered from `first`."""
    rng = np.random.default_rng(seed)
    ages, scores = rng.integers(0, 100, rows), rng.integers(0, 201, rows) / 10
    lines = [f"p{first + i},{ages[i]},{'FM'[ages[i] % 2]},{scores[i]}" for i in range(rows)]
    path.write_text("\n".join(["person,age,sex,score", *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def small_schema() -> str:
    """The text of the small schema."""
    return SMALL


@pytest.fixture
def people() -> Callable[..., Path]:
    """``people(path, rows, seed=0, first=0)``: a file of the small schema."""
    return small_csv


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Workshop:
    """A table of 400 persons: too few for any audit to end with a pass."""
    folder = tmp_path_factory.mktemp("small")
    home, schema = fixed_home(folder / "home"), folder / "small.yaml"
    schema.write_text(SMALL, encoding="utf-8")
    data = small_csv(folder / "people.csv", 400)
    report = api.fit(schema, data, out=folder / "model", home=home)
    return Workshop(home, schema, data, folder / "model", report)


@pytest.fixture
def without_quality(monkeypatch):
    """Audits leave out what is told and decides nothing; that is a third of their time."""
    monkeypatch.setattr("synthrec.validation.suite.quality_checks", lambda _: ())


@pytest.fixture
def copy_of(tmp_path) -> Callable[[Workshop], Path]:
    """``copy_of(workshop)``: a copy of its model that a test may spoil."""

    def copy(workshop: Workshop) -> Path:
        return Path(shutil.copytree(workshop.model, tmp_path / "copied-model"))

    return copy


@pytest.fixture
def cli(capfd, monkeypatch, tmp_path) -> Callable[..., Ran]:
    """``cli(home, "sample", ...)``: run a command line in an empty folder, under the key in `home`."""
    monkeypatch.chdir(tmp_path)

    def call(home: Path, *arguments: object) -> Ran:
        monkeypatch.setenv("SYNTHREC_HOME", str(home))
        code = run([str(argument) for argument in arguments])
        caught = capfd.readouterr()
        return Ran(code, caught.out, caught.err)

    return call


@pytest.fixture
def leavings(tmp_path) -> Callable[[], set[str]]:
    """Names of all that lies in the test's folder, hidden or not."""
    return lambda: {path.name for path in tmp_path.iterdir()}
