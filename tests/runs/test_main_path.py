"""From real records to released synthetic records: through the functions of `api`, and through commands."""

from __future__ import annotations

import hashlib
import json

import pyarrow.parquet as pq

from synthrec import api


def columns_of(path):
    return pq.read_schema(path).names


def test_fit_sample_card(admissions, tmp_path):
    assert admissions.report.approved
    assert admissions.report.model == admissions.model
    made = api.sample(admissions.model, 1_000, out=tmp_path / "out", home=admissions.home)
    assert made.approved
    assert (made.rows, made.rows_reached) == (1_000, 1_000)
    assert made.files == (tmp_path / "out" / "admissions.parquet",)
    assert pq.read_metadata(made.files[0]).num_rows == 1_000
    card = api.read_card(made.out)
    assert card.decision.verdict == "pass"
    assert (card.coverage.kind, card.coverage.audited_rows) == ("approved_prefix", 1_000)
    assert card.subjects[0].rows == 1_000
    assert card.subjects[0].sha256 == hashlib.sha256(made.files[0].read_bytes()).hexdigest()
    assert {"P1", "P2", "fidelity.columns", "fidelity.pairs"} <= {item.check for item in card.results}
    assert columns_of(made.files[0]) == list(api.load_schema("admissions_flat").only_table[1].columns)


def test_the_card_keeps_the_seed_and_all_figures_of_attacks_to_the_steward(admissions, tmp_path):
    api.sample(admissions.model, 10, out=tmp_path / "out", home=admissions.home)
    card = api.read_card(tmp_path / "out")
    assert card.seed.kind == "commitment"
    assert str(json.loads((admissions.model / "approval.json").read_text())["seed"]) not in card.seed.value
    assert all(item.value is None for item in card.results if not item.check.startswith("conformity."))
    assert card.source.rows is None
    assert card.source.persons == "5,000 to 9,999"


def test_the_approval_holds_no_figure(admissions):
    approval = json.loads((admissions.model / "approval.json").read_text())
    assert all(item["value"] is None for item in approval["results"])
    # numbers that are not stated limits: format, attempt, seed and rows
    assert {key for key, value in approval.items() if type(value) is int} == {
        "format",
        "attempt",
        "seed",
        "rows",
    }


def test_the_population_is_on_the_manifest(admissions, small, tmp_path):
    def population(model):
        return json.loads((model / "manifest.json").read_text())["population"]

    assert population(admissions.model) == "admissions_flat sample"
    assert population(small.model) == "one town"
    api.fit(small.schema, small.data, out=tmp_path / "model", population="a village", home=small.home)
    assert population(tmp_path / "model") == "a village"


def test_the_path_through_commands(without_quality, cli, admissions, people, tmp_path):
    """Quality is on the way of the demo, and of the model that all tests share."""
    home = admissions.home
    drafted = cli(home, "schema", "infer", people(tmp_path / "people.csv", 300))
    assert drafted.code == 0, drafted.err
    options = ("-o", "model", "--release-rows", "5000", "--json")
    fitted = cli(home, "fit", "admissions_flat", admissions.data, *options)
    assert fitted.code == 0, fitted.err
    assert fitted.document["model"] == "model"
    sampled = cli(home, "sample", "model", "-n", "5000", "--format", "parquet,csv", "-o", "out", "--json")
    assert sampled.code == 0, sampled.err
    assert sampled.document["decision"]["verdict"] == "pass"
    names = {"admissions.parquet", "admissions.csv", "card.json", "card.md", "card.html", "report.html"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    shown = cli(home, "card", "show", "out")
    assert shown.code == 0, shown.err
    assert "admissions" in shown.out
    checked = cli(home, "validate", "out/admissions.csv", "--schema", "admissions_flat")
    assert checked.code == 0, checked.err
    audited = cli(home, "audit", "model", "--real", admissions.data, "--json")
    assert audited.code == 0, audited.err
    assert audited.document["decision"] == fitted.document["decision"]


def test_the_demo(tmp_path):
    report = api.demo(tmp_path / "demo")
    assert report.approved
    assert api.read_card(report.out).subjects[0].rows == 10_000
