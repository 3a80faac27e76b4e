"""What stands beside the records: a Great Expectations project, scenarios written into them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from synthrec.release.card_blocks.base import Count, Digest, Figure, Part


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
    unstated: dict[str, tuple[str, ...]] = Field(default_factory=dict)
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
