"""The gate's table of verdicts: every way to pass, to fail and to be left without an answer."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthrec.errors import InternalError
from synthrec.release.gate import Decision, Origin, decide
from synthrec.release.policy import parse_policy
from synthrec.validation.result import CheckResult, Measure, NothingAtRisk, Verdict
from synthrec.validation.stats import holm

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def measure(name, value, low=None, high=None, baseline=None):
    low, high = (value if low is None else low), (value if high is None else high)
    return Measure(name, value, low, high, 1000, baseline, "made by hand")


@pytest.fixture
def judged(policy, profile):
    def decision(results, origin=Origin.LEARNED, tables=("patient",)) -> Decision:
        return decide(results, policy, profile, origin=origin, tables=tables)

    return decision


def verdict_of(decision: Decision, check: str) -> Verdict:
    return next(finding.verdict for finding in decision.findings if finding.result.check == check)


def test_clean_results_pass_and_say_under_what(judged, clean) -> None:
    decision = judged(tuple(clean.values()))
    assert decision.verdict is PASS
    assert decision.reasons == (
        "All 6 required checks passed under policy strict 1.0.0 and profile plain 1.0.0.",
    )
    assert decision.warnings == ()


COPIED = {
    "evidence": ({"p_value": 0.001}, FAIL, "evidence of a leak"),
    "evidence at the border": ({"p_value": 0.01 / 3}, FAIL, "evidence of a leak"),
    "evidence without a bound": ({"p_value": 0.0, "bound": None}, FAIL, "evidence of a leak"),
    "evidence with little power": ({"p_value": 0.0001, "power": 0.1}, FAIL, "evidence of a leak"),
    "p within alpha alone, not after Holm": ({"p_value": 0.009}, PASS, ""),
    "bound outside": (
        {"measures": (measure("copied_share", 0.0, 0.0, 0.0101),)},
        INCONCLUSIVE,
        "above the limit 0.01",
    ),
    "bound at the limit": ({"measures": (measure("copied_share", 0.0, 0.0, 0.01),)}, PASS, ""),
    "power short": ({"power": 0.89}, INCONCLUSIVE, "probability below 0.9"),
    "power unknown": ({"power": None}, INCONCLUSIVE, "probability below 0.9"),
    "power not a number": ({"power": math.nan}, INCONCLUSIVE, "probability below 0.9"),
    "no p-value": ({"p_value": None}, INCONCLUSIVE, "no usable p-value"),
    "p-value not a number": ({"p_value": math.nan}, INCONCLUSIVE, "no usable p-value"),
    "p-value beyond one": ({"p_value": 1.5}, INCONCLUSIVE, "no usable p-value"),
    "no bounded measure": ({"bound": None}, INCONCLUSIVE, "no usable bound"),
    "bound names nothing": ({"bound": "other"}, INCONCLUSIVE, "no usable bound"),
    "bound not a number": (
        {"measures": (measure("copied_share", 0.0, 0.0, math.nan),)},
        INCONCLUSIVE,
        "no usable bound",
    ),
    "bound endless": (
        {"measures": (measure("copied_share", 0.0, 0.0, math.inf),)},
        INCONCLUSIVE,
        "no usable bound",
    ),
    "did not run": ({"not_applicable": "there is no holdout"}, INCONCLUSIVE, "there is no holdout"),
    "nothing to copy": ({"not_applicable": NothingAtRisk.UNIQUE, "measures": (), "bound": None}, PASS, ""),
    "nothing rare": ({"not_applicable": NothingAtRisk.COMMON, "measures": (), "bound": None}, PASS, ""),
    "left out": ({}, INCONCLUSIVE, "gave no result"),
}


@pytest.mark.parametrize(("changes", "verdict", "words"), COPIED.values(), ids=COPIED)
def test_a_copy_test_decides(judged, but, changes, verdict, words) -> None:
    decision = judged(but("P1", **changes))
    assert decision.verdict is verdict_of(decision, "P1") is verdict
    assert any(words in reason for reason in decision.reasons)


OTHERS = {
    "broken schema": (
        "conformity.patient",
        {"measures": (measure("violations", 0.0001), measure("constraint_violations", 0.0))},
        FAIL,
    ),
    "constraints within what is tolerated": (
        "conformity.patient",
        {"measures": (measure("violations", 0.0), measure("constraint_violations", 0.001))},
        PASS,
    ),
    "constraints above what is tolerated": (
        "conformity.patient",
        {"measures": (measure("violations", 0.0), measure("constraint_violations", 0.0011))},
        FAIL,
    ),
    "conformity without one of its measures": (
        "conformity.patient",
        {"measures": (measure("violations", 0.0),)},
        INCONCLUSIVE,
    ),
    "conformity not a number": (
        "conformity.patient",
        {"measures": (measure("violations", math.nan), measure("constraint_violations", 0.0))},
        INCONCLUSIVE,
    ),
    "conformity did not run": ("conformity.patient", {"not_applicable": "no rows"}, INCONCLUSIVE),
    "conformity left out": ("conformity.patient", {}, INCONCLUSIVE),
    "quality below": ("fidelity.columns", {"measures": (measure("mean", 0.919),)}, FAIL),
    "quality at the limit": ("fidelity.columns", {"measures": (measure("mean", 0.92),)}, PASS),
    "quality near a low baseline": (
        "fidelity.columns",
        {"measures": (measure("mean", 0.86, baseline=0.88),)},
        PASS,
    ),
    "quality not a number": ("fidelity.columns", {"measures": (measure("mean", math.nan),)}, INCONCLUSIVE),
    "quality unmeasured": ("fidelity.columns", {"measures": ()}, INCONCLUSIVE),
    "quality left out": ("fidelity.columns", {}, INCONCLUSIVE),
    "quality did not run": ("fidelity.pairs", {"not_applicable": "one column"}, INCONCLUSIVE),
    "nothing to copy is no excuse for quality": (
        "fidelity.pairs",
        {"not_applicable": NothingAtRisk.UNIQUE},
        INCONCLUSIVE,
    ),
    "quality that only warns": (
        "fidelity.pairs",
        {"measures": (measure("mean", 0.9), measure("worst", 0.1))},
        PASS,
    ),
    "distance without p-value, low above": (
        "P3",
        {"p_value": None, "measures": (measure("closer", 0.6, 0.56, 0.64),)},
        FAIL,
    ),
    "distance without p-value, high above": (
        "P3",
        {"p_value": None, "measures": (measure("closer", 0.54, 0.5, 0.56),)},
        INCONCLUSIVE,
    ),
    "distance without p-value, inside": ("P3", {"p_value": None}, PASS),
    "distance that only warns": (
        "P10",
        {"p_value": 0.0, "measures": (measure("closer", 0.9, 0.8, 1.0),)},
        PASS,
    ),
}


@pytest.mark.parametrize(("check", "changes", "verdict"), OTHERS.values(), ids=OTHERS)
def test_conformity_quality_and_distance_decide(judged, but, check, changes, verdict) -> None:
    assert judged(but(check, **changes)).verdict is verdict


def test_a_warning_is_told_and_does_not_decide(judged, but) -> None:
    decision = judged(but("P10", p_value=0.0001))
    assert decision.verdict is PASS
    assert verdict_of(decision, "P10") is FAIL
    assert len(decision.warnings) == 1
    assert decision.warnings[0].startswith("P10 fails")


def test_holm_counts_only_blocking_tests(judged, clean, but) -> None:
    """P10 warns, so 0.004 > 0.01 / 3 is no evidence, although it would be were there two tests."""
    assert judged(but("P1", p_value=0.0034)).verdict is PASS
    fewer = tuple(replace(r, p_value=None) if r.check == "P3" else r for r in but("P1", p_value=0.0034))
    assert judged(fewer).verdict is FAIL


def test_failing_outweighs_not_knowing(judged, but, clean) -> None:
    results = tuple(replace(r, power=0.1) if r.check == "P2" else r for r in but("P1", p_value=1e-9))
    decision = judged(results)
    assert decision.verdict is FAIL
    assert decision.reasons[0].startswith("P1 fails")
    assert decision.reasons[1].startswith("P2 is inconclusive")


def test_every_table_needs_its_own_conformity_check(judged, clean) -> None:
    decision = judged(tuple(clean.values()), tables=("patient", "encounter"))
    assert decision.verdict is INCONCLUSIVE
    (reason,) = decision.reasons
    assert reason.startswith("conformity.encounter is inconclusive: the check is required and gave no result")


def test_rules_need_conformity_only(judged, clean) -> None:
    conformity = [clean["conformity.patient"]]
    assert judged(conformity, Origin.RULES).verdict is PASS
    assert judged(conformity, Origin.LEARNED).verdict is INCONCLUSIVE
    assert judged([], Origin.RULES).verdict is INCONCLUSIVE


def test_what_ran_on_rules_counts_all_the_same(judged, but) -> None:
    assert judged(but("P1", p_value=1e-9), Origin.RULES).verdict is FAIL


def test_a_check_without_a_limit_decides_nothing_and_says_so(judged, clean) -> None:
    decision = judged((*clean.values(), CheckResult("P99", "New.", (), p_value=0.0)))
    assert decision.verdict is PASS
    assert "neither policy strict nor profile plain" in decision.warnings[0]


def test_two_results_of_one_check_are_refused(judged, clean) -> None:
    with pytest.raises(InternalError, match="P1"):
        judged((*clean.values(), clean["P1"]))


def test_nothing_to_decide_on_is_refused(judged) -> None:
    with pytest.raises(InternalError, match="nothing to decide"):
        judged([], Origin.RULES, tables=())


def test_the_persons_needed_are_rounded_up(judged, but) -> None:
    decision = judged(but("P1", power=0.2, persons_needed=4312))
    assert "about 4,400 persons" in decision.reasons[0]


def test_the_persons_needed_are_enough_for_the_bound_too(judged, but) -> None:
    """A bound of 0.03 on 1,000 persons is within 0.01 from nine times as many on."""
    wide = (measure("copied_share", 0.0, -0.1, 0.03),)
    decision = judged(but("P1", power=0.95, persons_needed=1000, measures=wide))
    assert "about 9,000 persons" in decision.reasons[0]


def test_where_no_number_of_persons_is_known_none_is_promised(judged, but) -> None:
    (reason,) = judged(but("P1", power=0.2, persons_needed=None)).reasons
    assert "no number of persons is known to decide it" in reason


def test_a_broken_schema_names_the_rules_and_counts(judged, but) -> None:
    rules = [Measure(f"domain: c{i}", share, share, share, 200, None, "counted") for i, share in enumerate(
        [0.01, 0.05, 0.01, 0.01, 0.01, 0.01, 0.005, 0.0]
    )]  # fmt: skip
    totals = (measure("violations", 0.05), measure("constraint_violations", 0.0))
    (reason,) = judged(but("conformity.patient", measures=(*totals, *rules))).reasons
    assert "(domain: c1, 10 of 200; domain: c0, 2 of 200;" in reason
    assert "; and 1 more)" in reason
    assert "c6" not in reason
    assert "c7" not in reason


def test_no_reason_tells_what_an_attack_found(judged, clean) -> None:
    """Recognisable figures in every field of the risk results appear in no sentence."""
    told = {"p_value": 0.00718281, "power": 0.3141592}
    secret = measure("copied_share", 0.0077215, 0.0027182, 0.0141421)
    results = tuple(
        replace(r, **told, measures=(secret,), bound="copied_share") if r.check.startswith("P") else r
        for r in clean.values()
    )
    decision = judged(results)
    text = " ".join(finding.reason for finding in decision.findings)
    for digits in ("718", "314", "772", "271", "141"):
        assert digits not in text


def test_a_quality_is_shown_no_better_than_it_is(judged, but) -> None:
    decision = judged(but("fidelity.columns", measures=(measure("mean", 0.9199),)))
    assert "is 0.91, below the 0.92" in decision.reasons[0]


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1, max_size=6), st.floats(0.001, 0.2))
def test_holm_equals_the_step_down_procedure(p_values, alpha) -> None:
    """The procedure as Holm states it: p_(1) against alpha / m, p_(2) against alpha / (m - 1), and so on."""
    rejected = set()
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        if (len(p_values) - rank) * p > alpha:
            break
        rejected.add(name)
    adjusted = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    assert {name for name, p in adjusted.items() if p <= alpha} == rejected


def test_a_further_measure_above_its_limit_or_missing_keeps_a_check_from_passing(
    policy_text, profile, clean, but
) -> None:
    found = "P3: {kind: attack, effect: block, limit: 0.55, source: own"
    more = ", measures: {TPR: {limit: 0.15, source: own}}"
    policy = parse_policy(policy_text.replace(found, found + more))
    for upper, verdict in ((0.14, PASS), (0.16, INCONCLUSIVE), (math.nan, INCONCLUSIVE)):
        further = Measure("TPR", 0.1, 0.05, upper, 1_000, 0.1, "made by hand")
        measures = (*clean["P3"].measures, further)
        results = but("P3", measures=measures)
        decision = decide(results, policy, profile, origin=Origin.LEARNED, tables=("patient",))
        assert verdict_of(decision, "P3") is verdict
    missing = decide(but("P3", p_value=0.5), policy, profile, origin=Origin.LEARNED, tables=("patient",))
    assert any("no usable figure for 'TPR'" in reason for reason in missing.reasons)
