"""A signed export: every way in which it can differ from what was signed is told, and told apart."""

import base64
import datetime as dt
import json
import os
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key
from securesystemslib.dsse import Envelope as ForeignEnvelope
from securesystemslib.signer import SSlibKey

from synthrec import api
from synthrec.digests import canonical, digest_file
from synthrec.errors import BreachKind, ConfigError, InputError, VerificationError
from synthrec.release.signing import check
from synthrec.release.signing.dsse import parse_envelope, seal
from synthrec.release.signing.keys import SigningKey, today
from synthrec.release.signing.statement import ENVELOPE, PAYLOAD_TYPE, Statement

ROOT = Path(__file__).parents[3]
FILES = {"card.html", "card.json", "card.md", "report.html", "visit.csv", "visit.parquet"}


def statement(folder) -> dict:
    return json.loads(parse_envelope((folder / ENVELOPE).read_bytes(), ENVELOPE).payload)


def restated(folder, key, change):
    """Sign another statement in the place of the one that is there."""
    document = statement(folder)
    change(document)
    (folder / ENVELOPE).write_bytes(seal(canonical(document), PAYLOAD_TYPE, key))


def edited_card(folder, change):
    document = json.loads((folder / "card.json").read_text())
    change(document)
    (folder / "card.json").write_bytes(canonical(document))


def test_every_file_is_a_subject_of_an_in_toto_statement(signed):
    document = statement(signed)
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"] == "urn:synthrec:release:1"
    digests = {item["name"]: item["digest"] for item in document["subject"]}
    assert {path.name for path in signed.iterdir()} == {*FILES, ENVELOPE}
    assert digests == {name: {"sha256": digest_file(signed / name).removeprefix("sha256:")} for name in FILES}


def test_the_statement_names_what_the_card_rests_on(signed):
    card, said = json.loads((signed / "card.json").read_text()), statement(signed)["predicate"]
    assert said["policy_digest"] == card["policy"]["digest"]
    assert said["profile_digest"] == card["profile"]["digest"]
    assert said["schema_digest"] == card["record_schema"]["digest"]
    assert said["expires"] == "2099-12-31"
    assert said["approval"] is said["ledger_head"] is said["model_digest"] is None


def test_a_foreign_library_verifies_the_envelope(signed, acme):
    """securesystemslib, with nothing but the public key."""
    spki = base64.b64decode(json.loads(acme.public.content)["public_key"])
    key = SSlibKey.from_crypto(load_der_public_key(spki), keyid=acme.public.key_id)
    foreign = ForeignEnvelope.from_dict(json.loads((signed / ENVELOPE).read_bytes()))
    assert foreign.payload_type == "application/vnd.in-toto+json"
    assert set(foreign.verify([key], 1)) == {acme.public.key_id}


def test_who_signed_is_told_and_what_that_proves(signed, home, acme):
    report = api.verify_export(signed, home=home)
    assert report.document()["signature"]["key_id"] == acme.public.key_id
    text = "\n".join(report.lines())
    assert f"signed by: acme, key {acme.public.key_id}" in text
    assert "6 files under the signature" in text
    assert "does not prove that the records are private" in text
    assert api.verify_export(signed / "card.json", home=home) == report


def test_one_key_in_a_file_is_trusted_for_once(signed, ring, breaches, tmp_path):
    for name in ("acme", "other"):
        (tmp_path / f"{name}.json").write_bytes(ring.public(name).content)
    nobody = tmp_path / "nobody"
    assert api.verify_export(signed, key=tmp_path / "acme.json", home=nobody).signed.key.name == "acme"
    assert breaches(signed, key=tmp_path / "other.json") == {("unknown_key", ENVELOPE)}
    assert breaches(signed, home=nobody) == {("unknown_key", ENVELOPE)}
    assert not nobody.exists()


def test_without_an_envelope_it_is_not_signed(spoilt, home, breaches, ring, tmp_path):
    (spoilt / ENVELOPE).unlink()
    report = api.verify_export(spoilt, home=home)
    assert report.signed is None
    assert list(report.lines())[-1].startswith("not signed: ")
    assert breaches(spoilt, signed=True) == {("unsigned", ENVELOPE)}
    (tmp_path / "acme.json").write_bytes(ring.public("acme").content)
    assert breaches(spoilt, key=tmp_path / "acme.json") == {("unsigned", ENVELOPE)}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("visit.csv", "changed_data"),
        ("visit.parquet", "changed_data"),
        ("card.html", "changed_page"),
        ("card.md", "changed_page"),
        ("report.html", "changed_page"),
        ("card.json", "changed_card"),
    ],
)
def test_a_file_that_was_changed_or_is_gone(spoilt, breaches, name, kind):
    content = (spoilt / name).read_bytes()
    (spoilt / name).write_bytes(content + b"\n")
    assert breaches(spoilt) == {(kind, name)}
    (spoilt / name).unlink()
    gone = breaches(spoilt)
    assert ("missing_file", name) in gone
    assert {where for _, where in gone} == {name}


def test_the_card_and_its_pages_made_anew_from_another(spoilt, breaches):
    """Whoever changes card and data together is found out by the signature alone."""
    (spoilt / "visit.csv").write_bytes((spoilt / "visit.csv").read_bytes().replace(b"north", b"south"))

    def agree(card):
        subject = next(item for item in card["subjects"] if item["name"] == "visit.csv")
        subject["sha256"] = digest_file(spoilt / "visit.csv").removeprefix("sha256:")

    edited_card(spoilt, agree)
    found = breaches(spoilt)
    assert {("changed_card", "card.json"), ("changed_data", "visit.csv")} <= found


@pytest.mark.parametrize("name", ["notes.txt", "more.csv", ".hidden", "gx/suite.json", "card.json.bak"])
def test_a_file_that_was_added(spoilt, breaches, name):
    (spoilt / name).parent.mkdir(exist_ok=True)
    (spoilt / name).write_text("x")
    assert ("added_file", name) in breaches(spoilt)


def test_links_are_not_followed(spoilt, breaches, tmp_path):
    """Not even to a file that is just as it was signed."""
    moved = shutil.move(spoilt / "visit.csv", tmp_path / "visit.csv")
    (spoilt / "visit.csv").symlink_to(moved)
    (spoilt / "folder").symlink_to(tmp_path)
    assert breaches(spoilt) == {("missing_file", "visit.csv"), ("added_file", "folder")}


def test_a_pipe_is_not_read(spoilt, breaches):
    os.mkfifo(spoilt / "pipe.csv")
    (spoilt / "card.md").unlink()
    os.mkfifo(spoilt / "card.md")
    assert {where for _, where in breaches(spoilt)} == {"pipe.csv", "card.md"}


def test_a_card_that_is_a_pipe(spoilt, breaches):
    (spoilt / "card.json").unlink()
    os.mkfifo(spoilt / "card.json")
    assert ("changed_card", "card.json") in breaches(spoilt)
    (spoilt / ENVELOPE).unlink()
    assert breaches(spoilt) == {("changed_card", "card.json")}


@pytest.mark.parametrize("name", ["\x1b[2Jx", "x\u202ey", "a\nb", "\udcff"])
def test_a_name_that_a_terminal_would_obey(spoilt, home, acme, name):
    (spoilt / name).write_text("")
    with pytest.raises(VerificationError) as caught:
        api.verify_export(spoilt, home=home)
    assert str(caught.value).isprintable()
    with pytest.raises(ConfigError, match="odd names") as refused:
        api.sign_export(spoilt, acme, force=True)
    assert str(refused.value).isprintable()


def test_a_card_that_names_files_elsewhere(spoilt, home):
    (spoilt / ENVELOPE).unlink()
    edited_card(spoilt, lambda card: card["subjects"][0].update(name="../../secret"))
    with pytest.raises(VerificationError, match=r"\.\./\.\./secret: missing"):
        api.verify_export(spoilt, home=home)


def test_a_folder_that_hides_something(spoilt, home, monkeypatch):
    def walk(folder, onerror):
        onerror(PermissionError(13, "Permission denied", str(folder / "hidden")))
        return iter(())

    monkeypatch.setattr(os, "walk", walk)
    with pytest.raises(PermissionError):
        api.verify_export(spoilt, home=home)


def test_without_a_signature_folders_within_are_not_searched(spoilt, home, monkeypatch):
    """An export may lie in a folder of which only a part may be read."""
    (spoilt / ENVELOPE).unlink()
    monkeypatch.setattr(os, "walk", None)
    assert api.verify_export(spoilt, home=home).signed is None


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_an_envelope_that_is_no_file(spoilt, breaches, make):
    (spoilt / ENVELOPE).unlink()
    make(spoilt / ENVELOPE)
    assert ("malformed_envelope", ENVELOPE) in breaches(spoilt)


def test_an_envelope_beyond_all_bounds_is_not_read(spoilt, breaches, monkeypatch):
    with (spoilt / ENVELOPE).open("ab") as file:
        file.truncate(10**12)
    monkeypatch.setattr(check, "unseal", None)
    assert breaches(spoilt) == {("malformed_envelope", ENVELOPE)}


def test_a_card_that_is_gone_or_none_at_all(spoilt, breaches):
    (spoilt / "card.json").write_text("{")
    assert breaches(spoilt) == {("changed_card", "card.json")}
    (spoilt / "card.json").unlink()
    assert breaches(spoilt) == {("missing_file", "card.json")}
    (spoilt / ENVELOPE).unlink()
    with pytest.raises(InputError):
        api.verify_export(spoilt)


def test_a_card_of_a_newer_version_is_not_called_changed(spoilt, home, acme):
    edited_card(spoilt, lambda card: card.update(schema_version="99.0"))

    def agree(document):
        subject = next(item for item in document["subject"] if item["name"] == "card.json")
        subject["digest"]["sha256"] = digest_file(spoilt / "card.json").removeprefix("sha256:")

    restated(spoilt, acme, agree)
    with pytest.raises(InputError, match="upgrade synthrec"):
        api.verify_export(spoilt, home=home)


def test_another_key(spoilt, breaches, ring):
    """A key that signed well, and that nobody here trusts."""
    api.sign_export(spoilt, ring.key("other", "correct horse battery"), force=True)
    assert breaches(spoilt) == {("unknown_key", ENVELOPE)}


def test_an_expired_key_and_all_else_at_once(spoilt, breaches, ring, tmp_path, monkeypatch):
    tomorrow = today() + dt.timedelta(days=1)
    key = SigningKey.fresh("brief", tomorrow)
    file = tmp_path / "brief.json"
    file.write_bytes(key.public.content)
    api.sign_export(spoilt, key, force=True)
    assert api.verify_export(spoilt, key=file).signed.key.not_after == tomorrow
    monkeypatch.setattr("synthrec.runs.verification.today", lambda: tomorrow)
    assert api.verify_export(spoilt, key=file).signed
    monkeypatch.setattr("synthrec.runs.verification.today", lambda: tomorrow + dt.timedelta(days=1))
    assert breaches(spoilt, key=file) == {("expired_key", ENVELOPE)}
    (spoilt / "visit.csv").write_text("")
    assert breaches(spoilt, key=file) == {("expired_key", ENVELOPE), ("changed_data", "visit.csv")}


def test_an_expired_card(signed, breaches, home, monkeypatch):
    monkeypatch.setattr("synthrec.runs.card_checks.today", lambda: dt.date(2099, 12, 31))
    assert api.verify_export(signed, home=home).signed
    monkeypatch.setattr("synthrec.runs.card_checks.today", lambda: dt.date(2100, 1, 1))
    assert breaches(signed) == {("expired_card", "card.json")}


def without(name):
    def change(document):
        document["subject"] = [item for item in document["subject"] if item["name"] != name]

    return change


def named(name):
    return lambda document: document["subject"].append({"name": name, "digest": {"sha256": "0" * 64}})


def test_a_data_file_that_the_signature_leaves_out(spoilt, breaches, acme):
    restated(spoilt, acme, without("visit.csv"))
    assert breaches(spoilt) == {("missing_subject", "visit.csv"), ("added_file", "visit.csv")}


def test_a_page_that_the_signature_leaves_out(spoilt, breaches, acme):
    restated(spoilt, acme, without("card.md"))
    assert breaches(spoilt) == {("added_file", "card.md")}


@pytest.mark.parametrize(
    "change",
    [
        without("card.json"),
        named("../visit.csv"),
        named("/etc/hostname"),
        named("a/../b"),
        named("a\\b"),
        named("visit.csv"),
        named(ENVELOPE),
        named(""),
        lambda document: document.update(_type="https://in-toto.io/Statement/v0.1"),
        lambda document: document.update(predicateType="https://slsa.dev/provenance/v1"),
        lambda document: document["predicate"].update(more=1),
        lambda document: document["subject"][0]["digest"].update(md5="0" * 32),
        lambda document: document["subject"].clear(),
    ],
)
def test_a_signature_on_something_else(spoilt, breaches, acme, change):
    restated(spoilt, acme, change)
    assert breaches(spoilt) == {("wrong_statement", ENVELOPE)}


@pytest.mark.parametrize("field", ["policy_digest", "profile_digest", "schema_digest"])
def test_a_statement_that_contradicts_the_card(spoilt, breaches, acme, field):
    restated(spoilt, acme, lambda document: document["predicate"].update({field: "sha256:" + "0" * 64}))
    assert breaches(spoilt) == {("wrong_statement", ENVELOPE)}


def test_only_an_export_that_is_as_its_card_says_is_signed(spoilt, acme):
    with pytest.raises(ConfigError, match="--force"):
        api.sign_export(spoilt, acme)
    (spoilt / "visit.csv").write_text("")
    before = (spoilt / ENVELOPE).read_bytes()
    with pytest.raises(VerificationError, match=r"visit\.csv"):
        api.sign_export(spoilt, acme, force=True)
    assert (spoilt / ENVELOPE).read_bytes() == before
    with pytest.raises(ConfigError, match="not an export"):
        api.sign_export(spoilt.parent, acme)


def test_an_export_with_a_link_in_it_is_not_signed(spoilt, acme):
    (spoilt / "more").symlink_to(spoilt / "card.md")
    with pytest.raises(ConfigError, match="more"):
        api.sign_export(spoilt, acme, force=True)


def test_nothing_half_signed_appears(schema_file, tmp_path):
    """A key that has expired: said before any record is drawn."""
    old = SigningKey.fresh("old", today() - dt.timedelta(days=1))
    with pytest.raises(ConfigError, match="was good until"):
        api.sample(schema_file, 5, out=tmp_path / "out", sign=old)
    assert list(tmp_path.iterdir()) == []


def test_every_kind_of_breach_is_documented():
    told = (ROOT / "docs" / "signing.md").read_text(encoding="utf-8")
    assert [kind for kind in BreachKind if f"`{kind}`" not in told] == []


def test_a_statement_survives_its_bytes(signed):
    document = statement(signed)
    assert json.loads(Statement.model_validate(document).content()) == document
