"""Ed25519 keys (RFC 8032): a private one that signs, and a public one with a name, an id and a last day.

A key is named by the SHA-256 of its SubjectPublicKeyInfo (DER). The file of a public key is signed by the
key itself, so that its name and last day cannot be changed on the way; whose key it is, only its receiver can
ask.
"""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synthrec.digests import canonical, digest_bytes
from synthrec.errors import Breach, BreachKind, ConfigError, VerificationError
from synthrec.strict_json import parse_json

SIGNATURE_BYTES = 64
MAX_KEY_BYTES = 16_384
"""No key file is larger."""
SHORTEST_PASSPHRASE = 12
"""Characters: whoever copies the file may try passphrases as fast as the machine allows."""
NAME = r"^[a-z0-9][a-z0-9_-]{0,63}$"
KEY_TYPE = "application/vnd.synthrec.key+json"

Name = Annotated[str, Field(pattern=NAME)]


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding of DSSE 1.0: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


class KeyDocument(BaseModel):
    """What the file of a public key says."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1] = 1
    algorithm: str
    name: Name
    not_after: Annotated[dt.date, Field(strict=False)] | None
    public_key: Annotated[str, Field(max_length=MAX_KEY_BYTES)]
    proof: Annotated[str, Field(max_length=200)]
    """The signature of the key over all other fields, in base64."""


@dataclass(frozen=True)
class PublicKey:
    """A key to verify with."""

    name: str
    """What it is called here."""
    key_id: str
    not_after: dt.date | None
    """The last day (UTC) on which it is good, or None where it has none."""
    content: bytes = field(repr=False)
    """The file of the key, as its owner wrote it."""
    _key: Ed25519PublicKey = field(repr=False, compare=False)

    @classmethod
    def parse(cls, content: bytes, where: str, name: str | None = None) -> PublicKey:
        """The key in a file that `synthrec key show --public` wrote.

        Args:
            content: The file.
            where: Name of the file, for messages.
            name: What the key is called here, instead of the name that its owner gave it.

        Raises:
            ConfigError: it is not the file of a public key.
            VerificationError: the key is not of Ed25519, or name or last day were changed.
        """
        document = _document(content, where)
        key = _public(document, where)
        body = canonical(document.model_dump(mode="json", exclude={"proof"}))
        try:
            key.verify(base64.b64decode(document.proof, validate=True), pae(KEY_TYPE, body))
        except (InvalidSignature, ValueError):
            found = "the key file was changed after its owner wrote it; get it again"
            raise VerificationError(breaches=[Breach(BreachKind.BAD_SIGNATURE, where, found)]) from None
        return cls(document.name if name is None else name, _key_id(key), document.not_after, content, key)

    def verify(self, signature: bytes, signed: bytes) -> None:
        """Whether the key signed these bytes.

        Raises:
            InvalidSignature: it did not.
        """
        self._key.verify(signature, signed)

    def expired(self, today: dt.date) -> bool:
        """Whether its last day is over."""
        return self.not_after is not None and today > self.not_after

    def document(self) -> dict[str, Any]:
        """What is said of the key, as JSON values."""
        last = self.not_after and self.not_after.isoformat()
        return {"name": self.name, "key_id": self.key_id, "not_after": last}


@dataclass(frozen=True)
class SigningKey:
    """A key to sign with."""

    public: PublicKey
    _private: Ed25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def fresh(cls, name: str, not_after: dt.date | None) -> SigningKey:
        """A new key."""
        return cls.of(Ed25519PrivateKey.generate(), name, not_after)

    @classmethod
    def of(cls, private: Ed25519PrivateKey, name: str, not_after: dt.date | None) -> SigningKey:
        """A key with the file of its public half."""
        body = {
            "format": 1,
            "algorithm": "ed25519",
            "name": name,
            "not_after": not_after and not_after.isoformat(),
            "public_key": base64.b64encode(_spki(private.public_key())).decode("ascii"),
        }
        proof = base64.b64encode(private.sign(pae(KEY_TYPE, canonical(body)))).decode("ascii")
        return cls(PublicKey.parse(canonical({**body, "proof": proof}), name), private)

    def refuse_expired(self) -> None:
        """Before any work is done, or budget spent: the key must be good today.

        Raises:
            ConfigError: its last day is over.
        """
        if self.public.expired(today()):
            raise ConfigError(
                f"key {self.public.name} was good until {self.public.not_after}; make a new one"
            )

    def sign(self, content: bytes) -> bytes:
        """The signature over these bytes."""
        return self._private.sign(content)

    def pem(self, passphrase: str) -> bytes:
        """The private key as PKCS#8 PEM, encrypted.

        Raises:
            ConfigError: the passphrase is too short, too long, or no text.
        """
        if len(passphrase) < SHORTEST_PASSPHRASE:
            raise ConfigError(
                f"the passphrase is shorter than {SHORTEST_PASSPHRASE} characters; take a longer one"
            )
        try:
            encryption = BestAvailableEncryption(passphrase.encode())
            return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        except ValueError:
            raise ConfigError("the passphrase is too long, or no text in UTF-8; take another one") from None


def today() -> dt.date:
    """The day it is (UTC)."""
    return dt.datetime.now(dt.UTC).date()


def private_key(pem: bytes, passphrase: str | None, where: str) -> Ed25519PrivateKey:
    """The private key in PKCS#8 PEM; a passphrase is wanted where it is encrypted, and only there.

    Raises:
        ConfigError: not such a key, not of Ed25519, or the passphrase does not open it.
    """
    try:
        key = load_pem_private_key(pem, None if passphrase is None else passphrase.encode())
    except TypeError:
        state = (
            "is encrypted; give its passphrase" if passphrase is None else "is not encrypted; make another"
        )
        raise ConfigError(f"{where}: the private key {state}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{where}: another passphrase opens it, or it is no private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{where}: not a key of Ed25519; synthrec key new makes one")
    return key


def read_bounded(path: Path) -> bytes:
    """The bytes of a key file, no more than a key file has.

    Raises:
        ConfigError: it cannot be read, or is larger.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_KEY_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); give a public key file") from None
    if len(content) > MAX_KEY_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_KEY_BYTES:,} bytes; no key file is")
    return content


def _document(content: bytes, where: str) -> KeyDocument:
    try:
        return KeyDocument.model_validate(parse_json(content))
    except (ValidationError, ValueError):
        raise ConfigError(
            f"{where}: not a public key file; its owner writes one with `synthrec key show NAME --public`"
        ) from None


def _public(document: KeyDocument, where: str) -> Ed25519PublicKey:
    try:
        key = load_der_public_key(base64.b64decode(document.public_key, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{where}: holds no public key; get the file again from its owner") from None
    if document.algorithm != "ed25519" or not isinstance(key, Ed25519PublicKey):
        found = "a key of another algorithm than Ed25519; such a key is never trusted"
        raise VerificationError(breaches=[Breach(BreachKind.WRONG_ALGORITHM, where, found)])
    return key


def _spki(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _key_id(key: Ed25519PublicKey) -> str:
    return digest_bytes(_spki(key))
