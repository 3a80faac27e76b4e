"""What the files for catalogues need of the schema, so that they can be made again from the card alone.

Lists, not objects, hold tables and columns: canonical JSON forgets the order of keys. Bounds and values are
texts in the canonical form of `synthrec.schema.model.label`, whatever the kind of the column.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from synthrec.release.card_blocks.base import Count, Part
from synthrec.schema.model import ForeignKey, Kind, PersonVia, Role

Catalogue = Literal["croissant", "frictionless"]
CATALOGUES: tuple[Catalogue, ...] = get_args(Catalogue)
"""The standards that an export can be described in."""


class ToldDomain(Part):
    """The values a column may take.

    Of a domain that was learned from real records it is told only that it was; of the codes of a code system
    only whose they are, since licences often forbid to hand on the list.
    """

    source: Literal["public", "declared", "dp", "learned"]
    min: str | None = None
    max: str | None = None
    values: tuple[str, ...] | None = None
    ordered: bool = False


class ToldColumn(Part):
    """A column as a catalogue describes it."""

    name: str
    kind: Kind
    role: Role
    description: str | None = None
    unit: str | None = None
    scale: Count | None = None
    """Decimal places of a decimal."""
    timezone: str | None = None
    format: str | None = None
    """Of dates and datetimes in CSV files, in the letters of strptime; ISO 8601 where none is stated."""
    system: str | None = None
    """The code system of its values, by its id among the card's citations."""
    nullable: bool
    domain: ToldDomain | None = None


class ToldTable(Part):
    """A table as a catalogue describes it."""

    name: str
    description: str | None = None
    columns: Annotated[tuple[ToldColumn, ...], Field(min_length=1)]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    person: str | PersonVia | None = None
    one_row_per_person: bool = False
    max_rows_per_person: Count | None = None


class InteropPart(Part):
    """Which files for catalogues stand beside the records, and what they say of the schema."""

    catalogues: Annotated[tuple[Catalogue, ...], Field(min_length=1)]
    description: str | None
    """Of the schema."""
    tables: tuple[ToldTable, ...]
