"""A user's own licensed code tables: kept with licence and digest, drawn from, on the card, never quoted."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

import synthrec
from synthrec import terminologies
from synthrec.cli.app import root, run
from synthrec.errors import InputError, SchemaError, VerificationError
from synthrec.schema.load import parse_schema

CSV = "code,label,weight\nAX-1,First thing,3\nAX-2,Second thing,1\nAX-3,Third thing,0\n"
SCHEMA = """\
synthrec: 1
schema: {name: own_codes}
tables:
  t:
    one_row_per_person: true
    columns:
      id: {kind: id, role: key, generate: {sequence: {prefix: A, width: 9}}}
      dx: {kind: code, role: sensitive, generate: {terms: {name: ax, version: "2024"}}}
      same: {kind: boolean, generate: {expr: "dx == _dx"}}
    generate:
      helpers:
        _dx: {kind: code, generate: {terms: {name: ax, version: "2024"}}}
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNTHREC_HOME", str(tmp_path / "home"))
    (tmp_path / "codes.csv").write_text(CSV, "utf-8")
    return tmp_path / "home"


def added(home, text=CSV, **said):
    path = home.parent / "codes.csv"
    path.write_text(text, "utf-8")
    words = {"name": "ax", "version": "2024", "title": "Axis codes", "licence": "of the society"} | said
    return synthrec.terms_add(path, **words)


def test_a_table_is_kept_with_its_licence_and_digest(home):
    assert synthrec.terms_list() == ()
    made = added(home)
    assert (made.codes, made.title, made.licence) == (3, "Axis codes", "of the society")
    assert synthrec.terms_list() == (made,)
    (file,) = (home / "terminologies").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert added(home, licence="another").digest != made.digest
    assert added(home, CSV.replace(",3", ",4")).digest != made.digest
    assert len(synthrec.terms_list()) == 1
    added(home, version="2025")
    assert [entry.version for entry in synthrec.terms_list()] == ["2024", "2025"]


@pytest.mark.parametrize("label", ["x" * 2_000, "\x01" * 400])
def test_a_table_that_could_not_be_read_again_is_not_kept(home, monkeypatch, label):
    """Control characters are six times as long in JSON."""
    monkeypatch.setattr(terminologies, "MAX_BYTES", 1_500)
    with pytest.raises(InputError, match="bytes"):
        added(home, f"code,label\nAX-1,{label}\n")
    assert not home.exists()


def test_the_home_that_it_makes_is_closed_to_others(home):
    before = os.umask(0)
    try:
        added(home)
    finally:
        os.umask(before)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (home, home / "terminologies"))


def test_columns_draw_from_it_and_the_card_names_it(home, tmp_path):
    made = added(home)
    schema = parse_schema(SCHEMA)
    assert schema.tables["t"].columns["dx"].domain.labels == ("AX-1", "AX-2", "AX-3")
    report = synthrec.sample(schema, 4_000, out=tmp_path / "out", seed=3)
    assert report.approved
    card = synthrec.read_card(tmp_path / "out")
    (system,) = card.record_schema.citations.code_systems.values()
    assert system.title == f"Axis codes, version 2024 ({made.digest})"
    assert system.licence == "of the society"
    import pyarrow.parquet as pq  # noqa: PLC0415

    codes = pq.read_table(tmp_path / "out" / "t.parquet")["dx"].to_pylist()
    # Five binomial standard errors of 3/4 at n = 4,000; a weight of 0 is never drawn.
    assert abs(codes.count("AX-1") / 4_000 - 0.75) <= 5 * (0.75 * 0.25 / 4_000) ** 0.5
    assert set(codes) == {"AX-1", "AX-2"}


def test_a_table_without_weights_is_drawn_evenly(home):
    added(home, "code,label\nA,one\nB,two\n")
    generate = parse_schema(SCHEMA).tables["t"].columns["dx"].generate
    assert generate["category"]["weights"] == {"A": 1, "B": 1}


def test_a_table_that_is_not_there_is_one_clear_error(home):
    with pytest.raises(SchemaError) as caught:
        parse_schema(SCHEMA)
    first, _ = caught.value.faults
    assert (first.line, first.found) == (8, "no code table 'ax' of version '2024' here")
    assert "synthrec terms add FILE --name ax --version 2024" in first.repair
    assert first.repair.endswith("there are: none")
    added(home, version="2023")
    with pytest.raises(SchemaError, match="there are: ax 2023"):
        parse_schema(SCHEMA)


@pytest.mark.parametrize("said", ["ax", "{name: ax}", '{name: ax, version: "2024", more: 1}', "[ax]"])
def test_a_table_is_called_by_name_and_version(home, said):
    added(home)
    with pytest.raises(SchemaError, match="no name and version of a code table"):
        parse_schema(SCHEMA.replace('{name: ax, version: "2024"}', said, 1))


@pytest.mark.parametrize("name", ["../ax", "ax@2024", "", "a/b"])
def test_a_name_leads_to_no_other_folder(home, name):
    added(home)
    assert terminologies.find(home, name, "2024") is None
    assert terminologies.find(home, "ax", name) is None
    with pytest.raises(InputError, match="cannot be used"):
        added(home, name=name)


@pytest.mark.parametrize("title", [" ", "a\x1b[2Jb", "two\nlines"])
def test_a_title_stands_in_one_line(home, title):
    with pytest.raises(InputError, match="a title that cannot be shown"):
        added(home, title=title)


def test_a_pipe_is_not_waited_for(home, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="no such file"):
        synthrec.terms_add(tmp_path / "pipe", name="ax", version="1", licence="x")


@pytest.mark.parametrize(
    ("text", "lines", "found"),
    [
        ("", [1], "no codes"),
        ("code,label\n", [1], "no codes"),
        ("code,name\nSECRET,x\n", [1], "2 other columns"),
        ("code,label\nSECRET,x\nSECRET,y\n,z\n", [3, 4], "the code of line 2"),
        ("code,label,weight\nSECRET,x,-1\nB,y,many\nC,z,nan\n", [1, 2, 3, 4], "a weight that is no number"),
        ("code,label,weight\nSECRET,x,0\n", [1], "weights that are all 0"),
        ("code,label\nSECRET\n", [2], "no code, no label"),
        ("code,label\nSECRET,x, and y\nB,y,z\n", [2, 3], "more cells than the header has"),
        ("code,label\nSE\x1b[2JCRET,x\n", [2], "a code that cannot be shown"),
    ],
)
def test_all_faults_of_a_file_are_told_without_its_codes(home, text, lines, found):
    with pytest.raises(InputError) as caught:
        added(home, text)
    assert [fault.line for fault in caught.value.faults] == lines
    assert found in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert not (home / "terminologies").exists()


def test_bytes_that_are_no_text_are_refused(home):
    (home.parent / "codes.csv").write_bytes(b"code,label\n\xff\xfe,x\n")
    with pytest.raises(InputError, match="cannot be read"):
        synthrec.terms_add(home.parent / "codes.csv", name="ax", version="1", licence="x")


@pytest.mark.parametrize(
    ("old", "new"),
    [('"AX-1"', '"AX-9"'), ('"of the society"', '"free"'), ('"digest"', '"digset"'), ("]", "")],
)
def test_a_table_that_was_changed_is_not_believed(home, old, new):
    added(home)
    (file,) = (home / "terminologies").iterdir()
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(VerificationError, match=r"ax@2024\.json is not as it was added"):
        parse_schema(SCHEMA)
    with pytest.raises(VerificationError):
        synthrec.terms_list()


def test_the_commands(home, capsys):
    (home.parent / "licence.txt").write_text("Clause 1\n", "utf-8")
    words = ["terms", "add", str(home.parent / "codes.csv"), "--name", "ax", "--version", "2024"]
    done = CliRunner().invoke(root, [*words, "--licence-file", str(home.parent / "licence.txt")])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("added: ax 2024: ax, 3 codes, sha256:")
    assert run(["terms", "list", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["terminologies"]
    assert (entry["name"], entry["licence"]) == ("ax", "Clause 1\n")
    assert run(words) == 2
    assert "under which licence" in capsys.readouterr().err
