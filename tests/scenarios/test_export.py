"""`synthrec scenario`: one atomic export with records, labels, coverage and a card naming the scenarios."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

import synthrec
from synthrec.cli.app import run
from synthrec.errors import ConfigError

FILES = {
    "account.parquet",
    "transaction.parquet",
    "labels.parquet",
    "instances.parquet",
    "coverage.json",
    "coverage.md",
    "card.json",
    "card.md",
}
ACCOUNTS = 300
"""So many that twelve have each scenario, and nothing is left out of the reports."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenario")
    report = synthrec.run_scenarios(
        ["account_takeover", "card_testing"],
        "retail_bank",
        ACCOUNTS,
        out=folder / "out",
        count=12,
        seed=5,
        home=folder / "home",
    )
    assert report.approved
    return folder


def test_the_export_holds_records_labels_and_reports(made):
    assert {path.name for path in (made / "out").iterdir()} >= FILES
    labels = pq.read_table(made / "out" / "labels.parquet").to_pandas()
    cases = labels[labels.role == "case"].groupby("scenario", observed=True).size()
    assert cases["account_takeover"] == cases["card_testing"] == 12
    for table, key in (("account", "account_id"), ("transaction", "txn_id")):
        keys = set(pq.read_table(made / "out" / f"{table}.parquet")[key].to_pylist())
        assert set(labels.key[labels.table == table]) <= keys
    records = pq.read_table(made / "out" / "transaction.parquet")
    assert not {"scenario", "role", "severity", "instance"} & set(records.column_names)


def test_the_card_names_scenarios_counts_and_unit(made):
    part = json.loads((made / "out" / "card.json").read_text("utf-8"))["scenarios"]
    found = {item["scenario"]: item for item in part["scenarios"]}
    assert set(found) == {"account_takeover", "card_testing", "shopping_burst"}
    item = found["card_testing"]
    assert (item["unit"], item["units"], item["requested"], item["realised"]) == ("account", ACCOUNTS, 12, 12)
    assert item["digest"].startswith("sha256:")
    assert {pairs["table"] for pairs in part["pairs"]} == {"transaction"}
    for page in ("card.md", "report.html"):
        text = (made / "out" / page).read_text("utf-8")
        assert "12 of 12 instances realised" in text
        assert "parts of their ranges have an instance" in text
        assert "feasible pairs of 5 factors" in text
    report = json.loads((made / "out" / "coverage.json").read_text("utf-8"))
    assert [item["realised"] for item in report["realisation"]] == [
        item["realised"] for item in part["scenarios"]
    ]


def test_the_export_verifies_and_a_changed_label_does_not(made):
    assert synthrec.verify_export(made / "out").verified[0] == "4 data files"
    path = made / "out" / "labels.parquet"
    kept = path.read_bytes()
    path.write_bytes(kept + b"x")
    with pytest.raises(synthrec.VerificationError, match=r"labels\.parquet"):
        synthrec.verify_export(made / "out")
    path.write_bytes(kept)


def test_the_same_seed_writes_the_same_bytes(made, tmp_path):
    synthrec.run_scenarios(
        ["account_takeover", "card_testing"],
        "retail_bank",
        ACCOUNTS,
        out=tmp_path / "out",
        count=12,
        seed=5,
        home=tmp_path,
    )
    for name in sorted(FILES - {"card.json", "card.md"}):
        assert (tmp_path / "out" / name).read_bytes() == (made / "out" / name).read_bytes()


def test_nothing_is_written_where_too_few_are_eligible(tmp_path):
    with pytest.raises(ConfigError, match="60 instances asked for and"):
        synthrec.run_scenarios(
            ["card_testing"], "retail_bank", 50, out=tmp_path / "out", count=60, home=tmp_path
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 1, "rate": 0.1}, "exclude each other"),
        ({"count": -1}, "at least 0"),
        ({"severity": "sever"}, "did you mean 'severe'"),
        ({"scenarios": ["card_testing", "card_testing"]}, "each once"),
        ({"scenarios": ["sepsis_hospital_onset"]}, "run it on inpatient"),
        ({"scenarios": []}, "one or more"),
        ({"design": "soboll"}, "sobol, random, grid"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(tmp_path, options, message):
    given = {"scenarios": ["card_testing"], **options}
    with pytest.raises(synthrec.UserError, match=message):
        synthrec.run_scenarios(
            given.pop("scenarios"), "retail_bank", 50, out=tmp_path / "out", home=tmp_path, **given
        )


def test_the_command_runs_lists_and_shows(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SYNTHREC_HOME", str(tmp_path / "home"))
    out = tmp_path / "out"
    line = f"scenario run opioid_overdose_cascade inpatient -n 400 --count 3 --design grid -q -o {out}"
    assert run(line.split()) == 0
    card = json.loads((out / "card.json").read_text("utf-8"))
    assert [item["design"] for item in card["scenarios"]["scenarios"]] == ["grid", "sobol"]
    assert run(["scenario", "list"]) == 0
    assert run(["scenario", "show", "card_testing"]) == 0
    shown = capsys.readouterr().out
    assert "sepsis_hospital_onset" in shown
    assert "typical" in shown
    assert run(["scenario", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["card_testing"]["mode"] == "inject"
