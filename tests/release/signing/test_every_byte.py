"""Every byte of a signed export counts: any that is changed is found, with the right error."""

import hashlib

import pytest

from synthrec.errors import BreachKind, VerificationError
from synthrec.release.signing.check import differences, signed_statement
from synthrec.release.signing.contents import Contents
from synthrec.release.signing.dsse import unseal
from synthrec.release.signing.keyring import Keyring
from synthrec.release.signing.statement import ENVELOPE, PAYLOAD_TYPE

KINDS = {
    "card.html": BreachKind.CHANGED_PAGE,
    "card.json": BreachKind.CHANGED_CARD,
    "card.md": BreachKind.CHANGED_PAGE,
    "report.html": BreachKind.CHANGED_PAGE,
    "visit.csv": BreachKind.CHANGED_DATA,
    "visit.parquet": BreachKind.CHANGED_DATA,
}
SAMPLED = 6
"""Positions of each file that go through the whole verification, from the disk."""


class Altered(Contents):
    """The files of an export, one of them with other bytes than on disk; the others are hashed once."""

    def __init__(self, folder, name):
        super().__init__(folder)
        self._name, self._bytes = name, bytearray((folder / name).read_bytes())

    def __len__(self):
        return len(self._bytes)

    def flip(self, position):
        self._bytes[position] ^= 1 << position % 8

    def sha256(self, name):
        return hashlib.sha256(self._bytes).hexdigest() if name == self._name else super().sha256(name)


@pytest.fixture(scope="module")
def statement(signed, home):
    return signed_statement(signed, Keyring(home).find).statement


def test_these_are_all_files(signed):
    assert {path.name for path in signed.iterdir()} == {*KINDS, ENVELOPE}


@pytest.mark.parametrize("name", KINDS)
def test_every_byte_of_a_file(signed, statement, name):
    altered = Altered(signed, name)
    assert list(differences(statement, altered)) == []
    for position in range(len(altered)):
        altered.flip(position)
        (breach,) = differences(statement, altered)
        assert (breach.kind, breach.where) == (KINDS[name], name), position
        altered.flip(position)
    assert list(differences(statement, altered)) == []


@pytest.mark.parametrize("name", KINDS)
def test_bytes_on_disk(spoilt, breaches, name):
    """The same through the whole verification: nothing else is said, and never that all is well."""
    content = (spoilt / name).read_bytes()
    for position in range(0, len(content), len(content) // SAMPLED):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        (spoilt / name).write_bytes(changed)
        found = breaches(spoilt)
        assert (KINDS[name].value, name) in found, position
        if name != "card.json":
            assert found == {(KINDS[name].value, name)}, position
    (spoilt / name).write_bytes(content)


def test_every_byte_of_the_envelope(signed, ring):
    content = (signed / ENVELOPE).read_bytes()
    find = {key.key_id: key for key in ring.trusted()}.get
    told = {BreachKind.MALFORMED_ENVELOPE: 0}
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        kind = _kind(bytes(changed), find)
        told[kind] = told.get(kind, 0) + 1
    assert sum(told.values()) == len(content)
    assert told.keys() == {
        BreachKind.MALFORMED_ENVELOPE,
        BreachKind.WRONG_PAYLOAD_TYPE,
        BreachKind.UNKNOWN_KEY,
        BreachKind.BAD_SIGNATURE,
    }


def test_bytes_of_the_envelope_on_disk(spoilt, breaches):
    content = (spoilt / ENVELOPE).read_bytes()
    for position in range(0, len(content), len(content) // SAMPLED):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        (spoilt / ENVELOPE).write_bytes(changed)
        ((kind, where),) = breaches(spoilt)
        assert where == ENVELOPE
        assert kind in {"malformed_envelope", "wrong_payload_type", "unknown_key", "bad_signature"}


def _kind(content, find):
    with pytest.raises(VerificationError) as caught:
        unseal(content, PAYLOAD_TYPE, find, ENVELOPE)
    (breach,) = caught.value.breaches
    return breach.kind
