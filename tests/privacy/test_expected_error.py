"""What a plan says of its errors, against releases of made-up persons."""

import numpy as np
import pytest

from synthrec.data.table import Table
from synthrec.privacy.curator import Curator
from synthrec.privacy.events import CountsEvent, Plan
from synthrec.privacy.expected_error import MOST_DISTANCE, ExpectedError, column_error
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector

SIGMAS = 5.0


class Cells:
    """Many cells, all rows in the first."""

    size = 8_000

    def cells(self, table):
        return np.zeros(len(table), dtype=np.int64)


def test_the_mean_absolute_error_of_a_share_is_that_of_a_release():
    """The mean of |noise| over r cells has a standard error of s sqrt((1 - 2 / pi) / r)."""
    spec = TableSpec.model_validate({"columns": {"x": {"kind": "boolean"}}, "one_row_per_person": True})
    table = Table.from_vectors("t", spec, {"x": Vector.full(np.zeros(1_000, dtype=bool))})
    event = CountsEvent("one_way", 4.0, 5)
    released = Curator(table, Plan((event,), 1)).release("one_way", [Cells()] * event.tables)
    noise = np.concatenate([count.values[1:] for count in released])
    error = ExpectedError.of(event)
    tolerance = SIGMAS * error.deviation * np.sqrt((1 - 2 / np.pi) / len(noise)) / len(table)
    assert abs(np.abs(noise).mean() / len(table) - error.share(len(table))) <= tolerance


def test_the_distance_of_a_histogram_is_half_its_summed_errors():
    error = ExpectedError(12.0)
    assert error.distance(20, 500) == pytest.approx(10 * error.share(500))


def test_with_the_persons_needed_the_limit_is_just_met():
    error = ExpectedError(7.0)
    needed = error.persons_needed(25)
    assert error.distance(25, needed) <= MOST_DISTANCE < error.distance(25, needed - 1)


def test_the_error_of_columns_is_that_of_their_event():
    plan = Plan((CountsEvent("octaves", 1.0, 2), CountsEvent("levels", 2.0, 4)), 1)
    assert column_error(plan, ("one_way", "levels")) == ExpectedError(4.0)
    assert column_error(plan, ("two_way",)) is None
