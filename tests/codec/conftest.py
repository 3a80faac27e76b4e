"""Tables of one column or a few, made from plain lists."""

import numpy as np
import pytest

from synthrec.data.table import Table
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
