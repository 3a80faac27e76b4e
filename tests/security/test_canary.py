"""A canary in every cell of the real records: no command, message, log, card or leftover file shows one.

Labels and texts all hold one marked word; numbers and times are near-unique, and each is a canary of its own.
Categories of eleven persons and more are named by design, so that every category here has fewer.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import logging
import os
import re
import tempfile
import traceback
from itertools import cycle
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

from synthrec import api
from synthrec.assets import asset
from synthrec.cli.app import run
from synthrec.errors import SynthrecError
from synthrec.rng import Streams

WORD = "zYx7canary"
ROWS = 600
FIRST = dt.datetime(1961, 1, 1, tzinfo=dt.UTC)

SCHEMA = """\
synthrec: 1
schema: {name: canary, version: 1.0.0, source: {population: birds}}
tables:
  birds:
    person: ring
    primary_key: [visit]
    max_rows_per_person: 2
    columns:
      visit: {kind: id, role: key}
      ring: {kind: id, role: key}
      name: {kind: string, role: direct_identifier}
      note: {kind: text}
      species: {kind: category, domain: {source: learned}, null: {allowed: true}}
      place: {kind: code, domain: {source: learned}}
      weight: {kind: integer, domain: {source: learned}}
      income: {kind: decimal, scale: 2, domain: {source: learned}}
      length: {kind: float, precision: 0.00001, domain: {source: learned}}
      born: {kind: date, domain: {source: learned}}
      seen: {kind: datetime, domain: {source: learned}}
    constraints:
      - {name: heavy, expr: "weight > 0"}
"""


def cells(rng):
    """600 rows of near-unique values as text, the last of them the header's order."""
    ring = [f"{WORD}-ring-{i // 2}" for i in range(ROWS)]
    weights = rng.choice(10**9, ROWS, replace=False) + 86_753_090_000
    incomes = rng.choice(10**8, ROWS, replace=False) + 4_242_000_000
    lengths = rng.choice(10**7, ROWS, replace=False) + 31_337_000_000
    days = rng.choice(20_000, ROWS, replace=False).tolist()
    seconds = rng.choice(10**9, ROWS, replace=False).tolist()
    return {
        "visit": [f"{WORD}-visit-{i}" for i in range(ROWS)],
        "ring": ring,
        "name": [f"{WORD} name {i}" for i in range(ROWS)],
        "note": [f"seen near {WORD} {i}" for i in range(ROWS)],
        "species": [f"{WORD}-species-{i % 120}" if i % 9 else "" for i in range(ROWS)],
        "place": [f"{WORD}{i % 100}" for i in range(ROWS)],
        "weight": [str(value) for value in weights],
        "income": [f"{value // 100}.{value % 100:02d}" for value in incomes],
        "length": [f"{value // 100_000}.{value % 100_000:05d}" for value in lengths],
        "born": [(FIRST.date() + dt.timedelta(days=day)).isoformat() for day in days],
        "seen": [(FIRST + dt.timedelta(seconds=s)).strftime("%Y-%m-%dT%H:%M:%S") for s in seconds],
    }


def write(path, columns):
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


NUMBER = re.compile(r"\d+(?:\.\d+)?")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
NEAR_UNIQUE = ("weight", "income", "length", "seen")


class Canaries:
    """Finds in a text the marked word and every near-unique value, whole or in its usual other writings."""

    def __init__(self, columns):
        values = {value for name in NEAR_UNIQUE for value in columns[name]}
        times = (dt.datetime.fromisoformat(value + "+00:00") for value in columns["seen"])
        seconds = {str(int(time.timestamp())) for time in times}
        self._values = (
            values
            | {value.replace(".", "") for value in values}
            | {str(float(value)) for name in ("income", "length") for value in columns[name]}
            | {value.replace("T", " ") for value in columns["seen"]}
            | seconds
            | {value + "000000" for value in seconds}
        )

    def found(self, text):
        tokens = {*NUMBER.findall(text), *TIME.findall(text)}
        return sorted(tokens & self._values) + [WORD] * (WORD in text)


@pytest.fixture(scope="module")
def birds():
    return cells(np.random.default_rng(1961))


@pytest.fixture
def aviary(tmp_path, monkeypatch, caplog, capfd, birds):
    """An empty working folder beside the real records; all that a run shows or leaves is looked through."""
    caplog.set_level(logging.DEBUG)
    real, work, temporary = tmp_path / "real", tmp_path / "work", tmp_path / "temporary"
    for folder in (real, work, temporary):
        folder.mkdir()
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "root.key").write_bytes(bytes(range(32)))
    (home / "root.key").chmod(0o600)
    monkeypatch.chdir(work)
    monkeypatch.setenv("SYNTHREC_HOME", str(home))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(Streams, "fresh", classmethod(lambda cls: cls(1961)))
    (real / "schema.yaml").write_text(SCHEMA)
    write(real / "birds.csv", birds)
    canaries = Canaries(birds)

    def command(*arguments):
        """Run a command line; nothing that it shows may hold a canary."""
        code = run([str(argument) for argument in arguments])
        caught = capfd.readouterr()
        for text in (caught.out, caught.err, caplog.text):
            assert canaries.found(text) == []
        caplog.clear()
        return SimpleNamespace(code=code, out=caught.out, err=caught.err)

    def refused(call):
        """Make a call that is refused; neither the error nor what led to it may hold a canary."""
        with pytest.raises(SynthrecError) as caught:
            call()
        error = caught.value
        shown = [str(error), repr(error), str(vars(error)), *chained(error)]
        for text in (*shown, caplog.text, *capfd.readouterr()):
            assert canaries.found(text) == []

    return SimpleNamespace(
        real=real, work=work, temporary=temporary, command=command, refused=refused, canaries=canaries
    )


def chained(error):
    """The messages of an error and of all that it came from, with the lines of code of their tracebacks."""
    return traceback.format_exception(error)


def texts(folder):
    """Names and contents of all files in a folder; those that hold compressed records as their cells."""
    for path in sorted(folder.rglob("*")):
        yield path.name, path.name
        if path.suffix == ".parquet":
            yield path.name, str(pq.read_metadata(path).metadata) + str(pq.read_table(path).to_pylist())
        elif path.suffix == ".gz":
            yield path.name, gzip.decompress(path.read_bytes()).decode()
        elif path.is_file():
            yield path.name, path.read_bytes().decode("utf-8", "replace")


def leaks(aviary, folder):
    return {name: found for name, text in texts(folder) if (found := aviary.canaries.found(text))}


STEWARD = "model.steward.html"


def leaks_at_work(aviary):
    """Leaks in all that was written; the steward's report, which only its owner may read, has none either."""
    assert (aviary.work / STEWARD).stat().st_mode & 0o777 == 0o600
    return leaks(aviary, aviary.work)


def test_the_canaries_are_seen_where_they_are(aviary):
    """Without this, silence would say nothing."""
    found = leaks(aviary, aviary.real)
    assert set(found) == {"birds.csv"}
    assert len(found["birds.csv"]) > 4 * ROWS
    assert aviary.canaries.found('{"x": 86753090000}') == []


def test_a_draft_of_a_schema(aviary):
    drafted = aviary.command("schema", "infer", aviary.real / "birds.csv", "-o", "draft.yaml")
    assert drafted.code == 0, drafted.err
    assert leaks(aviary, aviary.work) == {}
    shown = aviary.command("schema", "infer", aviary.real / "birds.csv")
    assert "weight" in shown.out
    assert aviary.command("schema", "check", "draft.yaml").code in {0, 2}
    assert leaks(aviary, aviary.temporary) == {}


MODES = {"words": [()], "json": [("--json",)]} if "TORTURE" in os.environ else {"in turn": [(), ("--json",)]}


@pytest.mark.parametrize("modes", MODES.values(), ids=MODES)
def test_fit_sample_audit_and_card(aviary, modes):
    """600 records are too few for an approval, so that every way of refusing is gone, too."""
    mode = cycle(modes)
    real = aviary.real / "birds.csv"
    fitted = aviary.command("fit", aviary.real / "schema.yaml", real, "-o", "model", *next(mode))
    assert fitted.code == 3, fitted.err
    names = {"manifest.json", "schema.yaml", "model.safetensors", "approval.json"}
    assert {path.name for path in (aviary.work / "model").iterdir()} == names
    assert aviary.command("sample", "model", "-n", "50", "-o", "out", *next(mode)).code == 3
    assert aviary.command("sample", "model", "-n", "50", "--real", real, "-o", "out", *next(mode)).code == 3
    where = ("--where", "weight > 86753090000")
    assert (
        aviary.command("sample", "model", "-n", "50", *where, "--real", real, "-o", "out", *next(mode)).code
        == 3
    )
    assert aviary.command("audit", "model", "--real", real, *next(mode)).code == 3
    drafted = (
        "sample",
        "model",
        "-n",
        "400",
        "--draft",
        "--format",
        "parquet,csv",
        "-o",
        "draft",
        *next(mode),
    )
    assert aviary.command(*drafted).code == 0
    assert {path.name for path in aviary.work.iterdir()} == {"model", "draft", STEWARD}
    assert leaks_at_work(aviary) == {}
    assert list(aviary.temporary.iterdir()) == []


def tolerant(text):
    """A policy or profile with every limit at its loosest, for which somebody answers."""
    loose = re.sub(r"\blimit: 0\.\d+", "limit: 1", re.sub(r"\b(minimum|least): 0\.\d+", r"\1: 0.0001", text))
    return re.sub(
        r"(?m)^(policy|profile):$", r"\1:\n  loosened: {by: keeper, reason: to see the cards}", loose
    )


def test_an_export_and_its_card(aviary):
    """Under rules of the house that tolerate all, records of this model are exported."""
    for kind, name in (("privacy", "policies/default.yaml"), ("validation", "profiles/default.yaml")):
        (aviary.work / f"{kind}.yaml").write_text(tolerant(asset(kind, name).read_text()))
    real, rules = aviary.real / "birds.csv", ("--policy", "privacy.yaml", "--profile", "validation.yaml")
    rows = ("--release-rows", "5000")
    fitted = aviary.command("fit", aviary.real / "schema.yaml", real, "-o", "model", *rows, *rules)
    assert fitted.code == 0, fitted.err
    both = ("--format", "parquet,csv", "--gx")
    sampled = aviary.command("sample", "model", "-n", "300", *both, "-o", "out", *rules)
    assert sampled.code == 0, sampled.err
    names = {"birds.parquet", "birds.csv", "card.json", "card.md", "card.html", "report.html", "gx"}
    assert {path.name for path in (aviary.work / "out").iterdir()} == names
    assert aviary.command("card", "show", "out").code == 0
    assert aviary.command("card", "verify", "out", "--model", "model").code == 0
    assert leaks_at_work(aviary) == {}
    card = json.loads((aviary.work / "out" / "card.json").read_text())
    assert card["decision"]["verdict"] == "pass"


BAD_CELLS = {
    "weight": f"{WORD}",
    "income": "86753090001.999",
    "length": "1e400",
    "born": f"31/12/{WORD}",
    "seen": "yesterday",
    "ring": "",
}


@pytest.mark.parametrize("column", BAD_CELLS)
def test_a_fit_on_bad_cells(aviary, birds, column):
    spoilt = birds | {column: [BAD_CELLS[column], *birds[column][1:]]}
    path = write(aviary.real / "bad.csv", spoilt)
    for mode in ((), ("--json",)):
        ran = aviary.command("fit", aviary.real / "schema.yaml", path, "-o", "model", *mode)
        assert ran.code == 2, ran.err
    aviary.refused(lambda: api.fit(aviary.real / "schema.yaml", path, out="model"))
    assert list(aviary.work.iterdir()) == []
    assert list(aviary.temporary.iterdir()) == []


def test_validation_and_audit_of_files(aviary, birds):
    """The files themselves are real records here: the worst that can be handed in."""
    stated = SCHEMA.replace(
        "kind: code, domain: {source: learned}", "kind: code, domain: {values: [A], source: public}"
    )
    (aviary.real / "stated.yaml").write_text(stated.replace("weight > 0", "weight < 0"))
    real, other = aviary.real / "birds.csv", aviary.real / "other.csv"
    renamed = {name: [value.replace(WORD, WORD + "-other") for value in birds[name]] for name in birds}
    write(other, renamed)
    for mode in ((), ("--json",)):
        assert aviary.command("validate", real, "--schema", aviary.real / "stated.yaml", *mode).code == 3
        assert aviary.command("validate", real, "--schema", aviary.real / "stated.yaml", "--gx").code == 3
        pair = ("--train", real, "--holdout", other, *mode)
        assert aviary.command("audit", real, "--schema", aviary.real / "schema.yaml", *pair).code == 3
        same = ("--train", real, "--holdout", real, *mode)
        assert aviary.command("audit", real, "--schema", aviary.real / "schema.yaml", *same).code == 2
    assert leaks(aviary, aviary.temporary) == {}


def test_an_internal_fault_says_where_and_not_what(aviary, monkeypatch):
    """Foreign words may quote data, so that none of them are shown."""

    def broken(*_args, **_options):
        raise ValueError(f"cannot convert {WORD}")

    monkeypatch.setattr("synthrec.runs.fitting.judge_draw", broken)
    for mode in ((), ("--json",)):
        ran = aviary.command(
            "fit", aviary.real / "schema.yaml", aviary.real / "birds.csv", "-o", "model", *mode
        )
        assert ran.code == 1
        assert "internal error: ValueError" in ran.err
    assert list(aviary.work.iterdir()) == []
