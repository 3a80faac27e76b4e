"""What judged the records, what was measured, and what was decided."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from synthrec.release.card_blocks.base import Count, Digest, Figure, Part, VerdictWord


class Rules(Part):
    """A policy or profile that judged the records."""

    name: str
    version: str
    digest: Digest
    looser_than_default: tuple[str, ...] = ()
    """Keys at which it allows what the shipped default forbids: each is a waiver."""
    loosened_by: str | None = None
    """Who answers for the waivers."""
    loosened_because: str | None = None


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


class RepairPart(Part):
    """Rows that repeated a single real person, of train and holdout alike, were drawn again."""

    checks: Annotated[tuple[str, ...], Field(min_length=1)]
    """The checks that had found them."""
    attempts: Count
    """Audits of the model until this one, with it."""
