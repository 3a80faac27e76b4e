"""Semi-Markov histories: spells in a row, guards, effects, occupancy by theory, and what is refused."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from synthrec.errors import SchemaError
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema.graph import render_graph

ID = {"kind": "id", "role": "key", "generate": {"sequence": {"prefix": "P", "width": 5}}}
AGE = {"kind": "integer", "generate": {"dist": {"name": "integers", "low": 0, "high": 1}}}


def fixed(to, days, **more):
    return {"to": to, "days": days, **more}


def exponential(to, mean, **more):
    return {"to": to, "days": {"dist": {"name": "exponential", "mean": mean}}, **more}


def definition(states, initial=None, end="2024-12-31", **more):
    history = {"from": "2024-01-01", "to": end, "initial": initial or {next(iter(states)): 1}}
    label = {"kind": "category", "null": {"allowed": True}}
    columns = {
        "id": {"kind": "id", "role": "key", "generate": {"copy": "t.id"}},
        "old": {"kind": "integer", "generate": {"copy": "t.old"}},
        "state": {**label, "generate": {"given": "state"}},
        "then": {**label, "generate": {"given": "next"}},
        "since": {"kind": "datetime", "generate": {"given": "from"}},
        "until": {"kind": "datetime", "generate": {"given": "to"}},
    }
    child = {
        "person": {"via": "id"},
        "foreign_keys": [{"columns": ["id"], "references": "t"}],
        "columns": columns,
        "generate": {"per": "t", "history": {**history, "states": states, **more}},
    }
    table = {"primary_key": ["id"], "person": "id"}
    return {"columns": {"id": ID, "old": AGE}, "table": table, "tables": {"c": child}}


def spells(make, states, n=4, **more):
    parts = definition(states, **more)
    return make(parts.pop("columns"), n, **parts)["c"].data.to_pandas()


def test_a_fixed_round_by_hand(make):
    data = spells(make, {"a": [fixed("b", 10)], "b": [fixed("a", 5)]}, 1, end="2024-01-31")
    assert data["state"].tolist() == ["a", "b", "a", "b", "a"]
    assert data["then"].isna().tolist() == [False, False, False, False, True]
    starts = [dt.datetime(2024, 1, day) for day in (1, 11, 16, 26, 31)]  # noqa: DTZ001
    assert data["since"].tolist() == starts
    assert data["until"].tolist() == [*starts[1:], dt.datetime(2024, 2, 1)]  # noqa: DTZ001


def test_spells_follow_without_a_gap_and_end_with_the_window(make):
    states = {"a": [exponential("b", 20)], "b": [exponential("a", 5), exponential("gone", 9)], "gone": []}
    data = spells(make, states, 300)
    for _, part in data.groupby("id", observed=True):
        assert part["since"].tolist()[1:] == part["until"].tolist()[:-1]
        assert part["state"].astype(str).tolist()[1:] == part["then"].astype(str).tolist()[:-1]
        assert part["until"].iloc[-1] == dt.datetime(2025, 1, 1)  # noqa: DTZ001
        assert part["state"].tolist().count("gone") <= 1


def test_guards_see_the_parent_the_clock_and_attributes(make):
    states = {
        "a": [
            fixed("b", 1, when="old == 1 and _spells < 4"),
            fixed("c", 1, when="_hits >= 1 and _elapsed > 3"),
        ],
        "b": [fixed("a", 1, set={"_hits": "_hits + 1"})],
        "c": [],
    }
    data = spells(make, states, 40, attributes={"_hits": 0})
    paths = {
        (int(part["old"].iloc[0]), "".join(part["state"].astype(str)))
        for _, part in data.groupby("id", observed=True)
    }
    assert paths == {(0, "a"), (1, "ababac")}


def test_weights_and_first_states_are_shares(make):
    n = 4_000
    states = {"a": [fixed("b", 1, weight=3), fixed("c", 1, weight="1")], "b": [], "c": []}
    data = spells(make, states, n, initial={"a": 0.8, "c": 0.2})
    first = data.groupby("id", observed=True)["state"].first()
    began = (first == "a").sum()
    # Binomial counts: five standard deviations.
    assert abs(began - 0.8 * n) <= 5 * (n * 0.8 * 0.2) ** 0.5
    went = (data["then"] == "b").sum()
    assert abs(went - 0.75 * began) <= 5 * (began * 0.75 * 0.25) ** 0.5


def test_time_in_each_state_is_as_renewal_theory_says(make):
    n, a, b = 1_500, 4.0, 2.0
    states = {
        "a": [{"to": "b", "days": {"dist": {"name": "gamma", "shape": 2, "scale": a / 2}}}],
        "b": [exponential("a", b)],
    }
    data = spells(make, states, n)
    lengths = (data["until"] - data["since"]).dt.total_seconds() / 86_400
    shares = lengths[data["state"] == "a"].groupby(data["id"].astype(str)).sum() / 366
    # An alternating renewal process is in a for a / (a + b) of the time (Ross 1996, 3.4); starting in a adds
    # less than a / 366 of the window. The tolerance is five standard errors over n histories and that.
    error = 5 * shares.std() / n**0.5 + a / 366
    assert abs(shares.mean() - a / (a + b)) <= error
    spell = lengths[(data["state"] == "b") & data["then"].notna()]
    assert abs(spell.mean() - b) <= 5 * b / len(spell) ** 0.5 + 0.02


def test_longer_runs_and_other_chunks_begin_alike(schema):
    parts = definition({"a": [exponential("b", 90)], "b": [exponential("a", 30)]})
    engine = RuleEngine(schema(parts.pop("columns"), **parts))
    short = [row for chunk in engine.stream(50, streams=Streams(3)) for row in chunk["c"].data.to_pylist()]
    long = engine.stream(5_000, streams=Streams(3), chunk_rows=1_000)
    assert short == [row for chunk in long for row in chunk["c"].data.to_pylist()][: len(short)]


@pytest.mark.parametrize(
    ("states", "more", "found"),
    [
        ({"a": [fixed("x", 1)]}, {}, "unknown states x"),
        ({"a": [], "b": []}, {}, "never reached"),
        ({"a": [fixed("b", 1, weight=0)], "b": []}, {}, "never reached"),
        ({"a": [fixed("a", 1, when="old + 1")]}, {}, "yields a number"),
        ({"a": [fixed("a", "nothing")]}, {}, "nothing"),
        ({"a": [fixed("a", 1, set={"_n": "1"})]}, {}, "unknown attributes _n"),
        ({"a": [fixed("a", 1, weight=-1)]}, {}, "negative weights"),
        ({"a": [fixed("a", -1)]}, {}, "below 0 days"),
        ({"a": [fixed("a", 0)]}, {}, "still under way after 200 spells"),
        ({"a": []}, {"initial": {"a": 0}}, "never reached"),
        ({"a": []}, {"initial": {"a": "0 * old"}}, "impossible first weights"),
    ],
)
def test_what_is_wrong_with_a_history_is_told(make, states, more, found):
    with pytest.raises(SchemaError, match=found):
        spells(make, states, **more)


def test_all_lengths_are_within_the_window(make):
    data = spells(make, {"a": [exponential("b", 3)], "b": [exponential("a", 400)]}, 200)
    assert (data["until"] >= data["since"]).all()
    assert np.all(data["since"] < dt.datetime(2025, 1, 1))  # noqa: DTZ001


def test_the_drawing_shows_states_and_ways(schema):
    parts = definition({"a": [exponential("b & c", 3, when="old < 1")], "b & c": [exponential("a", 400)]})
    drawing = render_graph(schema(parts.pop("columns"), **parts))
    root = ET.fromstring(drawing)  # noqa: S314  (of our own making)
    tag = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{tag}circle")) == 2
    told = [title.text for title in root.findall(f"{tag}path/{tag}title")]
    assert "a to b & c: weight 1, when old < 1" in told
    assert "b & c to a: weight 1" in told
