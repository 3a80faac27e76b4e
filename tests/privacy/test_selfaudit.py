"""The audit of a claim: replays that find what is learned beside the answers, and bounds from many runs."""

from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from scipy.stats import binomtest

from synthrec.codec.codec import Codec
from synthrec.data.persons import person_ids
from synthrec.data.table import Table
from synthrec.privacy.curator import Curator
from synthrec.privacy.events import CountsEvent, Plan
from synthrec.privacy.extremes import PERSONS, extreme_persons
from synthrec.privacy.selfaudit import (
    SelfAudit,
    epsilon_lower_bound,
    gaussian_lower_bound,
    replayed,
    self_audit,
)
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector

COLUMNS = {
    "patient": {"kind": "string", "role": "key"},
    "ward": {
        "kind": "integer",
        "domain": {"min": 0, "max": 9, "source": "public"},
        "null": {"allowed": True},
    },
    "name": {"kind": "category", "domain": {"source": "learned"}},
    "fee": {"kind": "decimal", "scale": 2, "domain": {"source": "learned"}},
    "born": {"kind": "date", "domain": {"min": "1900-01-01", "max": "2024-12-31", "source": "public"}},
    "seen": {"kind": "datetime", "domain": {"min": "2020-01-01", "max": "2024-12-31", "source": "public"}},
    "sex": {"kind": "category", "domain": {"values": ["f", "m"], "source": "public"}},
    "smokes": {"kind": "boolean"},
}
SPEC = TableSpec.model_validate({"columns": COLUMNS, "person": "patient", "max_rows_per_person": 3})
PLAIN = TableSpec.model_validate(
    {
        "columns": {name: COLUMNS[name] for name in ("patient", "ward", "sex")},
        "person": "patient",
        "max_rows_per_person": 3,
    }
)
PLAN = Plan((CountsEvent("ways", 2.0, 4),), 3)


class Values:
    """Rows by listed value."""

    def __init__(self, column, values):
        self._column, self._values = column, sorted(values)
        self.size = len(self._values)

    def cells(self, table):
        return np.searchsorted(self._values, table.vector(self._column).values.astype(np.int64)).clip(
            max=self.size - 1
        )


class Model(SimpleNamespace):
    parameters: ClassVar = {}

    def arrays(self):
        return self.held


class Honest:
    """Counts of a public grid."""

    def fit(self, spec, table_name, curator, *, streams):
        counts = curator.release("ways", [self.query(curator)])
        return self.codec(spec, table_name, curator), Model(held={"ways": counts[0].values})

    def query(self, curator):
        return Values("ward", range(10))

    def codec(self, spec, table_name, curator):
        return Codec.declared(PLAIN, table_name)


class DataDerivedGrid(Honest):
    """The cells are the values that occur."""

    def query(self, curator):
        return Values("ward", set(curator._rows.table.vector("ward").values.tolist()))


class DataDerivedBounds(Honest):
    """As many cells as ever, but between the smallest and the largest value."""

    def query(self, curator):
        values = curator._rows.table.vector("ward").values
        return Values("ward", np.linspace(values.min(), values.max(initial=1) + 1e-9, 10))


class CountedRows(Honest):
    """The exact number of rows in the model."""

    def fit(self, spec, table_name, curator, *, streams):
        codec, model = super().fit(spec, table_name, curator, streams=streams)
        return codec, Model(held=model.held | {"rows": np.array([len(curator._rows.table)])})


class Remembering(Honest):
    """A codec with the categories of the data."""

    def codec(self, spec, table_name, curator):
        found = Codec.declared(PLAIN, table_name)
        persons = len(curator._rows.people)
        return SimpleNamespace(document=lambda: found.document() | {"persons": persons})


class OneQuestionMore(Honest):
    """Asks again while the table is long."""

    def fit(self, spec, table_name, curator, *, streams):
        queries = [self.query(curator)] * (2 if len(curator._rows.table) > 9 else 1)
        counts = curator.release("ways", queries)
        return self.codec(spec, table_name, curator), Model(held={"ways": counts[0].values})


def test_an_honest_fit_passes():
    assert replayed(Honest(), PLAIN, "visits", PLAN) == (True, True)


@pytest.mark.parametrize(
    "wrong", [DataDerivedGrid, DataDerivedBounds, CountedRows, Remembering, OneQuestionMore]
)
def test_what_is_learned_beside_the_answers_is_found(wrong):
    bounded, independent = replayed(wrong(), PLAIN, "visits", PLAN)
    assert not (bounded and independent)


def test_rows_counted_as_persons_are_found(monkeypatch):
    people = "synthrec.privacy.people.People.weights"
    monkeypatch.setattr(people, lambda self: np.full(len(self.order), 2**12 * 3))
    assert replayed(Honest(), PLAIN, "visits", PLAN)[0] is False


def test_a_run_that_fails_one_question_has_no_claim():
    table = extreme_persons("visits", PLAIN, 3)[0]
    curator = Curator(table, PLAN)
    Honest().fit(PLAIN, "visits", curator, streams=None)
    assert self_audit(curator, Honest(), PLAIN, "visits", leavers=[0]).holds
    assert not self_audit(curator, CountedRows(), PLAIN, "visits", leavers=[0]).holds
    for failed in ((False, True, True), (True, False, True), (True, True, False)):
        assert not SelfAudit(*failed).holds


@pytest.mark.parametrize("limit", [1, 3, 500])
def test_extreme_persons_follow_the_schema(limit):
    everyone, *without_one = extreme_persons("visits", SPEC, limit)
    sizes = np.bincount(person_ids(everyone))
    assert len(sizes) == PERSONS == len(without_one)
    assert sizes.max() == min(limit, 64)
    ward = everyone.vector("ward")
    assert {0, 9} <= set(ward.values[~ward.missing])
    assert ward.missing.any()
    assert len(set(everyone.vector("name").values)) == PERSONS
    for leaver, table in enumerate(without_one):
        assert len(table) == len(everyone) - sizes[leaver]


def runs(factor, sigma, number):
    """A count of one cell with and without the person, many times over."""
    rng = np.random.default_rng(int(factor * 10))
    draws = rng.normal(0, sigma * factor, (2, number))
    return 1 + draws[0], draws[1]


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_of_a_correct_mechanism_is_below_its_epsilon(seed):
    """The Gaussian mechanism with sigma 1 has epsilon 4.38 at delta 1e-5 (Balle and Wang 2018, Theorem 8)."""
    rng = np.random.default_rng(seed)
    bound = epsilon_lower_bound(1 + rng.normal(size=4_000), rng.normal(size=4_000), 1e-5)
    assert 0.5 < bound <= 4.38


def test_halved_noise_is_proved():
    """Sigma 1 instead of 2, which is claimed with epsilon 1.99 at delta 1e-5."""
    present, absent = runs(0.5, 2.0, 20_000)
    assert epsilon_lower_bound(present, absent, 1e-5) > 1.99


def test_a_domain_read_from_data_is_proved():
    """The released vector is longer where the person is there: two runs tell the worlds apart."""
    assert epsilon_lower_bound(np.full(1_000, 11.0), np.full(1_000, 10.0), 1e-5) > 4


@pytest.mark.parametrize(("factor", "proved"), [(1.0, False), (0.8, False), (0.5, True)])
def test_few_runs_prove_halved_noise_of_a_gaussian_plan(factor, proved):
    """Sigma 3.73 is claimed with epsilon 1 at delta 1e-5; mu is known within .06 from 2,000 runs."""
    present, absent = runs(factor, 3.73, 4_000)
    assert (gaussian_lower_bound(present, absent, 1e-5) > 1.0) is proved


def test_the_bound_rests_on_clopper_and_pearson():
    hits, alarms = np.arange(1_000) % 2 == 0, np.arange(1_000) % 10 == 0
    present = np.where(np.tile(hits, 2), 1.0, 0.0)
    absent = np.where(np.tile(alarms, 2), 1.0, 0.0)
    least = binomtest(500, 1_000).proportion_ci(0.95).low
    most = binomtest(100, 1_000).proportion_ci(0.95).high
    assert epsilon_lower_bound(present, absent, 0.01) == pytest.approx(np.log((least - 0.01) / most))


def test_the_curator_itself_is_within_its_epsilon():
    """One person in or out of a counted cell, 400 runs each; sigma 2 has epsilon 1.99 at delta 1e-5."""
    ward = {"patient": Vector.full(np.zeros(1, np.int32), ("a",)), "ward": Vector.full(np.ones(1, np.int64))}
    spec = TableSpec.model_validate(
        {"columns": {name: COLUMNS[name] for name in ward}, "person": "patient", "max_rows_per_person": 1}
    )
    one = Table.from_vectors("visits", spec, ward)
    plan = Plan((CountsEvent("ways", 2.0, 1),), 1)

    def counted(table):
        return Curator(table, plan).release("ways", [Values("ward", range(10))])[0].values[1]

    present = np.array([counted(one) for _ in range(400)])
    absent = np.array([counted(one.slice(0, 0)) for _ in range(400)])
    assert epsilon_lower_bound(present, absent, 1e-5, confidence=0.999) <= 1.99
    assert present.mean() - absent.mean() == pytest.approx(1, abs=5 * 2 * (2 / 400) ** 0.5)
