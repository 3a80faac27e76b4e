"""DSSE envelopes: the encoding that is signed, and that no byte of an envelope can be changed unseen."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from securesystemslib.dsse import Envelope as ForeignEnvelope
from securesystemslib.exceptions import VerificationError as ForeignVerificationError
from securesystemslib.signer import SSlibKey

from synthrec.digests import canonical
from synthrec.errors import BreachKind, VerificationError
from synthrec.release.signing.dsse import seal, unseal
from synthrec.release.signing.keys import SigningKey, pae

TYPE = "application/vnd.in-toto+json"
RFC_8032_TEST_1 = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.of(Ed25519PrivateKey.from_private_bytes(RFC_8032_TEST_1), "rfc", None)


@pytest.fixture(scope="module")
def find(key):
    return {key.public.key_id: key.public}.get


@pytest.fixture(scope="module")
def envelope(key) -> bytes:
    return seal(b'{"a":1}', TYPE, key)


def kind(content, find, payload_type=TYPE) -> BreachKind:
    with pytest.raises(VerificationError) as caught:
        unseal(content, payload_type, find, "card.dsse.json")
    (breach,) = caught.value.breaches
    assert breach.where == "card.dsse.json"
    assert breach.found in str(caught.value)
    return breach.kind


@pytest.mark.parametrize(
    ("payload_type", "payload", "encoded"),
    [
        (
            "http://example.com/HelloWorld",
            b"hello world",
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world",
        ),
        ("", b"", b"DSSEv1 0  0 "),
        ("é", b"1 a", "DSSEv1 2 é 3 1 a".encode()),
        ("a", b"\x00\xff 2 b", b"DSSEv1 1 a 6 \x00\xff 2 b"),
    ],
)
def test_the_encoding_that_is_signed(payload_type, payload, encoded):
    """The first vector is the one of the protocol; lengths are of bytes, so that no two pairs look alike."""
    assert pae(payload_type, payload) == encoded


def test_a_key_and_an_envelope_as_they_will_always_be(key, envelope):
    """Public key of RFC 8032, section 7.1, test 1; the signature was made by ``openssl pkeyutl -sign``."""
    spki = bytes.fromhex(
        "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )
    assert base64.b64decode(json.loads(key.public.content)["public_key"]) == spki
    key_id = "sha256:06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9"
    assert key.public.key_id == key_id == "sha256:" + hashlib.sha256(spki).hexdigest()
    signature = "2vm7+xQozuwQMzcpZqpkk3CNNMr4n41e04XjYo1vYPNQFgq2hBkLZDWb4fTGsF1PlrUcxFI9S26u3Ee8aYvfBQ=="
    assert envelope.decode() == (
        '{"payload":"eyJhIjoxfQ==","payloadType":"application/vnd.in-toto+json",'
        f'"signatures":[{{"keyid":"{key_id}","sig":"{signature}"}}]}}'
    )


def test_a_foreign_library_verifies_it(key, envelope):
    """securesystemslib, which in-toto and TUF verify with."""
    spki = base64.b64decode(json.loads(key.public.content)["public_key"])
    foreign_key = SSlibKey.from_crypto(load_der_public_key(spki), keyid=key.public.key_id)
    foreign = ForeignEnvelope.from_dict(json.loads(envelope))
    assert foreign.payload == b'{"a":1}'
    assert foreign.pae() == pae(TYPE, b'{"a":1}')
    assert set(foreign.verify([foreign_key], 1)) == {key.public.key_id}
    foreign.payload = b'{"a":2}'
    with pytest.raises(ForeignVerificationError):
        foreign.verify([foreign_key], 1)


def test_what_was_sealed_is_unsealed(envelope, find, key):
    opened = unseal(envelope, TYPE, find, "card.dsse.json")
    assert (opened.payload, opened.key) == (b'{"a":1}', key.public)


PARTS = {
    "payload": {BreachKind.BAD_SIGNATURE, BreachKind.MALFORMED_ENVELOPE},
    "payloadType": {BreachKind.WRONG_PAYLOAD_TYPE, BreachKind.MALFORMED_ENVELOPE},
    "keyid": {BreachKind.UNKNOWN_KEY, BreachKind.MALFORMED_ENVELOPE},
    "sig": {BreachKind.BAD_SIGNATURE, BreachKind.MALFORMED_ENVELOPE},
    "": {BreachKind.MALFORMED_ENVELOPE},
}


def part_at(envelope: bytes, position: int) -> str:
    """The value that a byte of an envelope belongs to, or none."""
    document = json.loads(envelope)
    values = {**document, **document["signatures"][0]}
    for name in ("payload", "payloadType", "keyid", "sig"):
        start = envelope.index(f'"{name}":"'.encode()) + len(name) + 4
        if start <= position < start + len(values[name]):
            return name
    return ""


def test_every_bit_of_an_envelope_counts(envelope, find):
    for position in range(len(envelope)):
        for bit in range(8):
            changed = bytearray(envelope)
            changed[position] ^= 1 << bit
            assert kind(bytes(changed), find) in PARTS[part_at(envelope, position)], position


def edited(envelope, change) -> bytes:
    document = json.loads(envelope)
    change(document)
    return canonical(document)


def twice(document):
    document["signatures"] *= 2


def short(document):
    document["signatures"][0]["sig"] = base64.b64encode(bytes(63)).decode()


def of_rsa(document):
    document["signatures"][0]["sig"] = base64.b64encode(bytes(256)).decode()


def url_safe(document):
    document["signatures"][0]["sig"] = "-" + document["signatures"][0]["sig"][1:]


def stray_bits(document):
    """Bits of the last character that decode to nothing: another text of the same signature."""
    text = document["signatures"][0]["sig"]
    assert text[-3] in "AQgw"
    document["signatures"][0]["sig"] = text[:-3] + chr(ord(text[-3]) + 1) + "=="


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (twice, BreachKind.MALFORMED_ENVELOPE),
        (lambda document: document["signatures"].clear(), BreachKind.MALFORMED_ENVELOPE),
        (lambda document: document.update(more=1), BreachKind.MALFORMED_ENVELOPE),
        (lambda document: document["signatures"][0].update(alg="none"), BreachKind.MALFORMED_ENVELOPE),
        (lambda document: document.pop("payloadType"), BreachKind.MALFORMED_ENVELOPE),
        (lambda document: document.update(payload=None), BreachKind.MALFORMED_ENVELOPE),
        (url_safe, BreachKind.MALFORMED_ENVELOPE),
        (stray_bits, BreachKind.MALFORMED_ENVELOPE),
        (short, BreachKind.WRONG_ALGORITHM),
        (of_rsa, BreachKind.WRONG_ALGORITHM),
        (lambda document: document.update(payloadType="text/plain"), BreachKind.WRONG_PAYLOAD_TYPE),
        (lambda document: document["signatures"][0].update(keyid=""), BreachKind.UNKNOWN_KEY),
    ],
)
def test_an_envelope_that_was_made_otherwise(envelope, find, change, expected):
    assert kind(edited(envelope, change), find) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"payload":NaN}',
    ],
)
def test_what_is_no_envelope(content, find):
    assert kind(content, find) == BreachKind.MALFORMED_ENVELOPE


@pytest.mark.parametrize("spoil", [b"\n", b" ", b"{}", b"\x00"])
def test_bytes_after_the_envelope(envelope, find, spoil):
    assert kind(envelope + spoil, find) == BreachKind.MALFORMED_ENVELOPE


def test_a_key_that_occurs_twice(envelope, find):
    """The second payload would be read by some readers, the first by others."""
    doubled = envelope.replace(b'{"payload":', b'{"payload":"e30=","payload":', 1)
    assert kind(doubled, find) == BreachKind.MALFORMED_ENVELOPE


def test_a_signature_over_another_type_is_none(key, find, envelope):
    """A payload type swapped back after signing: the type is under the signature."""
    other = seal(b'{"a":1}', "application/vnd.synthrec.approval+json", key)
    assert kind(other, find) == BreachKind.WRONG_PAYLOAD_TYPE
    assert kind(edited(other, lambda document: document.update(payloadType=TYPE)), find) == (
        BreachKind.BAD_SIGNATURE
    )


def test_a_key_under_the_id_of_another(key, find):
    """The id only finds the key; what counts is the signature."""
    forged = seal(b'{"a":1}', TYPE, SigningKey.fresh("forger", None))
    borrowed = edited(forged, lambda document: document["signatures"][0].update(keyid=key.public.key_id))
    assert kind(forged, find) == BreachKind.UNKNOWN_KEY
    assert kind(borrowed, find) == BreachKind.BAD_SIGNATURE
