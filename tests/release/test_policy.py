"""Policies: the shipped one, faults with their lines, and what counts as looser."""

from decimal import Decimal

import pytest

from synthrec.errors import ConfigError, FaultsError
from synthrec.release.policy import load_policy, parse_policy
from synthrec.schema.yaml_source import MAX_BYTES


@pytest.fixture
def text(policy_text) -> str:
    return policy_text


def test_the_shipped_policy_is_as_strict_as_promised() -> None:
    policy = load_policy()
    assert policy.evidence.alpha == 0.01
    assert (policy.power.minimum, policy.power.leak) == (0.9, 0.01)
    limits = {check: policy.checks[check].limit for check in policy.blocking}
    assert {"P1": 0.01, "P2": 0.1, "P3": 0.55, "P4": 0.65}.items() <= limits.items()
    further = {name: item.limit for name, item in policy.checks["P3"].measures.items()}
    assert further == {"TPR at 10 % FPR": 0.15, "TPR at 1 % FPR": 0.03}
    assert {name: item.limit for name, item in policy.conformity.measures.items()} == {
        "violations": 0,
        "constraint_violations": 0,
    }
    assert (policy.budget.epsilon, policy.budget.delta) == (3, Decimal("1e-5"))
    assert (policy.card.row_counts, policy.card.minimum_cell, policy.attempts.limit) == ("banded", 11, 3)


def test_the_budget_is_exact_as_written(text) -> None:
    budget = parse_policy(text.replace("epsilon: 3,", "epsilon: 0.1,")).budget
    assert (budget.epsilon, budget.delta) == (Decimal("0.1"), Decimal("0.00001"))
    assert str(parse_policy(text.replace("epsilon: 3,", "epsilon: 3.0,")).budget.epsilon) == "3"


def test_the_digest_is_of_what_it_says_not_of_how(text) -> None:
    policy = parse_policy(text)
    assert parse_policy("# a comment\n" + text).digest == policy.digest
    assert parse_policy(text.replace("alpha: 0.01", "alpha: 1e-2")).digest == policy.digest
    assert parse_policy(text.replace("limit: 0.1,", "limit: 0.11,")).digest != policy.digest


def test_all_faults_at_once_with_place_and_repair(text) -> None:
    broken = (
        text.replace("alpha:", "alfa:")
        .replace("limit: 0.1,", "limit: 1.5,")
        .replace("effect: warn", "effect: wran")
    )
    with pytest.raises(FaultsError) as caught:
        parse_policy(broken, "mine.yaml")
    faults = caught.value.faults
    assert [(fault.line, fault.where) for fault in faults] == [
        (3, "evidence.alpha"),
        (3, "evidence.alfa"),
        (11, "checks.P2.limit"),
        (13, "checks.P10.effect"),
    ]
    assert "alpha" in faults[1].repair
    assert all(fault.file == "mine.yaml" for fault in faults)


WRONG = {
    "a limit without a source": ("{limit: 0, source: own}", "{limit: 0}"),
    "an empty source": ("source: own}\nattempts", "source: ''}\nattempts"),
    "a limit as text": ("limit: 0.1,", "limit: '0.1',"),
    "a limit as true": ("limit: 0.1,", "limit: true,"),
    "a limit that is not a number": ("limit: 0.1,", "limit: .nan,"),
    "a negative limit": ("limit: 0.1,", "limit: -0.1,"),
    "alpha of nothing": ("alpha: 0.01", "alpha: 0"),
    "alpha of one": ("alpha: 0.01", "alpha: 1"),
    "power at another leak": ("leak: 0.01", "leak: 0.05"),
    "no attempts": ("limit: 3,", "limit: 0,"),
    "a budget of nothing": ("epsilon: 3,", "epsilon: 0,"),
    "a budget without end": ("epsilon: 3,", "epsilon: .inf,"),
    "a budget as text": ("epsilon: 3,", "epsilon: '3',"),
    "a budget as true": ("epsilon: 3,", "epsilon: true,"),
    "a delta of one": ("delta: 1e-5", "delta: 1"),
    "another format": ("synthrec: 1", "synthrec: 2"),
    "a double key": ("attempts:", "synthrec: 1\nattempts:"),
    "an alias": ("alpha: 0.01", "alpha: &a 0.01, source: *a"),
    "an object": ("alpha: 0.01", "alpha: !!python/object:os.system 1"),
    "not YAML": ("evidence:", "evidence: ]"),
    "nested without end": ("evidence:", "x: " + "[" * 40 + "]" * 40 + "\nevidence:"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_policy_is_refused(text, case) -> None:
    found, put = WRONG[case]
    assert found in text
    with pytest.raises(FaultsError):
        parse_policy(text.replace(found, put, 1))


@pytest.mark.parametrize("content", ["", "just text", "[]", "synthrec: 1"])
def test_what_is_no_policy_is_refused(content) -> None:
    with pytest.raises(FaultsError):
        parse_policy(content)


def test_some_copy_test_must_block(text) -> None:
    with pytest.raises(FaultsError, match="blocking check of kind copies"):
        parse_policy(text.replace("kind: copies", "kind: attack"))


def test_a_policy_is_named_or_given_as_a_file(tmp_path, text) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    assert load_policy(file) == load_policy(str(file)) == parse_policy(text)
    with pytest.raises(
        ConfigError, match=r"no policy named 'defualt'; did you mean 'default'[?] There are: default, gdpr"
    ):
        load_policy("defualt")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_policy(tmp_path / "none.yaml")


def test_files_that_cannot_be_a_policy(tmp_path) -> None:
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="larger"):
        load_policy(tmp_path / "large.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"title: caf\xe9")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_policy(tmp_path / "latin.yaml")


LOOSER = {
    "evidence.alpha": ("alpha: 0.01", "alpha: 0.001"),
    "power.minimum": ("minimum: 0.9", "minimum: 0.5"),
    "conformity.measures.violations": ("violations: {limit: 0,", "violations: {limit: 0.1,"),
    "checks.P1.limit": ("limit: 0.01, source", "limit: 0.02, source"),
    "checks.P2.effect": ("P2: {kind: copies, effect: block", "P2: {kind: copies, effect: warn"),
    "checks.P2.kind": ("P2: {kind: copies", "P2: {kind: attack"),
    "card.row_counts": ("banded", "exact"),
    "card.minimum_cell": ("minimum_cell: 11", "minimum_cell: 5"),
    "attempts.limit": ("limit: 3,", "limit: 4,"),
    "budget.epsilon": ("epsilon: 3,", "epsilon: 3.000001,"),
    "budget.delta": ("delta: 1e-5", "delta: 1e-4"),
}


@pytest.mark.parametrize("key", LOOSER)
def test_what_is_looser_is_named(text, key) -> None:
    found, put = LOOSER[key]
    assert found in text
    looser, strict = parse_policy(text.replace(found, put, 1)), parse_policy(text)
    assert looser.looser_than(strict) == (key,)
    assert strict.looser_than(looser) == strict.looser_than(strict) == ()


def test_a_further_measure_left_out_or_loosened_is_looser(text) -> None:
    found = "P3: {kind: attack, effect: block, limit: 0.55, source: own"
    first, second = (
        parse_policy(text.replace(found, found + f", measures: {{TPR: {{limit: {limit}, source: own}}}}"))
        for limit in (0.1, 0.2)
    )
    key = ("checks.P3.measures.TPR",)
    assert second.looser_than(first) == parse_policy(text).looser_than(first) == key
    assert first.looser_than(second) == first.looser_than(parse_policy(text)) == ()


def test_a_check_left_out_is_looser(text) -> None:
    fewer = "\n".join(line for line in text.splitlines() if not line.startswith("  P3"))
    assert parse_policy(fewer).looser_than(parse_policy(text)) == ("checks.P3",)
