"""`validate --gx`: yes or no of any file, real or not; nothing is kept and no cell is shown."""

import pytest

from synthrec import api
from synthrec.cli.app import run
from synthrec.gx import suite_of
from synthrec.schema.load import parse_schema

CLINIC = """\
synthrec: 1
schema: {name: clinic}
tables:
  visit:
    one_row_per_person: true
    columns:
      day: {kind: date, domain: {min: 2020-01-01, max: 2020-12-31, source: public}}
      cost: {kind: decimal, scale: 2, domain: {min: 0.1, max: 5, source: public}}
      ward: {kind: category, domain: {values: [A, B], source: public}}
      seen:
        kind: datetime
        null: {allowed: true}
        domain: {min: 2020-01-01, max: 2021-01-01, source: public}
      note: {kind: text, null: {allowed: true}}
"""
GOOD = "day,cost,ward,seen,note\n2020-01-01,0.10,A,2020-01-01T10:00:00,fine\n2020-12-31,5.00,B,,\n"
WORD = "zYx7secret"


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHREC_HOME", str(tmp_path / "home"))
    (tmp_path / "clinic.yaml").write_text(CLINIC)
    (tmp_path / "good.csv").write_text(GOOD)
    bad = GOOD.replace("0.10", "0.09").replace("fine", WORD)
    (tmp_path / "bad.csv").write_text(bad)
    return tmp_path


def test_good_records(files):
    report = api.validate("good.csv", "clinic.yaml", gx=True, home=files / "home")
    assert report.approved
    finding = report.decision.findings[0]
    assert finding.result.check == "expectations.visit"
    stated = len(suite_of(parse_schema(CLINIC), "visit").expectations)
    assert finding.reason == f"All {stated} expectations of visit were met."


def test_bad_records(files, capfd):
    before = {path.name for path in files.iterdir()} | {"home"}
    assert run(["validate", "bad.csv", "--schema", "clinic.yaml", "--gx"]) == 3
    shown = "".join(capfd.readouterr())
    assert "expectations of visit were not met: domain: cost." in shown
    assert WORD not in shown
    assert "0.09" not in shown
    assert {path.name for path in files.iterdir()} == before
