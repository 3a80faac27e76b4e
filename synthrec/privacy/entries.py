"""What the ledger writes down: a sealed entry per reservation, reading, commitment, release and look.

An entry is a JSON document. Its `hash` is SHA-256 over the canonical JSON (RFC 8785) of all that it says,
the hash of the entry before it included; its `mac` is HMAC-SHA256 over the same bytes under the ledger's
key. The first entry follows a random salt instead of a hash, so that a published hash is no test of a guess.
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_type_hints

from synthrec.digests import canonical
from synthrec.errors import ConfigError, VerificationError
from synthrec.privacy.budget import Budget

MAX_TEXT = 300


class Kind(StrEnum):
    """What an entry records."""

    RESERVE = "reserve"
    """A budget is charged, before anything private is read."""
    READ = "read"
    """Private rows are about to be read under a reservation."""
    COMMIT = "commit"
    """A run ended with a model."""
    RELEASE = "release"
    """A reservation is given back, because nothing private was read under it."""
    OPEN = "open"
    """Files are about to be opened for a fit or an audit without a claim; no record of them is known yet."""
    LOOK = "look"
    """Private rows are about to be learned from, audited against or read without a claim."""
    CLEARED = "cleared"
    """An audit of a draw ended with a pass, and is no attempt that failed."""


@dataclass(frozen=True)
class Head:
    """The newest entry of a ledger: what models and cards remember of it."""

    sequence: int
    hash: str

    def document(self) -> dict[str, Any]:
        """``{"sequence": …, "hash": …}``, for manifests and cards under the key ``ledger_head``."""
        return asdict(self)


@dataclass(frozen=True)
class Statement:
    """What is to be entered."""

    kind: Kind
    population: str
    """Whose privacy is spent or looked at."""
    label: str
    """Schema or model, and generator."""
    source: str | None = None
    """Keyed fingerprint of the records."""
    budget: Budget | None = None
    """What a reservation charges."""
    reservation: int | None = None
    """Sequence of the reservation that is read under, committed or released; of the opening that a look
    follows, or of the audit that passed."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """By kind: ``plan``, ``evidence``, ``look``, ``model_digest`` (of a fit, or whose draw is audited)."""

    def __post_init__(self) -> None:
        """Refuse names that a terminal would not show as they are."""
        for what in ("population", "label"):
            text = getattr(self, what)
            if not (text.isprintable() and 0 < len(text.strip()) <= len(text) <= MAX_TEXT):
                raise ConfigError(f"the {what} needs 1 to {MAX_TEXT} printable characters; give a short name")


@dataclass(frozen=True)
class Entry:
    """A sealed statement, as the ledger keeps it; the fields are the columns of its table."""

    sequence: int
    """1, 2, 3, … in the order of entry, whatever the clock says."""
    time: str
    """UTC, ISO 8601, to the second."""
    who: str
    """Account name."""
    kind: str
    population: str
    source: str | None
    label: str
    epsilon: str | None
    """Exact decimal text; reservations only."""
    delta: str | None
    reservation: int | None
    detail: str
    """Canonical JSON."""
    previous: str
    """Hash of the entry before; a random salt in the first."""
    hash: str
    mac: str

    @property
    def head(self) -> Head:
        """The head of a ledger that ends here."""
        return Head(self.sequence, self.hash)

    @property
    def budget(self) -> Budget | None:
        """What a reservation charges; None for other kinds."""
        if self.epsilon is None or self.delta is None:
            return None
        return Budget(Decimal(self.epsilon), Decimal(self.delta))

    def details(self) -> dict[str, Any]:
        """The detail as a document."""
        document: dict[str, Any] = json.loads(self.detail)
        return document

    def document(self) -> dict[str, Any]:
        """The entry as JSON values, with its detail opened."""
        return asdict(self) | {"detail": self.details()}

    def has_column_types(self) -> bool:
        """Whether every column holds what it is declared to hold."""
        return all(isinstance(getattr(self, name), kind) for name, kind in COLUMNS.items())


COLUMNS: dict[str, Any] = {
    name: kind
    for name, kind in get_type_hints(Entry).items()
    if name in {column.name for column in fields(Entry)}
}
"""Type of every column, in order."""


def seal(statement: Statement, sequence: int, previous: str, key: bytes) -> Entry:
    """The entry that says `statement`, now and by this account, after the entry of hash `previous`."""
    budget = statement.budget
    open_entry = Entry(
        sequence=sequence,
        time=now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        who=account(),
        kind=str(statement.kind),
        population=statement.population,
        source=statement.source,
        label=statement.label,
        epsilon=None if budget is None else str(budget.epsilon),
        delta=None if budget is None else str(budget.delta),
        reservation=statement.reservation,
        detail=canonical(dict(statement.detail)).decode(),
        previous=previous,
        hash="",
        mac="",
    )
    message = _message(open_entry)
    return Entry(**asdict(open_entry) | {"hash": _hash(message), "mac": _mac(message, key)})


def check(entry: Entry, sequence: int, previous: str | None, key: bytes) -> None:
    """Whether an entry is the one that was sealed at this place; `previous` is None for the first.

    Raises:
        VerificationError: it is not; the message names it and says what does not match.
    """
    reason = _fault(entry, sequence, previous, key)
    if reason is not None:
        raise VerificationError(f"ledger entry {sequence}: {reason}; restore the ledger from your backup")


def _fault(entry: Entry, sequence: int, previous: str | None, key: bytes) -> str | None:
    message = _message(entry) if _is_well_formed(entry) else b""
    if entry.sequence != sequence:
        return f"it is missing, entry {entry.sequence} comes instead"
    if previous is not None and entry.previous != previous:
        return "it does not continue the entry before it"
    if not message or entry.hash != _hash(message):
        return "it was changed after it was written"
    if not hmac.compare_digest(entry.mac.encode(), _mac(message, key).encode()):
        return "it was written under another root key, or forged (set SYNTHREC_HOME to the folder of its key)"
    return None


def _is_well_formed(entry: Entry) -> bool:
    """Whether every column has its type, and the detail is canonical JSON of an object."""
    if not entry.has_column_types():
        return False
    try:
        document = entry.details()
        return isinstance(document, dict) and canonical(document) == entry.detail.encode()
    except (ValueError, RecursionError):
        return False


def now() -> datetime:
    """The time of the clock, UTC."""
    return datetime.now(UTC)


def account() -> str:
    """The account name, else the number of the account."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"uid {os.getuid()}"


def _message(entry: Entry) -> bytes:
    document = entry.document()
    del document["hash"], document["mac"]
    return canonical(document)


def _hash(message: bytes) -> str:
    return hashlib.sha256(message).hexdigest()


def _mac(message: bytes, key: bytes) -> str:
    return hmac.digest(key, message, "sha256").hex()
