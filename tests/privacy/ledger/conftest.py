"""A ledger in an empty home, and small things to enter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from synthrec.data.keys import Keys, open_keys
from synthrec.privacy.budget import Budget
from synthrec.privacy.events import CountsEvent, Plan, SampledGaussianEvent
from synthrec.privacy.ledger import Ledger, Receipt


@pytest.fixture(autouse=True)
def _no_place_from_outside(monkeypatch):
    monkeypatch.delenv("SYNTHREC_LEDGER", raising=False)


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def keys(home) -> Keys:
    return open_keys(home, create=True)


@pytest.fixture
def file(home) -> Path:
    return home / "ledger" / "ledger.sqlite"


@pytest.fixture
def ledger(home, keys):
    with Ledger.open(home, keys) as opened:
        yield opened


@pytest.fixture
def reopened(home, keys) -> Callable[[], Ledger]:
    """Open the ledger anew, as the next process does."""
    opened = []

    def again() -> Ledger:
        opened.append(Ledger.open(home, keys))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture
def plan() -> Plan:
    events = (CountsEvent("pairs", 3.25, 12), SampledGaussianEvent("train", 1.1, 0.01, 300))
    return Plan(events, max_rows_per_person=4)


@pytest.fixture
def ceiling() -> Budget:
    return Budget(Decimal(3), Decimal("1e-5"))


@pytest.fixture
def reserve(plan, ceiling) -> Callable[..., Receipt]:
    def make(
        ledger: Ledger, epsilon: str = "1", population: str = "clinic", delta: str = "1e-6", **options
    ) -> Receipt:
        budget = Budget(Decimal(epsilon), Decimal(delta))
        return ledger.reserve(population, budget, plan, "visits/marginals", ceiling, **options)

    return make


@pytest.fixture
def program(home, keys) -> Callable[..., str]:
    """Run a program in a process of its own; its last words on stdout."""

    def run(text: str, *arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SYNTHREC_")}
        done = subprocess.run(
            [sys.executable, "-c", text, str(home), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
