"""Rules looser than the default: nobody answers, no run; somebody does, the card says who and why."""

import pytest

from synthrec.assets import asset
from synthrec.errors import ConfigError
from synthrec.release.loosening import looser_policy, looser_profile, refuse_unexplained
from synthrec.release.policy import load_policy, parse_policy
from synthrec.runs.context import Run
from synthrec.validation.profile import load_profile, parse_profile

WHY = "  loosened: {by: A. Steward, reason: a test of our own}\n"


def looser(kind, old, new, why=""):
    room, name = ("privacy", "policies") if kind == "policy" else ("validation", "profiles")
    text = asset(room, f"{name}/default.yaml").read_text()
    assert old in text
    text = text.replace(old, new, 1).replace("  name: default\n", f"  name: house\n{why}", 1)
    return (parse_policy if kind == "policy" else parse_profile)(text)


def test_the_defaults_need_no_excuse():
    refuse_unexplained(load_policy(), load_profile())


@pytest.mark.parametrize("name", ["hipaa_expert_determination", "gdpr"])
def test_policies_for_release_are_nowhere_looser(name):
    assert looser_policy(load_policy(name)) == ()


def test_a_looser_policy_without_a_name_and_a_reason_is_refused():
    policy = looser("policy", "limit: 0.55", "limit: 0.6")
    with pytest.raises(ConfigError, match=r"house is looser .* checks\.P3\.limit.*\{by: NAME"):
        refuse_unexplained(policy, load_profile())


def test_a_looser_profile_without_a_name_and_a_reason_is_refused():
    profile = looser("profile", "least: 0.92", "least: 0.9")
    assert looser_profile(profile) == ("limits.fidelity.columns.mean",)
    with pytest.raises(ConfigError, match=r"profile house is looser"):
        refuse_unexplained(load_policy(), profile)


def test_with_both_it_runs():
    refuse_unexplained(looser("policy", "limit: 0.55", "limit: 0.6", WHY), load_profile())


def test_each_run_asks(tmp_path):
    text = asset("privacy", "policies/default.yaml").read_text().replace("limit: 0.55", "limit: 0.6", 1)
    (tmp_path / "house.yaml").write_text(text)
    with pytest.raises(ConfigError, match="nobody answers"):
        Run.under(tmp_path / "house.yaml", "default", home=tmp_path)


def test_a_test_policy_says_that_its_records_stay_inside():
    info = load_policy("internal_test").policy
    assert info.loosened is not None
    assert "inside" in (info.title or "")
