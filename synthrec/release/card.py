"""Card 1.0: what was released, from what, judged how, and what is not claimed.

The card is public. It holds no count, bound or p-value computed on real records: risk checks give a verdict
and a limit, quality two decimals, the real data a keyed fingerprint and a band of rows. Synthetic rows are
exact. Its blocks stand in `card_blocks`, one file for each family.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from jsonschema import Draft202012Validator
from pydantic import ConfigDict, Field, ValidationError

from synthrec.digests import canonical, digest
from synthrec.errors import Fault, InputError, InternalError
from synthrec.release.card_blocks.base import Part
from synthrec.release.card_blocks.companions import (
    BesidePart,
    EvennessPart,
    ExpectationsPart,
    PairsPart,
    RangePart,
    ScenarioPart,
    ScenariosPart,
    SuitePart,
)
from synthrec.release.card_blocks.fitted import FittedPart
from synthrec.release.card_blocks.identity import ALGORITHMIC, TRAINED, Subject, Tool
from synthrec.release.card_blocks.interop import InteropPart
from synthrec.release.card_blocks.judgement import CoveragePart, DecisionPart, RepairPart, Result, Rules
from synthrec.release.card_blocks.making import (
    Conditional,
    Environment,
    GeneratorPart,
    Lineage,
    PackagePart,
    Seed,
)
from synthrec.release.card_blocks.privacy import (
    NO_CLAIM,
    NO_PERSONS,
    Guarantee,
    LedgerHeadPart,
    Mechanism,
    Privacy,
    UnitOfPrivacy,
)
from synthrec.release.card_blocks.records import CitationsPart, CitedPart, ColumnSummary, SchemaPart
from synthrec.release.card_blocks.source import AgreementPart, RowBand, Source
from synthrec.release.card_blocks.use import AssertionPart, UsePart
from synthrec.strict_json import read_json

__all__ = [
    "ALGORITHMIC",
    "CARD_SCHEMA",
    "NO_CLAIM",
    "NO_PERSONS",
    "TRAINED",
    "VERSION",
    "AgreementPart",
    "AssertionPart",
    "BesidePart",
    "Card",
    "CitationsPart",
    "CitedPart",
    "ColumnSummary",
    "Conditional",
    "CoveragePart",
    "DecisionPart",
    "Environment",
    "EvennessPart",
    "ExpectationsPart",
    "FittedPart",
    "GeneratorPart",
    "Guarantee",
    "InteropPart",
    "LedgerHeadPart",
    "Lineage",
    "Mechanism",
    "PackagePart",
    "PairsPart",
    "Privacy",
    "RangePart",
    "RepairPart",
    "Result",
    "RowBand",
    "Rules",
    "ScenarioPart",
    "ScenariosPart",
    "SchemaPart",
    "Seed",
    "Source",
    "Subject",
    "SuitePart",
    "Tool",
    "UnitOfPrivacy",
    "UsePart",
    "card_bytes",
    "card_id",
    "card_json_schema",
    "identified",
    "read_card",
]

CARD_SCHEMA = "urn:synthrec:card:1.0"
"""Name of the card's JSON Schema."""

VERSION: Literal["1.0"] = "1.0"
"""Of the card's format; a reader refuses every other."""


class Card(Part):
    """A whole card."""

    model_config = ConfigDict(
        title="Provenance card of synthetic records, version 1.0",
        json_schema_extra={"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": CARD_SCHEMA},
    )

    schema_version: Literal["1.0"] = VERSION
    card_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    """The first 32 hexadecimal digits of the SHA-256 of the canonical card without this key."""
    created: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    tool: Tool
    digital_source_type: Literal[
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
        "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia",
    ]
    """IPTC digital source type: made by a trained model, or by an algorithm without training."""
    draw: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    """Name of the draw; the Parquet files bear it in their footers, since the card holds their digests."""
    subjects: Annotated[tuple[Subject, ...], Field(min_length=1)]
    record_schema: SchemaPart
    policy: Rules
    profile: Rules
    generator: GeneratorPart
    fitted: tuple[FittedPart, ...] = ()
    """Columns of a rule schema that models filled; `source`, `privacy`, `lineage` sum up all of them."""
    seed: Seed
    source: Source | None
    """None where no real records were used."""
    privacy: Privacy
    results: tuple[Result, ...]
    decision: DecisionPart
    coverage: CoveragePart
    conditional: Conditional | None = None
    repair: RepairPart | None = None
    expectations: ExpectationsPart | None = None
    """None where the export has no such project."""
    scenarios: ScenariosPart | None = None
    """None where no scenario was run."""
    interop: InteropPart | None = None
    """None where no files for catalogues were asked for."""
    lineage: Lineage
    use: UsePart
    regulatory: tuple[AssertionPart, ...] = ()
    """What people or bodies assert; the tool asserts nothing under any law."""
    environment: Environment
    warnings: tuple[str, ...] = ()


def card_json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of ``card.json``."""
    return Card.model_json_schema()


def card_id(document: Mapping[str, Any]) -> str:
    """The id that the document of a card has: the same for the same content, another for any other."""
    content = {key: value for key, value in document.items() if key != "card_id"}
    return digest(content).removeprefix("sha256:")[:32]


def identified(card: Card) -> Card:
    """The card under the id of its content."""
    return card.model_copy(update={"card_id": card_id(card.model_dump(mode="json"))})


def card_bytes(card: Card) -> bytes:
    """The card as RFC 8785 canonical JSON, checked against its published schema.

    Raises:
        InternalError: the card does not satisfy the schema, or holds a number RFC 8785 has no form for.
    """
    document = card.model_dump(mode="json")
    faults = [error.json_path for error in _validator().iter_errors(document)]
    if faults:
        raise InternalError(f"the card does not satisfy its schema at {', '.join(sorted(faults))}")
    try:
        return canonical(document)
    except ValueError as error:
        raise InternalError(f"the card cannot be written as canonical JSON: {error}") from None


def read_card(path: Path) -> Card:
    """The card in a file.

    Raises:
        InputError: every fault of the file, each with its key and repair; one where its version is another.
    """
    try:
        document = read_json(path)
        _refuse_version(path, document)
        canonical(document)
        return Card.model_validate(document)
    except ValidationError as error:
        raise InputError(
            Fault(str(path), 0, 0, ".".join(map(str, item["loc"])), item["msg"], _NOT_OURS)
            for item in error.errors(include_input=False)
        ) from None
    except (OSError, ValueError) as error:
        found = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError([Fault(str(path), 0, 0, "", found or "unreadable", _NOT_OURS)]) from None


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(card_json_schema())


def _refuse_version(path: Path, document: Any) -> None:
    version = document.get("schema_version", VERSION) if isinstance(document, dict) else VERSION
    if version == VERSION:
        return
    stated = re.fullmatch(r"(\d{1,9})(?:\.(\d{1,9}))?", str(version))
    if stated is None:
        found, repair = "no version of a card", _NOT_OURS
    elif (int(stated[1]), int(stated[2] or 0)) > tuple(map(int, VERSION.split("."))):
        found, repair = f"version {stated[0]}, this synthrec reads {VERSION}", "upgrade synthrec"
    else:
        found, repair = (
            f"version {stated[0]}, older than {VERSION}",
            "make the export again, or read it with the synthrec that made it",
        )
    raise InputError([Fault(str(path), 0, 0, "schema_version", found, repair)])


_NOT_OURS = "give the card.json of an export made by this version"
