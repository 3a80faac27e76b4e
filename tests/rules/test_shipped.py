"""The shipped schemas are sound and keep their promises; the sample files are what the command makes."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from synthrec.assets import find_schema, list_assets
from synthrec.data.table import Records
from synthrec.rng import Streams
from synthrec.rules import sample_data
from synthrec.rules.engine import RuleEngine
from synthrec.schema.expressions import compile_expression
from synthrec.schema.load import load_schema
from synthrec.schema.model import Schema

ROOT = Path(__file__).parents[2]
RULES = ("inpatient", "retail_bank")


@cache
def shipped(name: str) -> Schema:
    return load_schema(find_schema(name))


@cache
def records(name: str) -> Records:
    (chunk,) = RuleEngine(shipped(name)).stream(2_000, streams=Streams(11), chunk_rows=10**9)
    return chunk


@pytest.mark.parametrize("name", RULES)
def test_every_column_says_how_it_is_made(name):
    assert shipped(name).is_rule_schema


@pytest.mark.parametrize("name", [*RULES, "admissions_flat"])
def test_terms_of_use_and_roles_are_stated(name):
    info = shipped(name).info
    assert info.use.intended
    assert info.use.out_of_scope
    assert info.use.limits
    assert info.source.custodian
    roles = {column.role for table in shipped(name).tables.values() for column in table.columns.values()}
    assert roles == {"key", "direct_identifier", "quasi_identifier", "sensitive", "attribute"}


@pytest.mark.parametrize("name", RULES)
def test_constraints_hold_in_every_row(name):
    for table in records(name).values():
        for rule in table.spec.constraints:
            expression = compile_expression(rule.expr, table.spec.columns)
            result = expression.evaluate(table.vectors())
            assert (result.values.astype(bool) | result.missing).all(), rule.name


@pytest.mark.parametrize("name", RULES)
def test_keys_are_unique_and_foreign_keys_are_found(name):
    for table in records(name).values():
        (key,) = table.spec.primary_key
        assert pc.count_distinct(table.data[key].cast(pa.string())).as_py() == len(table)
        for foreign in table.spec.foreign_keys:
            parent = records(name)[foreign.references]
            (target,) = parent.spec.primary_key
            own = table.data[foreign.columns[0]].cast(pa.string()).drop_null()
            assert pc.all(pc.is_in(own, parent.data[target].cast(pa.string()))).as_py()


@pytest.mark.parametrize("name", RULES)
def test_values_lie_in_their_domains_and_are_missing_only_where_allowed(name):
    for table in records(name).values():
        for column, definition in table.spec.columns.items():
            vector = table.vector(column)
            assert definition.null.allowed or not vector.missing.any(), column
            if definition.domain is not None and definition.domain.labels and vector.levels is not None:
                assert set(np.array(vector.levels)[vector.values[~vector.missing]]) <= set(
                    definition.domain.labels
                )


@pytest.mark.parametrize("name", RULES)
def test_nobody_has_more_rows_than_the_schema_says(name):
    for table in records(name).values():
        for foreign in table.spec.foreign_keys[:1]:
            most = pc.max(
                pc.value_counts(table.data[foreign.columns[0]].cast(pa.string())).field("counts")
            ).as_py()
            assert most <= table.spec.max_rows_per_person


def test_stays_of_a_patient_follow_one_another_and_end_with_death():
    stays = records("inpatient")["admission"].data.to_pandas(date_as_object=False)
    for _, part in stays.groupby("patient_id", observed=True):
        assert (part.admit_date.iloc[1:].to_numpy() > part.discharge_date.iloc[:-1].to_numpy()).all()
        assert not part.died.iloc[:-1].any()
        days = (part.admit_date.iloc[1:].to_numpy() - part.discharge_date.iloc[:-1].to_numpy()).astype(
            "timedelta64[D]"
        )
        assert part.readmitted_30d.tolist() == [*(days.astype(int) <= 30), False]


def test_no_organ_is_lost_twice_and_births_are_nine_months_apart():
    stays = records("inpatient")["admission"].data.to_pandas(date_as_object=False)
    stays["dx"] = stays.principal_dx.astype(str)
    for once in (["K35.80"], ["K80.20"], ["M16.11", "S72.001A"], ["M17.11"]):
        assert stays[stays.dx.isin(once)].patient_id.value_counts().max() == 1
    births = stays[stays.dx == "O80"].sort_values(["patient_id", "admit_date"])
    assert births.groupby("patient_id", observed=True).admit_date.diff().dt.days.min() >= 270


def test_planned_stays_begin_on_working_days_and_pneumonia_is_more_frequent_in_winter():
    stays = records("inpatient")["admission"].data.to_pandas(date_as_object=False)
    assert stays[stays.type == "elective"].admit_date.dt.weekday.max() == 4
    assert set(stays[stays.type == "emergency"].admit_date.dt.weekday) == set(range(7))
    chest = stays[stays.principal_dx.isin(["J18.9", "J44.1", "I50.9"])].admit_date.dt.month
    assert chest.isin([12, 1, 2]).mean() > 1.15 / 4


@pytest.mark.parametrize(
    ("name", "table", "column"), [("inpatient", "patient", "region"), ("retail_bank", "account", "type")]
)
def test_the_stated_weights_are_followed(name, table, column):
    data = records(name)[table]
    share = {"region": ("Z01", 0.2), "type": ("savings", 0.19)}[column]
    count = pc.sum(pc.equal(data.data[column].cast(pa.string()), share[0])).as_py()
    # Five standard deviations of a binomial count; the savings share is known to 0.02 only.
    assert abs(count - 2_000 * share[1]) <= 5 * (2_000 * share[1] * (1 - share[1])) ** 0.5 + 40


def test_params_change_what_they_say():
    (calm,) = RuleEngine(shipped("inpatient"), {"stays": 0.0001}).stream(500, streams=Streams(1))
    assert len(calm["admission"]) < 510
    (late,) = RuleEngine(shipped("inpatient"), {"start": "2030-01-01"}).stream(50, streams=Streams(1))
    assert min(late["admission"].data["admit_date"].to_pylist()).year >= 2030


def _digest(chunk: Records) -> str:
    hashed = hashlib.sha256()
    for name in sorted(chunk):
        hashed.update(repr(chunk[name].data.to_pydict()).encode())
    return hashed.hexdigest()[:16]


GOLDEN = {"inpatient": "ea02e91461e8e748", "retail_bank": "a1dd6e0103c9f21f"}


@pytest.mark.parametrize("name", RULES)
def test_the_first_hundred_roots_stay_as_they_are(name):
    """Change the digest only with the schema's version, and say so in the changelog."""
    (chunk,) = RuleEngine(shipped(name)).stream(100, streams=Streams(1))
    assert _digest(chunk) == GOLDEN[name]


def test_the_sample_files_are_what_the_command_makes(tmp_path):
    sample_data.main(tmp_path)
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.gz")}
    assert made == {name for name in list_assets("sample_data") if name.endswith(".gz")}
    for name in made:
        fresh, kept = (
            gzip.decompress((folder / name).read_bytes()) for folder in (tmp_path, ROOT / "sample_data")
        )
        assert fresh == kept, name


def test_the_sample_readme_states_the_rows():
    text = (ROOT / "sample_data" / "README.md").read_text("utf-8")
    for name in ("inpatient/admission", "retail_bank/transaction", "admissions_flat"):
        lines = gzip.decompress((ROOT / "sample_data" / f"{name}.csv.gz").read_bytes()).count(b"\n") - 1
        assert f"{lines:,}" in text, name
