"""The keys of one user: those that sign, encrypted, and those of others that are trusted.

``SYNTHREC_HOME/signing/NAME.pem`` is a private key (PKCS#8, encrypted with a passphrase, 0600), and
``NAME.public.json`` beside it the file to hand over. ``SYNTHREC_HOME/trusted/NAME.json`` is a key whose
signatures count here; a new key of one's own is among them.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from synthrec.data.keys import read_private
from synthrec.errors import ConfigError
from synthrec.home import make_private, synthrec_home
from synthrec.release.signing.keys import (
    MAX_KEY_BYTES,
    NAME,
    PublicKey,
    SigningKey,
    private_key,
    read_bounded,
    today,
)
from synthrec.whole_files import passing, sync_folder

PASSPHRASE = "SYNTHREC_KEY_PASSPHRASE"  # noqa: S105 the name of a variable
SIGNING_KEY = "SYNTHREC_SIGNING_KEY"
"""A whole private key in PEM, in place of the one in the folder."""
_ROOT = 0


class Keyring:
    """The folders of keys under one home.

    Args:
        home: ``SYNTHREC_HOME`` by default.
    """

    def __init__(self, home: Path | None = None) -> None:
        home = home or synthrec_home()
        self._home, self._signing, self._trusted = home, home / "signing", home / "trusted"

    def new(self, name: str, passphrase: str, *, expires: dt.date | None = None) -> PublicKey:
        """Make a key to sign with, and trust it here.

        Args:
            name: Lower-case letters, digits, ``-`` and ``_``.
            passphrase: Encrypts the private key; at least twelve characters.
            expires: The last day (UTC) on which its signatures count; none by default.

        Raises:
            ConfigError: the name is taken or not a name, the passphrase is short, or the day is over.
        """
        self.refuse_name(name)
        if expires is not None and expires < today():
            raise ConfigError(f"a key that expires on {expires} is of no use today; give a later day")
        key = SigningKey.fresh(name, expires)
        files = {
            self._pem(name): key.pem(passphrase),
            self._public(name): key.public.content,
            self._trust(name): key.public.content,
        }
        _put_all(files)
        return key.public

    def key(self, name: str, passphrase: str | None = None) -> SigningKey:
        """The key to sign with: that in ``SYNTHREC_SIGNING_KEY``, else the one in the folder.

        Args:
            name: Of the key.
            passphrase: Opens it; that in ``SYNTHREC_KEY_PASSPHRASE`` by default.

        Raises:
            ConfigError: there is none of that name, it does not open, or its public file is of another key.
            KeyMissingError: others may read its file.
        """
        _check_name(name)
        given = os.environ.get(SIGNING_KEY)
        private = self._opened(name, given, passphrase or self.passphrase())
        if given and not _stands(self._public(name)):
            return SigningKey.of(private, name, None)
        public = self.public(name)
        key = SigningKey.of(private, name, public.not_after)
        if key.public.key_id != public.key_id:
            raise ConfigError(f"{self._public(name)} is not of the private key of {name}; restore the pair")
        return key

    def passphrase(self) -> str | None:
        """The passphrase in the environment, or None."""
        return os.environ.get(PASSPHRASE) or None

    def wants_passphrase(self) -> bool:
        """Whether a passphrase must be asked for to open a key."""
        return self.passphrase() is None and not os.environ.get(SIGNING_KEY)

    def refuse_name(self, name: str) -> None:
        """Before a passphrase is asked for: the name of a new key must be a name, and free.

        Raises:
            ConfigError: it is not.
        """
        _check_name(name)
        taken = [path for path in (self._pem(name), self._public(name), self._trust(name)) if _stands(path)]
        if taken:
            raise ConfigError(f"{taken[0]} exists; choose another name for the key")

    def known(self) -> tuple[PublicKey, ...]:
        """All keys, one's own and trusted ones, by name."""
        own = {key.key_id: key for key in map(self.public, self.own())}
        return tuple(sorted((own | {key.key_id: key for key in self.trusted()}).values(), key=_by_name))

    def public(self, name: str) -> PublicKey:
        """The public half of one's own key, else the trusted key, of that name; else of the key given whole.

        Raises:
            ConfigError: there is none.
        """
        _check_name(name)
        for path in (self._public(name), self._trust(name)):
            if _stands(path):
                return PublicKey.parse(read_bounded(path), str(path), name)
        if os.environ.get(SIGNING_KEY):
            return self.key(name).public
        known = ", ".join(sorted({*self.own(), *(key.name for key in self.trusted())})) or "none yet"
        raise ConfigError(f"no key named {name!r} here; known: {known}")

    def own(self) -> tuple[str, ...]:
        """Names of the keys that can sign."""
        return tuple(path.stem for path in _files(self._signing, ".pem"))

    def trusted(self) -> tuple[PublicKey, ...]:
        """The keys whose signatures count here.

        Raises:
            ConfigError: a file among them is not that of a public key, or somebody else may write there.
            VerificationError: a file among them was changed.
        """
        paths = tuple(_files(self._trusted, ".json"))
        for path in (self._home, self._trusted, *paths) if paths else ():
            _refuse_others(path)
        return tuple(PublicKey.parse(read_bounded(path), str(path), path.stem) for path in paths)

    def find(self, key_id: str) -> PublicKey | None:
        """The trusted key of an id, or None."""
        return next((key for key in self.trusted() if key.key_id == key_id), None)

    def trust(self, file: Path, name: str | None = None) -> PublicKey:
        """Let the signatures of a key count here from now on.

        Args:
            file: What ``synthrec key show NAME --public`` of its owner wrote.
            name: What the key is called here; its owner's name for it by default.

        Raises:
            ConfigError: not such a file, a name that is taken, or a key that is trusted already or expired.
            VerificationError: the file was changed, or the key is of another algorithm.
        """
        key = PublicKey.parse(read_bounded(file), str(file), name)
        _check_name(key.name)
        known = self.find(key.key_id)
        if known is not None:
            raise ConfigError(f"this key is trusted already, as {known.name}; distrust it to rename it")
        if key.expired(today()):
            raise ConfigError(
                f"{file}: the key was good until {key.not_after}; ask its owner for a newer one"
            )
        if _stands(self._trust(key.name)):
            raise ConfigError(f"another key is trusted as {key.name}; give this one another name with --name")
        _put(self._trust(key.name), key.content)
        return key

    def distrust(self, name: str) -> PublicKey:
        """Let the signatures of a key count no longer.

        Raises:
            ConfigError: no key of that name is trusted.
        """
        _check_name(name)
        path = self._trust(name)
        if not _stands(path):
            known = ", ".join(key.name for key in self.trusted()) or "none"
            raise ConfigError(f"no key is trusted as {name!r}; trusted: {known}")
        key = PublicKey.parse(read_bounded(path), str(path), name)
        path.unlink()
        sync_folder(path.parent)
        return key

    def _opened(self, name: str, given: str | None, passphrase: str | None) -> Ed25519PrivateKey:
        if given:
            return private_key(given.encode(), passphrase if "ENCRYPTED" in given else None, SIGNING_KEY)
        pem = self._private(name)
        if passphrase is None:
            raise ConfigError(f"{self._pem(name)} is encrypted; give its passphrase, or set {PASSPHRASE}")
        return private_key(pem, passphrase, str(self._pem(name)))

    def _private(self, name: str) -> bytes:
        pem = read_private(self._pem(name), MAX_KEY_BYTES)
        if pem is None:
            known = ", ".join(self.own()) or "none; synthrec key new makes one"
            raise ConfigError(f"no key named {name!r} to sign with; there is {known}")
        return pem

    def _pem(self, name: str) -> Path:
        return self._signing / f"{name}.pem"

    def _public(self, name: str) -> Path:
        return self._signing / f"{name}.public.json"

    def _trust(self, name: str) -> Path:
        return self._trusted / f"{name}.json"


def _check_name(name: str) -> None:
    if not re.fullmatch(NAME, name, re.ASCII) or name.endswith("\n"):
        raise ConfigError(f"{name!r} is no name of a key: lower-case letters, digits, - and _, 64 at most")


def _files(folder: Path, suffix: str) -> Iterator[Path]:
    return iter(sorted(folder.glob(f"[!.]*{suffix}"))) if folder.is_dir() else iter(())


def _refuse_others(path: Path) -> None:
    """Who can write where trusted keys are decides whose signatures count."""
    state, user = path.stat(), os.geteuid()
    if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(
            f"{path}: others may write there, and decide whose signatures count; see what is there, then run "
            f"`chmod go-w {path}`"
        )
    if user != _ROOT and state.st_uid not in (user, _ROOT):
        raise ConfigError(
            f"{path} belongs to somebody else, who decides whose signatures count; trust the keys in a "
            "folder of your own"
        )


def _by_name(key: PublicKey) -> str:
    return key.name


def _stands(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _put_all(files: Mapping[Path, bytes]) -> None:
    """Write several files where none are; all of them, or none."""
    made: list[Path] = []
    try:
        for path, content in files.items():
            _put(path, content)
            made.append(path)
    except BaseException:
        for path in made:
            path.unlink()
        raise


def _put(path: Path, content: bytes) -> None:
    """Write a file where none is, whole or not at all."""
    make_private(path.parent)
    with passing(path, content) as unfinished:
        try:
            os.link(unfinished, path)
        except FileExistsError:
            raise ConfigError(f"{path} exists; choose another name for the key") from None
    sync_folder(path.parent)
