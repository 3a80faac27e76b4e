"""Populations to audit on, and disjoint sets of people drawn from them: train, holdout, and fresh ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from synthrec.data.sources import read_table
from synthrec.data.table import Table
from synthrec.schema.load import load_schema
from synthrec.schema.model import Column, Domain, Schema, TableSpec
from synthrec.schema.vector import Vector

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Population:
    """All records there are, and their near-unique column."""

    table: Table
    near_unique: str


@dataclass(frozen=True)
class People:
    """Disjoint sets of one run."""

    train: Table
    holdout: Table
    fresh: Table
    near_unique: str
    rng: np.random.Generator


def census(folder: Path) -> Population:
    """The Adult records."""
    name, spec = load_schema(HERE / "schemas" / "adult.yaml").only_table
    return Population(read_table(folder / "adult" / "adult.csv.gz", name, spec).table, "fnlwgt")


def made_up(n: int) -> Population:
    """A population like that of a census: correlated, coarse and skewed but for the near-unique weight."""
    rng = np.random.default_rng(1994)
    latent, other = rng.normal(size=(2, n))
    sizes = {"work": 8, "education": 16, "marital": 7, "occupation": 14, "relation": 6, "region": 40}
    columns, vectors = {}, {}
    for place, (name, size) in enumerate(sizes.items()):
        levels = tuple(f"{name}-{level}" for level in range(size))
        drift = latent if place % 2 else other
        level = np.minimum(np.rint(size * np.abs(0.35 * drift + 0.25 * rng.normal(size=n))), size - 1)
        columns[name] = Column(kind="category", domain=Domain(values=levels, source="public"))
        vectors[name] = Vector.full(level.astype(np.int32), levels)
    numbers = {
        "age": np.clip(np.rint(38 + 11 * latent + 8 * rng.normal(size=n)), 17, 90),
        "hours": np.clip(np.rint(rng.choice([20, 38, 40, 45, 60], n) + 4 * other), 1, 99),
        "weight": np.rint(190_000 * np.exp(0.5 * rng.normal(size=n))),
    }
    for name, values in numbers.items():
        columns[name] = Column(kind="integer", domain=Domain(source="learned"))
        vectors[name] = Vector.full(values.astype(np.int64))
    spec = TableSpec(columns=columns, one_row_per_person=True)
    return Population(Table.from_vectors("people", spec, vectors), "weight")


def drawn(population: Population, rows: int, run_number: int) -> People:
    """The people of one run."""
    rng = np.random.default_rng([run_number, rows])
    chosen = rng.permutation(len(population.table))[: 3 * rows]
    train, holdout, fresh = (population.table.take(part) for part in np.split(chosen, 3))
    return People(train, holdout, fresh, population.near_unique, rng)


def without(people: People, column: str) -> People:
    """The same people without a column."""
    train, holdout, fresh = (
        _without(table, column) for table in (people.train, people.holdout, people.fresh)
    )
    return replace(people, train=train, holdout=holdout, fresh=fresh)


def schema_of(table: Table) -> Schema:
    """The schema whose one table this is."""
    info = {"name": "leaks", "version": "1.0.0"}
    return Schema.model_validate(
        {"synthrec": 1, "schema": info, "tables": {table.name: table.spec.model_dump()}}
    )


def _without(table: Table, column: str) -> Table:
    columns = {name: spec for name, spec in table.spec.columns.items() if name != column}
    vectors = {name: vector for name, vector in table.vectors().items() if name != column}
    return Table.from_vectors(table.name, table.spec.model_copy(update={"columns": columns}), vectors)
