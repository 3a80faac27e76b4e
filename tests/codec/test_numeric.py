import datetime as dt

import numpy as np
import pytest

from synthrec.codec import numeric
from synthrec.errors import InternalError
from synthrec.schema.model import Column


def column(**keys):
    return Column.model_validate(keys)


def public(kind, low, high, **keys):
    made = column(kind=kind, domain={"min": low, "max": high, "source": "public"}, **keys)
    return numeric.build_public(made, made.domain)


def learned(vector, cells, persons=None, kind="integer", **keys):
    domain = {"source": "learned", **keys.pop("domain", {})}
    made = column(kind=kind, domain=domain, **keys)
    ids = np.arange(len(cells)) if persons is None else np.array(persons)
    return numeric.build_learned(made, made.domain, vector(kind, cells), ids)


def test_small_domains_round_trip_exactly(vector):
    codec = public("integer", -5, 5, null={"allowed": True})
    cells = [-5, None, 0, 5, 3]
    codes = codec.encode(vector("integer", cells))
    assert codes.tolist() == [0, 11, 5, 10, 8]
    back = codec.decode(codes, np.random.default_rng(0))
    assert back.values.tolist() == [-5, 0, 0, 5, 3]
    assert back.missing.tolist() == [False, True, False, False, False]
    assert codec.size == 12


def test_heaps_come_back_exactly(vector):
    codec = public("decimal", 0, 10_000, scale=2, heaps=[0, "19.99"])
    cells = [0, 1999] * 100
    back = codec.decode(codec.encode(vector("decimal", cells)), np.random.default_rng(1))
    assert back.values.tolist() == cells


def test_dates_and_datetimes_use_their_steps(vector):
    dates = public("date", dt.date(2000, 1, 1), dt.date(2019, 12, 31), precision=7)
    back = dates.decode(dates.encode(vector("date", [11_000, 15_000])), np.random.default_rng(0))
    assert (back.values % 7 == 0).all()
    moments = public("datetime", dt.datetime(2000, 1, 1), dt.datetime(2020, 1, 1), precision=60)  # noqa: DTZ001
    codes = moments.encode(vector("datetime", [1_000_000_000_000_000]))
    back = moments.decode(codes, np.random.default_rng(0))
    assert back.values[0] % 60_000_000 == 0


def test_float_draws_are_rounded_to_the_precision(vector):
    codec = public("float", 0, 100, precision="0.05")
    back = codec.decode(np.full(1000, 7, dtype=np.int32), np.random.default_rng(0))
    assert all(value == round(value, 2) for value in back.values.tolist())


def test_missing_without_a_level_is_our_fault(vector):
    with pytest.raises(InternalError):
        public("integer", 0, 5).encode(vector("integer", [1, None]))


def test_values_outside_public_bounds_are_our_fault_and_not_told(vector):
    with pytest.raises(InternalError) as caught:
        public("integer", 0, 5).encode(vector("integer", [1, 77]))
    assert "77" not in str(caught.value)


def test_a_value_within_half_a_step_of_a_bound_is_kept(vector):
    codec = public("float", 0, 10.6, precision=1)
    assert codec.encode(vector("float", [10.6])).tolist() == [10]


def test_bounds_that_no_step_meets_are_refused():
    with pytest.raises(ValueError, match="no value of this precision"):
        public("float", 0.2, 0.4, precision=1)


def test_heap_outside_public_bounds_is_refused():
    with pytest.raises(ValueError, match="heap"):
        public("integer", 0, 1000, heaps=[1001])


def test_learned_bounds_clip_the_eleven_most_extreme_persons(vector):
    cells = [*range(1000, 2000), 10**6]
    codec = learned(vector, cells)
    codes = codec.encode(vector("integer", [-(10**9), 1500, 10**9]))
    assert codes[0] == 0
    assert codes[2] == codec.size - 1
    assert codec.bins.last < 10_000


def test_learned_bounds_are_cut_to_the_listed_ones(vector):
    codec = learned(vector, list(range(1000)), domain={"min": 100, "max": 300})
    assert (codec.bins.first, codec.bins.last) == (100, 300)


def test_listed_bounds_that_exclude_all_values_are_refused(vector):
    with pytest.raises(ValueError, match="exclude"):
        learned(vector, list(range(1000)), domain={"min": 5000})


def test_learned_heap_of_few_persons_is_no_level(vector):
    cells = [*range(2000), *[777] * 5, *[333] * 50]
    codec = learned(vector, cells, heaps=[777, 333])
    single = {int(low) for low, width in zip(codec.bins.low, codec.bins.width, strict=True) if width == 1}
    assert 333 in single
    assert 777 not in single


def test_a_constant_stays_a_constant(vector):
    codec = learned(vector, [3.25] * 30, kind="float")
    back = codec.decode(codec.encode(vector("float", [3.25, 3.25])), np.random.default_rng(0))
    assert back.values.tolist() == [3.25, 3.25]


def test_fewer_than_eleven_persons_are_refused(vector):
    with pytest.raises(ValueError, match="fewer than 11 persons"):
        learned(vector, [5] * 40, persons=[n % 10 for n in range(40)])
    with pytest.raises(ValueError, match="fewer than 11 persons"):
        learned(vector, [None] * 40, null={"allowed": True})


def test_gaps_between_frequent_values_are_not_drawn(vector):
    codec = learned(vector, [10, 20, 30] * 20)
    back = codec.decode(codec.encode(vector("integer", [10, 20, 30, 14])), np.random.default_rng(0))
    assert back.values.tolist() == [10, 20, 30, 10]
