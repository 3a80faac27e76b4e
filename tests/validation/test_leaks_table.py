"""A small run of the table of planted leaks, so that the program itself is tested."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ROWS = 1_200


@pytest.fixture(scope="module")
def leaks() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield importlib.import_module("leaks")


@pytest.fixture(scope="module")
def population(leaks):
    return leaks.made_up(5 * ROWS)


def verdict(leaks, population, name, *, whole=True):
    """The verdict on one run of a leaker, and the blocking checks that failed."""
    people = leaks.drawn(population, ROWS, 0)
    people = people if whole else leaks.without(people, population.near_unique)
    decision, _ = leaks.judged(people, leaks.LEAKERS[name](people), leaks.Gate())
    failed = {item.result.check for item in decision.findings if item.blocking and item.verdict == "fail"}
    return str(decision.verdict), failed


@pytest.mark.parametrize("name", ["safe: fresh records", "safe: smoothed copula"])
@pytest.mark.parametrize("whole", [True, False])
def test_safe_records_do_not_fail(leaks, population, name, whole):
    assert verdict(leaks, population, name, whole=whole)[1] == set()


LEAKS = {
    "1 % verbatim": {"P1"},
    "1 % most isolated": {"P1", "P2"},
    "values of the near-unique column": {"P2"},
    "all, 10 % of the cells resampled": {"P2", "P3"},
    "all, 30 % of the cells resampled": {"P2"},
    "sequential trees, leaves of 1": {"P1", "P2", "P3"},
    "sequential trees, leaves of 5": {"P2"},
}


@pytest.mark.parametrize("name", LEAKS)
def test_leaks_are_found_by_the_checks_that_look_for_them(leaks, population, name):
    said, failed = verdict(leaks, population, name)
    assert said == "fail"
    assert failed >= LEAKS[name]


def test_the_table(leaks, population):
    head, rule, *rows = leaks.lines(population, 300, 1, only=("near-unique column", "1 % verbatim"))
    assert [row.count("|") for row in (head, rule, *rows)] == [8] * (2 + len(rows))
    assert [row.split("|")[1].strip() for row in rows] == [
        "1 % verbatim",
        "1 % verbatim; no near-unique column",
        "values of the near-unique column",
    ]
    assert "P2 1.00" in rows[-1]


def test_the_cost_of_an_audit(leaks):
    cost = importlib.import_module("audit_cost")
    rows = [line.split("|")[1].strip() for line in cost.lines(200, 6)]
    assert {"P0", "P1", "P9", "P12", "all", "peak of memory, MB"} <= set(rows)
    assert leaks.LEAKERS
