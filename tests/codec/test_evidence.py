import datetime as dt

import numpy as np
import pytest

from synthrec.codec import evidence as evidence_module
from synthrec.codec.codec import Codec
from synthrec.errors import ConfigError, SchemaError

COLUMNS = {
    "pid": {"kind": "id", "role": "key"},
    "age": {
        "kind": "integer",
        "domain": {"min": 0, "max": 110, "source": "public"},
        "null": {"allowed": True},
    },
    "cost": {
        "kind": "decimal",
        "scale": 2,
        "heaps": [0],
        "domain": {"min": 0, "max": 99_999, "source": "public"},
    },
    "seen": {
        "kind": "datetime",
        "domain": {"min": "2000-01-01T00:00:00", "max": "2019-12-31T23:59:59", "source": "public"},
    },
    "born": {
        "kind": "date",
        "domain": {"min": dt.date(1900, 1, 1), "max": dt.date(2020, 1, 1), "source": "public"},
    },
    "ward": {
        "kind": "category",
        "domain": {"values": ["a", "b", "c"], "source": "public"},
        "null": {"allowed": True},
    },
    "smoker": {"kind": "boolean"},
}


@pytest.fixture
def codec(table):
    empty = table(COLUMNS, {name: [] for name in COLUMNS})
    return Codec.build(empty.spec, "visits", empty)


def allowed(codec, where):
    return {name: np.flatnonzero(levels).tolist() for name, levels in codec.evidence(where)[0].items()}


def test_unit_bins_and_labels_are_exact(codec):
    assert allowed(codec, "age >= 108 and ward in ['a', 'c'] and not smoker") == {
        "age": [108, 109, 110],
        "ward": [0, 2],
        "smoker": [0],
    }


def test_two_terms_of_one_column_are_both_kept(codec):
    assert allowed(codec, "age > 5 and (age < 8 or age == 20) and age != 6") == {"age": [7, 20]}


def test_missing_is_asked_for_by_isnull_and_nothing_else(codec):
    assert allowed(codec, "isnull(age)") == {"age": [111]}
    assert 111 not in allowed(codec, "age != 7")["age"]
    assert allowed(codec, "isnull(ward) or ward == 'b'") == {"ward": [1, 3]}


def test_a_value_inside_of_a_bin_allows_the_bin(codec):
    bins = codec.columns["cost"].bins
    (level,) = allowed(codec, "cost == 1234.56")["cost"]
    assert bins.edges[level] <= 123_456 < bins.edges[level + 1]


def test_terms_over_several_columns_only_filter(codec):
    assert allowed(codec, "cost > age and age == 3") == {"age": [3]}


def test_the_exact_filter_is_the_whole_condition(codec):
    _, exact = codec.evidence("cost > age and age == 3")
    assert exact.names == {"cost", "age"}


def test_unsatisfiable_conditions_are_refused_with_the_column(codec):
    with pytest.raises(ConfigError, match="age"):
        codec.evidence("age > 200 and ward == 'a'")
    with pytest.raises(ConfigError, match="age"):
        codec.evidence("age > 50 and age < 10")


@pytest.mark.parametrize("where", ["age", "ward", "born", "1", "age + 1"])
def test_what_is_not_true_or_false_is_no_condition(codec, where):
    with pytest.raises(ConfigError, match="not true or false"):
        codec.evidence(where)


def test_minted_columns_cannot_be_conditions(codec):
    with pytest.raises(SchemaError):
        codec.evidence("pid == 'P1'")


WIDE = [
    "seen == '2010-05-05T12:34:56'",
    "seen > '2010-05-05T12:34:56' and seen < '2010-05-05T12:34:58'",
    "not (seen < '2019-12-31T23:59:59')",
    "seen in ['2003-03-03T03:03:03', '2004-04-04T04:04:04']",
    "hour(seen) == 3",
    "cost * 2 < 10",
    "cost == 77.77 or cost > 99990",
    "year(born) == 1950",
]


@pytest.mark.parametrize("limits", [(2**24, 2**24), (0, 2**24), (0, 0)])
@pytest.mark.parametrize("where", WIDE)
def test_no_satisfying_value_loses_its_level(codec, vector, monkeypatch, where, limits):
    """The evidence is a superset, whether levels are evaluated point by point or by breakpoints."""
    for constant, limit in zip(("FEW_POINTS", "DENSE_POINTS"), limits, strict=True):
        monkeypatch.setattr(evidence_module, constant, limit)
    levels, exact = codec.evidence(where)
    (name,) = exact.names
    column = codec.columns[name]
    rng = np.random.default_rng(1)
    first, last = column.bins.first, column.bins.last
    moments = [
        dt.datetime(2010, 5, 5, 12, 34, 56, tzinfo=dt.UTC),
        dt.datetime(2010, 5, 5, 12, 34, 57, tzinfo=dt.UTC),
        dt.datetime(2003, 3, 3, 3, 3, 3, tzinfo=dt.UTC),
    ]
    told = {"seen": [int(moment.timestamp()) for moment in moments], "cost": [7777]}
    points = np.array([first, last, *rng.integers(first, last + 1, 50_000), *told.get(name, [])])
    values = vector(codec.spec.columns[name].kind, column.lattice.values(points).tolist())
    result = exact.evaluate({name: values})
    satisfied = result.values.astype(bool) & ~result.missing
    assert satisfied.any()
    assert levels[name][column.encode(values)[satisfied]].all()


def test_plain_comparisons_stay_narrow_on_wide_lattices(codec):
    found = allowed(codec, "seen == '2010-05-05T12:34:56'")["seen"]
    assert len(found) == 1
    low, high = allowed(codec, "seen >= '2015-01-01T00:00:00'")["seen"][0], 255
    assert 185 <= low <= 195
    assert high == 255
