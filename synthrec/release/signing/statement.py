"""What is signed of an export: an in-toto Statement v1 over every file of it, and what its card rests on.

The statement names all files but the envelope itself, each with its SHA-256; the card is one of them. The
predicate names what the card must agree with: digests of model, schema, policy and profile, the approval that
the release rests on, and the head of the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from synthrec.digests import canonical
from synthrec.errors import BreachKind
from synthrec.release.card import Card
from synthrec.release.export import CARD
from synthrec.release.signing.dsse import refused
from synthrec.strict_json import parse_json

ENVELOPE = "card.dsse.json"
"""The file of the signature, beside the card."""
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE: Literal["https://in-toto.io/Statement/v1"] = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Literal["urn:synthrec:release:1"] = "urn:synthrec:release:1"

LONGEST_NAME = 1024

Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Sha256 = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Natural = Annotated[int, Field(ge=0, lt=2**53)]


class Part(BaseModel):
    """A frozen part of a statement that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Sha256Set(Part):
    """A DigestSet of in-toto with one digest."""

    sha256: Hex


class Subject(Part):
    """A file of the export."""

    name: str
    """Path within the export, parts joined by ``/``."""
    digest: Sha256Set


class HeadPart(Part):
    """The newest entry of the ledger that the card remembers."""

    sequence: Natural
    hash: str


class ApprovalPart(Part):
    """The approval of the model; nobody can guess what stands in it from its digest, since it holds a MAC."""

    digest: Sha256
    attempt: Annotated[int, Field(ge=1, lt=2**53)]
    """The how-manieth audit of the model it tells of."""


class Predicate(Part):
    """What is said of the files."""

    signed: Moment
    """By the clock of the signer."""
    card_id: str
    created: Moment
    expires: str | None
    """The day after which the card is void, or None."""
    schema_digest: Sha256
    policy_digest: Sha256
    profile_digest: Sha256
    model_digest: Sha256 | None
    """None where rules made the records."""
    approval: ApprovalPart | None
    ledger_head: HeadPart | None


class Statement(Part):
    """An in-toto Statement v1."""

    type: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")] = STATEMENT_TYPE
    subject: Annotated[tuple[Subject, ...], Field(min_length=1)]
    predicate_type: Annotated[Literal["urn:synthrec:release:1"], Field(alias="predicateType")] = (
        PREDICATE_TYPE
    )
    predicate: Predicate

    @model_validator(mode="after")
    def _names_are_files(self) -> Self:
        names = [subject.name for subject in self.subject]
        if len({*names}) < len(names):
            raise ValueError("a file is named twice")
        if not all(is_signable(name) for name in names) or CARD not in names or ENVELOPE in names:
            raise ValueError("a name that no file of an export has, or no card among them")
        return self

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 in hexadecimal by file name."""
        return {subject.name: subject.digest.sha256 for subject in self.subject}

    def content(self) -> bytes:
        """The statement as RFC 8785 canonical JSON."""
        return canonical(self.model_dump(mode="json", by_alias=True))


def state(digests: Mapping[str, str], card: Card, approval: ApprovalPart | None) -> Statement:
    """The statement over files, made now.

    Args:
        digests: SHA-256 in hexadecimal by file name, of all files.
        card: The card among them.
        approval: The approval that the release rests on, where it is known.
    """
    files = tuple(Subject(name=name, digest=Sha256Set(sha256=digests[name])) for name in sorted(digests))
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    predicate = Predicate.model_validate({**foundations(card), "signed": now, "approval": approval})
    return Statement(subject=files, predicate=predicate)


def foundations(card: Card) -> dict[str, Any]:
    """What the predicate repeats from the card."""
    head = card.privacy.ledger_head
    return {
        "card_id": card.card_id,
        "created": card.created,
        "expires": card.use.expires,
        "schema_digest": card.record_schema.digest,
        "policy_digest": card.policy.digest,
        "profile_digest": card.profile.digest,
        "model_digest": card.generator.model_digest,
        "ledger_head": None if head is None else {"sequence": head.sequence, "hash": head.hash},
    }


def parse_statement(payload: bytes, where: str) -> Statement:
    """The statement in a payload whose signature was verified.

    Raises:
        VerificationError: it is no statement over an export.
    """
    try:
        return Statement.model_validate(parse_json(payload))
    except (ValidationError, ValueError):
        found = "the signature is good, but what was signed is no statement about an export of this version"
        raise refused(BreachKind.WRONG_STATEMENT, where, found) from None


def is_signable(name: str) -> bool:
    """Whether a path is that of a file within the export, under a name that everybody reads alike."""
    path = PurePosixPath(name)
    plain = name.isprintable() and "\\" not in name and str(path) == name and len(name) <= LONGEST_NAME
    return plain and not path.is_absolute() and not {"..", "."} & {*path.parts}
