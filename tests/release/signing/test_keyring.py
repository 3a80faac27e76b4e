"""Keys: encrypted where they lie, closed to others, and handed over as a file that nobody can change."""

import base64
import datetime as dt
import json
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from synthrec.digests import canonical
from synthrec.errors import BreachKind, ConfigError, KeyMissingError, VerificationError
from synthrec.release.signing.keyring import Keyring
from synthrec.release.signing.keys import PublicKey, SigningKey, today

WORDS = "correct horse battery"
YESTERDAY = today() - dt.timedelta(days=1)


@pytest.fixture
def own(tmp_path) -> Keyring:
    ring = Keyring(tmp_path / "own")
    ring.new("acme", WORDS)
    return ring


@pytest.fixture
def file(own, tmp_path) -> Path:
    path = tmp_path / "acme.json"
    path.write_bytes(own.public("acme").content)
    return path


@pytest.fixture
def receiver(tmp_path) -> Keyring:
    return Keyring(tmp_path / "receiver")


def plain_pem(key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_private_key_is_encrypted_and_closed_to_others(own, tmp_path):
    pem = (tmp_path / "own/signing/acme.pem").read_bytes()
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    with pytest.raises(TypeError):
        load_pem_private_key(pem, None)
    paths = [tmp_path / "own", *(tmp_path / "own").rglob("*")]
    modes = {path.relative_to(tmp_path).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in paths}
    assert {name for name, mode in modes.items() if mode & 0o077} == set()
    assert len(modes) == 6


def test_no_umask_opens_it(tmp_path):
    before = os.umask(0)
    try:
        Keyring(tmp_path / "own").new("acme", WORDS)
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "own").rglob("*")]
    assert not any(mode & 0o077 for mode in modes)


@pytest.mark.parametrize("place", [".", "trusted", "trusted/acme.json"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_nobody_else_decides_whom_to_trust(own, tmp_path, place, mode):
    path, key_id = tmp_path / "own" / place, own.public("acme").key_id
    path.chmod(stat.S_IMODE(path.stat().st_mode) | mode)
    with pytest.raises(ConfigError, match="chmod go-w"):
        own.find(key_id)
    path.chmod(stat.S_IMODE(path.stat().st_mode) & ~mode)
    assert own.find(key_id).name == "acme"


def test_keys_that_belong_to_somebody_else_are_not_trusted(own, tmp_path, monkeypatch):
    folder = tmp_path / "own/trusted"
    if os.geteuid() == 0:
        os.chown(folder, 4_242, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 4_243)
    with pytest.raises(ConfigError, match="somebody else"):
        own.trusted()


@pytest.mark.parametrize("passphrase", ["x" * 1024, "correct horse \udcff"])
def test_a_passphrase_that_no_key_can_have(receiver, tmp_path, passphrase):
    with pytest.raises(ConfigError, match="too long, or no text"):
        receiver.new("acme", passphrase)
    assert not (tmp_path / "receiver").exists()


def test_a_key_opens_with_its_passphrase_only(own):
    key = own.key("acme", WORDS)
    key.public.verify(key.sign(b"x"), b"x")
    for wrong in ("", "correct horse batterx"):
        with pytest.raises(ConfigError, match="passphrase"):
            own.key("acme", wrong)
    assert WORDS not in repr(key)
    assert "Ed25519" not in repr(key)


def test_the_passphrase_may_stand_in_the_environment(own, monkeypatch):
    assert own.wants_passphrase()
    monkeypatch.setenv("SYNTHREC_KEY_PASSPHRASE", WORDS)
    assert not own.wants_passphrase()
    assert own.key("acme").public == own.public("acme")


def test_a_short_passphrase_makes_no_key(tmp_path):
    with pytest.raises(ConfigError, match="shorter than 12"):
        Keyring(tmp_path / "own").new("acme", "elevenchars")
    assert not (tmp_path / "own").exists()


@pytest.mark.parametrize("name", ["", "Acme", "../x", "a/b", "a b", "-a", ".a", "a\n", "a" * 65, "é"])
def test_a_name_is_no_path(own, file, receiver, name):
    for call in (
        lambda: own.new(name, WORDS),
        lambda: own.key(name, WORDS),
        lambda: own.public(name),
        lambda: receiver.trust(file, name),
        lambda: receiver.distrust(name),
    ):
        with pytest.raises(ConfigError, match="no name of a key"):
            call()


def test_a_name_is_taken_once(own):
    before = own.public("acme")
    with pytest.raises(ConfigError, match="choose another name"):
        own.new("acme", WORDS)
    assert own.public("acme") == before


def test_a_disk_that_fails_leaves_no_part_of_a_key(tmp_path, monkeypatch):
    works = iter([os.link, os.link])

    def link(*paths):
        real = next(works, None)
        if real is None:
            raise OSError(28, "No space left on device")
        real(*paths)

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", link)
        with pytest.raises(OSError, match="No space"):
            Keyring(tmp_path / "own").new("acme", WORDS)
    assert [path for path in (tmp_path / "own").rglob("*") if path.is_file()] == []
    assert Keyring(tmp_path / "own").new("acme", WORDS).name == "acme"


def test_a_key_that_others_may_read_does_not_sign(own, tmp_path):
    (tmp_path / "own/signing/acme.pem").chmod(0o640)
    with pytest.raises(KeyMissingError, match="chmod 600"):
        own.key("acme", WORDS)


def test_a_key_that_lies_in_the_clear_does_not_sign(own, tmp_path):
    (tmp_path / "own/signing/acme.pem").write_bytes(plain_pem(ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(ConfigError, match="not encrypted"):
        own.key("acme", WORDS)
    with pytest.raises(ConfigError, match="give its passphrase"):
        own.key("acme")


def test_a_pair_that_does_not_belong_together_does_not_sign(own, tmp_path):
    own.new("other", WORDS)
    signing = tmp_path / "own/signing"
    (signing / "acme.pem").write_bytes((signing / "other.pem").read_bytes())
    with pytest.raises(ConfigError, match="restore the pair"):
        own.key("acme", WORDS)


def test_a_whole_key_in_the_environment(receiver, own, monkeypatch):
    private = ed25519.Ed25519PrivateKey.generate()
    monkeypatch.setenv("SYNTHREC_SIGNING_KEY", plain_pem(private).decode())
    assert not receiver.wants_passphrase()
    key = receiver.key("pipeline")
    assert key.public.name == "pipeline"
    private.public_key().verify(key.sign(b"x"), b"x")
    assert receiver.public("pipeline") == key.public
    with pytest.raises(ConfigError, match="restore the pair"):
        own.key("acme")
    monkeypatch.setenv("SYNTHREC_SIGNING_KEY", own._private("acme").decode())
    assert own.key("acme", WORDS).public == own.public("acme")
    with pytest.raises(ConfigError, match="is encrypted"):
        own.key("acme")


@pytest.mark.parametrize(
    "pem",
    [
        "no key",
        plain_pem(ec.generate_private_key(ec.SECP256R1())).decode(),
        plain_pem(rsa.generate_private_key(65537, 2048)).decode(),
    ],
    ids=["none", "P-256", "RSA"],
)
def test_a_key_of_another_kind_does_not_sign(receiver, monkeypatch, pem):
    monkeypatch.setenv("SYNTHREC_SIGNING_KEY", pem)
    with pytest.raises(ConfigError, match="SYNTHREC_SIGNING_KEY"):
        receiver.key("pipeline")


def test_an_expired_key_signs_nothing():
    key = SigningKey.fresh("old", YESTERDAY)
    with pytest.raises(ConfigError, match="was good until"):
        key.refuse_expired()
    SigningKey.fresh("new", today()).refuse_expired()


def test_a_key_is_not_made_for_yesterday(receiver):
    with pytest.raises(ConfigError, match="give a later day"):
        receiver.new("late", WORDS, expires=YESTERDAY)


def test_a_key_is_trusted_and_distrusted(own, file, receiver):
    key = receiver.trust(file)
    assert (key.name, key.key_id) == ("acme", own.public("acme").key_id)
    assert receiver.find(key.key_id) == key
    assert receiver.own() == ()
    with pytest.raises(ConfigError, match="trusted already, as acme"):
        receiver.trust(file, "again")
    receiver.distrust("acme")
    assert receiver.find(key.key_id) is None
    with pytest.raises(ConfigError, match="no key is trusted as 'acme'"):
        receiver.distrust("acme")


def test_two_keys_of_one_name(file, receiver, tmp_path):
    receiver.trust(file)
    namesake = tmp_path / "namesake.json"
    namesake.write_bytes(SigningKey.fresh("acme", None).public.content)
    with pytest.raises(ConfigError, match="give this one another name"):
        receiver.trust(namesake)
    assert receiver.trust(namesake, "acme-2").name == "acme-2"
    assert [key.name for key in receiver.trusted()] == ["acme-2", "acme"]


def test_ones_own_key_is_trusted_until_it_is_not(own):
    key_id = own.public("acme").key_id
    assert own.find(key_id) is not None
    own.distrust("acme")
    assert own.find(key_id) is None
    assert own.public("acme").key_id == key_id


def test_an_expired_key_is_not_trusted(receiver, tmp_path):
    path = tmp_path / "old.json"
    path.write_bytes(SigningKey.fresh("old", YESTERDAY).public.content)
    with pytest.raises(ConfigError, match="was good until"):
        receiver.trust(path)


def changed(file, **fields):
    file.write_bytes(canonical({**json.loads(file.read_bytes()), **fields}))


@pytest.mark.parametrize("fields", [{"not_after": "2099-01-01"}, {"name": "bank"}, {"proof": "AA=="}])
def test_a_key_file_that_was_changed_on_the_way(file, receiver, fields):
    changed(file, **fields)
    with pytest.raises(VerificationError, match="changed after its owner wrote it") as caught:
        receiver.trust(file)
    assert caught.value.breaches[0].kind == BreachKind.BAD_SIGNATURE


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)],
    ids=["P-256", "RSA"],
)
def test_a_public_key_of_another_algorithm(file, receiver, key):
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    changed(file, public_key=base64.b64encode(spki).decode())
    with pytest.raises(VerificationError, match="another algorithm") as caught:
        receiver.trust(file)
    assert caught.value.breaches[0].kind == BreachKind.WRONG_ALGORITHM


def test_another_algorithm_named_in_the_file(file, receiver):
    changed(file, algorithm="none")
    with pytest.raises(VerificationError, match="another algorithm"):
        receiver.trust(file)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff", b"[" * 10_000, b"x" * 20_000, b'{"name":"a","name":"b"}']
)
def test_what_is_no_key_file(file, receiver, content):
    file.write_bytes(content)
    with pytest.raises(ConfigError):
        receiver.trust(file)


def test_every_bit_of_a_key_file_counts(file):
    content = file.read_bytes()
    same = PublicKey.parse(content, "acme")
    for position in range(len(content)):
        spoilt = bytearray(content)
        spoilt[position] ^= 1 << position % 8
        with pytest.raises((ConfigError, VerificationError)):
            assert PublicKey.parse(bytes(spoilt), "acme") != same
