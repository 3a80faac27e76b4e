"""Coverage, counted by hand on small tables."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import combinations

import pytest

from synthrec.rng import Streams
from synthrec.scenarios.coverage import Coverage, render
from synthrec.scenarios.load import parse_scenario
from synthrec.scenarios.run import ScenarioRun

FACTORS = """
coverage:
  table: booking
  factors: {kind: kind, size: "band(amount, [-20, 0, 50])", week: "weekday(booked_on)"}
"""


@pytest.fixture(scope="module")
def watched(scenario_text, purse, asked):
    run = ScenarioRun(
        purse, {}, [asked(parse_scenario(scenario_text + FACTORS), purse, count=30)], 400, Streams(2)
    )
    coverage = Coverage(run)
    parts = list(run.stream())
    for records, labels in parts:
        coverage.add(records, labels)
    return run, coverage.report(), parts


def pairs(rows):
    factors = [
        [row["kind"] for row in rows],
        [sum(float(row["amount"]) >= edge for edge in (-20, 0, 50)) for row in rows],
        [row["booked_on"].weekday() for row in rows],
    ]
    return {
        (i, j, a, b)
        for i, j in combinations(range(3), 2)
        for a, b in zip(factors[i], factors[j], strict=True)
    }


def test_pairs_are_those_that_the_rows_have(watched):
    run, report, parts = watched
    (found,) = report.pairs
    rows = [row for records, _ in parts for row in records["booking"].data.to_pylist()]
    keys = {row["key"] for _, labels in parts for row in labels.data.to_pylist() if row["table"] == "booking"}
    own = pairs([row for row in rows if row["booking_id"] in keys])
    others = pairs([row for row in rows if row["booking_id"] not in keys])
    reference = pairs(run.reference["booking"].data.to_pylist())
    assert found.covered == len(own | others)
    assert found.feasible == len(own | others | reference)
    assert found.by_instances == len(own)
    assert found.by_instances_alone == len(own - others - reference)
    assert found.feasible <= found.combinations == 2 * 4 + 2 * 7 + 4 * 7


def test_what_was_asked_for_is_there(watched):
    _, report, parts = watched
    (found,) = report.realisation
    roles = [row["role"] for _, labels in parts for row in labels.data.to_pylist()]
    assert (found.requested, found.realised, found.units) == (30, 30, 400)
    assert found.rows == {role: roles.count(role) for role in ("noticed", "taken")}


def test_ranges_count_the_parts_that_instances_hit(watched):
    run, report, _ = watched
    found = {part.parameter: (part.bins, part.hit) for part in report.ranges}
    assert found == {"taken": (10, 10), "times": (4, 4), "way": (2, 2)}
    assert report.evenness[0].ratio < 0.5
    assert run.realised[0].drawn.points.shape == (30, 3)


def test_one_instance_can_hit_one_part_only(purse, theft, asked):
    run = ScenarioRun(purse, {}, [asked(theft, purse, count=1)], 100, Streams(2))
    coverage = Coverage(run)
    for records, labels in run.stream():
        coverage.add(records, labels)
    ranges = {part.parameter: (part.bins, part.hit) for part in coverage.report().ranges}
    assert ranges == {"taken": (1, 1), "times": (1, 1), "way": (2, 1)}


def test_the_report_is_json_and_markdown(watched):
    _, report, _ = watched
    assert json.loads(json.dumps(asdict(report)))["realisation"][0]["realised"] == 30
    text = render(report)
    assert "| theft 1.0.0 | low | owner | 400 |" in text
    assert "| theft | taken | 10 | 10 |" in text
