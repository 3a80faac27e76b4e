"""New real records against a model: what has moved, what is kept at the fit, and the look in the ledger."""

from __future__ import annotations

import json

import pytest

from synthrec import api
from synthrec.errors import ConfigError, InputError
from synthrec.validation.result import CheckResult


@pytest.fixture
def new(tmp_path, people):
    """``new(change)``: a file of 1,500 persons of today, each line changed."""

    def write(change=lambda cells: cells):
        path = people(tmp_path / "new.csv", 1500, seed=9, first=10_000)
        header, *lines = path.read_text().splitlines()
        changed = [",".join(change(line.split(","))) for line in lines]
        path.write_text("\n".join([header, *changed]) + "\n")
        return path

    return write


def aged(cells):
    """Nobody is younger than 60; who is of which sex still follows from the age."""
    person, age, _, score = cells
    years = 60 + int(age) % 40
    return [person, str(years), "FM"[years % 2], score]


def verdicts(report):
    return {finding.result.check: finding.verdict for finding in report.decision.findings}


def test_the_same_reality_has_not_moved(small, new):
    report = api.validate(new(), against=small.model, home=small.home)
    assert report.approved
    assert {"drift.columns": "pass", "drift.joint": "pass"}.items() <= verdicts(report).items()
    assert not any("relative to the model" in note for note in report.notes)


def test_a_column_that_moved_is_named_without_a_figure(small, new, cli):
    ran = cli(small.home, "validate", new(aged), "--against", small.model)
    assert ran.code == 3
    told = " ".join((ran.out + ran.err).split())
    assert "drift.columns fails: age" in told
    assert "fit again" in told
    report = api.validate(new(aged), against=small.model, home=small.home)
    (reason,) = [item for item in report.decision.reasons if "drift.columns" in item]
    assert not any(character.isdigit() for character in reason)


def test_rows_that_break_the_schema_are_told_as_such(small, new):
    path = new(lambda cells: [cells[0], "8675309", *cells[2:]])
    report = api.validate(path, against=small.model, home=small.home)
    assert not report.approved
    assert any("conformity.people fails" in reason for reason in report.decision.reasons)
    assert verdicts(report)["drift.columns"] == "fail"
    assert "8675309" not in json.dumps(report.document())


def test_the_misfit_is_kept_in_steps_and_without_a_count(small):
    kept = json.loads((small.model / "manifest.json").read_text())["misfit"]
    assert set(kept["columns"]) == {"age", "sex", "score"}
    assert all(
        round(100 * value, 6) == round(100 * value) for value in (*kept["columns"].values(), kept["joint"])
    )
    assert kept["rows"] in {2**power for power in range(11)}


def test_the_look_is_entered(small, new):
    api.validate(new(), against=small.model, home=small.home)
    lines = [json.loads(line) for line in api.ledger_export(home=small.home).splitlines()]
    assert "drift of small" in str(lines[-1])
    assert "one town" in str(lines[-1])


def test_under_a_claim_nothing_is_kept_and_the_test_says_what_it_is_relative_to(
    tmp_path, people, small_schema, new
):
    schema, home = tmp_path / "small.yaml", tmp_path / "home"
    schema.write_text(small_schema, encoding="utf-8")
    data = people(tmp_path / "people.csv", 2000)
    api.fit(schema, data, out=tmp_path / "model", epsilon="2", home=home)
    assert json.loads((tmp_path / "model" / "manifest.json").read_text())["misfit"] is None
    report = api.validate(new(), against=tmp_path / "model", home=home)
    assert verdicts(report)["drift.columns"] == "pass"
    assert any("relative to the model" in note for note in report.notes)
    assert verdicts(api.validate(new(aged), against=tmp_path / "model", home=home))["drift.columns"] == "fail"


def test_a_schema_beside_the_model_and_neither_of_them(small, new, tmp_path):
    with pytest.raises(ConfigError, match="leave --schema"):
        api.validate(new(), small.schema, against=small.model, home=small.home)
    with pytest.raises(ConfigError, match="--against MODEL"):
        api.validate(new(), home=small.home)
    empty = tmp_path / "empty.csv"
    empty.write_text("person,age,sex,score\n")
    with pytest.raises(InputError):
        api.validate(empty, against=small.model, home=small.home)


def test_a_test_that_could_not_run_is_no_pass(small, people, tmp_path):
    """Five new rows are too few to learn from: nothing is known, so that nothing is said to have stayed."""
    report = api.validate(people(tmp_path / "few.csv", 5, first=50_000), against=small.model, home=small.home)
    assert report.decision.verdict == "inconclusive"
    assert any("drift.joint is inconclusive" in reason for reason in report.decision.reasons)


def test_a_drift_test_without_evidence_is_no_pass(small, new, monkeypatch):
    bare = CheckResult("drift.columns", "Has any column moved?", ())
    monkeypatch.setattr("synthrec.runs.drift.drift", lambda *_: (bare,))
    assert api.validate(new(), against=small.model, home=small.home).decision.verdict == "inconclusive"
    monkeypatch.setattr("synthrec.runs.drift.drift", lambda *_: ())
    assert api.validate(new(), against=small.model, home=small.home).decision.verdict == "inconclusive"


def test_a_bank_of_few_rows_is_kept_and_compared_with_all_that_it_holds(small, new, tmp_path):
    report = api.fit(
        small.schema,
        small.data,
        out=tmp_path / "bank",
        generator="sdv-gaussian-copula",
        release_rows=400,
        home=small.home,
    )
    against = api.validate(new(), against=report.model, home=small.home)
    assert {"drift.columns", "drift.joint"} <= set(verdicts(against))
