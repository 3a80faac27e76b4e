"""The one schema language: tables, columns, domains, persons, keys and constraints (format version 1).

Reading order: `Schema` → `TableSpec` → `Column` → `Domain`. All are frozen; a schema's `digest` names it.
The models state the shape of the language; `load` adds the checks across keys and the line numbers.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from synthrec.digests import digest

Kind = Literal[
    "integer", "decimal", "float", "boolean", "category", "code", "date", "datetime", "string", "id", "text"
]
Role = Literal["key", "direct_identifier", "quasi_identifier", "sensitive", "attribute"]
Source = Literal["public", "declared", "dp", "learned"]
Scalar = bool | int | float | Decimal | dt.datetime | dt.date | str

NUMERIC_KINDS = frozenset({"integer", "decimal", "float"})
TEMPORAL_KINDS = frozenset({"date", "datetime"})
LABEL_KINDS = frozenset({"category", "code", "string", "id", "text"})
"""Kinds whose vectors are positions in a tuple of labels."""

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f`]+$")]
"""A column or rule: any text on one line; a backtick would end its name in an expression."""
TableName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=80)]
"""A table, and the stem of the files that hold it."""
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True)]


class Model(BaseModel):
    """A frozen part of the schema that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def label(value: Scalar) -> str:
    """The canonical text of a value as a category: ``true``, ``7``, ``2.5``, ``2024-01-31``.

    Integral numbers have no ``.0``, other numbers no exponent, dates and datetimes are ISO 8601.
    """
    match value:
        case bool():
            return str(value).lower()
        case float() | Decimal() if not math.isfinite(value):
            return str(value)
        case float() | Decimal():
            return str(int(value)) if value == int(value) else format(Decimal(str(value)), "f")
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


class Domain(Model):
    """The values a column may take, and who says so."""

    min: Scalar | None = None
    max: Scalar | None = None
    values: tuple[Scalar, ...] | None = None
    ordered: Flag = False
    """Whether the order of `values` means something."""
    other: str = "(other)"
    """Label of the pooled rare categories of a learned domain."""
    source: Source
    basis: str | None = None
    """Where a declared domain comes from, e.g. ``data dictionary v3``."""
    by: str | None = None
    """Who declared it."""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The listed values as canonical texts, in their order; empty when none are listed."""
        return tuple(label(value) for value in self.values or ())


class Null(Model):
    """Whether a column may be missing, and the codes that mean missing in a file."""

    allowed: Flag = False
    codes: tuple[str, ...] = ()


def _moment(value: Any, kind: str = "") -> Any:
    """An ISO 8601 text as the date or datetime it spells; anything else as it is."""
    if kind == "datetime" and type(value) is dt.date:
        return dt.datetime.combine(value, dt.time())
    if not isinstance(value, str):
        return value
    parse = dt.date.fromisoformat if len(value) == len("2024-01-31") else dt.datetime.fromisoformat
    try:
        return _moment(parse(value), kind)
    except ValueError:
        return value


Param = Annotated[Scalar, AfterValidator(_moment)]
"""A parameter of a schema; ISO 8601 texts are dates."""


class Column(Model):
    """One column: what it means, what it may hold, how it is generated."""

    kind: Kind
    role: Role = "attribute"
    description: str | None = None
    unit: str | None = None
    scale: Count | None = Field(default=None, ge=0, le=9)
    """Decimal places of a decimal."""
    timezone: str | None = None
    """IANA name; a datetime without one is local wall time."""
    format: str | None = Field(default=None, max_length=100)
    """strptime format of dates and datetimes in text files, e.g. ``%d/%m/%Y``; ISO 8601 by default."""
    domain: Domain | None = None
    precision: Decimal | None = Field(default=None, gt=0)
    """Step of the values, in the column's unit: days for dates, seconds for datetimes."""
    heaps: tuple[Scalar, ...] = ()
    """Single values that many persons share, each kept as a level of its own, e.g. 0."""
    grid: Literal["uniform", "asinh"] = "uniform"
    """Spacing of the fine bins; ``asinh`` for heavy tails: linear near 0, geometric far out."""
    grid_scale: Decimal | None = Field(default=None, gt=0)
    """Where an asinh grid turns from linear to geometric; a thousandth of the larger bound by default."""
    system: str | None = None
    """The code system of the values: an id of the schema's `sources`."""
    null: Null = Null()
    generate: dict[str, Any] | None = None
    """How the rule engine makes the column; see `synthrec.schema.generate`."""

    @model_validator(mode="after")
    def _with_moments(self) -> Self:
        """Bounds and heaps of dates and datetimes as such, whether they were written as text or not."""
        if self.kind in TEMPORAL_KINDS:
            heaps = tuple(_moment(heap, self.kind) for heap in self.heaps)
            self.__dict__["heaps"] = heaps
            if self.domain is not None:
                bounds = {name: _moment(getattr(self.domain, name), self.kind) for name in ("min", "max")}
                self.__dict__["domain"] = self.domain.model_copy(update=bounds)
        return self

    @property
    def is_numeric(self) -> bool:
        """Whether values are numbers on a line, dates and datetimes included."""
        return self.kind in NUMERIC_KINDS or self.kind in TEMPORAL_KINDS

    @property
    def is_minted(self) -> bool:
        """Whether values are always made anew and never modelled: keys, identifiers, free text."""
        if self.role in {"key", "direct_identifier"} or self.kind in {"id", "text"}:
            return True
        return self.kind == "string" and (self.domain is None or self.domain.values is None)


class PersonVia(Model):
    """The person of a child table's row is the person of its parent's row."""

    via: str


class ForeignKey(Model):
    """Columns of this table that hold the primary key of another."""

    columns: tuple[str, ...] = Field(min_length=1)
    references: str
    """Name of the parent table."""


class Constraint(Model):
    """A row rule that must not be false; a null result passes, as in SQL CHECK."""

    name: Name
    expr: str
    severity: Literal["error", "warning"] = "error"


class TableSpec(Model):
    """One table: its columns, keys, unit of privacy and row constraints."""

    description: str | None = None
    columns: dict[Name, Column] = Field(min_length=1)
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    person: str | PersonVia | None = None
    """The unit of privacy: a column of this table, or the parent's person."""
    one_row_per_person: Flag = False
    max_rows_per_person: Count | None = Field(default=None, ge=1)
    target: str | None = None
    constraints: tuple[Constraint, ...] = ()
    generate: dict[str, Any] | None = None
    """How many rows the rule engine makes per parent; see `synthrec.schema.generate`."""
    assumption: Flag = False
    """Whether numbers of this table's rules that name no source are assumptions."""

    @property
    def modelled(self) -> tuple[str, ...]:
        """Names of the columns that a learned generator models."""
        return tuple(name for name, column in self.columns.items() if not column.is_minted)

    @property
    def minted(self) -> tuple[str, ...]:
        """Names of the columns that are always made anew."""
        return tuple(name for name, column in self.columns.items() if column.is_minted)


def _day(value: Any) -> Any:
    """A day, also where it is written as text in quotes; no moment and no number is one."""
    if isinstance(value, str):
        return dt.date.fromisoformat(value)
    if type(value) is not dt.date:
        raise ValueError("not a day; write it as 2027-01-31")
    return value


Day = Annotated[dt.date, BeforeValidator(_day)]

UseTerm = Annotated[str, Field(pattern=r"^(DUO:\d{7}|odrl:[A-Za-z]+)$")]
"""A term of the Data Use Ontology of GA4GH, or of the ODRL vocabulary of W3C."""


class Use(Model):
    """What the records are meant for, what not, until when, and whom to ask."""

    intended: str | None = None
    out_of_scope: str | None = None
    limits: tuple[str, ...] = ()
    biases: tuple[str, ...] = ()
    """Known ways in which the records differ from what they stand for."""
    licence: str | None = None
    """The licence under which the synthetic records are given, as an SPDX expression."""
    expires: Day | None = None
    """The last day on which they may be used."""
    contact: str | None = None


class Agreement(Model):
    """The agreement under which the real data may be used."""

    reference: str
    expires: Day | None = None
    """Its last day; records made under it end with it, unless `use` says an earlier day."""


class SourceInfo(Model):
    """The real data behind the schema: who holds it, under which terms, whose budget it spends."""

    name: str | None = None
    period: str | None = None
    """The time that the real data are of, e.g. ``2014-01-01/2023-12-31``."""
    custodian: str | None = None
    licence: str | None = None
    """An SPDX expression, or the licence in words."""
    agreement: Agreement | None = None
    obligations: tuple[str, ...] = ()
    terms: tuple[UseTerm, ...] = ()
    confidentiality: str | None = None
    """The custodian's class, or a code of HL7 v3 Confidentiality."""
    population: str | None = None


class Assertion(Model):
    """What somebody asserts of the records under a law or a rule; synthrec repeats it and asserts nothing."""

    regime: Annotated[str, Field(min_length=1)]
    basis: Annotated[str, Field(min_length=1)]
    """The document, the reasoning or the provision that it rests on."""
    assertion_by: Annotated[str, Field(min_length=1)]


class SchemaInfo(Model):
    """Name, version and terms of a schema."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")] = "1.0.0"
    title: str | None = None
    description: str | None = None
    license: str | None = None
    use: Use = Use()
    source: SourceInfo = SourceInfo()
    regulatory: tuple[Assertion, ...] = ()


class Reference(Model):
    """Where a number or a code system comes from."""

    title: str
    publisher: str | None = None
    year: Count | None = Field(default=None, ge=1500, le=2200)
    address: str | None = None
    licence: str | None = None
    detail: str | None = None
    """Table, page or figure; and the basis of a rate: crude or age-adjusted, of persons or of stays."""


class Preset(Model):
    """A size by name: how many root records to make, and params that go with it."""

    rows: Count = Field(ge=1)
    params: dict[str, Param] = Field(default={}, alias="set")
    says: str | None = None
    """For people: what comes of it."""


SourceId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=80)]


class Schema(Model):
    """A whole schema file."""

    synthrec: Literal[1]
    extends: str | None = None
    """The schema that this one builds on: a shipped short name, or a file beside this one; read by `load`."""
    info: SchemaInfo = Field(alias="schema")
    params: dict[str, Param] = {}
    cite: dict[str, str | tuple[str, ...]] = {}
    """By param: the ids of its sources, or the word ``assumption``."""
    sources: dict[SourceId, Reference] = {}
    """What `cite` and `system` name; a file beside this one may hold it."""
    distributions: dict[str, dict[str, Any]] = {}
    """Named distributions, used as ``dist: NAME``."""
    presets: dict[TableName, Preset] = {}
    """Sizes by name, used as ``sample SCHEMA --preset NAME``."""
    tables: dict[TableName, TableSpec] = Field(min_length=1)

    @cached_property
    def digest(self) -> str:
        """``sha256:…`` of the canonical JSON of the schema; comments and key order do not count."""
        return digest(self.document())

    def document(self) -> dict[str, Any]:
        """The schema as plain JSON values."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    @property
    def only_table(self) -> tuple[str, TableSpec]:
        """Name and spec of the single table.

        Raises:
            ValueError: the schema has several tables.
        """
        if len(self.tables) != 1:
            raise ValueError("the schema has several tables")
        return next(iter(self.tables.items()))

    @property
    def is_rule_schema(self) -> bool:
        """Whether every column of every table says how it is generated."""
        return all(column.generate for table in self.tables.values() for column in table.columns.values())
