"""Columns of a rule schema that fitted models filled, and what stands behind each model."""

from __future__ import annotations

from typing import Literal

from synthrec.release.card_blocks.base import Part
from synthrec.release.card_blocks.making import GeneratorPart, Lineage, Seed
from synthrec.release.card_blocks.privacy import Privacy
from synthrec.release.card_blocks.source import Source
from synthrec.release.card_blocks.use import UsePart


class FittedPart(Part):
    """Columns of one table that a model filled together, row by row; rules made the others."""

    table: str
    block: str
    """Its name in the schema."""
    columns: dict[str, str]
    """The columns, hidden helpers among them, and the column of the model behind each: all are learned."""
    generator: GeneratorPart
    """The model, by its digest."""
    seed: Seed | None
    """A commitment to the approved one; None under a claim, where it follows from that of the records."""
    source: Source
    privacy: Privacy
    """What is claimed for the persons behind the model, in the tables that it learned from."""
    covered: Literal["approved_prefix", "under_claim"]
    """Whether the rows are the first ones of the approved seed, or any, which a claim allows."""
    lineage: Lineage
    use: UsePart
    """What records of the model are for."""
