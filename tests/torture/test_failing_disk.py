"""A disk that refuses the N-th request, for every N: the command says so, and all on the disk is whole.

``ENOSPC`` refuses all later requests for room, too; ``EIO`` refuses one request of any kind.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections import Counter

import pytest

from synthrec.data.keys import open_keys
from synthrec.errors import KeyMissingError
from synthrec.generators.store import read_model
from synthrec.privacy.ledger import Ledger
from synthrec.release.approval import read_approval
from synthrec.runs.verification import verify_export

COMMANDS = {
    "a first fit": ("fit", "town.yaml", "people.csv", "-o", "made", "--release-rows", "50"),
    "a fit in the place of a model": (
        *("fit", "town.yaml", "people.csv", "-o", "model", "--release-rows", "50", "--force"),
    ),
    "a fit under a claim": (
        *("fit", "town.yaml", "people.csv", "-o", "made", "--release-rows", "50", "--epsilon", "0.5"),
    ),
    "a sample of rules": ("sample", "rules.yaml", "-n", "30", "-o", "out", "--format", "parquet,csv"),
    "a sample of a model": ("sample", "model", "-n", "30", "-o", "out", "--format", "parquet,csv"),
    "a draft": ("sample", "model", "-n", "30", "--draft", "-o", "out", "--format", "parquet,csv"),
    "a sample with expectations": ("sample", "rules.yaml", "-n", "30", "-o", "out", "--gx"),
    "an audit": ("audit", "model", "--real", "people.csv", "--report", "report.html"),
    "a draft of a schema": ("schema", "infer", "people.csv", "-o", "drafted.yaml"),
    "an export of the ledger": ("ledger", "export", "-o", "entries.jsonl"),
    "a schema in another format": (
        "schema",
        "export",
        "rules.yaml",
        "--to",
        "frictionless",
        "-o",
        "package.json",
    ),
}
FEW = {
    **dict.fromkeys(("a first fit", "a fit under a claim", "a sample with expectations", "an audit"), 1),
    "a fit in the place of a model": 2,
}
"""Steps tried in a test, of which ``make torture`` tries all; two of the quicker commands."""
SAID = {errno.ENOSPC: "No space left on device", errno.EIO: "(Input/output|disk I/O) error"}
NO_LEDGER_YET = {"a first fit"}
ONE_ERROR = {
    "a fit under a claim": errno.ENOSPC,
    "a sample with expectations": errno.ENOSPC,
    "an audit": errno.EIO,
}
"""The slowest commands meet one of both in a test."""
CASES = [
    pytest.param(what, error, id=f"{what}-{errno.errorcode[error]}")
    for what in COMMANDS
    for error in SAID
    if "TORTURE" in os.environ or ONE_ERROR.get(what, error) == error
]


@pytest.fixture
def broken(town, tmp_path, command, disk):
    """``broken(what, nth, error)``: run a command in a new copy of the town on a disk that fails."""
    numbers = iter(range(10_000))

    def attempt(what, nth, error):
        place = town.copied(tmp_path / f"town{next(numbers)}")
        if what in NO_LEDGER_YET:
            shutil.rmtree(place.home)
            shutil.rmtree(place.model)
        failing = disk(nth, error)
        return place, failing, command(place, failing, *COMMANDS[what])

    return attempt


def hidden(folder):
    """Names that a run may use in passing and never leave."""
    return sorted(path.name for path in folder.rglob(".*") if path.name != ".gitignore")


def assert_sound(place, before):
    """No part of anything: what is there can be read and verified."""
    assert hidden(place.folder) == []
    for model in (place.model, place.folder / "made"):
        if model.exists():
            keys = open_keys(place.home, create=False)
            assert read_approval(model, keys, model_digest=read_model(model).digest) is not None
            assert {path.stat().st_mode & 0o777 for path in model.iterdir()} == {0o600}
    out = place.folder / "out"
    if (out / "card.json").exists():
        verify_export(out, home=place.home)
    elif out.exists():
        assert {path.name for path in out.iterdir()} == {"people.parquet", "people.csv"}
        assert out.stat().st_mode & 0o777 == 0o700
    for name in ("report.html", "drafted.yaml", "entries.jsonl", "package.json"):
        whole = place.folder / name
        assert not whole.exists() or whole.read_bytes()[-2:].strip() in {b">", b"}", b"]", b""}
    assert entries(place) >= before


def entries(place) -> int:
    """Number of entries of a ledger that verifies."""
    try:
        keys = open_keys(place.home, create=False)
    except KeyMissingError:
        return 0
    with Ledger.open(place.home, keys) as ledger:
        ledger.verify()
        return ledger.head.sequence


def kinds(place):
    """How many files of each kind an export has: Great Expectations goes on where it may."""
    return Counter(path.suffix for path in (place.folder / "out").rglob("*") if path.is_file())


def made(place):
    return {path.name for path in place.folder.iterdir()}


@pytest.mark.parametrize(("what", "error"), CASES)
def test_the_nth_request_is_refused(broken, town, command, some, what, error):
    place, healthy, ran = broken(what, 0, error)
    assert ran.code in {0, 3}, ran.err
    assert_sound(place, 1)
    whole, code, full = made(place), ran.code, kinds(place)
    before = 0 if what in NO_LEDGER_YET else entries(town)
    steps = range(1, len(healthy.requests) + 1)
    for step in some(steps, FEW.get(what, 2)):
        place, failing, ran = broken(what, step, error)
        assert failing.refused, f"request {step} ({healthy.requests[step - 1]}) was not made again"
        if ran.code != 1 and "--gx" in COMMANDS[what]:
            assert ran.code == 0
            assert_sound(place, before)
            assert kinds(place) == full
            continue
        assert ran.code == 1, (step, healthy.requests[step - 1], ran.err)
        (line,) = (line for line in ran.err.splitlines() if not line.startswith("note: "))
        lost = "--gx" in COMMANDS[what] and "could not write all of its Data Docs" in line
        assert lost or re.match(f"synthrec: .*{SAID[error]}", line), (step, ran.err)
        assert_sound(place, before)
        if made(place) != whole:
            again = command(place, None, *COMMANDS[what])
            assert again.code == code, (step, healthy.requests[step - 1], again.err)
            assert made(place) == whole
