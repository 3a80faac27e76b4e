"""Train and holdout, cut by person under a secret key."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import numpy as np

from synthrec.data.persons import person_column, person_identities
from synthrec.data.table import Table
from synthrec.errors import ConfigError, Fault, InputError

_WORD_BYTES = 8


@dataclass(frozen=True, eq=False)
class Split:
    """Two tables that share no person."""

    train: Table
    holdout: Table


def split_by_person(table: Table, key: bytes, *, share: float = 0.2) -> Split:
    """Cut a table by person: repeatable with the key, unknown without it, unchanged by reordering.

    A person is in the holdout where the first 64 bits of HMAC-SHA256(key, identity), read as a fraction of 1,
    lie below `share`. Each person is decided alone, so the share is met on average and not exactly.

    Raises:
        ConfigError: the share is not strictly between 0 and 1.
        InputError: one side would be empty, or rows do not say whose they are.
    """
    if not 0 < share < 1:
        raise ConfigError("the share of the holdout lies strictly between 0 and 1")
    rows, identities = person_identities(table)
    threshold = int(share * 2 ** (8 * _WORD_BYTES))
    below = [_word(key, identity) < threshold for identity in identities]
    in_holdout = np.array(below, dtype=bool)[rows]
    if in_holdout.all() or not in_holdout.any():
        raise InputError([_too_small(table, len(identities))])
    return Split(table.take(~in_holdout), table.take(in_holdout))


def given_holdout(train: Table, holdout: Table) -> Split:
    """A split that the user made.

    Without a person column there is nothing to compare by: equal rows may belong to two persons.

    Raises:
        InputError: a side is empty, or persons are on both sides.
    """
    faults = [_empty(name) for name, table in (("train", train), ("holdout", holdout)) if not len(table)]
    shared = _shared_persons(train, holdout)
    if shared:
        found = f"persons of the holdout who are in the training data too: {shared}"
        repair = "put all rows of a person on one side"
        faults.append(Fault(train.name, 0, 0, f"{train.name}.{person_column(train.spec)}", found, repair))
    if faults:
        raise InputError(faults)
    return Split(train, holdout)


def _word(key: bytes, identity: bytes) -> int:
    return int.from_bytes(hmac.digest(key, identity, "sha256")[:_WORD_BYTES], "big")


def _shared_persons(train: Table, holdout: Table) -> int:
    if person_column(train.spec) is None:
        return 0
    return len(set(person_identities(train)[1]) & set(person_identities(holdout)[1]))


def _too_small(table: Table, persons: int) -> Fault:
    found = f"too few persons to be split into training data and holdout: {persons}"
    return Fault(table.name, 0, 0, "", found, "give more records, or bring your own holdout with --holdout")


def _empty(side: str) -> Fault:
    return Fault(side, 0, 0, "", "the table has no rows", "give at least one row on each side")
