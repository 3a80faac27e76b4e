"""A population with a near-unique column, from which train, holdout and fresh rows are drawn."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from synthrec.data.table import Table
from synthrec.schema.model import Column, Domain, Schema, TableSpec
from synthrec.schema.vector import Vector
from synthrec.validation.real import RealData


def _column(kind: str, **more) -> Column:
    return Column(kind=kind, **more)


WEIGHT = {"weight": _column("integer")}
REST = {
    "age": _column("integer"),
    "sex": _column("category", domain=Domain(values=("F", "M"), source="public")),
    "job": _column("category"),
    "hours": _column("integer"),
    "region": _column("category"),
    "score": _column("float"),
}


def draw(rng: np.random.Generator, n: int, *, weight: bool) -> Table:
    """Fresh rows of the population: correlated, mixed kinds, coarse but for the weight."""
    latent = rng.normal(size=n)
    levels = {"sex": ("F", "M"), "job": tuple("abcdefgh"), "region": tuple(f"r{i}" for i in range(12))}
    vectors = {
        "weight": Vector.full(np.rint(200_000 * np.exp(0.5 * rng.normal(size=n))).astype(np.int64)),
        "age": Vector.full(
            np.clip(np.rint(40 + 12 * latent + 5 * rng.normal(size=n)), 17, 90).astype(np.int64)
        ),
        "sex": Vector.full((latent + rng.normal(size=n) > 0).astype(np.int32), levels["sex"]),
        "job": Vector.full(np.clip(np.rint(3 + 2 * latent), 0, 7).astype(np.int32), levels["job"]),
        "hours": Vector.full(np.rint(rng.choice([20, 38, 40, 60], n) + latent).astype(np.int64)),
        "region": Vector.full(rng.integers(0, 12, n).astype(np.int32), levels["region"]),
        "score": Vector(np.round(latent + rng.normal(size=n), 1) + 0.0, rng.random(n) < 0.1),
    }
    spec = TableSpec(columns=(WEIGHT if weight else {}) | REST, one_row_per_person=True)
    return Table.from_vectors("t", spec, vectors)


@pytest.fixture
def population() -> Callable[..., Table]:
    """``population(rng, n, weight=True)``: n fresh rows."""
    return draw


@pytest.fixture
def release(population) -> Callable[..., SimpleNamespace]:
    """``release(seed, persons, rows, share=0.2, weight=True)``: real data and fresh synthetic rows."""

    def make(seed, persons, rows, *, share=0.2, weight=True):
        rng = np.random.default_rng(seed)
        people = population(rng, persons, weight=weight)
        held = round(persons * share)
        real = RealData("t", people.slice(held), people.slice(0, held))
        return SimpleNamespace(real=real, fresh=population(rng, rows, weight=weight), rng=rng)

    return make


@pytest.fixture
def leaky() -> Callable[[SimpleNamespace, float], Table]:
    """``leaky(release, share)``: the fresh rows, a share of them replaced by training rows."""

    def make(drawn, share):
        count = round(share * len(drawn.fresh))
        rows = drawn.rng.choice(len(drawn.real.train), count, replace=False)
        return Table.concat([drawn.fresh.slice(0, len(drawn.fresh) - count), drawn.real.train.take(rows)])

    return make


@pytest.fixture
def table_of() -> Callable[..., Table]:
    """``table_of({name: (column, values)}, **spec)``: a hand-made table; None is missing."""

    def make(columns, **spec):
        vectors = {}
        for name, (column, values) in columns.items():
            missing = np.array([value is None for value in values], dtype=bool)
            if column.kind in {"category", "id", "string", "code", "text"}:
                levels = tuple(dict.fromkeys(value for value in values if value is not None))
                codes = [0 if value is None else levels.index(value) for value in values]
                vectors[name] = Vector(np.array(codes, np.int32), missing, levels)
                continue
            dtype = {"float": np.float64, "boolean": np.bool_}.get(column.kind, np.int64)
            vectors[name] = Vector(np.array([value or 0 for value in values], dtype), missing)
        specification = TableSpec(columns={name: column for name, (column, _) in columns.items()}, **spec)
        return Table.from_vectors("t", specification, vectors)

    return make


@pytest.fixture
def schema_of() -> Callable[[Table], Schema]:
    """The schema whose one table a table is."""

    def make(table):
        return Schema.model_validate(
            {"synthrec": 1, "schema": {"name": "s"}, "tables": {table.name: table.spec.model_dump()}}
        )

    return make
