"""DSSE envelopes with one Ed25519 signature, read as strictly as they are written.

The signature covers the pre-authentication encoding of payload and payload type, as the Dead Simple Signing
Envelope 1.0 says (secure-systems-lab/dsse, protocol.md); Ed25519 is that of RFC 8032. An envelope has one
form in bytes: RFC 8785 canonical JSON with canonical base64, so that no byte of it can be changed unseen.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature

from synthrec.digests import canonical
from synthrec.errors import Breach, BreachKind, VerificationError
from synthrec.release.signing.keys import SIGNATURE_BYTES, PublicKey, SigningKey, pae
from synthrec.strict_json import MAX_BYTES, parse_json

Find = Callable[[str], PublicKey | None]
"""The trusted key of a key id, or None."""


@dataclass(frozen=True)
class Envelope:
    """A payload and its one signature, not verified yet."""

    payload_type: str
    payload: bytes
    key_id: str
    signature: bytes

    def content(self) -> bytes:
        """The envelope as the bytes of its file."""
        signature = {"keyid": self.key_id, "sig": _text(self.signature)}
        document = {
            "payload": _text(self.payload),
            "payloadType": self.payload_type,
            "signatures": [signature],
        }
        return canonical(document)


@dataclass(frozen=True)
class Opened:
    """A payload whose signature is that of a trusted key."""

    payload: bytes
    key: PublicKey


def seal(payload: bytes, payload_type: str, key: SigningKey) -> bytes:
    """The file of an envelope around a payload."""
    signature = key.sign(pae(payload_type, payload))
    return Envelope(payload_type, payload, key.public.key_id, signature).content()


def unseal(content: bytes, payload_type: str, find: Find, where: str) -> Opened:
    """The payload of an envelope, once its signature is found to be that of a trusted key.

    Args:
        content: The file of the envelope.
        payload_type: What the payload must be.
        find: The trusted keys.
        where: Name of the file, for the message.

    Raises:
        VerificationError: malformed, of another type or algorithm, by an unknown key, or not signed so. An
            expired key is not refused here.
    """
    envelope = parse_envelope(content, where)
    if envelope.payload_type != payload_type:
        found = f"its payload type is not {payload_type}: something else was signed"
        raise refused(BreachKind.WRONG_PAYLOAD_TYPE, where, found)
    if len(envelope.signature) != SIGNATURE_BYTES:
        found = f"a signature of {len(envelope.signature)} bytes is not of Ed25519, which has 64"
        raise refused(BreachKind.WRONG_ALGORITHM, where, found)
    key = find(envelope.key_id)
    if key is None:
        raise refused(BreachKind.UNKNOWN_KEY, where, _unknown(envelope.key_id))
    try:
        key.verify(envelope.signature, pae(payload_type, envelope.payload))
    except InvalidSignature:
        found = f"not what key {key.name} signed: payload or signature were changed"
        raise refused(BreachKind.BAD_SIGNATURE, where, found) from None
    return Opened(envelope.payload, key)


def parse_envelope(content: bytes, where: str) -> Envelope:
    """The parts of an envelope.

    Raises:
        VerificationError: it is not in the one form that an envelope has.
    """
    try:
        envelope = _envelope(parse_json(content))
        canonical_form = envelope.content()
    except (KeyError, TypeError, ValueError, binascii.Error):
        found = "not a DSSE envelope with one signature, in the form that synthrec writes"
        raise refused(BreachKind.MALFORMED_ENVELOPE, where, found) from None
    if canonical_form != content:
        found = "not in its canonical form: there are bytes or keys that an envelope does not have"
        raise refused(BreachKind.MALFORMED_ENVELOPE, where, found)
    return envelope


def refused(kind: BreachKind, where: str, found: str) -> VerificationError:
    """An error of one breach."""
    return VerificationError(breaches=[Breach(kind, where, found)])


def _envelope(document: Any) -> Envelope:
    match document:
        case {
            "payload": str(payload),
            "payloadType": str(payload_type),
            "signatures": [{"keyid": str(key_id), "sig": str(signature)}],
        }:
            return Envelope(payload_type, _bytes(payload), key_id, _bytes(signature))
        case _:
            raise ValueError("not an envelope")


def _unknown(key_id: str) -> str:
    return (
        f"signed by key {key_id[:80]!r}, which is not trusted here; get the key file from the signer, "
        "compare its id over another channel, and run `synthrec key trust FILE`"
    )


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _bytes(text: str) -> bytes:
    if len(text) > MAX_BYTES:
        raise ValueError("too long")
    return base64.b64decode(text, validate=True)
