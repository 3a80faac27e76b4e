"""Domains found under a claim: oracles of thresholds and bounds, what must never show, planted faults."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import norm

from synthrec.codec.numeric import build_public
from synthrec.data.table import Table
from synthrec.errors import ConfigError, InternalError
from synthrec.generators.copula_dp import PrivateCopula
from synthrec.generators.found_domains import BOUNDS, CATEGORIES, SHARES, FoundDomains, found
from synthrec.generators.marginals import PrivateMarginals
from synthrec.privacy.accountant import delta_of_noise, epsilon
from synthrec.privacy.bounds import MagnitudeQuery, found_domain, widest_domain
from synthrec.privacy.budget import Budget
from synthrec.privacy.counts import Count
from synthrec.privacy.curator import Curator, WeightedRows
from synthrec.privacy.discovery import deviation, threshold
from synthrec.privacy.entropy import SystemEntropy
from synthrec.privacy.events import CountsEvent, DiscoveryEvent, Plan
from synthrec.privacy.plan_document import parse_plan, plan_document
from synthrec.privacy.selfaudit import self_audit
from synthrec.rng import Streams
from synthrec.schema.model import Column, Domain, TableSpec
from synthrec.schema.vector import Vector

BUDGET = Budget(Decimal(2), Decimal("1e-5"))
LEARNED = {"source": "learned"}
SPEC = TableSpec.model_validate(
    {
        "columns": {
            "name": {"kind": "category", "domain": LEARNED},
            "ward": {"kind": "category", "domain": LEARNED, "null": {"allowed": True}},
            "fee": {"kind": "decimal", "scale": 2, "domain": LEARNED},
            "seen": {"kind": "date", "domain": LEARNED},
        },
        "one_row_per_person": True,
    }
)
GENERATORS = [FoundDomains(PrivateMarginals()), FoundDomains(PrivateCopula())]


class Silent(SystemEntropy):
    """No noise: what a release would be without it."""

    def integers(self, sigma, size):
        return np.zeros(size, dtype=np.int64)


class TooQuiet(SystemEntropy):
    """A planted fault."""

    def integers(self, sigma, size):
        return super().integers(0.9 * sigma, size)


def people(rows):
    """Everyone has a name of their own; three wards; fees of up to 400.00; dates in 2020."""
    rng = np.random.default_rng(1)
    names = tuple(f"person-{number}" for number in range(max(rows, 1)))
    ward = rng.integers(0, 3, rows).astype(np.int32)
    vectors = {
        "name": Vector.full(np.arange(rows, dtype=np.int32), names),
        "ward": Vector(ward, rng.random(rows) < 0.1, ("east", "north", "west")),
        "fee": Vector.full(rng.integers(0, 40_000, rows)),
        "seen": Vector.full(rng.integers(18_262, 18_628, rows)),
    }
    return Table.from_vectors("people", SPEC, vectors)


@pytest.fixture(scope="module")
def plan():
    return GENERATORS[0].plan(SPEC, BUDGET, {})


def test_the_plan_spends_the_budget_and_names_what_it_finds(plan):
    assert plan.event(BOUNDS).tables == 2
    assert plan.event(CATEGORIES).tables == 2
    assert plan.event(CATEGORIES).delta == pytest.approx(1e-6)
    assert Decimal("1.98") <= epsilon(plan, BUDGET.delta) <= 2


def test_delta_of_discoveries_is_charged(plan):
    assert float(delta_of_noise(plan, BUDGET.delta)) == pytest.approx(0.9e-5)
    dear = replace(plan.event(CATEGORIES), delta=0.99e-5)
    others = tuple(event for event in plan.events if event.name != CATEGORIES)
    assert epsilon(Plan((*others, dear), 1), BUDGET.delta) > epsilon(plan, BUDGET.delta)
    with pytest.raises(ConfigError, match="delta"):
        epsilon(Plan((*others, replace(dear, delta=1e-5)), 1), BUDGET.delta)


@pytest.mark.parametrize("delta", [0.0, -1e-9, 1.0])
def test_a_discovery_without_a_delta_is_no_plan(plan, delta):
    with pytest.raises((ConfigError, InternalError)):
        epsilon(Plan((replace(plan.event(CATEGORIES), delta=delta),), 1), Decimal("0.5"))


def test_the_plan_survives_the_ledger(plan):
    assert parse_plan(plan_document(plan)) == plan


@pytest.mark.parametrize("rows", [1, 3, 12])
def test_a_value_of_one_person_passes_the_threshold_less_often_than_delta(rows):
    """Oracle: the tail of the Gaussian, at most a person further in, for every row and column."""
    event = DiscoveryEvent("x", 3.0, 4, 1e-6)
    tail = norm.sf((threshold(event, rows) - 2) / deviation(event))
    assert 4 * rows * tail <= 1e-6 * (1 + 1e-9)


def test_without_noise_only_values_above_the_threshold_are_told(plan):
    curator = Curator(people(4_000), plan, entropy=Silent())
    names, wards = curator.discover(CATEGORIES, ["name", "ward"])
    assert names == ()
    assert wards == ("east", "north", "west")


def test_a_unique_name_never_comes_out(plan):
    """In each run the probability of one is below 1e-6; of a hundred runs, below 1e-4."""
    for seed in range(100):
        curator = Curator(people(200), plan)
        assert found(SPEC, curator).columns["name"].domain.values == ("(other)",), seed


@pytest.mark.parametrize("generator", GENERATORS, ids=["marginals", "copula"])
def test_a_fit_draws_no_real_name_and_restores_within_what_was_found(generator):
    plan = generator.plan(SPEC, BUDGET, {})
    curator = Curator(people(3_000), plan)
    codec, fitted = generator.fit(SPEC, "people", curator, streams=Streams(1))
    drawn = codec.decode(fitted.sample(0, 2_000, streams=Streams(2)), 0, Streams(2))
    assert set(drawn.vector("name").levels) == {"(other)"}
    assert set(drawn.vector("ward").levels) == {"east", "north", "west", "(other)"}
    again = type(codec).from_document(codec.spec, "people", codec.document())
    assert again.document() == codec.document()
    assert drawn.vector("fee").values.max() <= 65_536
    assert curator.is_calibrated
    assert curator.is_bounded


@pytest.mark.parametrize("rows", [0, 1, 20])
def test_hardly_anyone_is_enough_to_run_and_nobody_is_shown(plan, rows):
    curator = Curator(people(rows), plan)
    codec, fitted = GENERATORS[0].fit(SPEC, "people", curator, streams=Streams(1))
    drawn = codec.decode(fitted.sample(0, 50, streams=Streams(2)), 0, Streams(2))
    assert set(drawn.vector("name").levels) == {"(other)"}


def test_the_self_audit_of_found_domains_holds(plan):
    curator = Curator(people(500), plan)
    GENERATORS[0].fit(SPEC, "people", curator, streams=Streams(1))
    assert self_audit(curator, GENERATORS[0], SPEC, "people").holds


def test_quiet_noise_on_categories_is_found(plan):
    curator = Curator(people(500), plan, entropy=TooQuiet())
    curator.discover(CATEGORIES, ["name", "ward"])
    curator.release(BOUNDS, [MagnitudeQuery("fee"), MagnitudeQuery("seen")])
    assert not curator.is_calibrated


def test_bounds_read_off_the_rows_are_found_by_the_self_audit(plan):
    """A planted fault: the least fee of the very rows in the place of a noised bound."""

    class Peeking(FoundDomains):
        def fit(self, spec, table_name, curator, *, streams):
            told = found(spec, curator)
            values = curator._rows.table.vector("fee").values
            bounds = {"min": 0, "max": Decimal(int(values.max())) / 100, "source": "dp"}
            fee = told.columns["fee"].model_copy(
                update={"domain": type(told.columns["fee"].domain)(**bounds)}
            )
            spec = told.model_copy(update={"columns": {**told.columns, "fee": fee}})
            return self.inner.fit(spec, table_name, curator, streams=streams)

    curator = Curator(people(500), plan)
    generator = Peeking(PrivateMarginals())
    generator.fit(SPEC, "people", curator, streams=Streams(1))
    assert not self_audit(curator, generator, SPEC, "people").holds


def test_an_event_is_answered_once_and_for_no_more_columns(plan):
    curator = Curator(people(50), plan)
    with pytest.raises(InternalError, match="2 columns"):
        curator.discover(CATEGORIES, ["name", "ward", "name"])
    with pytest.raises(InternalError, match="before"):
        curator.discover(CATEGORIES, ["name"])


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [([3, 5, 100], 0, 128), ([-3, 5], -4, 8), ([0, 0], 0, 0), ([-1000, -900], -1024, 0)],
)
def test_bounds_are_the_ends_of_the_outermost_magnitudes(values, low, high):
    spec = TableSpec.model_validate({"columns": {"x": {"kind": "integer", "domain": LEARNED}}})
    table = Table.from_vectors("t", spec, {"x": Vector.full(np.array(values))})
    query = MagnitudeQuery("x")
    counts = np.bincount(query.cells(table), minlength=query.size).astype(float)
    domain = found_domain(Count(counts, 0.01), spec.columns["x"])
    assert (domain.min, domain.max, domain.source) == (low, high, "dp")


@pytest.mark.parametrize("kind", ["integer", "decimal", "float", "date", "datetime"])
def test_the_widest_domain_is_one_that_a_codec_can_have(kind):
    bare = Column(kind=kind, scale=2 if kind == "decimal" else None)
    spec = TableSpec(columns={"x": bare.model_copy(update={"domain": widest_domain(bare)})})
    assert PrivateMarginals().plan(spec, BUDGET, {}).events


@pytest.mark.parametrize("precision", ["1E-15", "0.000001", "0.1", "0.3", "1E+29"])
def test_the_bounds_of_floats_fit_any_precision(precision):
    """Those of noise alone and those of values near 5 have no more points than a lattice may have."""
    column = Column(kind="float", precision=Decimal(precision), domain=Domain(source="learned"))
    spec = TableSpec(columns={"x": column})
    assert GENERATORS[0].plan(spec, BUDGET, {}).events
    fives = Table.from_vectors("t", spec, {"x": Vector.full(np.full(99, 5.0))})
    query = MagnitudeQuery("x")
    counts = np.bincount(query.cells(fives), minlength=query.size).astype(float)
    for cells in (counts, 0 * counts):
        codec = build_public(column, found_domain(Count(cells, 1.0), column))
        assert codec.bins.first <= 0 <= codec.bins.last


def test_stated_domains_are_left_alone():
    spec = TableSpec.model_validate(
        {"columns": {"x": {"kind": "integer", "domain": {"min": 0, "max": 9, "source": "public"}}}}
    )
    plan = FoundDomains(PrivateMarginals()).plan(spec, BUDGET, {})
    assert plan == PrivateMarginals().plan(spec, BUDGET, {})
    assert all(isinstance(event, CountsEvent) for event in plan.events)


def share(plan, name):
    """Part of the precision of all events that one has."""
    return plan.event(name).noise_multiplier ** -2 / sum(event.noise_multiplier**-2 for event in plan.events)


@pytest.mark.parametrize("asked", ["0.1", "1", "3"])
def test_finding_takes_its_stated_share_whatever_the_budget(asked):
    plan = GENERATORS[0].plan(SPEC, Budget(Decimal(asked), Decimal("1e-5")), {})
    for name, stated in SHARES.items():
        assert share(plan, name) == pytest.approx(stated, rel=0.02)


def test_columns_share_the_precision_of_the_event():
    """Oracle: precisions of all columns sum to that of the event."""
    event = DiscoveryEvent("x", 3.0, 4, 1e-6)
    assert event.tables / deviation(event) ** 2 == pytest.approx(1 / event.noise_multiplier**2)


def test_a_discovery_costs_its_delta_twice_in_epsilon():
    """Oracle: the same noise without a threshold, at what is left of delta; claims round up to 0.001."""
    counts, delta = CountsEvent("a", 2.0, 1), Decimal("0.01")
    plain = epsilon(Plan((counts, CountsEvent("b", 2.0, 1)), 1), Decimal("0.02") - delta)
    found_too = epsilon(Plan((counts, DiscoveryEvent("b", 2.0, 1, float(delta))), 1), Decimal("0.02"))
    assert abs(found_too - plain - 2 * delta) <= Decimal("0.001")


def test_noise_alone_moves_no_bound():
    """300 histograms of noise: 0.3 false cells are expected; over four in one of 50,000 cases."""
    column = Column(kind="integer")
    widest, rng = widest_domain(column), np.random.default_rng(5)
    noise = rng.normal(0, 7.0, (300, MagnitudeQuery("x").size))
    assert sum(found_domain(Count(cells, 7.0), column) != widest for cells in noise) <= 4


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("datetime", "1880-05-01"),
        ("datetime", "2300-05-01"),
        ("float", 1e20),
        ("float", 1e-15),
        ("integer", 2**50),
    ],
)
def test_far_values_are_within_the_bounds_found(kind, value):
    column = Column(kind=kind, domain=Domain(source="learned"))
    spec = TableSpec(columns={"x": column}, one_row_per_person=True)
    number = np.datetime64(value, "us").astype(np.int64) if kind == "datetime" else value
    table = Table.from_vectors("t", spec, {"x": Vector.full(np.full(900, number))})
    query = MagnitudeQuery("x")
    counts = np.bincount(query.cells(table), minlength=query.size).astype(float)
    domain = found_domain(Count(counts, 1.0), column)
    wanted = dt.datetime.fromisoformat(value) if kind == "datetime" else value
    assert domain.min <= wanted <= domain.max


def test_a_value_counted_twice_is_no_bounded_answer(plan, monkeypatch):
    """A planted fault: a person moves a count by two."""
    held = WeightedRows.held
    monkeypatch.setattr(
        WeightedRows, "held", lambda self, column: {key: 2 * n for key, n in held(self, column).items()}
    )
    curator = Curator(people(50), plan)
    curator.discover(CATEGORIES, ["name", "ward"])
    assert not curator.is_bounded


def test_several_rows_of_a_person_count_as_one_person():
    """30 persons with three rows each of one ward: no more than 30 persons, so below a threshold for 60."""
    spec = TableSpec.model_validate(
        {
            "columns": {
                "who": {"kind": "id", "role": "key"},
                "ward": {"kind": "category", "domain": LEARNED},
            },
            "person": "who",
            "max_rows_per_person": 3,
        }
    )
    plan = FoundDomains(PrivateMarginals()).plan(spec, BUDGET, {})
    least = threshold(plan.event(CATEGORIES), 3)

    def told(persons):
        who = Vector.full(np.repeat(np.arange(persons), 3).astype(np.int32), tuple(map(str, range(persons))))
        ward = Vector.full(np.zeros(3 * persons, dtype=np.int32), ("east",))
        table = Table.from_vectors("people", spec, {"who": who, "ward": ward})
        curator = Curator(table, plan, entropy=Silent())
        return curator.discover(CATEGORIES, ["ward"]), curator

    below, curator = told(int(least))
    assert below == [()]
    assert curator.is_bounded
    assert told(int(least) + 2)[0] == [("east",)]
