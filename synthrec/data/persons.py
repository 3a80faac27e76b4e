"""Whose row is it: the unit of privacy, as dense numbers and as bytes."""

from __future__ import annotations

import numpy as np

from synthrec.data.identity import label_identities, occurrences, row_digests
from synthrec.data.table import Table
from synthrec.errors import Fault, InputError
from synthrec.schema.model import PersonVia, TableSpec
from synthrec.schema.vector import IntArray


def person_column(spec: TableSpec) -> str | None:
    """The column whose value says whose row it is; None where every row is a person of its own.

    A child table's column names the parent row, which is the person where the parent's key is its person.
    """
    if spec.one_row_per_person:
        return None
    return spec.person.via if isinstance(spec.person, PersonVia) else spec.person


def person_ids(table: Table) -> IntArray:
    """Dense person numbers 0..P-1, one per row, shape (n,).

    Raises:
        InputError: rows without a person.
    """
    column = person_column(table.spec)
    return np.arange(len(table)) if column is None else _persons_of(table, column)[0]


def person_identities(table: Table) -> tuple[IntArray, list[bytes]]:
    """Dense person numbers per row, and each person's canonical bytes.

    Without a person column the identity is the canonical row plus its occurrence number, so that reordering
    changes nothing and duplicates need not travel together.

    Raises:
        InputError: rows without a person.
    """
    column = person_column(table.spec)
    if column is None:
        return np.arange(len(table)), _row_identities(table)
    rows, identities = _persons_of(table, column)
    return rows, [b"person\0" + identity for identity in identities]


def _row_identities(table: Table) -> list[bytes]:
    digests = row_digests(table)
    numbers = occurrences(digests).astype("<u8")[:, None]
    return [b"row\0" + row.tobytes() for row in np.hstack([digests, numbers])]


def _persons_of(table: Table, column: str) -> tuple[IntArray, list[bytes]]:
    vector = table.vector(column)
    missing = int(vector.missing.sum())
    if missing:
        where, found = f"{table.name}.{column}", f"rows that do not say whose they are: {missing}"
        repair = "every row needs a person; fill the column or remove the rows"
        raise InputError([Fault(table.name, 0, 0, where, found, repair)])
    return label_identities(vector)
