"""Tables of one column or a few, made from plain lists."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from synthrec.data.table import Table
from synthrec.privacy.counts import Count
from synthrec.schema.model import LABEL_KINDS, TableSpec
from synthrec.schema.vector import Vector


def to_vector(kind, cells):
    missing = np.array([cell is None for cell in cells], dtype=bool)
    if kind in LABEL_KINDS:
        levels = tuple(dict.fromkeys(cell for cell in cells if cell is not None))
        values = [0 if cell is None else levels.index(cell) for cell in cells]
        return Vector(np.array(values, dtype=np.int32), missing, levels)
    dtype = {"float": np.float64, "boolean": np.bool_}.get(kind, np.int64)
    return Vector(np.array([0 if cell is None else cell for cell in cells], dtype=dtype), missing)


@pytest.fixture
def vector():
    """A vector of a kind from a list of model numbers or labels, with None for missing."""
    return to_vector


@pytest.fixture
def spec():
    """A spec from column mappings, as they stand in a schema file."""

    def make(columns, **keys):
        keys = keys or {"one_row_per_person": True}
        return TableSpec.model_validate({"columns": columns, **keys})

    return make


@pytest.fixture
def table(spec):
    """A table from column mappings and lists of model numbers or labels, with None for missing."""

    def make(columns, cells, **keys):
        made = spec(columns, **keys)
        vectors = {name: to_vector(made.columns[name].kind, cells[name]) for name in made.columns}
        return Table.from_vectors("visits", made, vectors)

    return make


@dataclass
class SimulatedCounts:
    """Counts of a table with rounded Gaussian noise from a seed; a stand-in for the curator in tests."""

    table: Table
    sigma: float
    seed: int = 0
    released: dict = field(default_factory=dict)

    @property
    def is_private(self):
        return self.sigma > 0

    def release(self, event, queries, shares=None):
        assert event not in self.released, "an event is released once"
        assert shares is None
        self.released[event] = [query.size for query in queries]
        noise = np.random.default_rng([self.seed, len(self.released)])
        return [self._count(query, noise) for query in queries]

    def _count(self, query, noise):
        values = np.bincount(query.cells(self.table), minlength=query.size).astype(float)
        assert len(values) == query.size
        return Count(values + np.rint(noise.normal(0, self.sigma, query.size)), self.sigma)


@pytest.fixture
def counts():
    """Counts of a table: exact where sigma is 0, else noised from a seed."""
    return SimulatedCounts
