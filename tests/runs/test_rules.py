"""Rule schemas through the same gate: no real records, so conformity decides and the seed is told."""

from __future__ import annotations

import datetime as dt

import pyarrow.parquet as pq
import pytest

from synthrec import api
from synthrec.errors import ConfigError
from synthrec.schema.model import Schema


def test_a_rule_schema_is_drawn_checked_and_carded(tmp_path, cli, small):
    arguments = ("-n", "200", "--seed", "5", "--set", "start=2029-01-01", "--format", "parquet,csv")
    ran = cli(small.home, "sample", "inpatient", *arguments, "-o", "out", "--json")
    assert ran.code == 0, ran.err
    card = api.read_card(tmp_path / "out")
    assert (card.seed.kind, card.seed.value) == ("plain", "5")
    assert card.source is None
    assert card.generator.model_digest is None
    assert {item.name: item.rows for item in card.subjects}["patient.parquet"] == 200
    stays = pq.read_table(tmp_path / "out" / "admission.parquet").to_pylist()
    assert min(row["admit_date"] for row in stays) >= dt.date(2029, 1, 1)
    assert {row["patient_id"] for row in stays} <= {
        row["patient_id"] for row in pq.read_table(tmp_path / "out" / "patient.parquet").to_pylist()
    }


def test_children_are_not_taken_for_rows_drawn_anew(tmp_path):
    made = api.sample("retail_bank", 40, out=tmp_path / "out", seed=5)
    assert made.notes == ()
    assert api.read_card(made.out).warnings == ()


def test_the_seed_and_no_chunk_size_names_the_records(tmp_path):
    exports = [
        api.sample("retail_bank", 100, out=tmp_path / name, seed=seed, chunk_rows=rows, formats=("csv",))
        for name, seed, rows in (("a", 3, 65_536), ("b", 3, 77), ("c", 4, 77))
    ]
    first, second, third = ([path.read_bytes() for path in made.files] for made in exports)
    assert first == second
    assert first != third


def test_a_fresh_seed_is_told_so_that_the_records_can_be_made_again(tmp_path):
    made = api.sample("inpatient", 50, out=tmp_path / "a")
    seed = int(api.read_card(made.out).seed.value)
    again = api.sample("inpatient", 50, out=tmp_path / "b", seed=seed)
    assert [path.read_bytes() for path in made.files] == [path.read_bytes() for path in again.files]


def test_the_card_tells_what_was_set_and_the_draw_has_a_name_of_its_own(tmp_path):
    late, early = {"start": "2029-01-01"}, {"start": "2028-01-01"}
    starts = {"a": {}, "b": late, "c": early, "d": late}
    cards = [
        api.read_card(api.sample("inpatient", 20, out=tmp_path / name, seed=5, params=given).out)
        for name, given in starts.items()
    ]
    assert [card.generator.parameters for card in cards] == list(starts.values())
    assert [card.draw == cards[1].draw for card in cards] == [False, True, False, True]
    assert "with seed 5, start = 2029-01-01; no real records" in (tmp_path / "b/card.md").read_text()


def test_an_exact_number_that_was_asked_for_is_a_setting(tmp_path):
    columns = {
        "id": {"kind": "id", "role": "key", "generate": {"sequence": {}}},
        "flag": {"kind": "boolean", "generate": {"bernoulli": {"p": 0.5}}},
    }
    table = {"primary_key": ["id"], "person": "id", "assumption": True, "columns": columns}
    schema = Schema.model_validate({"synthrec": 1, "schema": {"name": "flags"}, "tables": {"t": table}})
    first, second = (
        api.read_card(api.sample(schema, 20, out=tmp_path / str(n), seed=5, prevalence=f"flag={n}").out)
        for n in (3, 4)
    )
    assert first.generator.parameters == {"prevalence of t.flag": "count 3"}
    assert first.draw != second.draw


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"params": {"strat": "2029-01-01"}}, "did you mean start"),
        ({"params": {"start": "soon"}}, "start"),
        ({"where": "age > 3"}, "--set"),
        ({"draft": True}, "--draft"),
        ({"real": "records.csv"}, "--real"),
        ({"holdout": "records.csv"}, "--holdout"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_options_of_models_and_faulty_parameters_are_refused(tmp_path, leavings, options, found):
    with pytest.raises(ConfigError, match=found):
        api.sample("inpatient", 10, out=tmp_path / "out", **options)
    assert leavings() == set()


def test_a_schema_without_rules_cannot_be_drawn_from(tmp_path, leavings):
    with pytest.raises(ConfigError, match="fit"):
        api.sample("admissions_flat", 10, out=tmp_path / "out")
    assert leavings() == set()
