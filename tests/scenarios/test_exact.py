"""Every shipped scenario: exactly as many instances as asked for, told by the keys of their rows."""

from __future__ import annotations

import re

import pytest

from synthrec.errors import ConfigError
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.scenarios.load import load_scenario, scenario_names

INJECTED = [name for name in scenario_names() if load_scenario(name).scenario.mode == "inject"]


def rows(table):
    return table.data.to_pylist()


def of(found, name):
    """The labels of one scenario."""
    return [row for row in rows(found.labels) if row["scenario"] == name]


@pytest.mark.parametrize("name", INJECTED)
@pytest.mark.parametrize("count", [0, 1, 9])
def test_so_many_units_have_it_and_their_rows_are_told_by_key(shipped, name, count):
    found = shipped(name, count=count)
    cases = [row["key"] for row in of(found, name) if row["role"] == "case"]
    assert len(cases) == len(set(cases)) == count
    assert {row["table"] for row in of(found, name) if row["role"] == "case"} <= {
        load_scenario(name).scenario.unit
    }
    for table, content in found.records.items():
        keys = content.data[content.spec.primary_key[0]].cast("string").to_pylist()
        assert len(set(keys)) == len(keys)
        assert {row["key"] for row in of(found, name) if row["table"] == table} <= set(keys)
    if count:
        assert len({row["instance"] for row in of(found, name) if row["role"] != "case"}) == count


@pytest.mark.parametrize("name", INJECTED)
def test_all_that_are_eligible_can_have_it_and_no_more(shipped, name):
    with pytest.raises(ConfigError, match="units eligible") as caught:
        shipped(name, count=10_000)
    (eligible,) = re.findall(r"10,000 instances asked for and ([\d,]+) units eligible", str(caught.value))
    all_of_them = int(eligible.replace(",", ""))
    assert all_of_them > 9
    found = shipped(name, count=all_of_them, companions=False)
    assert sum(row["role"] == "case" for row in of(found, name)) == all_of_them


@pytest.mark.parametrize("name", ["card_testing_auth", "doctor_shopping"])
def test_every_row_hangs_under_the_one_that_it_names(shipped, name):
    """Rows that came along with copied ones, too; and no number is missing among the keys."""
    found = shipped(name, count=9)
    for table, content in found.records.items():
        for foreign in content.spec.foreign_keys:
            parents = found.records[foreign.references]
            keys = set(parents.data[parents.spec.primary_key[0]].cast("string").to_pylist())
            assert set(content.data[foreign.columns[0]].cast("string").drop_null().to_pylist()) <= keys
        numbers = [int(re.search(r"\d+$", row[content.spec.primary_key[0]])[0]) for row in rows(content)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), table


@pytest.mark.parametrize(("name", "below"), [("card_testing_auth", "clearing"), ("doctor_shopping", "line")])
def test_what_stands_below_a_copied_row_comes_along_and_is_labelled(shipped, name, below):
    found = shipped(name, count=9)
    assert any(row["table"] == below for row in of(found, name))


def test_a_cleared_probe_is_the_amount_that_was_asked_for(shipped):
    """And what is below its authorisation is not older than it; fuel and tips clear for other amounts."""
    found = shipped("card_testing_auth", count=9, companions=False)
    auths = {row["auth_id"]: row for row in rows(found.records["auth"])}
    made = {row["key"] for row in of(found, "card_testing_auth") if row["table"] == "clearing"}
    cleared = [row for row in rows(found.records["clearing"]) if row["clearing_id"] in made]
    assert cleared
    for row in cleared:
        auth = auths[row["auth_id"]]
        assert row["amount"] == auth["amount"]
        assert 0 <= (row["cleared_on"] - auth["at"].date()).days <= 6
    spent = {}
    for row in rows(found.records["auth"]):
        month = (row["card_id"], row["at"].year, row["at"].month)
        spent[month] = spent.get(month, 0) + row["amount"]
        assert row["month_to_date"] == spent[month]


def test_deductibles_accumulate_over_the_new_claims_and_lines_add_up(shipped):
    """There is coinsurance only where the deductible is met."""
    found = shipped("doctor_shopping", count=30, companions=False)
    total, lines, last = {}, {}, {}
    limits = {row["coverage_id"]: row["deductible_limit"] for row in rows(found.records["coverage"])}
    for row in rows(found.records["line"]):
        lines[row["claim_id"]] = lines.get(row["claim_id"], 0) + row["plan_paid"]
    for row in rows(found.records["claim"]):
        cover = row["coverage_id"]
        total[cover] = total.get(cover, 0) + row["deductible"]
        assert row["deductible_to_date"] == total[cover] <= limits[cover]
        assert row["coinsurance"] == 0 or total[cover] == limits[cover]
        assert lines[row["claim_id"]] == row["plan_paid"]
        assert last.get(cover, row["service_from"]) <= row["service_from"]
        last[cover] = row["service_from"]


def test_units_without_an_instance_keep_every_value(shipped):
    """Of cards, in all tables above, at, and below the authorisations; but for numbers in keys."""
    found = shipped("card_testing_auth", count=9, companions=False)
    engine = RuleEngine(found.run.schema, block_roots=found.run.block_roots)
    (before,) = engine.stream(found.run.rows, streams=Streams(1), chunk_rows=10**9)
    cards = {row["card_id"]: row["customer_id"] for row in rows(before["card"])}
    touched = {cards[row["key"]] for row in rows(found.instances)}
    alone = {card for card, customer in cards.items() if customer not in touched}

    def others(records):
        auths = {row["auth_id"]: row for row in rows(records["auth"]) if row["card_id"] in alone}
        cleared = [
            {**row, "clearing_id": 0, "auth_id": auths[row["auth_id"]]["at"]}
            for row in rows(records["clearing"])
            if row["auth_id"] in auths
        ]
        return [{**row, "auth_id": 0} for row in auths.values()], cleared

    assert others(found.records) == others(before)
