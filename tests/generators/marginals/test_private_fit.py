"""The engine behind a plan: it asks for the events of the plan, each once, and sees nothing else."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.errors import ConfigError
from synthrec.generators.marginals import MarginalsFitted, PrivateMarginals
from synthrec.generators.registry import private_generator, private_names
from synthrec.privacy.accountant import epsilon
from synthrec.privacy.budget import Budget
from synthrec.privacy.counts import Count
from synthrec.privacy.curator import Curator
from synthrec.rng import Streams
from synthrec.schema.load import parse_schema

SCHEMA = """
synthrec: 1
schema: {name: people}
tables:
  people:
    one_row_per_person: true
    target: sick
    columns:
      age: {kind: integer, domain: {min: 0, max: 99, source: public}}
      income: {kind: integer, domain: {min: 0, max: 1000000, source: public}, null: {allowed: true}}
      region: {kind: category, domain: {values: [north, south, east], source: public}}
      district: {kind: category, domain: {values: [n1, n2, s1, s2, e1, e2], source: public}}
      sick: {kind: boolean}
"""
BUDGET = Budget(Decimal(3), Decimal("1e-5"))
ROWS = 4_000


@pytest.fixture(scope="module")
def spec():
    return parse_schema(SCHEMA).tables["people"]


@pytest.fixture(scope="module")
def plan(spec):
    return PrivateMarginals().plan(spec, BUDGET, {})


@pytest.fixture(scope="module")
def table(spec):
    rng = np.random.default_rng(1)
    age = rng.integers(18, 90, ROWS)
    district = rng.integers(0, 6, ROWS)
    income = (np.exp(rng.normal(10, 0.5, ROWS)) * (1 + age / 50) // 100 * 100).astype(int)
    labels = pa.array(["n1", "n2", "s1", "s2", "e1", "e2"])
    regions = pa.array(["north", "south", "east"])
    return Table(
        "people",
        spec,
        pa.table(
            {
                "age": pa.array(age),
                "income": pa.array(income, pa.int64(), mask=rng.random(ROWS) < 0.1),
                "region": pa.DictionaryArray.from_arrays(pa.array(district // 2, pa.int32()), regions),
                "district": pa.DictionaryArray.from_arrays(pa.array(district, pa.int32()), labels),
                "sick": pa.array(rng.random(ROWS) < age / 120),
            }
        ),
    )


class Recorded:
    """Noised counts with a reproducible noise, and the events that were asked for."""

    is_private = True

    def __init__(self, table, plan):
        self._table, self._plan, self._rng = table, plan, np.random.default_rng(5)
        self.asked = []

    def release(self, event, queries, shares=None):
        asked = self._plan.event(event)
        parts = shares or [1 / len(queries)] * len(queries)
        self.asked.append((event, len(queries), sum(parts)))
        return [
            self._noised(query, asked.noise_multiplier / np.sqrt(part))
            for query, part in zip(queries, parts, strict=True)
        ]

    def _noised(self, query, sigma):
        exact = np.bincount(query.cells(self._table), minlength=query.size)
        return Count(exact + np.rint(self._rng.normal(0, sigma, query.size)), sigma)


@pytest.fixture(scope="module")
def made(spec, plan, table):
    counts = Recorded(table, plan)
    return counts, *PrivateMarginals().fit(spec, "people", counts, streams=Streams(2))


def test_it_is_registered():
    assert "marginals" in private_names()
    assert isinstance(private_generator("marginals"), PrivateMarginals)
    with pytest.raises(ConfigError, match="did you mean marginals"):
        private_generator("marginal")


def test_the_plan_spends_the_budget_and_no_more(plan):
    assert BUDGET.epsilon - Decimal("0.02") <= epsilon(plan, BUDGET.delta) <= BUDGET.epsilon


def test_the_plan_follows_from_schema_and_budget_alone(spec, plan):
    assert PrivateMarginals().plan(spec, BUDGET, {}) == plan


def test_the_plan_splits_the_precision_by_the_recipe(plan):
    precision = {event.name: 1 / event.noise_multiplier**2 for event in plan.events}
    total = sum(precision.values())
    shares = {name: round(part / total, 6) for name, part in precision.items()}
    assert shares == {"octaves": 0.03, "refine": 0.03, "heaps": 0.1, "one_way": 0.14, "two_way": 0.7}


def test_a_plan_without_wide_columns_has_no_events_for_them(spec):
    narrow = spec.model_copy(update={"columns": {"age": spec.columns["age"], "sick": spec.columns["sick"]}})
    names = [event.name for event in PrivateMarginals().plan(narrow, BUDGET, {}).events]
    assert names == ["one_way", "two_way"]


def test_a_single_column_has_no_pairs(spec):
    one = spec.model_copy(update={"columns": {"sick": spec.columns["sick"]}, "target": None})
    assert [event.name for event in PrivateMarginals().plan(one, BUDGET, {}).events] == ["one_way"]


def test_settings_and_learned_domains_are_refused(spec):
    with pytest.raises(ConfigError, match="does not take these settings: depth"):
        PrivateMarginals().plan(spec, BUDGET, {"depth": 3})
    learned = parse_schema(
        SCHEMA.replace("{values: [north, south, east], source: public}", "{source: learned}")
    )
    with pytest.raises(ConfigError, match="region"):
        PrivateMarginals().plan(learned.tables["people"], BUDGET, {})


def test_every_event_is_asked_once_and_within_its_share(plan, made):
    asked = made[0].asked
    assert [name for name, _, _ in asked] == [event.name for event in plan.events]
    assert all(queries <= plan.event(name).tables for name, queries, _ in asked)
    assert all(total <= 1 + 1e-9 for _, _, total in asked)


def test_the_same_counts_and_streams_give_the_same_model(spec, plan, table, made):
    _, again = PrivateMarginals().fit(spec, "people", Recorded(table, plan), streams=Streams(2))
    for name, array in made[2].arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)


def test_model_and_codec_are_restored_from_what_is_stored(spec, made):
    _, codec, fitted = made
    again = Codec.from_document(spec, "people", codec.document())
    model = MarginalsFitted.restore(again.domain, fitted.parameters, fitted.arrays())
    drawn = model.sample(0, 1_000, streams=Streams(3))
    np.testing.assert_array_equal(drawn.values, fitted.sample(0, 1_000, streams=Streams(3)).values)
    first, second = (each.decode(drawn, 0, Streams(3)).data for each in (codec, again))
    assert first.equals(second)


def test_a_function_between_columns_survives_the_noise(made):
    _, codec, fitted = made
    drawn = codec.decode(fitted.sample(0, ROWS, streams=Streams(4)), 0, Streams(4)).to_pandas()
    initial = drawn["district"].astype(str).str[0]
    assert (initial == drawn["region"].astype(str).str[0]).mean() > 0.97


def test_what_is_measured_is_met(table, made):
    """Shares of the two smallest tables: within 5 sigma of noise and sampling, plus .01 for the fit."""
    _, codec, fitted = made
    drawn = fitted.sample(0, 50_000, streams=Streams(4)).values
    codes = codec.encode(table).values
    for first, second in ((2, 4), (3, 4)):
        cells = [rows[:, first] * 2 + rows[:, second] for rows in (codes, drawn)]
        size = 2 * codec.domain.sizes[first]
        real, made_up = (np.bincount(cell, minlength=size) / len(cell) for cell in cells)
        assert np.abs(real - made_up).max() < 5 * 0.004 + 0.01


@pytest.mark.parametrize("rows", [0, 1, 20])
def test_tiny_tables_behave(spec, plan, table, rows):
    few = table.slice(0, rows)
    codec, fitted = PrivateMarginals().fit(spec, "people", Curator(few, plan), streams=Streams(2))
    drawn = codec.decode(fitted.sample(0, 500, streams=Streams(1)), 0, Streams(1))
    assert len(drawn) == 500


def test_behind_the_curator_no_check_fails(spec, plan, table):
    curator = Curator(table, plan)
    _, fitted = PrivateMarginals().fit(spec, "people", curator, streams=Streams(2))
    assert curator.is_bounded
    assert curator.is_calibrated
    assert fitted.mixture.count >= 400
