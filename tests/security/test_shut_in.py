"""Every command works without a network, and writes nowhere but where it was told to.

One process runs them all under an audit hook: no socket is made and no name asked for, and what is opened for
writing, made, renamed or removed lies in the working folder, the folder of the keys or the temporary folder.
SQLite opens its files without telling the hook, so that the folders are looked through at the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

SCHEMA = """\
synthrec: 1
schema: {name: town, version: 1.0.0, source: {population: one town}}
tables:
  people:
    one_row_per_person: true
    columns:
      age:
        kind: integer
        domain: {min: 0, max: 99, source: public}
        generate: {dist: {name: normal, mean: 50, sd: 20}}
"""

PROGRAM = r"""
import json, os, sys
from pathlib import Path

allowed = tuple(os.path.realpath(path) + os.sep for path in sys.argv[1].split(os.pathsep))
faults, code = [], {}

def outside(path):
    if not isinstance(path, (str, bytes)):
        return False
    place = os.path.realpath(os.path.abspath(os.fsdecode(path)))
    return not (place + os.sep).startswith(allowed) and place != os.devnull

def hook(event, given):
    if event in ("os.system", "subprocess.Popen") or event.startswith("socket.") and event[7:] != "__new__":
        faults.append([event, str(given)])
    elif event == "socket.__new__":
        faults.append([event, str(given[1:])])
        raise OSError("there is no network")
    elif event == "open" and (given[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and outside(given[0]):
        faults.append([event, str(given[0])])
    elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.truncate") and outside(given[0]):
        faults.append([event, str(given[0])])
    elif event in ("os.rename", "os.link", "os.symlink") and (outside(given[0]) or outside(given[1])):
        faults.append([event, str(given[:2])])

sys.addaudithook(hook)
from synthrec.cli.app import run
for name, words in json.loads(sys.argv[2]).items():
    code[name] = run(words)
print(json.dumps([code, faults]), file=sys.stderr)
"""

COMMANDS = {
    "infer": ["schema", "infer", "data.csv", "-o", "drafted.yaml"],
    "fit": ["fit", "town.yaml", "data.csv", "-o", "model"],
    "fit under a claim": [
        "fit",
        "town.yaml",
        "data.csv",
        "-o",
        "claimed",
        "--epsilon",
        "0.5",
        "--release-rows",
        "50",
    ],
    "audit": ["audit", "model", "--real", "data.csv", "--report", "report.html"],
    "draft": ["sample", "model", "-n", "9", "--draft", "-o", "draft"],
    "sample": ["sample", "town.yaml", "-n", "30", "-o", "out", "--gx", "--format", "parquet,csv"],
    "show": ["card", "show", "out"],
    "verify": ["card", "verify", "out"],
    "validate": ["validate", "data.csv", "--schema", "town.yaml", "--gx"],
    "ledger": ["ledger", "export", "-o", "entries.jsonl"],
    "graph": ["schema", "graph", "town.yaml", "-o", "graph.svg"],
}
PROBE = ["socket.__new__", "(10, 1, 0)"]
"""The library below Great Expectations asks, when it is imported, whether there could be an IPv6 socket."""
REFUSED = {"fit": 3, "fit under a claim": 3, "audit": 3}
"""So few persons are never approved."""


@pytest.fixture(scope="module")
def shut_in(tmp_path_factory):
    """Exit codes, breaches, and the folder in which all folders lie, after every command has run."""
    place = tmp_path_factory.mktemp("shut_in")
    folders = {name: place / name for name in ("work", "home", "temporary", "user")}
    for folder in folders.values():
        folder.mkdir(mode=0o700)
    (folders["work"] / "town.yaml").write_text(SCHEMA)
    ages = np.random.default_rng(0).integers(0, 100, 120)
    (folders["work"] / "data.csv").write_text("age\n" + "".join(f"{age}\n" for age in ages))
    inside = os.pathsep.join(str(folders[name]) for name in ("work", "home", "temporary"))
    environment = {
        **os.environ,
        "SYNTHREC_HOME": str(folders["home"]),
        "TMPDIR": str(folders["temporary"]),
        "HOME": str(folders["user"]),
        "XDG_CACHE_HOME": str(folders["user"] / "cache"),
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, inside, json.dumps(COMMANDS)],
        cwd=folders["work"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    codes, faults = json.loads(ran.stderr.splitlines()[-1])
    return codes, faults, place, ran.stderr


def test_every_command_does_its_work(shut_in):
    codes, _, _, said = shut_in
    assert codes == dict.fromkeys(COMMANDS, 0) | REFUSED, said


def test_no_network_is_sought_and_nothing_is_written_elsewhere(shut_in):
    _, faults, _, _ = shut_in
    assert [fault for fault in faults if fault != PROBE] == []


def test_nothing_is_left_where_nothing_was_to_be(shut_in):
    _, _, place, _ = shut_in
    assert list((place / "user").iterdir()) == []
    assert list((place / "temporary").iterdir()) == []
    kept = {path.name for path in (place / "home").rglob("*")}
    assert kept == {"root.key", "root.id", "ledger", "ledger.sqlite", "ledger.head"}
    made = {"model", "model.steward.html", "claimed", "claimed.steward.html", "draft", "out", "graph.svg"}
    told = {"drafted.yaml", "report.html", "entries.jsonl", "town.yaml", "data.csv"}
    assert {path.name for path in (place / "work").iterdir()} == made | told
