"""Runs commands in forked processes, kills them or lets them run together, and looks at what they leave.

A program of its own: ``python victims.py TASKS``, a JSON list of tasks, each with the fields of `Task`; it
prints a JSON list of outcomes. The parent never uses the libraries that start threads, so that it can fork.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sklearn.ensemble
import sklearn.neighbors

from synthrec.cli.app import run
from synthrec.data.keys import open_keys
from synthrec.generators.store import read_model
from synthrec.privacy.ledger import Ledger
from synthrec.release.approval import read_approval
from synthrec.runs import inputs
from synthrec.runs.verification import verify_export

assert sklearn.ensemble
assert sklearn.neighbors
OF_THE_TOWN = 1
"""Readings before the first child: the fit of the town's own model."""
READ = "reads"
"""File to which every child adds a byte before it reads a record."""


def forked(work: Callable[[], int]) -> int:
    """Process of a child that does the work and exits with its code."""
    child = os.fork()
    if child == 0:
        try:
            code = work()
        except BaseException as error:  # noqa: BLE001
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            code = 99
        os._exit(code)
    return child


def ended(child: int) -> int:
    """Exit code of a child; minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def command(words: list[str]) -> int:
    """Run a command line; reads of records are counted outside of the process."""
    true_read = inputs.read_table

    def noted(*values, **named):
        with Path(READ).open("ab") as file:
            file.write(b".")
        return true_read(*values, **named)

    inputs.read_table = noted
    out = os.open("said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    return run(words)


def look(folder: Path) -> int:
    """Nothing is half there, and the ledger knows of every reading; else a fault is raised."""
    home = folder / "home"
    keys = open_keys(home, create=False)
    for model in (folder / "model", folder / "made"):
        if model.exists():
            assert read_approval(model, keys, model_digest=read_model(model).digest)
    if (folder / "out").exists():
        verify_export(folder / "out", home=home)
    visible = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    known = {"home", "model", "made", "out", "people.csv", "town.yaml", "rules.yaml", READ, "said.txt"}
    assert visible <= known | {"made.steward.html", "model.steward.html"}, visible
    reads = (folder / READ).stat().st_size if (folder / READ).exists() else 0
    with Ledger.open(home, keys) as ledger:
        ledger.verify()
        account = ledger.account("one town")
        looks = [look for look in account.looks if not look.label.startswith("trial of ")]
        entered = len(account.charges) + len(looks)
    assert entered >= OF_THE_TOWN + reads, (entered, reads)
    return 0


def sound(folder: Path) -> None:
    assert ended(forked(lambda: look(folder))) == 0


@dataclass(frozen=True)
class Task:
    """What is to be done to a command, how often, and in which folder."""

    how: str
    folder: str
    number: int
    words: tuple[str, ...]

    @property
    def place(self) -> Path:
        return Path(self.folder)

    def run(self) -> int:
        """Start the command."""
        return forked(lambda: command(list(self.words)))


def killed(task: Task) -> dict[str, object]:
    """Kill a command at random instants of its life; the last time it may end."""
    start = time.monotonic()
    code = ended(task.run())
    whole, chance, codes = time.monotonic() - start, random.Random(7), []  # noqa: S311
    for _ in range(task.number):
        child = task.run()
        time.sleep(chance.uniform(0, whole))
        os.kill(child, signal.SIGKILL)
        codes.append(ended(child))
        sound(task.place)
    assert ended(task.run()) == code
    sound(task.place)
    return {"code": code, "killed": codes.count(-signal.SIGKILL), "hidden": hidden(task.place)}


def together(task: Task) -> dict[str, object]:
    """Run the same command several times at once."""
    children = [task.run() for _ in range(task.number)]
    codes = sorted(map(ended, children))
    sound(task.place)
    return {"codes": codes, "hidden": hidden(task.place)}


def hidden(folder: Path) -> list[str]:
    """Passing names that are left when the last run has ended."""
    return [path.name for path in folder.rglob(".*")]


def done(task: Task) -> dict[str, object]:
    os.chdir(task.place)
    os.environ["SYNTHREC_HOME"] = str(task.place / "home")
    return {"killed": killed, "together": together}[task.how](task)


if __name__ == "__main__":
    print(json.dumps([done(Task(**given)) for given in json.loads(sys.argv[1])]))  # noqa: T201
