import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from synthrec.codec.lattice import FloatLattice, lattice_of, model_number
from synthrec.schema.model import Column


def column(**keys):
    return Column.model_validate(keys)


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        ({"kind": "integer"}, 1),
        ({"kind": "integer", "precision": 10}, 10),
        ({"kind": "decimal", "scale": 2}, 1),
        ({"kind": "decimal", "scale": 2, "precision": "0.05"}, 5),
        ({"kind": "date", "precision": 7}, 7),
        ({"kind": "datetime"}, 1_000_000),
        ({"kind": "datetime", "precision": 60}, 60_000_000),
        ({"kind": "float", "precision": "0.25"}, Decimal("0.25")),
    ],
)
def test_step_follows_kind_and_precision(keys, step):
    assert lattice_of(column(**keys), Decimal(0), Decimal(10**9)).step == step


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 7), (0, 999_999), (0.001, 0.0011)])
def test_float_without_precision_gets_at_least_a_million_points_and_not_ten_times_more(low, high):
    low, high = Decimal(str(low)), Decimal(str(high))
    step = lattice_of(column(kind="float"), low, high).step
    assert 10**6 <= (high - low) / step < 10**7


def test_constant_float_lies_on_its_lattice():
    value = Decimal("3.14159")
    lattice = lattice_of(column(kind="float"), value, value)
    assert lattice.values(lattice.nearest(np.array([3.14159]))).tolist() == [3.14159]


@pytest.mark.parametrize("step", ["0.01", "0.05", "0.25", "1E+1", "2", "1E-7"])
def test_floats_are_the_doubles_nearest_to_their_decimals(step):
    lattice = FloatLattice(Decimal(step))
    indices = np.array([-12345, -7, 0, 3, 10, 99_999])
    assert lattice.values(indices).tolist() == [float(int(k) * Decimal(step)) for k in indices]
    assert lattice.nearest(lattice.values(indices)).tolist() == indices.tolist()


def test_values_off_the_lattice_go_to_the_nearest_step():
    lattice = lattice_of(column(kind="integer", precision=10), Decimal(-100), Decimal(100))
    assert lattice.nearest(np.array([-14, -6, 4, 6, 14, 16])).tolist() == [-1, -1, 0, 1, 1, 2]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"kind": "integer", "precision": "0.5"}, "precision is finer"),
        ({"kind": "decimal", "scale": 2, "precision": "0.001"}, "precision is finer"),
        ({"kind": "datetime", "precision": "0.0000001"}, "precision is finer"),
    ],
)
def test_precision_finer_than_the_kind_is_refused(keys, found):
    with pytest.raises(ValueError, match=found):
        lattice_of(column(**keys), Decimal(0), Decimal(1))


@pytest.mark.parametrize(
    ("low", "high"), [("0", "1.7e308"), ("-1e200", "0"), ("0", "1e-300"), ("1e-310", "1e-309")]
)
def test_floats_whose_squares_are_no_numbers_are_refused(low, high):
    with pytest.raises(ValueError, match="another unit"):
        lattice_of(column(kind="float"), Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("low", "high"), [("9223372036880000000", "9223372037820000000"), ("-1e100", "-9.999999999999e99")]
)
def test_floats_near_each_other_and_far_from_zero_have_no_finer_steps_than_floats(low, high):
    lattice = lattice_of(column(kind="float"), Decimal(low), Decimal(high))
    first = lattice.ceiling(Decimal(low))
    values = lattice.values(np.arange(first, first + 100))
    assert len(np.unique(values)) == 100
    assert (lattice.nearest(values) == np.arange(first, first + 100)).all()


def test_too_many_points_are_refused():
    with pytest.raises(ValueError, match="too wide"):
        lattice_of(column(kind="integer"), Decimal(0), Decimal(2**52 + 1))


@pytest.mark.parametrize(
    ("keys", "value", "number"),
    [
        ({"kind": "decimal", "scale": 2}, 12.5, 1250),
        ({"kind": "date"}, dt.date(1970, 1, 31), 30),
        ({"kind": "datetime"}, dt.datetime(1970, 1, 1, 0, 1), 60_000_000),  # noqa: DTZ001
        ({"kind": "datetime", "timezone": "Europe/Berlin"}, "1970-01-01T01:00:00", 0),
    ],
)
def test_model_numbers_of_schema_values(keys, value, number):
    assert model_number(value, column(**keys)) == number
