"""Series along a parent's rows, and shares that add up."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from synthrec.errors import SchemaError
from synthrec.rules.siblings import _share, remembering

ID = {"kind": "id", "role": "key", "generate": {"sequence": {"prefix": "P", "width": 5}}}
CENTS = {"kind": "decimal", "scale": 2}


def rows(make, columns, n=3, count=None, root=None):
    tables = {
        "c": {
            "person": {"via": "id"},
            "foreign_keys": [{"columns": ["id"], "references": "t"}],
            "columns": {"id": {"kind": "id", "role": "key", "generate": {"copy": "t.id"}}, **columns},
            "generate": {"per": "t", "count": count or {"const": 4}},
        }
    }
    root = {"id": ID, **(root or {})}
    table = {"primary_key": ["id"], "person": "id"}
    return make(root, n, table=table, tables=tables)["c"].data.to_pandas()


def ar(**settings):
    return {"x": {"kind": "float", "generate": {"ar": settings}}}


def test_the_recursion_by_a_slow_loop():
    rng = np.random.default_rng(2)
    family = np.repeat(np.arange(40), rng.integers(0, 9, 40))
    first = np.searchsorted(family, family)
    phi = np.where(first == np.arange(len(family)), 0.0, rng.uniform(-1, 1, len(family)))
    draws = rng.standard_normal(len(family))
    expected = np.zeros(len(family))
    for i in range(len(family)):
        before = expected[i - 1] if i and family[i] == family[i - 1] else 0.0
        expected[i] = phi[i] * before + (1 - phi[i] ** 2) ** 0.5 * draws[i]
    assert remembering(draws, phi, np.arange(len(family)) - first) == pytest.approx(expected, abs=1e-12)


def test_mean_spread_and_memory_of_a_series(make):
    n, length, phi = 600, 40, 0.8
    data = rows(make, ar(mean=10, sd=2, phi=phi), n, {"const": length})["x"].to_numpy().reshape(n, length)
    # Series are independent, so the tolerance comes from n series: standard error of a series' mean is
    # sd * sqrt((1 + phi) / (1 - phi) / length); five of them.
    error = 2 * ((1 + phi) / (1 - phi) / length / n) ** 0.5
    assert abs(data.mean() - 10) <= 5 * error
    # The first and the last value are alike stationary: relative standard error of a sd is 1 / sqrt(2 n).
    for column in (data[:, 0], data[:, -1]):
        assert column.std() == pytest.approx(2, rel=5 / (2 * n) ** 0.5)
    # Correlation over n series of values 5 apart: phi**5, standard error (1 - rho**2) / sqrt(n).
    rho = phi**5
    seen = np.corrcoef(data[:, 10], data[:, 15])[0, 1]
    assert abs(seen - rho) <= 5 * (1 - rho**2) / n**0.5


def test_memory_halves_with_time(make):
    n = 4_000
    columns = {
        "step": {"kind": "integer", "generate": {"dist": {"name": "integers", "low": 3, "high": 3}}},
        "day": {"kind": "date", "generate": {"scan": {"sum": "step", "from": "2024-01-01"}}},
        **ar(half_life=6, at="day"),
    }
    data = rows(make, columns, n, {"const": 2})["x"].to_numpy().reshape(n, 2)
    rho = 0.5 ** (3 / 6)
    assert abs(np.corrcoef(data.T)[0, 1] - rho) <= 5 * (1 - rho**2) / n**0.5


def test_series_stay_in_the_domain(make):
    column = {
        "kind": "integer",
        "domain": {"min": -1, "max": 1, "source": "public"},
        "generate": {"ar": {"sd": 5, "phi": 0.5}},
    }
    assert set(rows(make, {"x": column}, 200)["x"]) == {-1, 0, 1}


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"sd": 1}, "give phi, or half_life and at"),
        ({"phi": 0.5, "half_life": 2, "at": "id"}, "give phi, or half_life and at"),
        ({"half_life": 2}, "go together"),
        ({"half_life": 2, "at": "nothing"}, "unknown column"),
        ({"half_life": 2, "at": "id"}, "not a date or datetime"),
        ({"phi": 1.5}, "impossible memory"),
        ({"phi": 0.5, "sd": -1}, "negative sd"),
    ],
)
def test_what_is_wrong_with_a_series_is_told(make, settings, found):
    with pytest.raises(SchemaError, match=found):
        rows(make, ar(**settings))


def test_shares_add_up_to_the_cent_and_none_exceeds_its_weight(make):
    n = 500
    root = {"total": {**CENTS, "generate": {"dist": {"name": "uniform", "low": 0, "high": 100}}}}
    columns = {
        "bill": {**CENTS, "generate": {"dist": {"name": "gamma", "shape": 0.5, "scale": 40}}},
        "billed": {**CENTS, "generate": {"expr": "bill + 25"}},
        "whole": {**CENTS, "generate": {"expr": "t.total"}},
        "share": {**CENTS, "generate": {"split": {"total": "t.total", "weights": "billed"}}},
    }
    for _, part in rows(make, columns, n, root=root).groupby("id", observed=True):
        assert part["share"].sum() == part["whole"].iloc[0]
        assert (part["share"] <= part["billed"]).all()
        exact = part["whole"].iloc[0] * part["billed"] / part["billed"].sum()
        assert all(abs(a - b) < Decimal("0.01") for a, b in zip(part["share"], exact, strict=True))


def test_a_total_without_weights_is_split_evenly(make):
    columns = {"share": {"kind": "integer", "generate": {"split": {"total": 10, "weights": 0}}}}
    assert rows(make, columns, 1)["share"].tolist() == [2, 3, 2, 3]


def test_shares_of_large_totals_do_not_overflow():
    total, whole = np.full(3, 2**52), np.full(3, 2**51)
    part = np.array([0, 2**50 + 1, 2**51])
    assert _share(total, part, whole).tolist() == [0, 2 * (2**50 + 1), 2**52]
    odd = np.full(2, 2**52 - 1)
    shares = _share(odd, np.array([2**49, 2**51 - 1]), np.full(2, 2**51 - 1))
    assert shares[1] == 2**52 - 1
    assert abs(shares[0] - (2**52 - 1) * 2**49 / (2**51 - 1)) <= 2


@pytest.mark.parametrize(
    ("split", "found"),
    [({"total": "own"}, "another total"), ({"total": 5, "weights": "0 - own"}, "negative weights")],
)
def test_impossible_shares_are_told(make, split, found):
    own = {"kind": "integer", "generate": {"dist": {"name": "integers", "low": 1, "high": 900}}}
    with pytest.raises(SchemaError, match=found):
        rows(make, {"own": own, "x": {"kind": "integer", "generate": {"split": split}}})
