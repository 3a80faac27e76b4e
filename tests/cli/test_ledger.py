"""`synthrec ledger`: what was spent, by whom, for which model; and whether the book is whole."""

import hashlib
import json
from decimal import Decimal

import pytest
import rfc8785

from synthrec.data.keys import open_keys
from synthrec.privacy.budget import Budget
from synthrec.privacy.events import CountsEvent, Plan
from synthrec.privacy.ledger import Ledger

MODEL = "sha256:" + "0" * 64


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNTHREC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SYNTHREC_LEDGER", raising=False)
    return tmp_path / "home"


@pytest.fixture
def head(home):
    """The head after a committed run, one given back, one broken off, and a look."""
    plan = Plan((CountsEvent("pairs", 3.0, 12),), 1)
    budget, ceiling = Budget(Decimal("0.5"), Decimal("1e-6")), Budget(Decimal(3), Decimal("1e-5"))
    with Ledger.open(home, open_keys(home, create=True)) as ledger:
        done, back, broken = (
            ledger.reserve("clinic", budget, plan, f"visits/{name}", ceiling) for name in ("a", "b", "c")
        )
        ledger.read(done)
        ledger.commit(done, MODEL)
        ledger.release(back, "the schema has learned bounds")
        ledger.read(broken)
        ledger.look("clinic", "audit", "visits/d")
        return ledger.head


def test_show(cli, head):
    ran = cli("ledger", "show")
    assert ran.code == 0
    first, spent, *lines = ran.out.splitlines()
    assert first == "population clinic"
    assert spent == "  spent epsilon 1.0, delta 0.000002; epsilon 2.0, delta 0.000008 remain"
    endings = [
        f"visits/a: epsilon 0.5, delta 0.000001; committed, model {MODEL}",
        "visits/b: epsilon 0.5, delta 0.000001; given back unread",
        "visits/c: epsilon 0.5, delta 0.000001; read, not committed: running or broken off, charged in full",
        "visits/d: audit without a claim",
    ]
    assert all(line.endswith(ending) for line, ending in zip(lines, endings, strict=True))


def test_show_as_a_document(cli, head):
    document = cli("ledger", "show", "--population", "clinic", "--json").document
    (account,) = document["accounts"]
    assert account["spent"] == {"epsilon": "1.0", "delta": "0.000002"}
    assert account["remaining"] == {"epsilon": "2.0", "delta": "0.000008"}
    assert [charge["state"] for charge in account["charges"]] == ["committed", "released", "read"]
    assert document["head"] == head.document()


def test_show_of_what_is_not_there(cli, home, head):
    ran = cli("ledger", "show", "--population", "clinc")
    assert (ran.code, ran.out) == (2, "")
    assert "known: clinic" in ran.err


def test_an_empty_ledger(cli, home):
    assert cli("ledger", "show").code == 2
    open_keys(home, create=True)
    assert cli("ledger", "show").out == "nothing was entered yet\n"
    assert cli("ledger", "verify").out == "verified: 0 entries\n"


def test_export_gives_hashes_that_anyone_can_check(cli, head, workplace):
    lines = [json.loads(line) for line in cli("ledger", "export").out.splitlines()]
    assert cli("ledger", "export", "--json").document == lines
    for line in lines:
        told = {name: value for name, value in line.items() if name not in ("hash", "mac")}
        assert hashlib.sha256(rfc8785.dumps(told)).hexdigest() == line["hash"]
    assert [line["previous"] for line in lines[1:]] == [line["hash"] for line in lines[:-1]]
    assert cli("ledger", "export", "-o", "out.jsonl").code == 0
    assert cli("ledger", "export", "-o", "out.jsonl").code == 2
    assert len((workplace / "out.jsonl").read_text().splitlines()) == head.sequence


def test_verify_against_a_card_and_a_model(cli, head, home, workplace):
    remembered = {"privacy": [{"ledger_head": head.document()}]}
    (workplace / "model").mkdir()
    (workplace / "model" / "manifest.json").write_text(json.dumps(remembered))
    (workplace / "card.json").write_text(json.dumps(remembered))
    ran = cli("ledger", "verify", "--card", "card.json", "--model", "model")
    assert (ran.code, ran.out) == (0, f"verified: 8 entries, the newest of hash {head.hash}\n")
    newer = {"ledger_head": {"sequence": 9, "hash": "0" * 64}}
    (workplace / "card.json").write_text(json.dumps(newer))
    ran = cli("ledger", "verify", "--card", "card.json")
    assert ran.code == 5
    assert "does not contain entry 9" in ran.err


@pytest.mark.parametrize("content", ["{}", "[", '{"ledger_head": 3}'])
def test_a_card_that_remembers_nothing_is_refused(cli, head, workplace, content):
    (workplace / "card.json").write_text(content)
    assert cli("ledger", "verify", "--card", "card.json").code == 2


def test_a_changed_ledger_is_not_shown(cli, head, home):
    file = home / "ledger" / "ledger.sqlite"
    file.write_bytes(file.read_bytes().replace(b"visits/b", b"visits/x"))
    for command in ("show", "verify", "export"):
        ran = cli("ledger", command)
        assert (ran.code, ran.out) == (5, "")
        assert "ledger entry 2: it was changed" in ran.err
