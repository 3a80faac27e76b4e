"""The exception tree, one screen; every branch has its exit code.

SynthrecError (1)
├── UserError (2)              what the user gave cannot be used as it is
│   ├── SchemaError            faults of a schema file, all at once
│   ├── InputError             faults of a data file or frame, all at once
│   ├── ConfigError            option, environment variable or synthrec.toml
│   └── KeyMissingError        the root secret that a model needs is not here
├── PolicyRefusedError (3)     the gate said no, or could not say yes
├── BudgetExceededError (4)    the privacy budget of the population is spent
├── VerificationError (5)      a digest, MAC or signature does not match
└── InternalError (1)          our fault

No message ever holds a cell value of real data: column, rule, counts and the repair only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in a file: where it is, what was found, what to do."""

    file: str
    line: int
    """1-based line, or 0 when the fault has no line."""
    column: int
    """1-based character column, or 0."""
    where: str
    """Path to the key or the data column, e.g. ``tables.patient.columns.age.domain``."""
    found: str
    repair: str

    def __str__(self) -> str:
        """Render as ``file:line:column: where: found; repair``."""
        place = ":".join([self.file, *(str(part) for part in (self.line, self.column) if part)])
        return ": ".join(part for part in (place, self.where, f"{self.found}; {self.repair}") if part)


class BreachKind(StrEnum):
    """How an export, a model or a signature is not as it was made."""

    UNSIGNED = "unsigned"
    MALFORMED_ENVELOPE = "malformed_envelope"
    WRONG_PAYLOAD_TYPE = "wrong_payload_type"
    WRONG_ALGORITHM = "wrong_algorithm"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    EXPIRED_KEY = "expired_key"
    EXPIRED_CARD = "expired_card"
    WRONG_STATEMENT = "wrong_statement"
    MISSING_SUBJECT = "missing_subject"
    CHANGED_DATA = "changed_data"
    CHANGED_CARD = "changed_card"
    CHANGED_PAGE = "changed_page"
    CHANGED_PROJECT = "changed_project"
    DROPPED_EXPECTATION = "dropped_expectation"
    MISSING_FILE = "missing_file"
    ADDED_FILE = "added_file"
    NOT_RELEASED = "not_released"
    OTHER_MODEL = "other_model"
    CHANGED_MODEL = "changed_model"
    CHANGED_APPROVAL = "changed_approval"
    LEDGER_ROLLBACK = "ledger_rollback"


@dataclass(frozen=True)
class Breach:
    """One thing that is not as it was made or signed: its kind, its file, and what was found."""

    kind: BreachKind
    where: str
    found: str

    def __str__(self) -> str:
        """Render as ``where: found``; a file name that a terminal would obey is quoted."""
        where = self.where if self.where.isprintable() else ascii(self.where)
        return f"{where}: {self.found}"


class SynthrecError(Exception):
    """Base of everything synthrec raises on purpose."""

    exit_code: ClassVar[int] = 1


class UserError(SynthrecError):
    """What the user gave cannot be used as it is."""

    exit_code = 2


class FaultsError(UserError):
    """Several faults of one input, sorted by place, reported together."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class SchemaError(FaultsError):
    """Faults of a schema file."""


class InputError(FaultsError):
    """Faults of a data file or frame."""


class ConfigError(UserError):
    """An option, environment variable or configuration file is wrong."""


class KeyMissingError(UserError):
    """The root secret under which a model or split was made is not available."""


class PolicyRefusedError(SynthrecError):
    """The gate refused, or could not reach a verdict."""

    exit_code = 3


class BudgetExceededError(SynthrecError):
    """The privacy budget of the population does not cover the request."""

    exit_code = 4


class VerificationError(SynthrecError):
    """A digest, MAC or signature does not match; one line for each breach, where they are told apart."""

    exit_code = 5

    def __init__(self, message: str = "", breaches: Iterable[Breach] = ()) -> None:
        self.breaches = tuple(breaches)
        super().__init__(message or "\n".join(map(str, self.breaches)))


class InternalError(SynthrecError):
    """A fault of synthrec itself."""
