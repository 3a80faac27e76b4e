"""A fit under a claim: the plan is told first, the charge stands before the read, the card says so."""

import json
from decimal import Decimal
from types import SimpleNamespace

import pytest

from synthrec import api
from synthrec.data.keys import open_keys
from synthrec.errors import BudgetExceededError, ConfigError, InputError, InternalError, VerificationError
from synthrec.privacy.ledger import Ledger
from synthrec.release.approval import Terms, read_approval, sign, write_approval
from synthrec.release.gate import Verdict
from synthrec.release.policy import load_policy
from synthrec.runs import claims

TRIAL = 1_000
"""Rows of the trial of a claimed model here, twenty times fewer than outside of the tests."""


@pytest.fixture
def town(tmp_path, people, small_schema, monkeypatch):
    """A home of its own, so that every test has the whole budget."""
    monkeypatch.setattr("synthrec.runs.fitting.CLAIM_ROWS", TRIAL)
    schema = tmp_path / "small.yaml"
    schema.write_text(small_schema, encoding="utf-8")
    return SimpleNamespace(
        home=tmp_path / "home", schema=schema, data=people(tmp_path / "people.csv", 400), folder=tmp_path
    )


def fit(town, name="model", **options):
    asked = {"epsilon": "1", "delta": "1e-6", "home": town.home, **options}
    return api.fit(
        asked.pop("schema", town.schema), asked.pop("data", town.data), out=town.folder / name, **asked
    )


def account(town):
    with Ledger.open(town.home, open_keys(town.home, create=True)) as ledger:
        return ledger.account("one town")


def manifest(town, name="model"):
    return json.loads((town.folder / name / "manifest.json").read_text())


@pytest.mark.parametrize("generator", ["auto", "copula"])
def test_a_claim_is_charged_committed_and_kept(town, generator):
    report = fit(town, generator=generator)
    claim = manifest(town)["claim"]
    assert Decimal("0.99") <= Decimal(claim["epsilon"]) <= 1
    assert (claim["delta"], claim["adjacency"], claim["max_rows_per_person"]) == (
        "0.000001",
        "add_remove_person",
        1,
    )
    (charge,) = account(town).charges
    assert (charge.state, charge.budget.epsilon) == ("committed", Decimal(claim["epsilon"]))
    assert manifest(town)["generator"] == ("marginals" if generator == "auto" else generator)
    assert any("under a claim" in note for note in report.notes) == (generator == "auto")


def test_nothing_tells_how_many_rows_there_were(town):
    fit(town)
    assert manifest(town)["persons"] is None
    keys = open_keys(town.home, create=False)
    digest = json.loads((town.folder / "model" / "approval.json").read_text())["model_digest"]
    approval = read_approval(town.folder / "model", keys, model_digest=digest)
    assert approval is not None
    assert approval.rows == TRIAL


def test_the_plan_costs_nothing_and_reads_nothing(town):
    report = api.plan(town.schema, epsilon="1", delta="1e-6", home=town.home)
    assert account(town).charges == ()
    ceiling = load_policy().budget
    assert report.remaining == (
        ceiling.epsilon - report.planned.budget.epsilon,
        ceiling.delta - Decimal("1e-6"),
    )
    fit(town)
    assert manifest(town)["claim"]["plan"] == report.document()["plan"]


def test_beyond_the_ceiling_nothing_is_read(town):
    fit(town, epsilon="2")
    with pytest.raises(BudgetExceededError):
        fit(town, "other", epsilon="1.5", data=town.folder / "absent.csv")
    assert not (town.folder / "other").exists()
    assert len(account(town).charges) == 1


def test_the_same_records_under_another_name_share_the_budget(town):
    fit(town, epsilon="2")
    with pytest.raises(BudgetExceededError):
        fit(town, "other", epsilon="1.5", population="another town")
    assert not (town.folder / "other").exists()
    assert sum(charge.counts for charge in account(town).charges) == 1


def test_a_refused_input_gives_the_charge_back(town):
    with pytest.raises(InputError):
        fit(town, data=town.folder / "absent.csv")
    assert [charge.state for charge in account(town).charges] == ["released"]


def test_a_run_broken_off_stays_charged(town, monkeypatch):
    def broken(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("synthrec.runs.fitting.write_model", broken)
    with pytest.raises(KeyboardInterrupt):
        fit(town)
    assert [charge.state for charge in account(town).charges] == ["read"]
    assert account(town).spent.epsilon > Decimal("0.99")


def test_a_run_broken_off_and_started_again_is_two_charges(town, monkeypatch):
    def broken(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("synthrec.runs.fitting.write_model", broken)
        with pytest.raises(KeyboardInterrupt):
            fit(town)
    fit(town)
    assert [charge.state for charge in account(town).charges] == ["read", "committed"]
    assert account(town).spent.epsilon > Decimal("1.98")


def test_a_failed_self_audit_leaves_no_model(town, monkeypatch):
    monkeypatch.setattr(claims, "self_audit", lambda *_: SimpleNamespace(holds=False))
    with pytest.raises(InternalError, match="self-audit"):
        fit(town)
    assert not (town.folder / "model").exists()
    assert [charge.state for charge in account(town).charges] == ["read"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (", source: {population: one town}", "", "population"),
        ("    max_rows_per_person: 1\n", "", "max_rows_per_person"),
        ("{min: 0, max: 99, source: public}", "{min: 0, max: 99, source: learned}", "age"),
    ],
)
def test_what_no_claim_can_rest_on_is_refused(town, small_schema, old, new, said):
    assert old in small_schema
    town.schema.write_text(small_schema.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        fit(town)


@pytest.mark.parametrize(
    ("epsilon", "delta"), [("none", None), ("0", None), ("nan", None), ("1", "1"), ("-1", None)]
)
def test_what_is_no_budget_is_refused(town, epsilon, delta):
    with pytest.raises(ConfigError):
        fit(town, epsilon=epsilon, delta=delta)


def test_domains_that_nobody_states_are_found_drawn_and_audited(town, small_schema):
    """From a learned domain to rows, through store and restore; no cell of it is read but by the plan."""
    declared = "{min: 0, max: 99, source: public}"
    assert declared in small_schema
    town.schema.write_text(small_schema.replace(declared, "{source: learned}"), encoding="utf-8")
    fit(town, dp_bounds=True, epsilon="2")
    plan = manifest(town)["claim"]["plan"]
    assert plan["events"][0]["name"] == "bounds"
    made = api.sample(town.folder / "model", 50, out=town.folder / "out", draft=True, home=town.home)
    assert made.rows == 50
    api.audit(town.folder / "model", real=town.data, home=town.home)
    assert [look.details()["look"] for look in account(town).looks][-1] == "audit"


def test_an_approval_under_a_claim_covers_every_draw(town):
    fit(town)
    model = town.folder / "model"
    keys = open_keys(town.home, create=False)
    written = json.loads((model / "approval.json").read_text())
    passed = Terms.model_validate({name: written[name] for name in Terms.model_fields} | {"verdict": "pass"})
    write_approval(model, sign(passed, keys))
    made = api.sample(model, 25_000, out=town.folder / "out", seed=4, where="age >= 50", home=town.home)
    assert made.decision.verdict == Verdict.PASS
    card = api.read_card(town.folder / "out")
    assert card.privacy.claim == "differential_privacy"
    assert card.coverage.kind == "under_claim"
    assert "a trial of the model" in (town.folder / "out" / "card.md").read_text()
    assert card.privacy.guarantee.epsilon == manifest(town)["claim"]["epsilon"]
    assert card.privacy.ledger_head.sequence == manifest(town)["ledger_head"]["sequence"]
    assert all(result.value is None for result in card.results)
    assert "differential privacy for a person" in (town.folder / "out" / "card.md").read_text()


def test_looks_without_a_claim_are_entered_and_told(town):
    fit(town, "free", epsilon=None)
    assert [look.details()["look"] for look in account(town).looks] == ["fit"]
    fit(town)
    assert manifest(town)["claim"]["looks_without_claim"] == 1


def test_two_models_do_not_tell_whether_the_records_are_the_same(town):
    """Without a salt, a fingerprint that changed would tell that somebody joined or left."""
    fit(town)
    fit(town, "again")
    shown = {manifest(town, name)["source_fingerprint"] for name in ("model", "again")}
    assert len(shown) == 2
    known = [charge.entry.source for charge in account(town).charges] + [
        look.source for look in account(town).looks
    ]
    assert shown.isdisjoint(known)


def test_the_real_records_are_known_again_and_others_are_not(town, people):
    fit(town)
    audited = api.audit(town.folder / "model", real=town.data, home=town.home)
    assert audited.decision is not None
    other = people(town.folder / "other.csv", 400, seed=9)
    with pytest.raises(VerificationError):
        api.audit(town.folder / "model", real=other, home=town.home)


def test_the_audit_of_the_trial_is_entered_as_a_look(town):
    fit(town)
    assert [look.details()["look"] for look in account(town).looks] == ["audit"]
