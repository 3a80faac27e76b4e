"""`synthrec key`, `card sign` and `card verify`, as a user calls them."""

import json

import pytest

from synthrec.cli import passphrases
from synthrec.cli.app import run

WORDS = "correct horse battery"

SCHEMA = """\
synthrec: 1
schema: {name: visits, version: 1.0.0}
tables:
  visit:
    person: visit_id
    max_rows_per_person: 1
    primary_key: [visit_id]
    columns:
      visit_id: {kind: id, role: key, generate: {sequence: {prefix: V, width: 4}}}
"""


@pytest.fixture
def call(capfd, monkeypatch, tmp_path):
    """``call("key", ...)``: exit code, stdout and stderr of a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SYNTHREC_KEY_PASSPHRASE", WORDS)
    (tmp_path / "visits.yaml").write_text(SCHEMA)

    def command(*arguments):
        code = run([str(argument) for argument in arguments])
        caught = capfd.readouterr()
        return code, caught.out, caught.err

    return command


@pytest.fixture
def typed(monkeypatch):
    """``typed("a", "b")``: what a user types at the terminal; returns the prompts, as they come."""

    def answer(*words):
        left, asked = iter(words), []
        monkeypatch.delenv("SYNTHREC_KEY_PASSPHRASE")
        monkeypatch.setattr(passphrases.sys.stdin, "isatty", lambda: True, raising=False)

        def hidden(prompt):
            asked.append(prompt)
            return next(left)

        monkeypatch.setattr("click.termui.hidden_prompt_func", hidden)
        return asked

    return answer


def test_a_key_from_making_it_to_trusting_it(call, tmp_path, monkeypatch):
    code, made, _ = call("key", "new", "acme", "--expires", "2099-01-31")
    assert code == 0
    assert "good until 2099-01-31" in made
    assert call("sample", "visits.yaml", "-n", 3, "-o", "out", "--sign", "acme")[0] == 0
    _, public, _ = call("key", "show", "acme", "--public")
    (tmp_path / "acme.json").write_text(public)
    monkeypatch.setenv("SYNTHREC_HOME", str(tmp_path / "receiver"))
    code, _, error = call("card", "verify", "out")
    assert code == 5
    assert "synthrec key trust FILE" in error
    assert call("card", "verify", "out", "--key", "acme.json")[0] == 0
    code, trusted, _ = call("key", "trust", "acme.json", "--name", "their-key")
    assert code == 0
    assert trusted.splitlines()[1] == made.splitlines()[1]
    code, text, _ = call("card", "verify", "out", "--signed")
    assert code == 0
    assert "signed by: their-key, key sha256:" in text
    assert "their-key: trusted" in call("key", "show")[1]
    assert call("key", "distrust", "their-key")[0] == 0
    assert call("card", "verify", "out")[0] == 5


def test_the_kinds_of_all_faults_in_json(call, tmp_path):
    call("key", "new", "acme")
    call("sample", "visits.yaml", "-n", 3, "-o", "out")
    code, text, _ = call("card", "verify", "out")
    assert (code, "not signed" in text) == (0, True)
    assert call("card", "sign", "out", "--key", "acme")[0] == 0
    (tmp_path / "out/card.md").write_text("")
    (tmp_path / "out/notes.txt").write_text("")
    code, document, error = call("card", "verify", "out", "--json")
    assert code == 5
    told = json.loads(document)["error"]
    assert told["type"] == "VerificationError"
    assert [breach["kind"] for breach in told["breaches"]] == ["changed_page", "added_file"]
    assert len(error.splitlines()) == 2


def test_signatures_demanded_for_good(call, tmp_path):
    call("sample", "visits.yaml", "-n", 3, "-o", "out")
    (tmp_path / "synthrec.toml").write_text("[card.verify]\nsigned = true\n")
    code, _, error = call("card", "verify", "out")
    assert code == 5
    assert "no signature, and one was demanded" in error


def test_a_passphrase_is_typed_twice_and_never_shown(call, typed):
    asked = typed(WORDS, "another one entirely", WORDS, WORDS, WORDS)
    code, out, error = call("key", "new", "acme")
    assert code == 0
    assert WORDS not in out + error
    assert "do not match" in error
    assert len(asked) == 4
    assert call("sample", "visits.yaml", "-n", 3, "-o", "out", "--sign", "acme")[0] == 0
    assert asked[-1].startswith("Passphrase of acme")


def test_a_wrong_passphrase(call, typed, tmp_path):
    call("key", "new", "acme")
    typed("correct horse batterx")
    code, _, error = call("sample", "visits.yaml", "-n", 3, "-o", "out", "--sign", "acme")
    assert code == 2
    assert "passphrase" in error
    assert "batterx" not in error
    assert not (tmp_path / "out").exists()


def test_no_terminal_to_ask_on(call, monkeypatch):
    monkeypatch.delenv("SYNTHREC_KEY_PASSPHRASE")
    code, _, error = call("key", "new", "acme")
    assert code == 2
    assert "set SYNTHREC_KEY_PASSPHRASE" in error


@pytest.mark.parametrize(
    "arguments",
    [
        ("key", "new", "Acme"),
        ("key", "show", "acme"),
        ("key", "show", "--public"),
        ("key", "trust", "visits.yaml"),
        ("key", "distrust", "acme"),
        ("sample", "visits.yaml", "-n", "3", "-o", "out", "--sign", "acme"),
        ("card", "sign", ".", "--key", "acme"),
    ],
)
def test_a_wrong_name_or_file(call, tmp_path, arguments):
    code, _, error = call(*arguments)
    assert code == 2
    assert "internal error" not in error
    assert not (tmp_path / "out").exists()


def test_no_keys_yet(call):
    assert call("key", "show")[:2] == (0, "no keys yet\n")
