"""The root secret and the keys derived from it.

One secret of 32 random bytes lives in ``SYNTHREC_HOME/root.key``. Every key in use is derived from it by
HKDF-SHA256 (RFC 5869) under its own info string, so that no use can be turned into another. ``root.id``
beside it holds the public name of the secret; it outlives a lost key, so that a loss is an error and never a
new split.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from synthrec.errors import KeyMissingError
from synthrec.whole_files import passing, sync_folder, write_whole

ROOT_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Keys:
    """What is derived from the root secret; the secrets do not show in `repr`."""

    key_id: str
    """16 hexadecimal digits that name the root secret and say nothing about it."""
    split: bytes = field(repr=False)
    fingerprint: bytes = field(repr=False)
    approval: bytes = field(repr=False)
    ledger: bytes = field(repr=False)


def open_keys(home: Path, *, create: bool, expect: str | None = None) -> Keys:
    """The keys of the root secret in a folder.

    Args:
        home: The folder that holds ``root.key``.
        create: Whether a first secret may be made where there has never been one.
        expect: The `Keys.key_id` that a model or split was made under.

    Raises:
        KeyMissingError: the secret is absent, lost, damaged, open to others, or not the expected one.
    """
    path = home / "root.key"
    secret = read_private(path, ROOT_BYTES)
    if secret is None:
        _refuse_new_secret(home, create=create, expect=expect)
        _create(path)
        secret = read_private(path, ROOT_BYTES)
    if secret is None or len(secret) != ROOT_BYTES:
        raise KeyMissingError(f"{path}: the key file is damaged; restore it from your backup")
    keys = _derive(secret)
    _compare(keys.key_id, recorded_id(home), f"{home / 'root.id'} names")
    _compare(keys.key_id, expect, "the model or split was made under")
    if recorded_id(home) is None:
        write_whole(home / "root.id", f"{keys.key_id}\n".encode())
    return keys


def _derive(secret: bytes) -> Keys:
    def key(info: str) -> bytes:
        return HKDF(SHA256(), length=32, salt=None, info=f"synthrec/1/{info}".encode()).derive(secret)

    return Keys(key("id").hex()[:16], *(key(use) for use in ("split", "fingerprint", "approval", "ledger")))


def _refuse_new_secret(home: Path, *, create: bool, expect: str | None) -> None:
    lost = recorded_id(home) or expect
    if lost is not None:
        raise KeyMissingError(
            f"{home / 'root.key'}: the key {lost} is not here; restore the file from your backup, or set "
            "SYNTHREC_HOME to the folder that holds it. A new key would be another split of the same persons"
        )
    if not create:
        raise KeyMissingError(
            f"{home / 'root.key'}: there is no key yet; `synthrec fit` makes one, or set SYNTHREC_HOME to "
            "the folder that holds it"
        )


def _compare(found: str, wanted: str | None, origin: str) -> None:
    if wanted is not None and found != wanted:
        raise KeyMissingError(
            f"the key here is {found}, but {origin} {wanted}; set SYNTHREC_HOME to the folder of key "
            f"{wanted}, or restore it from your backup"
        )


def read_private(path: Path, largest: int) -> bytes | None:
    """The bytes of a private regular file, one more than `largest` at most; None where there is none.

    Raises:
        KeyMissingError: it cannot be read, is a link or no regular file, or is open to others.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = "is a symbolic link; put the file itself here" if path.is_symlink() else "cannot be read"
        raise KeyMissingError(f"{path}: {reason} ({os.strerror(error.errno or 0)})") from None
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise KeyMissingError(f"{path}: is not a regular file; put the key file here")
        if os.name == "posix" and mode & _OTHERS:
            raise KeyMissingError(f"{path}: others may read the key; run `chmod 600 {path}`")
        return os.read(handle, largest + 1)
    finally:
        os.close(handle)


def _create(path: Path) -> None:
    """Make a new secret; where another process was faster, its secret stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with passing(path, secrets.token_bytes(ROOT_BYTES)) as unfinished, suppress(FileExistsError):
        os.link(unfinished, path)
    sync_folder(path.parent)


def recorded_id(home: Path) -> str | None:
    """The `Keys.key_id` that a folder remembers, be the secret there or not; None where there is none."""
    try:
        return (home / "root.id").read_text("ascii", "replace").strip()
    except FileNotFoundError:
        return None
