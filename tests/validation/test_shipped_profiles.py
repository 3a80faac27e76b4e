"""The profiles that are shipped: complete, with a source for every limit, and as strict as they say."""

from __future__ import annotations

import pytest

from synthrec.assets import list_assets
from synthrec.release.gate import Origin, decide
from synthrec.release.policy import load_policy
from synthrec.validation.profile import load_profile
from synthrec.validation.result import CheckResult, Measure, Verdict

NAMES = ("default", "ml_training", "software_test")


def blocking(profile):
    return {
        f"{check} {name}"
        for check, limits in profile.limits.items()
        for name, limit in limits.items()
        if limit.effect == "block"
    }


def test_these_are_shipped():
    shipped = {str(path).rsplit("/", 1)[-1] for path in list_assets("validation") if "profiles" in str(path)}
    assert {f"{name}.yaml" for name in NAMES} <= shipped


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_limits_all_that_the_default_does(name):
    profile, default = load_profile(name), load_profile()
    assert profile.profile.name == name
    assert {check: set(limits) for check, limits in profile.limits.items()} == {
        check: set(limits) for check, limits in default.limits.items()
    }
    sources = [limit.source for limits in profile.limits.values() for limit in limits.values()]
    assert all(source.startswith("own; ") or any(map(str.isdigit, source)) for source in sources)


def test_what_blocks():
    default = blocking(load_profile())
    assert default == {"fidelity.columns mean", "fidelity.columns worst", "fidelity.pairs mean"}
    training = {
        "fidelity.pairs worst",
        "quality.associations mean",
        "quality.triples score",
        "quality.utility transfer ratio",
    }
    assert blocking(load_profile("ml_training")) == default | training
    assert blocking(load_profile("software_test")) == {"fidelity.columns mean"}


def figures(**values):
    return tuple(
        Measure(name.replace("_", " "), value, value, value, 100, 1.0, "by hand")
        for name, value in values.items()
    )


def verdict(profile, utility):
    results = (
        CheckResult("fidelity.columns", "", figures(mean=0.99, worst=0.99), "mean"),
        CheckResult("fidelity.pairs", "", figures(mean=0.99, worst=0.99), "mean"),
        CheckResult("quality.associations", "", figures(mean=0.99, worst=0.99), "mean"),
        CheckResult("quality.triples", "", figures(score=0.99), "score"),
        utility,
    )
    decision = decide(results, load_policy(), load_profile(profile), origin=Origin.LEARNED, tables=())
    return {f.result.check: f.verdict for f in decision.findings if f.blocking}.get("quality.utility")


def test_training_needs_a_model_that_transfers():
    poor = CheckResult("quality.utility", "", figures(transfer_ratio=0.9, worst_group=0.9), "transfer ratio")
    good = CheckResult("quality.utility", "", figures(transfer_ratio=0.96, worst_group=0.9), "transfer ratio")
    none = CheckResult("quality.utility", "", (), not_applicable="the schema declares no target")
    assert verdict("ml_training", poor) is Verdict.FAIL
    assert verdict("ml_training", good) is Verdict.PASS
    assert verdict("ml_training", none) is Verdict.INCONCLUSIVE
    assert verdict("default", poor) is verdict("software_test", none) is None
