"""Rows of the three kinds as the measures of quality take them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from synthrec.data.persons import person_ids
from synthrec.data.table import Table
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector
from synthrec.validation.quality.ground import Rows, Sides


@pytest.fixture
def rows() -> Callable[[Table], Rows]:
    """The rows of a table, each of the person that it names."""
    return lambda table: Rows(table, person_ids(table))


@pytest.fixture
def sides(rows) -> Callable[[Table, Table, Table], Sides]:
    """Synthetic, training and holdout rows."""
    return lambda *tables: Sides(*map(rows, tables))


@pytest.fixture
def drawn(population, sides) -> Callable[..., Sides]:
    """``drawn(seed, n, held, change)``: fresh rows of each kind, the synthetic ones changed; and a spec."""

    def make(seed, n=600, held=600, change=lambda vectors, rng: vectors, **spec):
        rng = np.random.default_rng(seed)
        tables = [population(rng, count, weight=False) for count in (n, n, held)]
        columns = {
            name: column.model_copy(update=spec.get("columns", {}).get(name, {}))
            for name, column in tables[0].spec.columns.items()
        }
        more = {key: value for key, value in spec.items() if key != "columns"}
        specification = TableSpec(columns=columns, one_row_per_person=True, **more)
        vectors = [change(tables[0].vectors(), rng), tables[1].vectors(), tables[2].vectors()]
        return sides(*(Table.from_vectors("t", specification, each) for each in vectors))

    return make


@pytest.fixture
def shuffled() -> Callable[[dict[str, Vector], np.random.Generator], dict[str, Vector]]:
    """Every column in an order of its own: marginals stay, what goes together is lost."""
    return lambda vectors, rng: {
        name: vector.take(rng.permutation(len(vector))) for name, vector in vectors.items()
    }
