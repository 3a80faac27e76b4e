"""Awkward tables through copula and marginals: each is kept in all that is checked, or refused clearly."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest

from synthrec.errors import ConfigError

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
REFUSED = {
    "one infinity": "infinite or not-a-number",
    "lists in cells": "a type that the column's kind cannot hold",
    "texts that are no Unicode": "a type that the column's kind cannot hold",
    "numbers near 1e308": "another unit",
    "one row": "too few persons",
    "a header and no rows": "no rows",
    "two columns of one name": "2 columns have this name",
}


@pytest.fixture(scope="module")
def awkward() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield importlib.import_module("awkward")


@pytest.fixture
def desk(awkward, tmp_path):
    return awkward.Desk(tmp_path)


def named(awkward, name):
    return next(case for case in awkward.CASES if case.name == name)


@pytest.mark.parametrize(
    ("generator", "door"),
    [("copula", "frame"), ("copula", "CSV"), ("marginals", "Parquet")],
)
def test_columns_that_can_be_modelled_are_kept(awkward, desk, generator, door):
    refused = {*REFUSED, *OTHERS}
    cases = [case for case in awkward.COLUMN_CASES if case.door == door and case.name not in refused]
    found = awkward.outcomes(desk, cases, awkward.Arm(generator))
    assert {name: outcome for name, outcome in found.items() if outcome.word != awkward.KEPT} == {}


OTHERS = {
    "durations",
    "dictionaries in cells",
    "bytes in cells",
    "complex numbers",
    "numbers near 1e-308",
    "periods of pandas",
    "a cell longer than a record's should be",
    "a leap second in a column declared as datetime",
}
"""Refused as those of `REFUSED` are."""


@pytest.mark.parametrize("name", REFUSED)
def test_others_are_refused_with_one_clear_error(awkward, desk, name):
    (outcome,) = awkward.outcomes(desk, [named(awkward, name)], awkward.Arm("copula")).values()
    assert outcome.word == "exit 2"
    assert REFUSED[name] in outcome.message


def test_a_cell_in_a_message_a_warning_and_a_traceback_are_faults(awkward, desk, monkeypatch):
    case = named(awkward, "20 rows")

    def outcome(raised):
        def taken(*_):
            raise raised

        with monkeypatch.context() as patch:
            patch.setattr(awkward, "_taken", taken)
            (found,) = awkward.outcomes(desk, [case], awkward.Arm("copula")).values()
        return found.word

    assert outcome(ConfigError("a tree")) == "exit 2"
    assert outcome(ConfigError("a maple")) == awkward.FAULT
    assert outcome(KeyError("tree")) == awkward.FAULT


def test_a_check_that_fails_is_a_fault(awkward, desk):
    case = named(awkward, "NaN in a number, None in a category")
    frame = desk.frame(case)
    as_it_is = pa.Table.from_pandas(frame.assign(gap_group=frame["gap_group"].astype("category")))
    lost = pa.Table.from_pandas(frame.fillna({"gap_number": 1.0}))
    assert [check.fault(awkward.Pair(frame, as_it_is)) for check in case.checks][:3] == ["", "", ""]
    assert case.checks[0].fault(awkward.Pair(frame, lost)).startswith("missing in gap_number")
