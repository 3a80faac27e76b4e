"""A scenario file is read whole or refused with every fault, its line and a repair."""

from __future__ import annotations

import pytest

from synthrec.errors import ConfigError, FaultsError
from synthrec.scenarios.bind import bind, reweighted
from synthrec.scenarios.load import load_scenario, parse_scenario

REWEIGHT = """
synthrec: 1
scenario: {name: busy, version: 1.0.0, title: Busy, description: More., intent: stress, cite: [assumption]}
targets: {schema: purse, major: 1}
mode: reweight
severity: {tiers: {low: 0.0, high: 1.0}, default: low}
reweight: {level: "level * (1 + 2 * severity)"}
"""


def faults(text, schema):
    with pytest.raises(FaultsError) as caught:
        bind(parse_scenario(text, "theft.yaml"), schema)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ("schema: purse", "schema: other", "targets.schema", "run it on other"),
        ("major: 1", "major: 2", "targets.major", "schema version 1.0.0"),
        ("unit: owner", "unit: onwer", "unit", "did you mean 'owner'"),
        ("per: owner}", "per: booking}", "prevalence.per", "write owner"),
        ("count: 10, per: owner", "count: 10, per: owner, stratify: grup", "prevalence.stratify", "group"),
        ("table: booking, where", "table: bookings, where", "anchor.table", "booking"),
        ("booking.count >= 2", "booking.cnt >= 2", "select.where", "booking.count"),
        ("booking.count >= 2", "booking.count", "select.where", "write a boolean"),
        ("repeat: times", "repeat: timse", "steps[0].repeat", "times"),
        ('set: {amount: "-round', 'set: {amuont: "-round', "steps[0].set.amuont", "amount"),
        ('set: {amount: "-round(taken, 2)"', "set: {booking_id: \"'x'\"", "steps[0].set.booking_id", "a key"),
        (
            "times: {type",
            "level: {type: integer, range: [1, 2]}\n  times: {type",
            "params.level",
            "choose another",
        ),
        (
            "recompute: [",
            "coverage: {table: bok, factors: {a: kind, b: kind}}\nrecompute: [",
            "coverage",
            "booking",
        ),
        (
            "recompute: [",
            "coverage: {table: booking, factors: {a: kid, b: kind}}\nrecompute: [",
            "factors.a",
            "kind",
        ),
        ("recompute: [booking.balance]", "recompute: [booking.blance]", "recompute[0]", "table.column"),
        ("order: {booking: booked_on}", "order: {booking: booked}", "order.booking", "table: column"),
    ],
)
def test_a_name_that_the_schema_does_not_know_is_a_fault_with_its_line(
    scenario_text, purse, old, new, where, message
):
    assert old in scenario_text
    found = faults(scenario_text.replace(old, new, 1), purse)
    fitting = [text for text in found if where in text]
    assert fitting, found
    assert message in fitting[0]
    assert fitting[0].split(":")[1].isdigit()


def test_all_faults_are_told_at_once(scenario_text, purse):
    broken = scenario_text.replace("repeat: times", "repeat: timse").replace("kind == 'pay'", "kind == 'bay'")
    assert len(faults(broken, purse)) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("count: 10, per", "count: 10, rate: 0.1, per", "either rate or count"),
        ("range: [1, 100]", "range: [100, 1]", "smaller to a larger"),
        ("range: [1, 100], scale: log", "range: [0, 100], scale: log", "numbers above 0"),
        ("maps: {taken: up}", "maps: {way: up}", "params that are numbers"),
        ("default: low", "default: none", "one of the tiers low, high"),
        ("mode: inject", "mode: reweight", "reweight has reweight"),
        ("emit: booking", "emit: booking\n    change: booking", "either emit or change"),
        ("role: taken", "rolle: taken", "did you mean 'role'"),
        ("cite: [assumption]", "cite: []", "at least 1 item"),
        ("count: 10", "count: -1", "greater than or equal to 0"),
    ],
)
def test_the_shape_of_a_file_is_checked(scenario_text, old, new, message):
    assert old in scenario_text
    with pytest.raises(FaultsError, match=message):
        parse_scenario(scenario_text.replace(old, new, 1))


def test_an_unknown_scenario_suggests_a_near_one(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'card_testing'"):
        load_scenario("card_tesing")
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_scenario(path)


def test_reweighting_changes_params_by_tier(purse):
    file = parse_scenario(REWEIGHT)
    assert reweighted(file, purse, {}, "low") == {"level": 3.0}
    assert reweighted(file, purse, {}, "high") == {"level": 9.0}
    assert reweighted(file, purse, {"level": 2.0}, "high") == {"level": 6.0}
    with pytest.raises(FaultsError, match="did you mean 'level'"):
        reweighted(parse_scenario(REWEIGHT.replace("{level:", "{levle:")), purse, {}, "low")


def test_a_digest_names_what_a_scenario_says(scenario_text):
    one = parse_scenario(scenario_text).scenario.digest
    assert parse_scenario(scenario_text + "\n# a remark\n").scenario.digest == one
    assert parse_scenario(scenario_text.replace("count: 10", "count: 11")).scenario.digest != one
