"""The spec of identifiers with check digits."""

from __future__ import annotations

from typing import ClassVar, Literal

from synthrec.schema.spec_base import TEXTS, Spec

IdType = Literal[
    "pan", "npi", "ssn_like", "us_phone", "iban", "aba", "email", "lei", "isin", "vin", "ndc", "ip"
]


class IdNumber(Spec):
    """An identifier of a known form, valid by its check digit, from a range that can belong to no one.

    Unique within a run: the row's number, run through a permutation that the seed chooses.
    """

    kinds: ClassVar = TEXTS
    type: IdType
