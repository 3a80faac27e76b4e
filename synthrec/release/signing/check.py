"""Does an export hold what was signed? Every breach is told, each of its own kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from synthrec.data.sinks import SUFFIXES
from synthrec.errors import Breach, BreachKind
from synthrec.release.card import Card
from synthrec.release.export import CARD
from synthrec.release.signing.contents import Contents
from synthrec.release.signing.dsse import Find, refused, unseal
from synthrec.release.signing.keys import PublicKey
from synthrec.release.signing.statement import (
    ENVELOPE,
    PAYLOAD_TYPE,
    Statement,
    foundations,
    parse_statement,
)
from synthrec.strict_json import MAX_BYTES

PROJECT = "gx/"


@dataclass(frozen=True)
class Signed:
    """A statement, and the trusted key that signed it."""

    statement: Statement
    key: PublicKey


def read_envelope(path: Path) -> bytes | None:
    """The bytes of an envelope, or None where there is none.

    Raises:
        VerificationError: it is no plain file, or larger than any envelope.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise refused(BreachKind.MALFORMED_ENVELOPE, path.name, "not a plain file")
    if not path.exists():
        return None
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        found = f"larger than {MAX_BYTES:,} bytes; no envelope is"
        raise refused(BreachKind.MALFORMED_ENVELOPE, path.name, found)
    return content


def signed_statement(folder: Path, find: Find) -> Signed | None:
    """The statement on an export, signed by a trusted key; None where there is no envelope.

    Raises:
        VerificationError: the envelope cannot be relied on.
    """
    content = read_envelope(folder / ENVELOPE)
    if content is None:
        return None
    opened = unseal(content, PAYLOAD_TYPE, find, ENVELOPE)
    return Signed(parse_statement(opened.payload, ENVELOPE), opened.key)


def expired_key(key: PublicKey, where: str, today: dt.date) -> Iterator[Breach]:
    """Whether the last day of the key is over; no timestamp of another party says when it signed."""
    if key.expired(today):
        found = f"signed by {key.name}, whose key was good until {key.not_after}"
        yield Breach(BreachKind.EXPIRED_KEY, where, found)


def differences(statement: Statement, contents: Contents) -> Iterator[Breach]:
    """Files that were changed, lost or added since they were signed."""
    signed = statement.digests
    for name, digest in signed.items():
        if name not in contents.files:
            found = "no plain file, as it was when signed" if name in contents.odd else "signed, and missing"
            yield Breach(BreachKind.MISSING_FILE, name, found)
        elif contents.sha256(name) != digest:
            yield changed(name)
    for name in sorted((contents.files | contents.odd) - signed.keys() - {ENVELOPE}):
        yield Breach(BreachKind.ADDED_FILE, name, "not among the files that were signed")


def changed(name: str) -> Breach:
    """The breach that a file of this name was changed."""
    return Breach(_kind(name), name, "not the file that was signed: its SHA-256 is another")


def disagreements(statement: Statement, card: Card) -> Iterator[Breach]:
    """Where the statement and the card that it names say different things."""
    digests = statement.digests
    for subject in card.subjects:
        if subject.name not in digests:
            found = "a data file of the card that the signature does not cover"
            yield Breach(BreachKind.MISSING_SUBJECT, subject.name, found)
        elif digests[subject.name] != subject.sha256:
            found = "the signature and the card name different contents"
            yield Breach(BreachKind.WRONG_STATEMENT, subject.name, found)
    said = statement.predicate.model_dump(mode="json")
    other = [name for name, value in foundations(card).items() if said[name] != value]
    if other:
        found = f"what was signed and the card differ in {', '.join(other)}"
        yield Breach(BreachKind.WRONG_STATEMENT, ENVELOPE, found)


def _kind(name: str) -> BreachKind:
    if name == CARD:
        return BreachKind.CHANGED_CARD
    if name.startswith(PROJECT):
        return BreachKind.CHANGED_PROJECT
    return BreachKind.CHANGED_DATA if name.lower().endswith(SUFFIXES) else BreachKind.CHANGED_PAGE
