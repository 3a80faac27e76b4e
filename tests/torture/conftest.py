"""A small town with a model to break, a disk that fails when told to, and how often to try.

``make torture`` sets ``TORTURE``, and every test then does all of what it does a part of otherwise.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from synthrec import api
from synthrec.cli.app import run
from synthrec.data.keys import open_keys
from synthrec.generators.store import read_model
from synthrec.release.approval import Terms, read_approval, sign, write_approval

SCHEMA = """\
synthrec: 1
schema: {name: town, version: 1.0.0, source: {population: one town}}
tables:
  people:
    person: person
    max_rows_per_person: 1
    columns:
      person: {kind: id, role: key}
      age: {kind: integer, domain: {min: 0, max: 99, source: public}}
      sex: {kind: category, domain: {values: [F, M], source: public}}
"""

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
      sex:
        kind: category
        domain: {values: [F, M], source: public}
        generate: {category: {weights: {F: 1, M: 1}}}
"""
PERSONS = 120


@pytest.fixture(scope="session")
def amount() -> Callable[[int, int], int]:
    """``amount(few, many)``: how many in a test, and how many under ``make torture``."""
    return lambda few, many: many if os.environ.get("TORTURE") else few


@pytest.fixture(scope="session")
def some(amount) -> Callable[[Sequence[int], int], list[int]]:
    """``some(steps, few)``: that many of them, evenly spread; all under ``make torture``."""

    def chosen(steps: Sequence[int], few: int) -> list[int]:
        count = min(len(steps), amount(few, len(steps)))
        return [steps[index] for index in np.linspace(0, len(steps) - 1, count).round().astype(int)]

    return chosen


@dataclass(frozen=True)
class Town:
    """A folder with records, schemas, a home that has a ledger, and an approved model."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def model(self) -> Path:
        return self.folder / "model"

    def copied(self, to: Path) -> Town:
        return Town(Path(shutil.copytree(self.folder, to)))


def approve(model: Path, home: Path) -> None:
    """Give a model the approval that so few persons never earn."""
    keys = open_keys(home, create=False)
    given = read_approval(model, keys, model_digest=read_model(model).digest)
    assert given is not None
    terms = {name: getattr(given, name) for name in Terms.model_fields} | {"verdict": "pass", "results": ()}
    write_approval(model, sign(Terms.model_validate(terms), keys))


@pytest.fixture(scope="session")
def town(tmp_path_factory) -> Town:
    """The town; tests break copies of it."""
    folder = tmp_path_factory.mktemp("torture") / "town"
    folder.mkdir()
    rng = np.random.default_rng(0)
    ages = rng.integers(0, 100, PERSONS)
    lines = [f"p{number},{age},{'FM'[age % 2]}" for number, age in enumerate(ages)]
    (folder / "people.csv").write_text("\n".join(["person,age,sex", *lines]) + "\n")
    (folder / "town.yaml").write_text(SCHEMA)
    (folder / "rules.yaml").write_text(RULES)
    place = Town(folder)
    api.fit(folder / "town.yaml", folder / "people.csv", out=place.model, home=place.home)
    approve(place.model, place.home)
    return place


# --- a disk that fails ------------------------------------------------------------------------------------

SPACE = {"write", "create", "mkdir", "link", "statement"}
"""What needs room on a disk."""


class Disk:
    """Counts what is asked of a disk; refuses one request, or from one on all that need room."""

    def __init__(self, fail_at: int = 0, error: int = errno.EIO) -> None:
        self.requests: list[str] = []
        self.refused = 0
        self._fail_at, self._error = fail_at, error

    def request(self, kind: str, name: object = None) -> None:
        """Grant or refuse a request."""
        if self._error == errno.ENOSPC and kind not in SPACE:
            return
        self.requests.append(kind)
        due = len(self.requests) == self._fail_at
        full = self._error == errno.ENOSPC and 0 < self._fail_at < len(self.requests)
        if due or full:
            self.refused += 1
            place = (str(name),) if isinstance(name, str | Path) else ()
            raise OSError(self._error, os.strerror(self._error), *place)


class Connection(sqlite3.Connection):
    """A connection whose statements are requests to the disk, but for the one that takes others back."""

    disk: Disk

    def execute(self, statement, *rest):
        if not statement.startswith(("SELECT", "ROLLBACK", "PRAGMA user_version")):
            try:
                self.disk.request("statement")
            except OSError as refused:
                full = refused.errno == errno.ENOSPC
                error = sqlite3.OperationalError("database or disk is full" if full else "disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL if full else sqlite3.SQLITE_IOERR
                raise error from None
        return super().execute(statement, *rest)


def failing_open(disk: Disk) -> Callable[..., io.IOBase]:
    """As `open`; every write to the disk behind the buffers is a request."""
    true_open = io.open

    class Raw(io.FileIO):
        def write(self, data):
            disk.request("write")
            return super().write(data)

    def opened(file, mode="r", *rest, **named):
        if not set(mode) & set("wax+"):
            return true_open(file, mode, *rest, **named)
        given = (
            dict(zip(("buffering", "encoding", "errors", "newline", "closefd"), rest, strict=False)) | named
        )
        if not isinstance(file, int):
            disk.request("create", file)
        raw = Raw(
            file, mode.replace("b", "").replace("t", ""), given.get("closefd", True), given.get("opener")
        )
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        texts = {name: given.get(name) for name in ("errors", "newline")}
        return io.TextIOWrapper(buffered, given.get("encoding") or "utf-8", **texts)

    return opened


CALLS = {
    "fsync": (os, "fsync"),
    "replace": (os, "replace"),
    "rename": (os, "rename"),
    "link": (os, "link"),
    "mkdir": (os, "mkdir"),
    "chmod": (os, "chmod"),
    "fchmod": (os, "fchmod"),
    "flock": (fcntl, "flock"),
}


@contextmanager
def failing(disk: Disk) -> Iterator[None]:
    """All of Python's ways to change a disk ask `disk` within; removing a file never fails."""

    def asks(kind: str, function):
        def called(*values, **named):
            disk.request(kind, values[0] if values else None)
            return function(*values, **named)

        return called

    true_open = os.open

    def os_open(path, flags, *rest, **named):
        if flags & os.O_CREAT:
            disk.request("create", path)
        return true_open(path, flags, *rest, **named)

    kind = type("Connection", (Connection,), {"disk": disk})
    connect, opened = sqlite3.connect, failing_open(disk)
    with pytest.MonkeyPatch.context() as patch:
        for name, (owner, attribute) in CALLS.items():
            patch.setattr(owner, attribute, asks(name, getattr(owner, attribute)))
        patch.setattr(os, "open", os_open)
        patch.setattr(io, "open", opened)
        patch.setattr(builtins, "open", opened)
        patch.setattr(sqlite3, "connect", lambda *values, **named: connect(*values, **named, factory=kind))
        yield


@dataclass(frozen=True)
class Ran:
    """What a command line came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(capfd, monkeypatch, tmp_path) -> Callable[..., Ran]:
    """``command(town, disk, "fit", ...)``: run a command line in the folder of a town, on a disk."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.delenv("SYNTHREC_LEDGER", raising=False)

    def call(place: Town, disk: Disk | None, *arguments: str) -> Ran:
        monkeypatch.chdir(place.folder)
        monkeypatch.setenv("SYNTHREC_HOME", str(place.home))
        capfd.readouterr()
        if disk is None:
            code = run(arguments)
        else:
            with failing(disk):
                code = run(arguments)
        assert list(temporary.iterdir()) == []
        caught = capfd.readouterr()
        return Ran(code, caught.out, caught.err)

    return call


@pytest.fixture
def disk() -> type[Disk]:
    """The class of disks that fail."""
    return Disk
