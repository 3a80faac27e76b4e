"""The root secret: made once, private, missed when lost."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, hmac

from synthrec.data import keys as module
from synthrec.data.keys import open_keys
from synthrec.errors import KeyMissingError
from synthrec.home import synthrec_home


@pytest.fixture
def home(tmp_path):
    return tmp_path / "deep" / "home"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def hkdf(secret: bytes, info: bytes) -> bytes:
    """RFC 5869, written out for one block and no salt."""

    def mac(key, message):
        digest = hmac.HMAC(key, hashes.SHA256())
        digest.update(message)
        return digest.finalize()

    return mac(mac(bytes(32), secret), info + b"\x01")


def test_first_key_is_private_and_stays(home):
    keys = open_keys(home, create=True)
    assert open_keys(home, create=False, expect=keys.key_id) == keys
    assert mode(home) == 0o700
    assert mode(home / "root.key") == 0o600
    assert sorted(path.name for path in home.iterdir()) == ["root.id", "root.key"]
    assert (home / "root.id").read_text() == keys.key_id + "\n"


def test_derived_keys_follow_rfc_5869(home):
    keys = open_keys(home, create=True)
    secret = (home / "root.key").read_bytes()
    assert len(secret) == 32
    assert keys.key_id == hkdf(secret, b"synthrec/1/id").hex()[:16]
    for use in ("split", "fingerprint", "approval", "ledger"):
        assert getattr(keys, use) == hkdf(secret, f"synthrec/1/{use}".encode())
    assert len({keys.split, keys.fingerprint, keys.approval, keys.ledger, secret}) == 5


def test_secrets_do_not_show(home):
    keys = open_keys(home, create=True)
    assert repr(keys) == f"Keys(key_id='{keys.key_id}')"


def test_no_key_yet(home):
    with pytest.raises(KeyMissingError, match="no key yet"):
        open_keys(home, create=False)
    assert not home.exists()


@pytest.mark.parametrize("create", [True, False])
def test_a_lost_key_is_never_replaced(home, create):
    lost = open_keys(home, create=True)
    (home / "root.key").unlink()
    with pytest.raises(KeyMissingError, match=f"key {lost.key_id} is not here; restore"):
        open_keys(home, create=create)
    assert not (home / "root.key").exists()


def test_an_expected_key_is_never_made(home):
    with pytest.raises(KeyMissingError, match="key 0123456789abcdef is not here"):
        open_keys(home, create=True, expect="0123456789abcdef")
    assert not home.exists()


def test_another_key_than_expected_names_both(home):
    keys = open_keys(home, create=True)
    with pytest.raises(KeyMissingError, match=f"{keys.key_id}.*0123456789abcdef.*SYNTHREC_HOME"):
        open_keys(home, create=True, expect="0123456789abcdef")


def test_another_key_than_recorded(home):
    keys = open_keys(home, create=True)
    (home / "root.key").write_bytes(bytes(32))
    with pytest.raises(KeyMissingError, match=keys.key_id):
        open_keys(home, create=True)


def test_a_missing_record_is_written_again(home):
    keys = open_keys(home, create=True)
    (home / "root.id").unlink()
    open_keys(home, create=False)
    assert (home / "root.id").read_text().strip() == keys.key_id


@pytest.mark.parametrize("permission", [0o640, 0o604, 0o666, 0o620])
def test_a_key_open_to_others_is_refused(home, permission):
    open_keys(home, create=True)
    (home / "root.key").chmod(permission)
    with pytest.raises(KeyMissingError, match="chmod 600"):
        open_keys(home, create=True)


def test_a_symbolic_link_is_refused(home, tmp_path):
    open_keys(home, create=True)
    (home / "root.key").rename(tmp_path / "elsewhere")
    (home / "root.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyMissingError, match="symbolic link"):
        open_keys(home, create=True)


def test_a_folder_in_place_of_the_key_is_refused(home):
    (home / "root.key").mkdir(parents=True)
    with pytest.raises(KeyMissingError, match="regular file"):
        open_keys(home, create=True)


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_damaged_key_is_refused(home, content):
    open_keys(home, create=True)
    (home / "root.key").write_bytes(content)
    with pytest.raises(KeyMissingError, match="damaged"):
        open_keys(home, create=True)


def test_a_failed_write_leaves_no_key(home, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        open_keys(home, create=True)
    assert list(home.iterdir()) == []


def test_the_faster_process_wins(home, monkeypatch):
    winner = b"w" * 32
    real_link = module.os.link

    def slower(source, target):
        Path(target).write_bytes(winner)
        Path(target).chmod(0o600)
        real_link(source, target)

    monkeypatch.setattr(module.os, "link", slower)
    assert open_keys(home, create=True).split == hkdf(winner, b"synthrec/1/split")


def test_home_is_stated_or_default(monkeypatch, tmp_path):
    monkeypatch.setenv("SYNTHREC_HOME", str(tmp_path))
    assert synthrec_home() == tmp_path
    monkeypatch.delenv("SYNTHREC_HOME")
    assert synthrec_home() == Path.home() / ".synthrec"
