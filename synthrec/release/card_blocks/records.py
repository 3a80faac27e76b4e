"""The schema that the records follow."""

from __future__ import annotations

from typing import Literal

from synthrec.release.card_blocks.base import Count, Digest, Part
from synthrec.schema.model import Kind


class ColumnSummary(Part):
    """What a reader must know of a column to judge the rest."""

    kind: Kind
    role: Literal["key", "direct_identifier", "quasi_identifier", "sensitive", "attribute"]
    domain: Literal["public", "declared", "dp", "learned", "none"]
    """Who said which values may occur; ``learned`` was read from the real records."""
    made: Literal["modelled", "ruled", "minted"]
    """Drawn by a model, made by rules, or minted: made anew, so that it owes nothing to real ones."""


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
    assumed_in: dict[str, tuple[str, ...]]
    """By table: columns and hidden helpers whose rules hold such numbers; `rows` is how rows come about."""


class SchemaPart(Part):
    """The schema the records follow."""

    name: str
    version: str
    title: str | None
    licence: str | None
    """Of the schema, not of the records."""
    digest: Digest
    columns: dict[str, dict[str, ColumnSummary]]
    """Table name -> column name -> summary."""
    targets: dict[str, str]
    """By table: the column that models of the records are to predict, where the schema names one."""
    citations: CitationsPart | None = None
    """None where the schema has no rules and names no code system."""
