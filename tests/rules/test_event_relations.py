"""Events that follow others, last and keep others quiet, have seasons, and do not take place on some days."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synthrec.errors import SchemaError
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema.load import parse_schema

SCHEMA = """\
synthrec: 1
schema: {{name: s}}
tables:
  p:
    primary_key: [id]
    person: id
    max_rows_per_person: 1
    columns:
      id: {{kind: id, role: key, generate: {{sequence: {{prefix: P, width: 9}}}}}}
  e:
    person: {{via: id}}
    max_rows_per_person: 5000
    foreign_keys: [{{columns: [id], references: p}}]
    columns:
      id: {{kind: id, role: key, generate: {{copy: p.id}}}}
      at: {{kind: datetime, generate: {{given: time}}}}
      until: {{kind: datetime, generate: {{given: until}}}}
      what: {{kind: category, domain: {{values: [{names}], source: public}}, generate: {{given: stream}}}}
    generate:
      per: p
      events:
        from: 2023-01-01
        to: 2024-12-31
        streams:
{streams}
"""


def schema(**streams):
    lines = "\n".join(f"          {name}: {text}" for name, text in streams.items())
    return parse_schema(SCHEMA.format(names=", ".join(streams), streams=lines))


def events(n, seed=5, **streams):
    (made,) = RuleEngine(schema(**streams)).stream(n, streams=Streams(seed), chunk_rows=10**9)
    frame = made["e"].data.to_pandas(date_as_object=False)
    return frame.assign(what=frame["what"].astype(str), id=frame["id"].astype(str))


def test_what_follows_is_the_next_row_of_the_same_day():
    frame = events(
        400,
        visit="{rate: 10, per: year}",
        other="{rate: 5, per: year}",
        drug="{after: [visit], keep: 0.3}",
        test="{after: [visit], keep: 0.5}",
    )
    before = frame.shift(1)
    drugs = frame["what"] == "drug"
    assert (before.loc[drugs, "what"] == "visit").all()
    assert (before.loc[drugs, "id"] == frame.loc[drugs, "id"]).all()
    assert (frame["at"].dt.date == before["at"].dt.date)[drugs | (frame["what"] == "test")].all()
    assert before.loc[frame["what"] == "test", "what"].isin(["visit", "drug"]).all()
    visits = int((frame["what"] == "visit").sum())
    for name, share in (("drug", 0.3), ("test", 0.5)):
        # Five binomial standard errors of a share of the visits.
        found = (frame["what"] == name).sum() / visits
        assert abs(found - share) <= 5 * (share * (1 - share) / visits) ** 0.5


def test_nothing_of_a_quiet_stream_happens_while_an_event_lasts():
    lasts = "{mean: 6, dispersion: 2, least: 1, most: 30, quiet: [visit, stay]}"
    frame = events(
        600,
        visit="{rate: 40, per: year}",
        stay=f"{{rate: 3, per: year, lasts: {lasts}}}",
        fill="{rate: 40, per: year}",
    )
    days = (frame["until"] - frame["at"]).dt.days
    stay = frame["what"] == "stay"
    assert (days[~stay] == 0).all()
    assert days[stay].between(1, 30).all()
    # Mean of 1 + negative binomial, cut at 30: a little below 7; variance about 6 + 36 / 2.
    assert 6.3 < days[stay].mean() < 7 + 5 * (24 / stay.sum()) ** 0.5
    spans = frame[stay][["id", "at", "until"]]
    both = frame.merge(spans, on="id", suffixes=("", "_stay"))
    inside = both[
        (both["at"] > both["at_stay"]) & (both["at"].dt.normalize() <= both["until_stay"].dt.normalize())
    ]
    assert set(inside["what"]) == {"fill"}
    assert len(inside) > 100


def test_a_rate_follows_the_months_and_keeps_its_mean():
    weights = [3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]
    frame = events(3_000, visit=f"{{rate: 12, per: year, months: {weights}}}")
    months = frame["at"].dt.month.value_counts().sort_index().to_numpy()
    days = np.bincount(pd.date_range("2023-01-01", "2024-12-31").month, minlength=13)[1:]
    expected = 3_000 * 12 / 365.25 * days * np.array(weights) / np.mean(weights)
    # Poisson counts: five standard deviations each.
    assert (np.abs(months - expected) <= 5 * np.sqrt(expected)).all()


def test_closed_days_have_no_events_and_late_ones_leave_the_weekend():
    frame = events(
        500,
        visit='{rate: 100, per: year, closed: ["12-25", "02-29"]}',
        check='{every: {days: 30, phase: 3}, jitter: 20, roll: nearest, closed: ["07-04"]}',
    )
    visit, check = (frame[frame["what"] == name]["at"].dt for name in ("visit", "check"))
    assert not visit.strftime("%m-%d").isin(["12-25", "02-29"]).any()
    assert visit.strftime("%m-%d").isin(["12-24", "12-26", "02-28"]).any()
    assert not check.strftime("%m-%d").isin(["07-04"]).any()
    shares = check.weekday.value_counts(normalize=True).sort_index()
    assert list(shares.index) == [0, 1, 2, 3, 4]
    # Saturdays go to Friday, Sundays to Monday: two of seven each.
    assert shares[[0, 4]].sum() == pytest.approx(4 / 7, abs=0.03)


@pytest.mark.parametrize("chunk", [1_500, 4_096])
def test_chunks_and_longer_runs_change_nothing(chunk):
    made = {
        "visit": "{rate: 20, per: year, months: [2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}",
        "stay": "{rate: 1, per: year, lasts: {mean: 4, quiet: [visit]}}",
        "drug": "{after: [visit, stay], keep: 0.4}",
    }
    whole = events(4_200, **made)
    parts = RuleEngine(schema(**made)).stream(4_100, streams=Streams(5), chunk_rows=chunk)
    pieces = pd.concat([part["e"].data.to_pandas(date_as_object=False) for part in parts], ignore_index=True)
    pieces = pieces.assign(what=pieces["what"].astype(str), id=pieces["id"].astype(str))
    pd.testing.assert_frame_equal(pieces, whole.iloc[: len(pieces)])


def test_an_added_follower_changes_no_other_stream():
    base = {
        "visit": "{rate: 20, per: year}",
        "stay": "{rate: 1, per: year, lasts: {mean: 4, quiet: [visit]}}",
    }
    more = events(300, **base, drug="{after: [visit], keep: 0.4}")
    rest = more[more["what"] != "drug"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, events(300, **base))


@pytest.mark.parametrize(
    ("streams", "found"),
    [
        ({"a": "{rate: 1}", "b": "{after: [c]}"}, "b follows c: no stream that stands by itself"),
        ({"a": "{rate: 1}", "b": "{after: [a]}", "c": "{after: [b]}"}, "c follows b: no stream"),
        ({"a": "{rate: 1, lasts: {mean: 1, quiet: [x]}}"}, "a keeps x quiet: no stream"),
        ({"a": "{rate: 1, after: [a]}"}, "give exactly one of rate, monthly, weekly, every, after"),
        ({"a": "{rate: 1}", "b": "{after: [a], jitter: 2}"}, "what follows at once has no jitter"),
        (
            {"a": "{every: {days: 3}, months: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}"},
            "months and dispersion go",
        ),
        ({"a": "{rate: 1, roll: after}"}, "keep, jitter and roll go with a calendar"),
        ({"a": '{rate: 1, closed: ["13-01"]}'}, "String should match pattern"),
    ],
)
def test_faults_are_told(streams, found):
    with pytest.raises(SchemaError, match=found.split("[", maxsplit=1)[0]):
        schema(**streams)


@pytest.mark.parametrize(
    ("streams", "found"),
    [
        ({"a": "{rate: 1, lasts: {mean: '0 - 1'}}"}, "means below 0"),
        ({"a": "{rate: 1}", "b": "{after: [a], keep: '1 + 1'}"}, "shares outside 0 to 1"),
    ],
)
def test_impossible_values_are_told_with_numbers(streams, found):
    with pytest.raises(SchemaError, match=found):
        events(20, **streams)
