"""The smooth draw: uniform within bins, and no likelier to hit a training value than any other value."""

import numpy as np
import pytest

from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.rng import Streams
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector

SIGMAS = 4.0
"""Two-sided tolerance of every test here; a right codec fails one in 15,000."""
ROWS = 30_000

COLUMNS = {
    "learned integer": {"kind": "integer", "domain": {"source": "learned"}},
    "learned asinh": {"kind": "integer", "grid": "asinh", "domain": {"source": "learned"}},
    "learned float": {"kind": "float", "precision": "0.01", "domain": {"source": "learned"}},
    "public decimal": {
        "kind": "decimal",
        "scale": 2,
        "domain": {"min": -5000, "max": 5000, "source": "public"},
    },
}
MODEL_UNIT = {"integer": 1.0, "float": 0.01, "decimal": 1.0}


def table(column, values):
    spec = TableSpec.model_validate({"one_row_per_person": True, "columns": {"x": column}})
    return Table.from_vectors("t", spec, {"x": Vector.full(values)})


def fresh(kind, rng):
    """Near-unique values of a smooth distribution on a lattice, in model numbers."""
    steps = np.clip(np.rint(rng.normal(0, 100_000, ROWS)), -499_999, 499_999)
    return steps / 100 if kind == "float" else steps.astype(np.int64)


def hits(emitted, mine, others):
    """Emitted values that equal a value which occurs once in `mine` and never in `others`."""
    values, counts = np.unique(np.append(mine, others), return_counts=True)
    unique = np.intersect1d(values[counts == 1], mine)
    return int(np.isin(emitted, unique).sum())


def excess(emitted, train, control):
    """Standard deviations by which hits on training-unique values exceed hits on control-unique ones.

    Without a leak every hit falls on train or control with equal chance, so the hits on train are
    Binomial(train hits + control hits, 1/2).
    """
    a, b = hits(emitted, train, control), hits(emitted, control, train)
    return (a - b) / np.sqrt(a + b)


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_near_unique_training_values_are_hit_no_more_often_than_fresh_ones(column):
    rng = np.random.default_rng(7)
    train, control, new = (fresh(column["kind"], rng) for _ in range(3))
    built = table(column, train)
    codec = Codec.build(built.spec, "t", built)
    emitted = codec.decode(codec.encode(table(column, new)), 0, Streams(11)).vector("x").values
    assert abs(excess(emitted, train, control)) < SIGMAS


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_a_leak_of_one_percent_would_be_seen(column):
    """The power of the test above: one value in a hundred replaced by a training value is far outside."""
    rng = np.random.default_rng(7)
    train, control, new = (fresh(column["kind"], rng) for _ in range(3))
    built = table(column, train)
    codec = Codec.build(built.spec, "t", built)
    emitted = codec.decode(codec.encode(table(column, new)), 0, Streams(11)).vector("x").values.copy()
    emitted[: ROWS // 100] = train[: ROWS // 100]
    assert excess(emitted, train, control) > SIGMAS


@pytest.mark.parametrize("width", [3, 10, 1000])
def test_draws_are_uniform_within_a_bin(width):
    """Counts in ten parts of a bin against their binomial standard deviation."""
    column = {"kind": "integer", "domain": {"min": 0, "max": 256 * width - 1, "source": "public"}}
    empty = table(column, np.zeros(0, dtype=np.int64))
    codec = Codec.build(empty.spec, "t", empty)
    codes = codec.encode(table(column, np.full(ROWS, 5 * width, dtype=np.int64)))
    drawn = codec.decode(codes, 0, Streams(3)).vector("x").values - 5 * width
    parts = min(width, 10)
    counts = np.bincount(drawn * parts // width, minlength=parts)
    share = np.bincount(np.arange(width) * parts // width, minlength=parts) / width
    deviation = (counts - ROWS * share) / np.sqrt(ROWS * share * (1 - share))
    assert drawn.min() >= 0
    assert drawn.max() < width
    assert np.abs(deviation).max() < SIGMAS
