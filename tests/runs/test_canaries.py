"""A canary in every cell of the real records is in nothing that leaves the steward, nor in any trace."""

import logging
import re
import tempfile

import numpy as np
import pytest

from synthrec import api
from synthrec.cli.app import run
from synthrec.errors import UserError

SCHEMA = """\
synthrec: 1
schema: {name: aviary, version: 1.0.0, source: {population: birds}}
tables:
  birds:
    person: ring
    max_rows_per_person: 1
    columns:
      ring: {kind: id, role: key}
      name: {kind: category, role: quasi_identifier, domain: {source: learned}}
      hatched: {kind: date, domain: {source: learned}}
      weight: {kind: float, domain: {source: learned}}
      wards: {kind: integer, domain: {source: learned}}
"""
ROWS = 8_000


def canaries(path):
    """Every cell is of one bird only, and can be told from whatever else is written."""
    rng = np.random.default_rng(0)
    days = np.datetime64("1801-01-01") + rng.permutation(ROWS * 9)[:ROWS]
    weights = 7_000_000 + rng.permutation(ROWS) + 0.4242
    wards = 93_000_000_000 + 1_003 * rng.permutation(ROWS)
    cells = [
        (f"ring-c4n4ry-{i}", f"name-c4n4ry-{i}", str(days[i]), f"{weights[i]:.4f}", str(wards[i]))
        for i in range(ROWS)
    ]
    path.write_text("\n".join(["ring,name,hatched,weight,wards", *map(",".join, cells)]) + "\n")
    return path, {cell for row in cells for cell in row}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A fit, a draw that is refused or not, an audit, and a fit of a file with a fault: all they left."""
    folder = tmp_path_factory.mktemp("aviary")
    (folder / "aviary.yaml").write_text(SCHEMA)
    data, cells = canaries(folder / "birds.csv")
    broken = folder / "broken.csv"
    broken.write_text(data.read_text().replace("7000017.4242", "name-c4n4ry-heavy"))
    seen = []
    temporary = folder / "tmp"
    temporary.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        patch.setenv("SYNTHREC_DEBUG", "")
        patch.setattr(tempfile, "tempdir", str(temporary))
        handler = logging.Handler()
        handler.emit = lambda record: seen.append(record.getMessage())
        logging.getLogger().addHandler(handler)
        logging.getLogger().setLevel(logging.DEBUG)
        fitted = api.fit(folder / "aviary.yaml", data, out=folder / "model", home=folder / "home")
        made = api.sample(fitted.model, 6_000, seed=3, out=folder / "out", real=data, home=folder / "home")
        seen.append(repr(made.decision.reasons) + repr(fitted.decision.reasons) + repr(made.notes))
        for spoilt in (broken, folder / "absent.csv"):
            with pytest.raises(UserError) as caught:
                api.fit(folder / "aviary.yaml", spoilt, out=folder / "other", home=folder / "home")
            seen.append(str(caught.value) + repr(caught.value))
        logging.getLogger().removeHandler(handler)
    return folder, cells, seen, made


def found(text, cells):
    words = set(re.findall(r"[\w.\-]+", text)) & cells
    return words | ({"c4n4ry"} if "c4n4ry" in text else set())


def test_nothing_is_said_of_them(told):
    _, cells, seen, _ = told
    assert not found("\n".join(seen), cells)


def test_no_temporary_file_is_left(told):
    folder, *_ = told
    assert list((folder / "tmp").rglob("*")) == []
    assert not list(folder.glob(".*"))


def test_cards_and_reports_are_free_of_them(told):
    folder, cells, _, made = told
    pages = [path for path in (folder / "out").rglob("*") if path.suffix in {".json", ".md", ".html"}]
    assert made.approved, made.decision.reasons
    assert len(pages) >= 4
    for path in pages:
        assert not found(path.read_text(), cells), path.name


def test_the_stewards_report_names_no_bird(told):
    folder, *_ = told
    assert "c4n4ry" not in (folder / "model.steward.html").read_text()


def test_the_model_and_ledger_name_no_bird(told):
    folder, *_ = told
    for path in [*(folder / "model").iterdir(), *(folder / "home").rglob("*")]:
        assert not path.is_file() or b"c4n4ry" not in path.read_bytes(), path.name


def test_a_command_with_a_traceback_asked_for_tells_no_cell(told, capfd, monkeypatch):
    folder, cells, *_ = told
    monkeypatch.setenv("SYNTHREC_HOME", str(folder / "home"))
    arguments = ["fit", str(folder / "aviary.yaml"), str(folder / "broken.csv"), "-o", str(folder / "x")]
    assert run(arguments) == 2
    written = capfd.readouterr()
    assert not found(written.out + written.err, cells)
