import numpy as np
import pytest

from synthrec.codec import label
from synthrec.codec.label import BooleanCodec
from synthrec.errors import InternalError
from synthrec.schema.model import Column
from synthrec.schema.vector import Vector


def column(*, null, **domain):
    return Column.model_validate({"kind": "category", "domain": domain, "null": {"allowed": null}})


def listed(*values, null=False, **keys):
    made = column(null=null, values=values, source="public", **keys)
    return label.build_listed(made, made.domain)


def learned(vector, cells, persons=None, *, null=False, **keys):
    made = column(null=null, source="learned", **keys)
    ids = np.arange(len(cells)) if persons is None else np.array(persons)
    return label.build_learned(made, made.domain, vector("category", cells), ids)


def decoded(codec, codes):
    vector = codec.decode(np.array(codes, dtype=np.int32), np.random.default_rng(0))
    return [None if m else vector.levels[v] for v, m in zip(vector.values, vector.missing, strict=True)]


def test_codes_follow_the_domain_not_the_dictionary_of_the_data(vector):
    codec = listed("low", "mid", "high", ordered=True)
    assert codec.encode(vector("category", ["high", "low", "mid", "low"])).tolist() == [2, 0, 1, 0]
    assert decoded(codec, [2, 0]) == ["high", "low"]
    assert codec.ordered


def test_missing_is_the_last_level_even_when_no_row_is_missing(vector):
    codec = listed("a", "b", null=True)
    assert codec.size == 3
    assert codec.encode(vector("category", ["b", None])).tolist() == [1, 2]
    assert decoded(codec, [2, 0]) == [None, "a"]


@pytest.mark.parametrize("cells", [["secret"], [None]])
def test_what_the_door_should_have_kept_is_our_fault_and_not_told(vector, cells):
    with pytest.raises(InternalError) as caught:
        listed("a", "b").encode(vector("category", cells))
    assert "secret" not in str(caught.value)


def test_unused_dictionary_levels_do_no_harm():
    codec = listed("a", "b")
    cells = Vector.full(np.array([1, 1], dtype=np.int32), ("unused", "b"))
    assert codec.encode(cells).tolist() == [1, 1]


def test_rare_categories_are_pooled_by_person(vector):
    cells = ["a"] * 11 + ["b"] * 30 + ["c"] * 10
    persons = [*range(11), *[n % 10 for n in range(30)], *range(20, 30)]
    codec = learned(vector, cells, persons)
    assert codec.labels == ("a", "(other)")
    assert codec.encode(vector("category", ["c", "a", "b", "never seen"])).tolist() == [1, 0, 1, 1]


def test_no_pool_where_nothing_is_rare(vector):
    codec = learned(vector, ["10", "9"] * 11)
    assert codec.labels == ("9", "10")
    assert codec.other is None


def test_learned_categories_are_cut_to_the_listed_ones_in_their_order(vector):
    codec = learned(vector, ["a", "b", "c"] * 11, values=["c", "a", "z"], other="rest")
    assert codec.labels == ("c", "a", "rest")


def test_a_column_without_any_value(vector):
    assert learned(vector, [None] * 20, null=True).size == 1
    with pytest.raises(ValueError, match="no row"):
        learned(vector, [])


def test_booleans():
    codec = BooleanCodec(has_missing=True)
    codes = codec.encode(Vector(np.array([True, False, False]), np.array([False, False, True])))
    assert codes.tolist() == [1, 0, 2]
    back = codec.decode(codes, np.random.default_rng(0))
    assert back.values.tolist() == [True, False, False]
    assert back.missing.tolist() == [False, False, True]
