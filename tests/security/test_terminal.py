"""Names that would steer a terminal: spelt out in whatever a command prints."""

from __future__ import annotations

import pytest

from synthrec.cli.app import run
from synthrec.cli.visible import visible

ESCAPE, TITLE, ONE_BYTE, TURNED = "\x1b[2J", "\x1b]0;owned\x07", "\x9b31m", "\u202egnp.exe"
HOSTILE = (ESCAPE, TITLE, ONE_BYTE, TURNED)

SCHEMA = """\
synthrec: 1
schema: {name: made, version: 1.0.0}
tables:
  visits:
    one_row_per_person: true
    columns:
      age: {kind: integer, domain: {min: 0, max: 99, source: public}}
"""


def steering(text):
    """Characters that have no business in a terminal."""
    return {sign for sign in text if not sign.isprintable()} - {"\n", "\t"}


@pytest.fixture
def shown(tmp_path, monkeypatch, capfd):
    """``shown("fit", ...)``: run a command line in an empty folder; all that it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHREC_HOME", str(tmp_path / "home"))

    def call(*arguments):
        run(arguments)
        caught = capfd.readouterr()
        return caught.out + caught.err

    return call


def test_printable_text_stays_as_it_is():
    assert visible("Größe\t年齢 👩‍⚕️\n") == "Größe\t年齢 👩‍⚕️\n"
    assert visible(ESCAPE + TURNED) == r"\x1b[2J\u202egnp.exe"


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_column_of_a_data_file(tmp_path, shown, name):
    (tmp_path / "made.yaml").write_text(SCHEMA)
    (tmp_path / "data.csv").write_text(f'age,"{name}"\n1,2\n3,4\n')
    for mode in ((), ("--json",)):
        said = shown("validate", "data.csv", "--schema", "made.yaml", *mode)
        assert "left out 1 column" in said
        assert steering(said) == set()
        assert steering(shown("schema", "infer", "data.csv", *mode)) == set()


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_of_a_file(tmp_path, shown, name):
    said = shown("schema", "check", f"{name}.yaml") + shown("audit", name, "--real", name)
    assert name.strip("\x1b\x9b\u202e\x07")[-3:] in said
    assert steering(said) == set()


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_in_a_schema(tmp_path, shown, name):
    quoted = '"' + name.encode("unicode_escape").decode() + '"'
    (tmp_path / "made.yaml").write_text(SCHEMA.replace("name: made", f"name: made, description: {quoted}"))
    for command in (("check",), ("show",), ("lint",)):
        assert steering(shown("schema", *command, "made.yaml")) == set()
    (tmp_path / "made.yaml").write_text(SCHEMA.replace("age:", f"{quoted}:"))
    for command in (("check",), ("show",), ("lint",)):
        assert steering(shown("schema", *command, "made.yaml")) == set()
    (tmp_path / "data.csv").write_text("age\n1\n")
    assert steering(shown("validate", "data.csv", "--schema", "made.yaml")) == set()
