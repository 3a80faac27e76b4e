"""Card v1: what was released, from what, judged how, and what is not claimed.

The card is public. It holds no count, bound or p-value computed on real records: risk checks give a verdict
and a limit, quality two decimals, the real data a keyed fingerprint and a band of rows. Synthetic rows are
exact.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synthrec.digests import canonical
from synthrec.errors import Fault, InputError, InternalError
from synthrec.strict_json import read_json

CARD_SCHEMA = "urn:synthrec:card:1"
"""Name of the card's JSON Schema."""

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
ALGORITHMIC = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"

NO_CLAIM = "No differential privacy claim; protected by audit only."
CLAIM = (
    "({epsilon}, {delta})-differential privacy for a person, added or removed with all of their rows (at "
    "most {rows} each), in the central model: it holds for the model and for everything drawn from it, "
    "whatever a reader knows. It does not cover the decision to release, which looked at real records, nor "
    "timing and side channels."
)
NO_PERSONS = "No differential privacy claim is needed: made from declared rules, without records of persons."

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Figure = Annotated[float, Field(allow_inf_nan=False)]
VerdictWord = Literal["pass", "fail", "inconclusive"]


class Part(BaseModel):
    """A frozen part of a card that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tool(Part):
    """What made the export."""

    name: Literal["synthrec"] = "synthrec"
    version: str


class Subject(Part):
    """One data file of the export."""

    name: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Count
    rows: Count
    """Exact: the rows are synthetic."""


class ColumnSummary(Part):
    """What a reader must know of a column to judge the rest."""

    role: Literal["key", "direct_identifier", "quasi_identifier", "sensitive", "attribute"]
    domain: Literal["public", "declared", "dp", "learned", "none"]
    """Who said which values may occur; ``learned`` was read from the real records."""
    made: Literal["modelled", "minted"]
    """Minted values are made anew and owe nothing to the real ones."""


class CitedPart(Part):
    """A source of numbers, or a code system, that the schema names."""

    title: str
    publisher: str | None = None
    year: Count | None = None
    address: str | None = None
    licence: str | None = None


class CitationsPart(Part):
    """What the numbers of a rule schema rest on."""

    sources: dict[str, CitedPart]
    code_systems: dict[str, CitedPart]
    figures: Count
    """Numbers in rules and params."""
    assumed: Count
    """Those that name no source: assumptions of the schema's author."""


class SchemaPart(Part):
    """The schema the records follow."""

    name: str
    version: str
    digest: Digest
    columns: dict[str, dict[str, ColumnSummary]]
    """Table name -> column name -> summary."""
    citations: CitationsPart | None = None
    """None where the schema has no rules and names no code system."""


class Rules(Part):
    """A policy or profile that judged the records."""

    name: str
    version: str
    digest: Digest
    looser_than_default: tuple[str, ...] = ()
    """Keys at which it allows what the shipped default forbids."""
    loosened_by: str | None = None
    """Who answers for that."""
    loosened_because: str | None = None


class GeneratorPart(Part):
    """How the records were made."""

    name: str
    parameters: dict[str, Any]
    model_digest: Digest | None
    """None for rules: their schema is the model."""


class Seed(Part):
    """The sampling seed: plain for rules; for a learned model without a claim only a commitment to it."""

    kind: Literal["plain", "commitment"]
    value: str
    """Decimal digits, or the SHA-256 of a salt and the seed."""


class RowBand(Part):
    """A number of real rows, as closely as the policy lets it be told; both ends included."""

    low: Count
    high: Count


class Source(Part):
    """The real records behind a learned model."""

    custodian: str | None
    licence: str | None
    obligations: tuple[str, ...] = ()
    fingerprint: Annotated[str, Field(pattern=r"^hmac-sha256:[0-9a-f]{64}$")]
    """Keyed: without the key nobody can test a guess of the records against it."""
    key_id: str
    rows: RowBand | None
    """Training rows and holdout rows together; None where the model does not tell."""
    persons: str | None
    """Training persons as a band, e.g. ``10,000 to 50,000``."""
    holdout: Literal["split", "given", "none"]
    """Split from the same records by person, given as records of its own, or absent."""


class UnitOfPrivacy(Part):
    """Whose records one person's are, in one table."""

    person: str
    max_rows_per_person: int | None


class Mechanism(Part):
    """One event of the run that made the model."""

    name: str
    mechanism: str
    noise_multiplier: Figure
    """Standard deviation of the noise in units of what one person can change."""
    detail: dict[str, Figure]


class LedgerHeadPart(Part):
    """The newest entry of the ledger when the model was made."""

    sequence: Count
    hash: str


class Guarantee(Part):
    """(epsilon, delta)-differential privacy for a person, added or removed with all of their rows."""

    epsilon: str
    """Exact decimal, rounded up."""
    delta: str
    adjacency: Literal["add_remove_person"]
    max_rows_per_person: Count
    accountant: Literal["pld"]
    """Privacy loss distributions, pessimistic."""
    mechanisms: tuple[Mechanism, ...]
    population: str
    population_epsilon: str
    """Sum over all runs on the population, this one included, when the model was made."""
    population_delta: str
    looks_without_claim: Count
    """Earlier readings of the population's records that no claim covers."""


class Privacy(Part):
    """What is claimed for the persons behind the records."""

    claim: Literal["none", "differential_privacy"] = "none"
    statement: str
    guarantee: Guarantee | None = None
    ledger_head: LedgerHeadPart | None = None
    fits: Count | None = None
    """Models fitted to these records, with this one, as far as the ledger knows; None under a claim.

    Who fits until one passes has found one that passes by chance.
    """
    units: dict[str, UnitOfPrivacy]
    """By table."""


class Result(Part):
    """One judged measure."""

    check: str
    title: str
    verdict: VerdictWord
    blocking: bool
    measure: str | None
    limit: Figure | None
    value: Figure | None
    """Only of quality and conformity; what attacks on real records measured is the steward's."""
    reason: str


class DecisionPart(Part):
    """What the gate decided."""

    verdict: VerdictWord
    reasons: tuple[str, ...]


class CoveragePart(Part):
    """Which rows the decision was made on."""

    kind: Literal["approved_prefix", "very_output", "under_claim"]
    """Rows of the audited trial; these very rows; or, under a claim, any draw of an audited model."""
    audited_rows: Count


class Conditional(Part):
    """A sample of some kind of record only, or with a stated number of that kind."""

    where: str
    requested: Count
    reached: Count
    satisfying: Count | None = None
    """How many of them satisfy it, where that was asked for; None where all do."""


class RepairPart(Part):
    """Rows that repeated a single real person, of train and holdout alike, were drawn again."""

    checks: Annotated[tuple[str, ...], Field(min_length=1)]
    """The checks that had found them."""
    attempts: Count
    """Audits of the model until this one, with it."""


class Lineage(Part):
    """How far the records are from real ones."""

    generation_depth: Annotated[int, Field(ge=0, le=100)]
    """0 where rules made them, 1 where a model learned from real records, one more for every model since."""


class UsePart(Part):
    """What the records are for, and where they end."""

    intended: str | None
    out_of_scope: str | None
    limits: tuple[str, ...] = ()


class Environment(Part):
    """Versions that a rerun needs."""

    python: str
    packages: dict[str, str]


class SuitePart(Part):
    """What was expected of one table, and what came of it."""

    table: str
    evaluated: Count
    successful: Count
    digest: Digest
    """Of the demands of the stored suite, in whatever order it lists them."""


class BesidePart(Part):
    """A rule of the schema that no built-in expectation states; synthrec counted what breaks it."""

    table: str
    rule: str
    broken: Count


class ExpectationsPart(Part):
    """The Great Expectations project in the folder ``gx`` of the export, and what its checkpoint said."""

    version: str
    """Of Great Expectations."""
    run_name: str
    suites: Annotated[tuple[SuitePart, ...], Field(min_length=1)]
    checkpoint: Digest
    """Of what the checkpoint runs: validations, suites by name, and the files that they read."""
    beside: tuple[BesidePart, ...] = ()
    unstated: dict[str, tuple[str, ...]] = {}
    """By table: columns whose domains were learned from real records, so that no suite may tell of them."""


class ScenarioPart(Part):
    """One scenario: how many units were to have it, and how many have it."""

    scenario: str
    version: str
    digest: Digest
    mode: Literal["inject", "reweight"]
    tier: str
    severity: Annotated[float, Field(ge=0, le=1)]
    design: str
    unit: str | None
    """The table whose rows have it; None where it changes how all records are made."""
    units: Count
    eligible: Count
    requested: Count
    realised: Count
    rows: dict[str, Count]
    """Rows of instances by role."""


class RangePart(Part):
    """Equal parts of the range of a parameter, and how many of them instances fill."""

    scenario: str
    parameter: str
    bins: Count
    hit: Count


class EvennessPart(Part):
    """Centred discrepancy of parameters, in that expected of independent draws; below 1 is more even."""

    scenario: str
    ratio: Figure


class PairsPart(Part):
    """Pairs of values of two factors: those the rules can make, those met, and those on rows of instances."""

    scenario: str
    table: str
    factors: Count
    combinations: Count
    feasible: Count
    covered: Count
    by_instances: Count
    by_instances_alone: Count


class ScenariosPart(Part):
    """Rare events that were written into the records on purpose; ``labels.parquet`` tells which rows."""

    scenarios: Annotated[tuple[ScenarioPart, ...], Field(min_length=1)]
    ranges: tuple[RangePart, ...]
    evenness: tuple[EvennessPart, ...]
    pairs: tuple[PairsPart, ...]


class Card(Part):
    """A whole card."""

    model_config = ConfigDict(
        title="Provenance card of synthetic records, version 1",
        json_schema_extra={"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": CARD_SCHEMA},
    )

    schema_version: Literal[1] = 1
    card_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    created: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    tool: Tool
    digital_source_type: Literal[
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
        "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia",
    ]
    """IPTC digital source type: made by a trained model, or by an algorithm without training."""
    subjects: Annotated[tuple[Subject, ...], Field(min_length=1)]
    record_schema: SchemaPart
    policy: Rules
    profile: Rules
    generator: GeneratorPart
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
    lineage: Lineage
    use: UsePart
    environment: Environment
    warnings: tuple[str, ...] = ()


def card_json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of ``card.json``."""
    return Card.model_json_schema()


def card_bytes(card: Card) -> bytes:
    """The card as RFC 8785 canonical JSON, checked against its published schema.

    Raises:
        InternalError: the card does not satisfy the schema, or holds a number RFC 8785 has no form for.
    """
    document = card.model_dump(mode="json")
    faults = [error.json_path for error in Draft202012Validator(card_json_schema()).iter_errors(document)]
    if faults:
        raise InternalError(f"the card does not satisfy its schema at {', '.join(sorted(faults))}")
    try:
        return canonical(document)
    except ValueError as error:
        raise InternalError(f"the card cannot be written as canonical JSON: {error}") from None


def read_card(path: Path) -> Card:
    """The card in a file.

    Raises:
        InputError: every fault of the file, each with its key and repair.
    """
    try:
        return Card.model_validate(read_json(path))
    except ValidationError as error:
        raise InputError(
            Fault(str(path), 0, 0, ".".join(map(str, item["loc"])), item["msg"], _NOT_OURS)
            for item in error.errors(include_input=False)
        ) from None
    except (OSError, ValueError) as error:
        found = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError([Fault(str(path), 0, 0, "", found or "unreadable", _NOT_OURS)]) from None


_NOT_OURS = "give the card.json of an export made by this version"
