"""The real records behind a learned model, and the terms they came under."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from synthrec.release.card_blocks.base import Count, Day, Part
from synthrec.schema.model import UseTerm


class RowBand(Part):
    """A number of real rows, as closely as the policy lets it be told; both ends included."""

    low: Count
    high: Count


class AgreementPart(Part):
    """The agreement under which the real records may be used."""

    reference: str
    expires: Day | None
    """Its last day."""


class Source(Part):
    """The real records behind a learned model."""

    name: str | None
    period: str | None
    """The time that they are of."""
    custodian: str | None
    licence: str | None
    agreement: AgreementPart | None
    obligations: tuple[str, ...] = ()
    terms: tuple[UseTerm, ...] = ()
    """Terms of use, from the Data Use Ontology or ODRL."""
    confidentiality: str | None
    fingerprint: Annotated[str, Field(pattern=r"^hmac-sha256:[0-9a-f]{64}$")]
    """Keyed: without the key nobody can test a guess of the records against it."""
    key_id: str
    rows: RowBand | None
    """Training rows and holdout rows together; None where the model does not tell."""
    persons: str | None
    """Training persons as a band, e.g. ``10,000 to 50,000``."""
    holdout: Literal["split", "given", "none"]
    """Split from the same records by person, given as records of its own, or absent."""
