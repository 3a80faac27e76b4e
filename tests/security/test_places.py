"""Where commands write: never over what they read or through a link, and with the modes that are promised."""

from __future__ import annotations

import os
import stat

import pytest

from synthrec.cli.app import run, spare_owner
from synthrec.data.keys import open_keys

RULES = """\
synthrec: 1
schema: {name: made, version: 1.0.0}
tables:
  visits:
    one_row_per_person: true
    columns:
      age:
        kind: integer
        domain: {min: 0, max: 99, source: public}
        generate: {dist: {name: normal, mean: 50, sd: 20}}
"""
RECORDS = "age\n" + "".join(f"{age}\n" for age in range(40))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a schema and records, where commands work."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHREC_HOME", str(tmp_path / "home"))
    (tmp_path / "made.yaml").write_text(RULES)
    (tmp_path / "data.csv").write_text(RECORDS)
    return tmp_path


OVER_INPUT = {
    "a draft": ("schema", "infer", "data.csv", "-o", "data.csv"),
    "a draft by another name": ("schema", "infer", "data.csv", "-o", "./data.csv"),
    "a draft by a hard link": ("schema", "infer", "data.csv", "-o", "same.csv"),
    "a graph": ("schema", "graph", "made.yaml", "-o", "made.yaml"),
    "another format": ("schema", "export", "made.yaml", "--to", "sdv", "-o", "made.yaml"),
    "an import": ("schema", "import", "made.yaml", "-o", "made.yaml"),
}


@pytest.mark.parametrize("what", OVER_INPUT)
def test_what_is_read_is_not_replaced(place, capfd, what):
    os.link("data.csv", "same.csv")
    assert run([*OVER_INPUT[what], "--force"]) == 2
    assert "is what is read" in capfd.readouterr().err
    assert (place / "data.csv").read_text() == RECORDS
    assert (place / "made.yaml").read_text() == RULES


THROUGH_LINK = {
    "a draft": ("schema", "infer", "data.csv", "-o", "link", "--force"),
    "an export of the ledger": ("ledger", "export", "-o", "link", "--force"),
    "a sample": ("sample", "made.yaml", "-n", "5", "-o", "link", "--force"),
    "a fit": ("fit", "made.yaml", "data.csv", "-o", "link", "--force"),
    "a report": ("audit", "data.csv", "--real", "data.csv", "--report", "link"),
}


@pytest.mark.parametrize("target", ["thesis.txt", "nowhere", "home"])
@pytest.mark.parametrize("what", THROUGH_LINK)
def test_no_link_is_followed(place, what, target):
    open_keys(place / "home", create=True)
    (place / "thesis.txt").write_text("years of work")
    (place / "link").symlink_to(place / target)
    assert run(THROUGH_LINK[what]) == 2
    assert (place / "link").is_symlink()
    assert (place / "thesis.txt").read_text() == "years of work"
    assert not (place / "nowhere").exists()


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o277], ids=oct)
def test_modes_under_any_umask(place, umask):
    """The umask takes from others alone; what is private is so under any."""

    def modes(folder):
        return {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}

    before = os.umask(umask)
    try:
        spare_owner()
        assert run(("schema", "infer", "data.csv", "-o", "draft.yaml")) == 0
        assert run(("sample", "made.yaml", "-n", "5", "-o", "out", "--format", "parquet,csv")) == 0
    finally:
        os.umask(before)
    shared = 0o666 & ~(umask & 0o077)
    assert modes(place / "home") == {0o600}
    assert stat.S_IMODE((place / "home").stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "draft.yaml").stat().st_mode) == shared
    assert modes(place / "out") == {shared}
    assert stat.S_IMODE((place / "out").stat().st_mode) == 0o777 & ~(umask & 0o077)


def test_a_folder_that_cannot_be_written_is_told_before_any_work(place, monkeypatch, capfd):
    monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)
    for words in (
        ("sample", "made.yaml", "-n", "5", "-o", "out"),
        ("fit", "made.yaml", "data.csv", "-o", "out"),
    ):
        assert run(words) == 2
        assert "not writable" in capfd.readouterr().err
