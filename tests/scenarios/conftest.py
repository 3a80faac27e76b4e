"""A small schema with a running balance, a scenario on it, and runs of shipped scenarios, made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from synthrec.assets import find_schema
from synthrec.data.table import Records, Table
from synthrec.rng import Streams
from synthrec.scenarios.bind import bind
from synthrec.scenarios.load import ScenarioFile, load_scenario, parse_scenario
from synthrec.scenarios.model import Prevalence
from synthrec.scenarios.run import Request, ScenarioRun
from synthrec.schema.load import load_schema, parse_schema
from synthrec.schema.model import Schema

SCHEMA = """
synthrec: 1
schema: {name: purse}
params: {start: 2024-01-01, level: 3.0}
tables:
  owner:
    primary_key: [owner_id]
    person: owner_id
    columns:
      owner_id: {kind: id, role: key, generate: {sequence: {prefix: O, width: 6}}}
      group:
        kind: category
        domain: {values: [a, b, c], source: public}
        generate: {category: {weights: {a: 5, b: 3, c: 2}}}
      opening: {kind: decimal, scale: 2, generate: {dist: {name: uniform, low: 0, high: 900}}}
  booking:
    primary_key: [booking_id]
    foreign_keys: [{columns: [owner_id], references: owner}]
    person: {via: owner_id}
    max_rows_per_person: 100
    columns:
      booking_id: {kind: id, role: key, generate: {sequence: {prefix: B, width: 7}}}
      owner_id: {kind: id, role: key, generate: {copy: owner.owner_id}}
      booked_on: {kind: date, generate: {scan: {sum: _gap, from: start}}}
      kind:
        kind: category
        domain: {values: [pay, get], source: public}
        generate: {category: {weights: {pay: 3, get: 1}}}
      amount:
        kind: decimal
        scale: 2
        generate: {dist: {name: normal, mean: "where(kind == 'pay', -20, 60)", sd: 12.345}}
      balance: {kind: decimal, scale: 2, generate: {scan: {sum: amount, from: owner.opening}}}
    generate:
      per: owner
      count: {dist: {name: poisson, mean: level}}
      helpers:
        _gap: {kind: integer, generate: {dist: {name: integers, low: 1, high: 9}}}
"""

SCENARIO = """
synthrec: 1
scenario:
  {name: theft, version: 1.0.0, title: Theft, description: None., intent: failure_mode, cite: [assumption]}
targets: {schema: purse, major: 1}
mode: inject
unit: owner
select: {where: "booking.count >= 2"}
anchor: {table: booking, where: "row.after > 0"}
prevalence: {count: 10, per: owner}
params:
  taken: {type: float, range: [1, 100], scale: log}
  times: {type: integer, range: [1, 4]}
  way: {type: choice, values: [cash, card]}
severity: {maps: {taken: up}, tiers: {low: 0.1, high: 0.9}, default: low}
steps:
  - role: taken
    emit: booking
    repeat: times
    like: "kind == 'pay'"
    set: {amount: "-round(taken, 2)", booked_on: "add_days(anchor.booked_on, row.index)"}
  - {role: noticed, change: booking, set: {amount: "amount - 1"}}
order: {booking: booked_on}
recompute: [booking.balance]
"""


@dataclass(frozen=True, eq=False)
class Made:
    """The records of a run, whole, with their labels and instances."""

    run: ScenarioRun
    records: Records
    labels: Table
    instances: Table


def made(run: ScenarioRun) -> Made:
    parts = list(run.stream())
    records = {name: Table.concat([part[0][name] for part in parts]) for name in run.schema.tables}
    return Made(run, records, Table.concat([part[1] for part in parts]), run.instances())


def request(
    file: ScenarioFile,
    schema: Schema,
    *,
    count: int | None = None,
    rate: float | None = None,
    tier: str | None = None,
    stratify: str | None = None,
) -> Request:
    bound = bind(file, schema)
    own = file.scenario.prevalence
    given = count is not None or rate is not None
    prevalence = Prevalence(count=count, rate=rate, per=bound.unit, stratify=stratify) if given else own
    return Request(bound, prevalence, file.scenario.tier(tier))


@pytest.fixture(scope="session")
def purse() -> Schema:
    return parse_schema(SCHEMA)


@pytest.fixture(scope="session")
def theft() -> ScenarioFile:
    return parse_scenario(SCENARIO)


@pytest.fixture(scope="session")
def scenario_text() -> str:
    return SCENARIO


@pytest.fixture(scope="session")
def play(purse, theft) -> Callable[..., Made]:
    """Run the small scenario on the small schema."""

    def run(n: int = 500, *, seed: int = 1, **more: object) -> Made:
        return made(ScenarioRun(purse, {}, [request(theft, purse, **more)], n, Streams(seed)))

    return run


ROOTS = {"card": 500, "retail_bank": 1_200, "claims": 1_200, "inpatient": 6_000}
"""By schema, so many that a few hundred rows belong to instances."""


FEW = {"card": 60, "retail_bank": 100, "claims": 150, "inpatient": 300}
"""By schema, so many that some dozens have an instance."""


@pytest.fixture(scope="session")
def shipped() -> Callable[..., Made]:
    """Run a shipped scenario, with its companions, on its schema; each once."""

    @cache
    def run(
        name: str,
        *,
        count: int | None = None,
        tier: str | None = None,
        seed: int = 1,
        companions: bool = True,
    ) -> Made:
        file = load_scenario(name)
        schema = load_schema(find_schema(file.scenario.targets.schema_name))
        n = ROOTS[schema.info.name] if count is None else FEW[schema.info.name]
        names = file.scenario.companions if companions else ()
        others = [request(load_scenario(other), schema) for other in names]
        rate = 0.06 if count is None else None
        requests = [request(file, schema, rate=rate, count=count, tier=tier), *others]
        return made(ScenarioRun(schema, {}, requests, n, Streams(seed), block_roots=n))

    return run


@pytest.fixture(scope="session")
def several() -> Callable[..., Made]:
    """Run several scenario files on one schema."""

    def run(schema: Schema, requests: list[Request], n: int = 2_000, seed: int = 3) -> Made:
        return made(ScenarioRun(schema, {}, requests, n, Streams(seed)))

    return run


@pytest.fixture(scope="session")
def asked() -> Callable[..., Request]:
    return request
