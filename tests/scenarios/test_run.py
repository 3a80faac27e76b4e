"""Exactly k instances, labelled by key; nothing else changes; balances hold to the cent."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from synthrec.data.table import Table
from synthrec.errors import ConfigError
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.rules.rows import Rows
from synthrec.scenarios.load import parse_scenario
from synthrec.scenarios.run import ScenarioRun
from synthrec.scenarios.survey import Survey
from synthrec.schema.vector import Vector
from synthrec.validation.conformity import Conformity


def rows(table: Table) -> list[dict]:
    return table.data.to_pylist()


def plain(schema, n, seed):
    chunks = list(RuleEngine(schema).stream(n, streams=Streams(seed)))
    return {name: Table.concat([chunk[name] for chunk in chunks]) for name in schema.tables}


@pytest.mark.parametrize("count", [0, 1, 7, 300])
def test_exactly_k_instances_are_labelled(play, count):
    found = play(500, count=count)
    cases = [row for row in rows(found.labels) if row["role"] == "case"]
    assert len(cases) == count == len(found.instances) == len({row["key"] for row in cases})
    assert sorted(row["instance"] for row in cases) == list(range(1, count + 1))
    assert [row["key"] for row in rows(found.instances)] == [row["key"] for row in cases]


def test_a_rate_is_of_units_to_the_nearest_one(play):
    assert len(play(500, rate=0.013).instances) == 6
    assert len(play(500, rate=0.0).instances) == 0


def test_more_than_are_eligible_is_an_error_with_both_numbers(play, purse):
    counts = Counter(row["owner_id"] for row in rows(plain(purse, 100, 1)["booking"]))
    eligible = sum(count >= 2 for count in counts.values())
    assert len(play(100, count=eligible).instances) == eligible
    with pytest.raises(
        ConfigError, match=f"{eligible + 1} instances asked for and {eligible} units eligible"
    ):
        play(100, count=eligible + 1)


def test_strata_share_the_cases_in_proportion(play):
    found = play(500, count=40, stratify="group")
    owners = {row["owner_id"]: row["group"] for row in rows(found.records["owner"])}
    sizes = Counter(owners.values())
    cases = Counter(owners[row["key"]] for row in rows(found.instances))
    assert sum(cases.values()) == 40
    assert all(abs(cases[group] - 40 * size / 500) < 1 for group, size in sizes.items())


def test_a_missing_value_is_a_stratum_of_its_own(asked, theft, purse):
    """Beside the number -1, too."""
    wanted = asked(theft, purse, count=1, stratify="side")
    survey = Survey(wanted.bound, wanted.prevalence)
    values, missing = np.array([-1, 0, 7, -1, 0]), np.array([False, False, True, False, True])
    side = Vector(values, missing)
    strata = survey._strata(Rows("owner", 5, {}, None, None, {"side": side}))
    assert strata[0] == strata[3]
    assert strata[2] == strata[4]
    assert len({*strata[:3].tolist()}) == 3
    assert survey._strata(
        Rows("owner", 2, {}, None, None, {"side": side.take(np.array([1, 0]))})
    ).tolist() == [
        strata[1],
        strata[0],
    ]


def test_without_instances_the_records_are_those_of_the_rules(play, purse):
    found, expected = play(300, count=0), plain(purse, 300, 1)
    assert {name: rows(table) for name, table in found.records.items()} == {
        name: rows(table) for name, table in expected.items()
    }


def test_units_without_an_instance_keep_every_value(play, purse):
    found, expected = play(500, count=25), plain(purse, 500, 1)
    cases = {row["key"] for row in rows(found.instances)}

    def others(table):
        return [{**row, "booking_id": None} for row in rows(table) if row["owner_id"] not in cases]

    assert others(found.records["booking"]) == others(expected["booking"])


def test_labels_name_the_rows_that_were_made_or_changed(play, purse):
    found, before = play(500, count=25), plain(purse, 500, 1)
    labelled = {row["key"] for row in rows(found.labels) if row["table"] == "booking"}
    known = Counter((row["owner_id"], row["booked_on"], row["amount"]) for row in rows(before["booking"]))
    new = {
        row["booking_id"]
        for row in rows(found.records["booking"])
        if (row["owner_id"], row["booked_on"], row["amount"]) not in known
    }
    assert new == labelled
    roles = Counter(row["role"] for row in rows(found.labels))
    params = [row["params"] for row in rows(found.instances)]
    assert roles["taken"] == sum(int(re.search(r'"times":(\d)', text)[1]) for text in params)
    assert roles["noticed"] == 25


def test_balances_hold_to_the_cent_and_every_rule_does(play, purse):
    found = play(500, count=60)
    openings = {row["owner_id"]: row["opening"] for row in rows(found.records["owner"])}
    balance: dict[str, Decimal] = {}
    last = {}
    for row in rows(found.records["booking"]):
        owner = row["owner_id"]
        balance[owner] = balance.get(owner, openings[owner]) + row["amount"]
        assert row["balance"] == balance[owner]
        assert last.get(owner, row["booked_on"]) <= row["booked_on"]
        last[owner] = row["booked_on"]
    for table in purse.tables:
        check = Conformity(purse, table)
        check.add(found.records)
        assert all(measure.value == 0 for measure in check.result().measures)


def test_keys_number_the_rows_as_if_nothing_had_been_added(play):
    found = play(5_000, count=80)
    keys = [row["booking_id"] for row in rows(found.records["booking"])]
    assert keys == [f"B{i + 1:07d}" for i in range(len(keys))]


def test_blocks_do_not_show(play, purse, theft, asked):
    """Records of 5,000 roots come in two blocks; what the first holds is the same whole."""
    run = ScenarioRun(purse, {}, [asked(theft, purse, count=50)], 5_000, Streams(1))
    blocks = [block for block, _ in run.stream()]
    assert [len(block["owner"]) for block in blocks] == [4_096, 904]
    whole = play(5_000, count=50)
    assert pa.concat_tables([b["booking"].data for b in blocks]).to_pylist() == rows(whole.records["booking"])


def renamed(text, name):
    return parse_scenario(text.replace("name: theft", f"name: {name}"))


def test_an_added_scenario_changes_no_instance_of_the_others(scenario_text, purse, theft, asked, several):
    other = renamed(scenario_text, "second")
    alone = several(purse, [asked(theft, purse, count=40)])
    both = several(purse, [asked(theft, purse, count=40), asked(other, purse, count=40)])
    mine = [row for row in rows(both.instances) if row["scenario"] == "theft"]
    assert mine == rows(alone.instances)

    def amounts(found):
        cases = {row["key"] for row in rows(alone.instances)}
        return [
            (row["owner_id"], row["booked_on"], row["amount"], row["balance"])
            for row in rows(found.records["booking"])
            if row["owner_id"] in cases
        ]

    assert amounts(both) == amounts(alone)
    keys = [row["key"] for row in rows(both.instances)]
    assert len(set(keys)) == len(keys) == 80


def test_one_owner_has_one_instance_at_most_and_the_first_scenario_comes_first(
    scenario_text, purse, theft, asked, several
):
    other = renamed(scenario_text, "second")
    both = several(purse, [asked(theft, purse, count=100), asked(other, purse, count=60)], 250)
    keys = [row["key"] for row in rows(both.instances)]
    assert len(set(keys)) == len(keys) == 160
    alone = several(purse, [asked(theft, purse, count=100)], 250)
    assert keys[:100] == [row["key"] for row in rows(alone.instances)]


def test_scenarios_choose_apart_from_each_other(scenario_text, purse, theft, asked, several):
    """Two independent choices of 100 of about 800 owners share about 12; 30 are beyond 5 sigma."""
    second = several(purse, [asked(renamed(scenario_text, "second"), purse, count=100)], 1_000)
    first = several(purse, [asked(theft, purse, count=100)], 1_000)
    chosen = [{row["key"] for row in rows(found.instances)} for found in (first, second)]
    assert 0 < len(chosen[0] & chosen[1]) < 30


def test_the_seed_decides(play):
    assert rows(play(500, count=20).labels) == rows(play(500, count=20).labels)
    assert rows(play(500, count=20, seed=2).labels) != rows(play(500, count=20).labels)


def test_weights_tell_who_is_likelier(scenario_text, purse, asked, several):
    """Owners of group c weigh 9 times as much: with 20 % of them, 1.8 / (1.8 + 0.8) = 69 % of cases."""
    heavy = scenario_text.replace("select: {where:", "select: {weight: \"where(group == 'c', 9, 1)\", where:")
    found = several(purse, [asked(parse_scenario(heavy), purse, count=200)], 6_000)
    groups = {row["owner_id"]: row["group"] for row in rows(found.records["owner"])}
    share = sum(groups[row["key"]] == "c" for row in rows(found.instances)) / 200
    assert abs(share - 0.69) < 4 * (0.69 * 0.31 / 200) ** 0.5
