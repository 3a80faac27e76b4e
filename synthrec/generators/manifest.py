"""What a stored model says of itself: how it was made and from what, and no count of rows or persons."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synthrec.errors import VerificationError
from synthrec.strict_json import parse_json

FORMAT = 1

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
KeyedDigest = Annotated[str, Field(pattern=r"^hmac-sha256:[0-9a-f]{64}$")]
Amount = Annotated[str, Field(pattern=r"^\d+(\.\d+)?([eE][+-]?\d+)?$", max_length=60)]
"""An exact decimal as text."""
Text = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Holdout(_Part):
    """How the records that judge the model were kept apart from those that made it."""

    kind: Literal["split", "given", "none"]
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share of persons that a split sets aside."""
    fingerprint: KeyedDigest | None = None
    """Of the records of a given holdout."""


class LedgerHead(_Part):
    """The newest entry of the ledger when the model was made."""

    sequence: Annotated[int, Field(ge=0, lt=2**53)]
    hash: Annotated[str, Field(max_length=200)]


MOST_GENERATIONS = 100


class Ancestry(_Part):
    """How far a model is from real records."""

    generation: Annotated[int, Field(ge=1, le=MOST_GENERATIONS)] = 1
    """1 when fitted on records that no model made, else one more than its source's."""
    parents: tuple[Digest, ...] = ()
    """SHA-256 of the cards of the synthetic records that it learned from."""
    real_fraction: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Most that the share of real records is among those that it learned from."""


class Claim(_Part):
    """(epsilon, delta)-differential privacy for a person, added or removed with all of their rows."""

    epsilon: Amount
    delta: Amount
    adjacency: Literal["add_remove_person"] = "add_remove_person"
    max_rows_per_person: Annotated[int, Field(ge=1)]
    accountant: Literal["pld"] = "pld"
    plan: dict[str, Any]
    """Every event of the run, as the ledger has it."""
    population: Text
    population_epsilon: Amount
    """Sum of all charges on the population, this one included."""
    population_delta: Amount
    looks_without_claim: Annotated[int, Field(ge=0)]
    """Earlier readings of the population's records that no claim covers."""


class MisfitPart(_Part):
    """How far the holdout was from rows of the new model: upper limits in steps of 0.01, for drift tests."""

    columns: dict[str, Annotated[float, Field(ge=0, le=1)]]
    joint: Annotated[float, Field(ge=0, le=1)]
    """AUC of a classifier that tells the two apart."""
    rows: Annotated[int, Field(ge=1, le=1024)]
    """Rows of each kind that it learned from, cut to a power of two."""


class Manifest(_Part):
    """The description of a stored model, format version 1."""

    format: Literal[1] = 1
    synthrec: Text
    """Version that wrote it."""
    generator: Text
    parameters: dict[str, Any]
    """Settings of the fit."""
    codec: dict[str, Any]
    """`Codec.document()`: the coded domain of every modelled column."""
    table: Text
    schema_digest: Digest
    key_id: Text | None = None
    """The root key under which split and fingerprint were made."""
    source_fingerprint: KeyedDigest | None = None
    fingerprint_salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    """Under a claim fingerprints are salted, so that two models do not tell whether the records changed."""
    holdout: Holdout = Holdout(kind="none")
    created: dt.date
    population: Text | None = None
    """Whose privacy budget the model draws on."""
    lineage: Ancestry = Ancestry()
    claim: Claim | None = None
    """The differential privacy claim; None for a fit without one."""
    ledger_head: LedgerHead | None = None
    fits: Annotated[int, Field(ge=1)] | None = None
    """Models fitted to these records so far, this one included; None under a claim."""
    misfit: MisfitPart | None = None
    """Only without a claim."""
    persons: Text | None = None
    """Number of training persons as a band, e.g. ``10,000 to 50,000``; never the number itself."""


def parse_manifest(data: bytes) -> Manifest:
    """The manifest in the bytes of a file.

    Raises:
        VerificationError: not JSON, of a newer format, or not as described here.
    """
    try:
        document = parse_json(data)
    except ValueError:
        raise VerificationError("manifest.json is not JSON; restore the model from a copy") from None
    version = document.get("format") if isinstance(document, dict) else None
    if isinstance(version, int) and version > FORMAT:
        raise VerificationError(
            f"the model has format {version}, this synthrec reads format {FORMAT}; upgrade synthrec"
        )
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        places = sorted({".".join(map(str, item["loc"])) or "the document" for item in error.errors()})
        raise VerificationError(
            f"manifest.json is wrong at {', '.join(places)}; restore the model from a copy"
        ) from None
