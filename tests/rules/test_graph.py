"""Events between two parents: degrees, communities, both sides, and what a run that ends early shows."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthrec.errors import SchemaError
from synthrec.rng import Streams
from synthrec.rules.amounts import Target
from synthrec.rules.engine import RuleEngine
from synthrec.rules.graph import MeetingStream, joined
from synthrec.rules.poisson import PoissonStream
from synthrec.rules.rows import Rows
from synthrec.schema.events_spec import Stream
from synthrec.schema.graph_spec import Between
from synthrec.schema.model import Column, Schema
from synthrec.schema.vector import Vector

ID = {"kind": "id", "role": "key"}
NODES = 4_096
SHARES = {"A": 0.5, "B": 0.3, "C": 0.2}
DEGREES = {"few": 2.0, "many": 8.0}
BETWEEN = {"degree": "where(kin == 'many', 8, 2)", "community": "region", "within": 0.8}
DOCUMENT: dict[str, Any] = {
    "synthrec": 1,
    "schema": {"name": "net"},
    "params": {"start": "2024-01-01", "end": "2024-01-31"},
    "tables": {
        "node": {
            "primary_key": ["node_id"],
            "person": "node_id",
            "max_rows_per_person": 1,
            "columns": {
                "node_id": {**ID, "generate": {"sequence": {}}},
                "region": {
                    "kind": "code",
                    "domain": {"values": list(SHARES), "source": "public"},
                    "generate": {"category": {"weights": SHARES}},
                },
                "kin": {
                    "kind": "code",
                    "domain": {"values": list(DEGREES), "source": "public"},
                    "generate": {"category": {"weights": {"few": 1, "many": 1}}},
                },
            },
        },
        "call": {
            "primary_key": ["call_id"],
            "person": {"via": "node_id"},
            "max_rows_per_person": 1_000,
            "foreign_keys": [
                {"columns": ["node_id"], "references": "node"},
                {"columns": ["other_id"], "references": "node"},
            ],
            "columns": {
                "call_id": {**ID, "generate": {"sequence": {}}},
                "node_id": {**ID, "generate": {"copy": "node.node_id"}},
                "other_id": {**ID, "null": {"allowed": True}, "generate": {"partner": "node.node_id"}},
                "other_region": {
                    "kind": "code",
                    "null": {"allowed": True},
                    "domain": {"values": list(SHARES), "source": "public"},
                    "generate": {"partner": "node.region"},
                },
                "at": {"kind": "datetime", "generate": {"given": "time"}},
                "stream": {
                    "kind": "category",
                    "domain": {"values": ["own", "calls"], "source": "public"},
                    "generate": {"given": "stream"},
                },
                "side": {
                    "kind": "category",
                    "null": {"allowed": True},
                    "domain": {"values": ["from", "to"], "source": "public"},
                    "generate": {"given": "side"},
                },
                "cost": {"kind": "float", "null": {"allowed": True}, "generate": {"given": "shared"}},
            },
            "generate": {
                "per": "node",
                "events": {
                    "from": "start",
                    "to": "end",
                    "streams": {"own": {"rate": 0.02}, "calls": {"rate": 0.1, "between": BETWEEN}},
                },
            },
        },
    },
}


def document() -> dict[str, Any]:
    return copy.deepcopy(DOCUMENT)


def frames(n: int, raw: dict[str, Any] | None = None, chunk_rows: int = 10**9) -> dict[str, pd.DataFrame]:
    """All rows of a run; keys as whole numbers from 1, -1 where there is none."""
    engine = RuleEngine(Schema.model_validate(raw or DOCUMENT))
    chunks = list(engine.stream(n, streams=Streams(5), chunk_rows=chunk_rows))
    whole = {
        name: pd.concat([chunk[name].data.to_pandas() for chunk in chunks], ignore_index=True)
        for name in chunks[0]
    }
    for table in whole.values():
        for name in table.columns.intersection(["node_id", "other_id", "call_id"]):
            table[name] = pd.to_numeric(table[name].astype(object)).fillna(-1).astype(int)
    return whole


@cache
def block() -> dict[str, pd.DataFrame]:
    return frames(NODES)


def calls(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return tables["call"][tables["call"]["stream"] == "calls"]


# --- the graph ---------------------------------------------------------------------------------------------


def edges(span: int | None = None) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """The graph of a block, each contact in both directions, and the parents."""
    tables = Schema.model_validate(DOCUMENT).tables
    node = block()["node"]
    codes = {name: node[name].cat.codes.to_numpy().astype(np.int32) for name in ("region", "kin")}
    levels = {name: tuple(node[name].cat.categories) for name in codes}
    parent = Rows("node", NODES, {}, made={name: Vector.full(codes[name], levels[name]) for name in codes})
    target = Target(Column(kind="integer"), tables["node"].columns, "calls")
    process = PoissonStream.of(Stream(rate=0.1), target)
    stream = MeetingStream.of(Between(**BETWEEN, span=span), process, target)
    found = stream.edges(parent, np.random.default_rng(3))
    one, other = found.first, found.second
    return np.concatenate([one, other]), np.concatenate([other, one]), node


@cache
def graph() -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    return edges()


def lost(degrees: np.ndarray) -> float:
    """Twice the loops and repeated edges of a configuration model in the mean, as a bound on those erased.

    van der Hofstad (2017), proposition 7.13: nu / 2 loops and nu**2 / 4 pairs of parallel edges, where nu is
    the mean of d (d - 1) over that of d. Each community and the rest of the stubs are a model of their own.
    """
    nu = (degrees * (degrees - 1)).mean() / degrees.mean()
    return 2 * (len(SHARES) + 1) * (nu / 2 + nu**2 / 4)


def test_nobody_is_their_own_contact_and_contacts_stand_once():
    one, other, _ = graph()
    assert (one != other).all()
    assert len({*zip(one, other, strict=True)}) == len(one)
    rows = calls(block())
    assert (rows["node_id"] != rows["other_id"]).all()


def test_degrees_are_those_asked_for():
    one, _, node = graph()
    degrees = np.bincount(one, minlength=NODES)
    for kin, mean in DEGREES.items():
        members = (node["kin"] == kin).to_numpy()
        # A sum of n Poisson numbers: five standard deviations, and what is erased at most.
        tolerance = 5 * (members.sum() * mean) ** 0.5 + 2 * lost(degrees)
        assert abs(degrees[members].sum() - members.sum() * mean) <= tolerance
    # The variance of a Poisson number is its mean m, known from n of them up to sqrt((m + 2 m**2) / n).
    few = degrees[(node["kin"] == "few").to_numpy()]
    assert few.var() == pytest.approx(2, abs=5 * ((2 + 2 * 2**2) / len(few)) ** 0.5)


def test_the_share_of_contacts_within_a_community_is_that_asked_for():
    one, other, node = graph()
    region = node["region"].to_numpy()
    same = region[one] == region[other]
    stubs = pd.Series(np.bincount(one, minlength=NODES)).groupby(region).sum() / len(one)
    expected = 0.8 + 0.2 * (stubs**2).sum()
    count = len(one) / 2
    tolerance = 5 * (expected * (1 - expected) / count) ** 0.5 + lost(np.bincount(one)) / count
    assert abs(same.mean() - expected) <= tolerance


def test_a_span_keeps_communities_among_neighbours():
    one, other, node = edges(span=128)
    region = node["region"].to_numpy()
    together = (one // 128 == other // 128) & (region[one] == region[other])
    # Communities of some 26 parents lose more pairs, for these are repeated more often than others.
    assert 0.7 < together.mean() < 0.85
    apart = abs(one - other)[~together]
    assert np.median(apart) > NODES / 8


def test_stubs_are_joined_in_pairs_in_their_community():
    rng = np.random.default_rng(1)
    stubs = np.array([0, 1, 2, 3, 4, 4])
    found = joined(stubs, np.array([0, 0, 1, 1, 2, 2]), np.ones(6, bool), rng)
    assert found.first.tolist() == [0, 2]
    assert found.second.tolist() == [1, 3]


@pytest.mark.parametrize("size", [0, 1])
def test_one_stub_has_nothing_to_be_joined_with(size):
    none = joined(
        np.zeros(size, np.int64), np.zeros(size, np.int64), np.ones(size, bool), np.random.default_rng(1)
    )
    assert len(none.first) == len(none.second) == 0


# --- both sides --------------------------------------------------------------------------------------------


def test_each_event_is_a_row_under_both_with_the_same_time_and_number():
    rows = calls(block())
    here = rows[["node_id", "other_id", "at", "cost", "side"]]
    there = here.rename(columns={"node_id": "other_id", "other_id": "node_id"})
    both = here.merge(there, on=["node_id", "other_id", "at", "cost"], suffixes=("", "_there"))
    assert len(both) == len(rows)
    assert (both["side"].astype(str) != both["side_there"].astype(str)).all()


def test_the_number_of_events_follows_the_rate_of_a_contact():
    one, _, node = graph()
    stubs = node["kin"].map(DEGREES).astype(float).sum()
    # Each contact has 0.1 a day for 31 days in each direction, and each event two rows. Contacts are half of
    # a Poisson number of stubs, less those erased; both errors at five standard deviations.
    mean = 3.1 * stubs
    tolerance = 3.1 * (5 * stubs**0.5 + 2 * lost(np.bincount(one))) + 5 * mean**0.5
    assert abs(len(calls(block())) / 2 - mean) <= tolerance


def test_the_other_sides_columns_are_its_own_and_other_streams_have_none():
    tables = block()
    region = tables["node"]["region"].to_numpy()
    rows = calls(tables)
    assert (rows["other_region"].to_numpy() == region[rows["other_id"].to_numpy() - 1]).all()
    own = tables["call"][tables["call"]["stream"] == "own"]
    assert (own["other_id"] == -1).all()
    assert own[["other_region", "side", "cost"]].isna().all(axis=None)


# --- what a run shows --------------------------------------------------------------------------------------


def test_a_shorter_run_has_the_same_rows_and_names_nobody_beyond_its_end():
    long, short = block()["call"], frames(600)["call"]
    same = long[long["node_id"] <= 600].reset_index(drop=True)
    pd.testing.assert_frame_equal(short.drop(columns="other_id"), same.drop(columns="other_id"))
    assert (short["other_id"] == same["other_id"].where(same["other_id"] <= 600, -1)).all()
    assert (short["other_id"] == -1).sum() > (same["other_id"] == -1).sum()


def test_whole_blocks_are_those_of_a_longer_run():
    long = frames(NODES + 50)["call"]
    pd.testing.assert_frame_equal(block()["call"], long[long["node_id"] <= NODES].reset_index(drop=True))


def test_rows_do_not_depend_on_the_size_of_chunks():
    pd.testing.assert_frame_equal(frames(300)["call"], frames(300, chunk_rows=397)["call"])


def test_another_stream_changes_no_other_row():
    raw = document()
    del raw["tables"]["call"]["generate"]["events"]["streams"]["calls"]
    for column in ("other_id", "other_region", "side", "cost"):
        del raw["tables"]["call"]["columns"][column]
    del raw["tables"]["call"]["foreign_keys"][1]
    alone, own = frames(600, raw)["call"], frames(600)["call"]
    own = own[own["stream"] == "own"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone[["node_id", "at"]], own[["node_id", "at"]])


# --- faults ------------------------------------------------------------------------------------------------


def _stream(raw: dict[str, Any]) -> dict[str, Any]:
    stream: dict[str, Any] = raw["tables"]["call"]["generate"]["events"]["streams"]["calls"]
    return stream


def _broken(key: str, value: Any) -> dict[str, Any]:
    raw = document()
    _stream(raw)["between"][key] = value
    return raw


def _with_column(column: dict[str, Any]) -> dict[str, Any]:
    raw = document()
    raw["tables"]["call"]["columns"]["more"] = column
    return raw


def _one_sided() -> dict[str, Any]:
    raw = document()
    del _stream(raw)["between"]
    return raw


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (_broken("community", "regio"), "no column"),
        (_broken("community", "year(start)"), "yields a number"),
        (_broken("degree", "region"), "yields a label"),
        (_one_sided(), "without another side"),
        (_with_column({"kind": "id", "generate": {"partner": "node.node_id"}}), "never missing"),
        (
            _with_column({"kind": "code", "null": {"allowed": True}, "generate": {"partner": "call.stream"}}),
            "unknown column",
        ),
        (
            _with_column(
                {"kind": "float", "null": {"allowed": True}, "generate": {"partner": "node.region"}}
            ),
            "kind",
        ),
        (_broken("degree", NODES), "degrees below 0, or not below"),
        (_broken("within", 1.5), "shares outside 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(raw, found):
    with pytest.raises(SchemaError) as caught:
        frames(10, raw)
    assert any(found in fault.found for fault in caught.value.faults), caught.value


@pytest.mark.parametrize("change", [{"dispersion": 2}, {"rate": None, "monthly": {"day": 1}}])
def test_contacts_go_with_a_plain_rate(change):
    raw = document()
    _stream(raw).update(change)
    with pytest.raises(SchemaError) as caught:
        frames(10, raw)
    assert any("between goes with a rate" in fault.found for fault in caught.value.faults)
