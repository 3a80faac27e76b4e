"""Rows as events: counts and times of each stream, by hand, by a slow calendar and by statistics."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from synthrec.errors import SchemaError
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine

ID = {"kind": "id", "role": "key", "generate": {"sequence": {"prefix": "P", "width": 5}}}
START, END = dt.date(2024, 1, 1), dt.date(2024, 6, 30)
DAYS = 182


def child(streams, columns=None, start="2024-01-01", end="2024-06-30"):
    """A child table of ``t`` whose rows are events."""
    return {
        "c": {
            "person": {"via": "id"},
            "foreign_keys": [{"columns": ["id"], "references": "t"}],
            "columns": {
                "id": {"kind": "id", "role": "key", "generate": {"copy": "t.id"}},
                "at": {"kind": "datetime", "generate": {"given": "time"}},
                "stream": {"kind": "category", "generate": {"given": "stream"}},
                **(columns or {}),
            },
            "generate": {"per": "t", "events": {"from": start, "to": end, "streams": streams}},
        }
    }


def definition(streams, root=None, columns=None, **more):
    return {
        "columns": {"id": ID, **(root or {})},
        "table": {"primary_key": ["id"], "person": "id"},
        "tables": child(streams, columns, **more),
    }


def events(make, streams, n=3, root=None, **more):
    parts = definition(streams, root, **more)
    return make(parts.pop("columns"), n, **parts)["c"].data.to_pandas()


def slow_days(wanted):
    """The days of the window for which a rule holds."""
    return [day for i in range(DAYS) if wanted(day := START + dt.timedelta(days=i))]


def last_of(month):
    return (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


@pytest.mark.parametrize("day", [1, 15, 30, 31])
@pytest.mark.parametrize("roll", ["none", "before", "after"])
def test_a_day_of_the_month_by_a_slow_calendar(make, day, roll):
    expected = []
    for year, month in [(2023, 12), *((2024, month) for month in range(1, 8))]:
        first = dt.date(year, month, 1)
        nominal = first.replace(day=min(day, last_of(first).day))
        while roll != "none" and nominal.weekday() >= 5:
            nominal += dt.timedelta(days=-1 if roll == "before" else 1)
        if START <= nominal <= END:
            expected.append(nominal)
    data = events(make, {"pay": {"monthly": {"day": day, "roll": roll}}}, 2)
    for _, part in data.groupby("id", observed=True):
        assert part["at"].dt.date.tolist() == expected


def test_days_of_the_week_and_every_so_many_days_by_a_slow_calendar(make):
    weekly = events(make, {"w": {"weekly": {"weekdays": [5, 1]}}}, 1)
    assert weekly["at"].dt.date.tolist() == slow_days(lambda day: day.weekday() in {1, 5})
    every = events(make, {"e": {"every": {"days": 14, "phase": 4}}}, 1)
    origin = dt.date(1970, 1, 5) + dt.timedelta(days=4)
    assert every["at"].dt.date.tolist() == slow_days(lambda day: (day - origin).days % 14 == 0)


def test_a_day_that_differs_by_parent_and_an_hour_that_is_fixed(make):
    root = {"d": {"kind": "integer", "generate": {"dist": {"name": "integers", "low": 1, "high": 28}}}}
    hours = [0.0] * 6 + [1.0] + [0.0] * 17
    parts = definition({"pay": {"monthly": {"day": "d"}, "hours": hours}}, root)
    records = make(parts.pop("columns"), 30, **parts)
    day = dict(zip(records["t"].data["id"].to_pylist(), records["t"].data["d"].to_pylist(), strict=True))
    data = records["c"].data.to_pandas()
    assert (data["at"].dt.hour == 6).all()
    assert (data["at"].dt.day == data["id"].astype(str).map(day)).all()


def test_kept_occurrences_are_a_share(make):
    n = 400
    count = len(events(make, {"w": {"weekly": {"weekdays": [0]}, "keep": 0.7}}, n))
    trials = n * len(slow_days(lambda day: day.weekday() == 0))
    # Binomial: five standard deviations.
    assert abs(count - 0.7 * trials) <= 5 * (trials * 0.7 * 0.3) ** 0.5


def test_late_occurrences_are_late_by_days_of_equal_weight_and_stay_in_order(make):
    data = events(make, {"e": {"every": {"days": 10}, "jitter": 4}}, 600)
    late = (data["at"].dt.normalize() - pd.Timestamp("1970-01-05")).dt.days % 10
    assert set(late) == {0, 1, 2, 3, 4}
    n, share = len(data), 0.2
    # Each day is a binomial share of a fifth, but for the last ones of the window: five standard deviations.
    error = 5 * (share * (1 - share) / n) ** 0.5 + 4 * 600 / n / 5
    assert abs(late.value_counts(normalize=True) - share).max() <= error
    for _, part in data.groupby("id", observed=True):
        assert part["at"].is_monotonic_increasing


def test_streams_are_merged_in_order_of_time_and_named(make):
    data = events(make, {"a": {"rate": 1.0}, "b": {"weekly": {"weekdays": [2]}}}, 20)
    assert set(data["stream"]) == {"a", "b"}
    for _, part in data.groupby("id", observed=True):
        assert part["at"].is_monotonic_increasing
    assert (data.loc[data["stream"] == "b", "at"].dt.weekday == 2).all()


def test_a_new_stream_changes_no_other(make):
    one = events(make, {"a": {"rate": 1.0}}, 20)
    both = events(make, {"b": {"rate": 2.0}, "a": {"rate": 1.0}}, 20)
    assert both.loc[both["stream"] == "a", "at"].tolist() == one["at"].tolist()


def test_a_window_of_a_datetime_ends_before_it_and_one_of_a_date_with_the_day(make):
    root = {
        "d": {"kind": "date", "generate": {"const": "2024-03-01"}},
        "m": {"kind": "datetime", "generate": {"const": "2024-03-01T06:00:00"}},
    }
    daily = {"x": {"rate": 50.0}}
    whole = events(make, daily, 2, root, start="d", end="d")["at"]
    assert (whole.min(), whole.max()) >= (dt.datetime(2024, 3, 1), dt.datetime(2024, 3, 1, 23))  # noqa: DTZ001
    assert whole.max() < dt.datetime(2024, 3, 2)  # noqa: DTZ001
    part = events(make, daily, 2, root, start="d", end="m")["at"]
    assert part.max() < dt.datetime(2024, 3, 1, 6)  # noqa: DTZ001
    assert events(make, daily, 2, root, start="m", end="add_days(d, -3)").empty


def test_a_running_balance_over_events_is_exact_to_the_cent(make):
    columns = {
        "amount": {
            "kind": "decimal",
            "scale": 2,
            "generate": {"dist": {"name": "normal", "mean": 0, "sd": 1e7}},
        },
        "balance": {"kind": "decimal", "scale": 2, "generate": {"scan": {"sum": "amount", "from": 0.1}}},
    }
    rows = events(make, {"a": {"rate": 0.5}}, 20, columns=columns)
    for _, part in rows.groupby("id", observed=True):
        total = part["amount"].iloc[0] * 0
        for amount, balance in zip(part["amount"], part["balance"], strict=True):
            total += amount
            assert balance - total == type(total)("0.1")


def test_longer_runs_and_other_chunks_begin_alike(schema):
    parts = definition({"a": {"rate": 0.2, "dispersion": 1.5}, "m": {"monthly": {"day": 3}}})
    engine = RuleEngine(schema(parts.pop("columns"), **parts))
    short = [chunk["c"].data for chunk in engine.stream(50, streams=Streams(3))]
    long = [chunk["c"].data for chunk in engine.stream(5_000, streams=Streams(3), chunk_rows=1_000)]
    rows = [row for table in long for row in table.to_pylist()]
    assert [row for table in short for row in table.to_pylist()] == rows[: sum(map(len, short))]


@pytest.mark.parametrize(
    ("streams", "found"),
    [
        ({"a": {}}, "exactly one of rate"),
        ({"a": {"rate": 1, "monthly": {"day": 1}}}, "exactly one of rate"),
        ({"a": {"rate": 1, "hours": [0.0] * 24}}, "no time for events"),
        ({"a": {"rate": 1, "hours": [1.0] * 23}}, "at least 24"),
        ({"a": {"weekly": {"weekdays": [7]}}}, "less than or equal to 6"),
        ({"a": {"rate": "nothing"}}, "nothing"),
        ({"a": {"rate": "id"}}, "yields a label"),
        ({"a": {"weekly": {"weekdays": [1]}, "dispersion": 2}}, "go with a rate"),
    ],
)
def test_what_is_wrong_with_streams_is_told(make, streams, found):
    with pytest.raises(SchemaError, match=found):
        events(make, streams)


@pytest.mark.parametrize(
    ("streams", "found"),
    [
        ({"a": {"rate": -1}}, "rates below 0"),
        ({"a": {"monthly": {"day": 32}}}, "days outside 1 to 31"),
        ({"a": {"weekly": {"weekdays": [1]}, "keep": 1.5}}, "shares outside 0 to 1"),
        ({"a": {"rate": 1, "dispersion": 0}}, "dispersions of 0"),
        ({"a": {"rate": 1000}}, "more than 10000 rows"),
    ],
)
def test_impossible_numbers_are_told(make, streams, found):
    with pytest.raises(SchemaError, match=found):
        events(make, streams)


def test_given_columns_need_events_and_local_time(make):
    with pytest.raises(SchemaError, match="does not come about with the rows"):
        make({"x": {"kind": "datetime", "generate": {"given": "time"}}})
    zoned = {"z": {"kind": "datetime", "timezone": "UTC", "generate": {"given": "time"}}}
    with pytest.raises(SchemaError, match="local wall time"):
        events(make, {"a": {"rate": 1}}, columns=zoned)
    with pytest.raises(SchemaError, match="for a column of kind date"):
        events(make, {"a": {"rate": 1}}, columns={"z": {"kind": "date", "generate": {"given": "stream"}}})


def test_hours_of_the_week_follow_the_profile(make):
    rng = np.random.default_rng(5)
    week = rng.gamma(1.0, size=168).round(3)
    stream = {"rate": 0.5, "week": week.tolist()}
    data = events(make, {"a": stream}, 2_000, start="2024-01-01", end="2024-05-26")
    at, n = data["at"], len(data)
    hour = at.dt.weekday * 24 + at.dt.hour
    seen = np.bincount(hour, minlength=168)
    share = week / week.sum()
    # The window is 21 whole weeks. Chi-square with 167 degrees: mean 167, sd 18.3; six sd.
    statistic = (((seen - n * share) ** 2)[share > 0] / (n * share)[share > 0]).sum()
    assert abs(statistic - 167) <= 6 * (2 * 167) ** 0.5
    # The number of events is Poisson: five sd.
    assert abs(n - 2_000 * 0.5 * 147) <= 5 * (2_000 * 0.5 * 147) ** 0.5


def test_counts_are_poisson_and_overdispersed_where_asked(make):
    n, mean = 3_000, 0.1 * DAYS
    for dispersion, variance in ((None, mean), (2.0, mean + mean**2 / 2)):
        stream = {"rate": 0.1, **({"dispersion": dispersion} if dispersion else {})}
        counts = events(make, {"a": stream}, n).groupby("id", observed=True).size().to_numpy()
        counts = np.append(counts, np.zeros(n - len(counts)))
        # Mean within five standard errors; variance within a tenth or more than six of its standard errors.
        assert abs(counts.mean() - mean) <= 5 * (variance / n) ** 0.5
        assert counts.var() == pytest.approx(variance, rel=6 * (5 / n) ** 0.5)
