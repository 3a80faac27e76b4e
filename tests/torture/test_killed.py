"""SIGKILL at random instants, and several processes at once: nothing half there, every reading entered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

VICTIMS = Path(__file__).with_name("victims.py")

FIT = ("fit", "town.yaml", "people.csv", "-o", "made", "--release-rows", "50")
SAMPLE = ("sample", "model", "-n", "30", "-o", "out", "--format", "parquet,csv", "--force")

TASKS = {
    "kill a fit": ("killed", 1, 70, (*FIT, "--force")),
    "kill a fit under a claim": ("killed", 1, 60, (*FIT, "--force", "--epsilon", "0.004", "--delta", "1e-7")),
    "kill a sample": ("killed", 2, 70, SAMPLE),
    "fits at once": ("together", 2, 3, FIT),
    "samples at once": ("together", 2, 16, SAMPLE),
    "audits at once": (
        "together",
        3,
        3,
        ("sample", "model", "-n", "30", "--real", "people.csv", "-o", "out"),
    ),
}
"""What is done, how often in a test and under ``make torture`` (200 kills in all), and to which command."""
if "TORTURE" not in os.environ:
    del TASKS["kill a fit under a claim"]


@pytest.fixture(scope="module")
def outcomes(town, amount, tmp_path_factory):
    """What became of the processes of each task, and the town they worked in; one program does all tasks."""
    towns = {what: town.copied(tmp_path_factory.mktemp("victims") / "town") for what in TASKS}
    tasks = [
        {"how": how, "folder": str(towns[what].folder), "number": amount(few, many), "words": words}
        for what, (how, few, many, words) in TASKS.items()
    ]
    ran = subprocess.run(
        [sys.executable, VICTIMS, json.dumps(tasks)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
        check=False,
    )
    said = [path.read_text() for place in towns.values() for path in place.folder.glob("said.txt")]
    assert ran.returncode == 0, "\n".join([ran.stderr, *said])
    results = json.loads(ran.stdout)
    return {what: (result, towns[what]) for what, result in zip(TASKS, results, strict=True)}


@pytest.mark.parametrize("what", [what for what in TASKS if what.startswith("kill")])
def test_killed_at_random_instants(outcomes, what):
    outcome, _ = outcomes[what]
    assert outcome["code"] in {0, 3}
    assert outcome["killed"] >= 1
    assert outcome["hidden"] == []


def test_one_of_several_fits_gets_the_place(outcomes):
    outcome, place = outcomes["fits at once"]
    assert outcome["codes"] in ([2, 3], [2, 2, 3])
    assert outcome["hidden"] == []
    assert (place.folder / "made.steward.html").is_file()


def test_several_samples_replace_each_other(outcomes):
    outcome, _ = outcomes["samples at once"]
    assert set(outcome["codes"]) == {0}
    assert outcome["hidden"] == []


def test_audits_at_once_are_all_counted(outcomes, town):
    """None ends with a pass, since so few persons are not enough for one; the policy allows two more."""

    def attempts(place):
        return json.loads((place.model / "approval.json").read_text())["attempt"]

    outcome, place = outcomes["audits at once"]
    assert outcome["codes"] == [3, 3, 3]
    assert attempts(town) == 1
    assert attempts(place) == 3
    said = (place.folder / "said.txt").read_text()
    assert said.count("audited 3 times") == 1
