"""Signed approvals, what a signature on records says of them, and a ledger that was set back."""

import datetime as dt
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from synthrec import api
from synthrec.digests import digest
from synthrec.errors import ConfigError, KeyMissingError, VerificationError
from synthrec.release.signing.approvals import ENDORSEMENT, endorse, endorsed
from synthrec.release.signing.keys import SigningKey, today
from synthrec.runs.models import OpenModel, charge_attempt


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.fresh("steward", None)


@pytest.fixture(scope="module")
def drawn(admissions, key, tmp_path_factory):
    """A signed export of approved rows."""
    out = tmp_path_factory.mktemp("signed") / "out"
    assert api.sample(admissions.model, 50, out=out, home=admissions.home, sign=key).approved
    return out


@pytest.fixture
def own(drawn, tmp_path) -> Path:
    return Path(shutil.copytree(drawn, tmp_path / "own"))


@pytest.fixture
def stranger(key, tmp_path) -> Path:
    """A home without a root secret, in which the key is trusted."""
    file = tmp_path / "steward.json"
    file.write_bytes(key.public.content)
    api.Keyring(tmp_path / "stranger").trust(file)
    return tmp_path / "stranger"


@pytest.fixture
def model(admissions, copy_of, key) -> Path:
    """A copy of the model whose approval is signed."""
    folder = copy_of(admissions)
    endorse(folder, OpenModel.at(folder, admissions.home).approval, key)
    return folder


def breaches(folder, home, **options):
    with pytest.raises(VerificationError) as caught:
        api.verify_export(folder, home=home, **options)
    return {(breach.kind.value, breach.where) for breach in caught.value.breaches}


def approval_of(model, admissions):
    opened = OpenModel.at(model, admissions.home)
    return opened.approval


def test_the_statement_names_approval_model_and_ledger(drawn, admissions, stranger):
    said = api.verify_export(drawn, home=stranger).signed.statement.predicate
    card = api.read_card(drawn)
    approval = approval_of(admissions.model, admissions)
    assert said.model_digest == card.generator.model_digest
    assert said.approval.digest == digest(approval.model_dump(mode="json"))
    assert said.ledger_head.hash == card.privacy.ledger_head.hash


def test_an_export_that_lies_there_is_signed_with_its_model(own, admissions, key, stranger, small):
    before = api.verify_export(own, home=stranger).signed.statement.predicate
    sign = {"force": True, "home": admissions.home}
    with pytest.raises(VerificationError, match="another model"):
        api.sign_export(own, key, model=small.model, **sign)
    api.sign_export(own, key, model=admissions.model, **sign)
    assert api.verify_export(own, home=stranger).signed.statement.predicate.approval == before.approval
    api.sign_export(own, key, **sign)
    assert api.verify_export(own, home=stranger).signed.statement.predicate.approval is None


def test_a_fit_signs_its_approval(key, people, small_schema, tmp_path, stranger):
    schema, data = tmp_path / "small.yaml", people(tmp_path / "people.csv", 100)
    schema.write_text(small_schema)
    api.fit(schema, data, out=tmp_path / "model", home=tmp_path / "maker", sign=key)
    found = endorsed(
        tmp_path / "model",
        api.Keyring(stranger).find,
        model_digest=OpenModel.at(tmp_path / "model", tmp_path / "maker").stored.digest,
    )
    assert found.key.key_id == key.public.key_id
    assert (tmp_path / "model" / ENDORSEMENT).stat().st_mode & 0o777 == 0o600


def test_an_expired_key_fits_nothing(people, small_schema, tmp_path):
    """Said before data is read: nothing is entered in the ledger, and no budget spent."""
    schema, data = tmp_path / "small.yaml", people(tmp_path / "people.csv", 100)
    schema.write_text(small_schema)
    old = SigningKey.fresh("old", today() - dt.timedelta(days=1))
    with pytest.raises(ConfigError, match="was good until"):
        api.fit(schema, data, out=tmp_path / "model", home=tmp_path / "maker", epsilon=1, sign=old)
    assert not (tmp_path / "maker").exists()
    assert not (tmp_path / "model").exists()


def test_a_stranger_checks_a_signed_approval(drawn, model, stranger):
    report = api.verify_export(drawn, model=model, home=stranger)
    assert "the model and its approval" in report.verified
    assert any("approval is signed by steward" in line for line in report.verified)
    assert any("root secret" in line for line in report.remarks)
    assert any("ledger" in line for line in report.remarks)


def test_a_stranger_draws_nothing(model, stranger, tmp_path):
    """A signature lets an approval be checked; records are drawn under the root secret alone."""
    with pytest.raises(KeyMissingError):
        api.sample(model, 5, out=tmp_path / "out", home=stranger)
    assert not (tmp_path / "out").exists()


def test_a_signature_replaces_no_mac(model, admissions, key, tmp_path):
    """A changed approval that a trusted key signed anew draws nothing where the secret is, either."""
    approval = approval_of(model, admissions)
    wider = approval.model_copy(update={"rows": 10**9})
    (model / "approval.json").write_text(json.dumps(wider.model_dump(mode="json")))
    endorse(model, wider, key)
    with pytest.raises(VerificationError, match="changed after it was signed"):
        api.sample(model, 5, out=tmp_path / "out", home=admissions.home)
    (model / "approval.json").unlink()
    with pytest.raises(Exception, match="no approval"):
        api.sample(model, 5, out=tmp_path / "out", home=admissions.home)


def test_an_approval_signed_by_nobody_known(drawn, model, tmp_path, key):
    (tmp_path / "k.json").write_bytes(SigningKey.fresh("x", None).public.content)
    found = breaches(drawn, tmp_path / "nobody", model=model)
    assert found == {("unknown_key", "card.dsse.json"), ("unknown_key", ENDORSEMENT)}


def test_without_secret_and_signature_nothing_is_said(drawn, admissions, stranger):
    with pytest.raises(KeyMissingError):
        api.verify_export(drawn, model=admissions.model, home=stranger)


@pytest.mark.parametrize(
    "change", [{"rows": 10**6}, {"verdict": "fail"}, {"attempt": 2}, {"mac": "hmac-sha256:" + "0" * 64}]
)
def test_an_approval_that_was_changed_after_it_was_signed(drawn, model, stranger, change):
    path = model / "approval.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert breaches(drawn, stranger, model=model) == {("changed_approval", "approval.json")}


def test_an_approval_of_another_model(drawn, model, small, admissions, stranger, tmp_path):
    other = shutil.copytree(small.model, tmp_path / "other")
    for name in ("approval.json", ENDORSEMENT):
        shutil.copy(model / name, other / name)
    assert breaches(drawn, stranger, model=other) == {("other_model", "approval.json")}


def test_a_further_audit_withdraws_the_signature(model, admissions, drawn, stranger):
    """The approval that was signed is no longer the one that counts."""
    charge_attempt(OpenModel.at(model, admissions.home), 2)
    assert not (model / ENDORSEMENT).exists()
    assert api.verify_export(drawn, model=model, home=trusting(admissions, stranger)).verified


def trusting(admissions, stranger) -> Path:
    """The home of the custodian, in which the key is trusted, too."""
    home = stranger.with_name("custodian")
    if not home.exists():
        shutil.copytree(admissions.home, home)
        shutil.copytree(stranger / "trusted", home / "trusted")
    return home


def test_an_approval_that_was_set_back(model, admissions, key, tmp_path, stranger):
    """Records that rest on the second audit of a model, and an approval that tells of one."""
    before = (model / "approval.json").read_bytes()
    charge_attempt(OpenModel.at(model, admissions.home), 2)
    out = tmp_path / "out"
    assert api.sample(model, 50, out=out, home=admissions.home, sign=key).approved
    home = trusting(admissions, stranger)
    assert api.verify_export(out, model=model, home=home).verified
    (model / "approval.json").write_bytes(before)
    assert breaches(out, home, model=model) == {("changed_approval", "approval.json")}


@pytest.fixture
def custodian(admissions, stranger):
    return trusting(admissions, stranger)


def ledger(home):
    return home / "ledger" / "ledger.sqlite"


def test_the_ledger_of_the_custodian_is_checked(own, custodian):
    report = api.verify_export(own, home=custodian)
    assert report.remarks == ()


def test_a_ledger_that_was_set_back(own, custodian, tmp_path):
    """The card remembers an entry that the ledger no longer has."""
    with sqlite3.connect(ledger(custodian)) as connection:
        connection.executescript("DROP TRIGGER no_removal; DELETE FROM entries;")
    connection.close()
    assert {kind for kind, _ in breaches(own, custodian)} == {"ledger_rollback"}


def test_a_ledger_that_is_gone(own, custodian):
    shutil.rmtree(custodian / "ledger")
    assert breaches(own, custodian) == {("ledger_rollback", "ledger.sqlite")}
    assert not (custodian / "ledger").exists()
