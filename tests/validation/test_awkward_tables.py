"""Every check runs, or says in words that it does not apply, whatever the columns are called and hold."""

from __future__ import annotations

import pytest

from synthrec.schema.model import Column, Null
from synthrec.validation.check import run
from synthrec.validation.real import RealData
from synthrec.validation.suite import release_checks

N = 40
MAYBE = Null(allowed=True)
COLUMNS = {
    "a b": (Column(kind="integer"), list(range(N))),
    "it's": (Column(kind="category"), [f'"{i % 7}"' for i in range(N)]),
    "größe 😀": (Column(kind="float"), [i / 3 for i in range(N)]),
    "constant": (Column(kind="integer"), [5] * N),
    "nothing": (Column(kind="integer", null=MAYBE), [None] * N),
    "no label": (Column(kind="category", null=MAYBE), [None] * N),
    "flag": (Column(kind="boolean"), [i % 2 == 0 for i in range(N)]),
    "when": (Column(kind="datetime"), [1_700_000_000_000_000 + 10**9 * i for i in range(N)]),
    "day": (Column(kind="date", null=MAYBE), [None if i % 5 == 0 else 19_000 + i for i in range(N)]),
    "cost": (Column(kind="decimal", scale=2), [100 * i + 1 for i in range(N)]),
    "no": (Column(kind="id", role="key"), [f"k{i}" for i in range(N)]),
}
IDS = [
    "conformity.t",
    "fidelity.columns",
    "fidelity.pairs",
    "quality.marginals",
    "quality.associations",
    "quality.triples",
    "quality.missing",
    "quality.detection",
    "quality.propensity",
    "quality.cloud",
    "quality.utility",
    "quality.tails",
    "P0",
    "P1",
    "P2",
    "P3",
    "P4",
    "P5",
    "P6",
    "P7",
    "P9",
    "P10",
    "P11",
    "P12",
]


def audited(table, schema_of, train, holdout, rows):
    real = RealData("t", table.slice(*train), table.slice(*holdout))
    checks = release_checks(schema_of(table), real)
    return run(checks, [{"t": table.slice(0, rows)}])


def test_all_kinds_and_names(table_of, schema_of):
    table = table_of(COLUMNS, one_row_per_person=True)
    results = audited(table, schema_of, (0, 30), (30,), N)
    assert [result.check for result in results] == IDS
    idle = {result.check for result in results if result.not_applicable is not None}
    assert idle == {"quality.detection", "quality.utility"}
    assert all(0 <= r.p_value <= 1 for r in results if r.check.startswith("P") and r.check != "P10")


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "no"])
def test_each_column_alone(table_of, schema_of, name):
    table = table_of({name: COLUMNS[name]}, one_row_per_person=True)
    results = audited(table, schema_of, (0, 30), (30,), N)
    assert [result.check for result in results] == IDS
    assert all(result.measures or result.not_applicable for result in results)


def test_a_table_of_minted_columns_only(table_of, schema_of):
    table = table_of({"no": COLUMNS["no"]}, one_row_per_person=True)
    results = audited(table, schema_of, (0, 30), (30,), N)
    assert [result.check for result in results] == IDS
    assert all(result.measures or result.not_applicable for result in results)


@pytest.mark.parametrize(
    ("train", "holdout", "rows"), [((0, 1), (1, 1), 1), ((0, 1), (1, 0), 1), ((0, 30), (30,), 0)]
)
def test_one_row_and_none(table_of, schema_of, train, holdout, rows):
    table = table_of(COLUMNS, one_row_per_person=True)
    results = audited(table, schema_of, train, holdout, rows)
    assert [result.check for result in results] == IDS
    assert all(result.measures or result.not_applicable for result in results)


def test_without_real_records_only_conformity_is_checked(table_of, schema_of):
    table = table_of(COLUMNS)
    checks = release_checks(schema_of(table), None)
    assert [result.check for result in run(checks, [{"t": table}])] == ["conformity.t"]


def test_progress_hears_the_rows_of_each_chunk(table_of, schema_of):
    table = table_of(COLUMNS)
    heard = []
    run(
        release_checks(schema_of(table), None),
        [{"t": table.slice(0, 30)}, {"t": table.slice(30)}],
        heard.append,
    )
    assert heard == [30, 10]
