from __future__ import annotations

import pytest

from synthrec.errors import ConfigError, FaultsError
from synthrec.validation.profile import Limit, load_profile, parse_profile
from synthrec.validation.result import Measure

TEXT = """
synthrec: 1
profile: {name: mine, version: 1.0.0}
limits:
  fidelity.columns:
    mean: {least: 0.9, margin: 0.05, effect: block, source: own}
"""


def measure(value, baseline):
    return Measure("mean", value, value, value, 10, baseline, "")


def test_the_default_profile_limits_what_the_checks_measure(release):
    from synthrec.validation.fidelity import fidelity_checks  # noqa: PLC0415

    profile = load_profile()
    drawn = release(1, 300, 200)
    for check in fidelity_checks(drawn.real):
        check.add({"t": drawn.fresh})
        result = check.result()
        limits = profile.limits_for(result.check)
        assert set(limits) == {"mean", "worst"}
        assert all(limit.met_by(result.measure(name)) for name, limit in limits.items())
    assert all(
        limit.effect == "warn"
        for check, limits in profile.limits.items()
        if "quality" in check
        for limit in limits.values()
    )
    assert profile.limits_for("P1") == {}


@pytest.mark.parametrize(
    ("value", "baseline", "met"),
    [(0.9, None, True), (0.89, None, False), (0.89, 0.99, False), (0.85, 0.9, True), (0.84, 0.9, False)],
)
def test_a_limit_is_the_lower_of_least_and_baseline_less_margin(value, baseline, met):
    limit = Limit(least=0.9, margin=0.05, effect="block", source="own")
    assert limit.met_by(measure(value, baseline)) is met


def test_the_digest_ignores_layout_and_sees_every_figure():
    same = TEXT.replace("{name: mine, version: 1.0.0}", "{version: 1.0.0, name: mine}  # mine")
    assert parse_profile(TEXT).digest == parse_profile(same).digest
    assert parse_profile(TEXT).digest != parse_profile(TEXT.replace("0.9", "0.91")).digest


def test_all_faults_come_at_once_with_their_lines():
    text = TEXT.replace("least: 0.9", "least: 1.9").replace("effect: block", "effekt: block")
    with pytest.raises(FaultsError) as caught:
        parse_profile(text, "mine.yaml")
    assert {fault.line for fault in caught.value.faults} == {6}
    assert any("effect" in fault.repair for fault in caught.value.faults)
    assert len(caught.value.faults) == 3


def test_an_unknown_name_is_an_error():
    with pytest.raises(ConfigError):
        load_profile("defualt")


def test_a_limit_asks_for_something_possible():
    limit = Limit(least=0.5, margin=0.15, effect="warn", source="own")
    assert limit.threshold(Measure("worst", 0.1, 0.1, 0.1, 10, 0.08, "made by hand")) == 0.0
