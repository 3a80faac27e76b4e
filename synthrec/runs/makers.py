"""Who makes the records: a fitted model or a rule schema, behind one interface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from numbers import Integral
from typing import Protocol

from synthrec.codec.codec import Codec
from synthrec.data.table import Records
from synthrec.errors import ConfigError
from synthrec.generators import prevalence
from synthrec.generators.base import Fitted
from synthrec.generators.prevalence import Prevalence
from synthrec.generators.sampler import LearnedSampler
from synthrec.release.gate import Origin
from synthrec.rng import SEED_BITS, Streams
from synthrec.rules.engine import RuleEngine
from synthrec.rules.fitted import Models
from synthrec.runs.exact import Exact
from synthrec.schema.model import Scalar, Schema, label


@dataclass(frozen=True)
class Chunk:
    """Some of the records, and how many root rows were drawn to reach them."""

    records: Records
    proposed: int


@dataclass(frozen=True)
class Draw:
    """Which records are asked for."""

    rows: int
    """Root entities."""
    streams: Streams
    where: str | None = None
    chunk_rows: int = 65_536
    prevalence: Prevalence | None = None
    """How many of the rows satisfy a condition, where that is not left to the model."""

    @property
    def condition(self) -> str | None:
        """What tells the draw from an unconditional one."""
        return self.where if self.prevalence is None else self.prevalence.where

    def __post_init__(self) -> None:
        """Refuse what is no number of rows, and seeds that no card can hold.

        Raises:
            ConfigError: a number is not whole, or outside its range.
        """
        _refuse_number("rows", self.rows, 1)
        _refuse_number("chunk_rows", self.chunk_rows, 1)
        _refuse_number("seed", self.streams.seed, 0)
        if self.prevalence is not None and self.where is not None:
            raise ConfigError("--where and --prevalence exclude each other: give one of them")


def parse_prevalence(text: str | None, rows: int) -> Prevalence | None:
    """``EXPR=RATE`` or ``EXPR=COUNT`` as the number of rows that shall satisfy the expression.

    Raises:
        ConfigError: it is neither, or more than the rows there are.
    """
    if text is None:
        return None
    where, equals, number = text.rpartition("=")
    where = where.strip()
    try:
        found = Decimal(number)
    except InvalidOperation:
        found = Decimal(-1)
    count = int(found) if found == found.to_integral_value() else int((found * rows).to_integral_value())
    is_condition = bool(where) and where[-1] not in "<>=!"
    if not (equals and is_condition and found > 0 and (found < 1 or found == int(found)) and count <= rows):
        raise ConfigError(
            f"--prevalence is EXPR=RATE with a rate below 1, or EXPR=COUNT with at most {rows:,} rows; for "
            'example "age >= 65=0.2"'
        )
    return Prevalence(where, count)


def _refuse_number(name: str, value: object, least: int) -> None:
    if not isinstance(value, Integral) or not least <= int(value) < 2**SEED_BITS:
        raise ConfigError(f"{name} must be a whole number from {least} to 2**{SEED_BITS} - 1")


class Maker(Protocol):
    """Something that records can be drawn from."""

    @property
    def schema(self) -> Schema:
        """What the records are."""

    @property
    def origin(self) -> Origin:
        """What they are made from."""

    def stream(self, draw: Draw) -> Iterator[Chunk]:
        """The records asked for, chunk by chunk; the first m rows of a longer draw are a draw of m rows."""


@dataclass(frozen=True, eq=False)
class LearnedMaker:
    """Draws from a fitted model."""

    schema: Schema
    codec: Codec
    fitted: Fitted
    origin: Origin = Origin.LEARNED

    def stream(self, draw: Draw) -> Iterator[Chunk]:
        """The records asked for; fewer where a rare condition runs out of proposals."""
        name, spec = self.schema.only_table
        sampler = LearnedSampler(spec, self.codec, self.fitted)
        streams, size = draw.streams, draw.chunk_rows
        if draw.prevalence is None:
            drawn = sampler.stream(draw.rows, streams=streams, where=draw.where, chunk_rows=size)
        else:
            drawn = prevalence.stream(sampler, draw.rows, draw.prevalence, streams=streams, chunk_rows=size)
        for part in drawn:
            yield Chunk({name: part.table}, part.proposed)


@dataclass(frozen=True, eq=False)
class RuleMaker:
    """Draws from the rules of a schema."""

    schema: Schema
    params: Mapping[str, Scalar]
    exact: Exact | None = None
    """A number of rows that was asked for beside what the schema says."""
    models: Models = field(default_factory=dict)
    """What fills the columns that the schema leaves to fitted models."""
    origin: Origin = Origin.RULES

    @property
    def settings(self) -> dict[str, str]:
        """What was set beside schema, seed and number of rows, for the card."""
        stated = {name: label(value) for name, value in self.params.items()}
        return stated if self.exact is None else {**stated, **self.exact.settings}

    @cached_property
    def _engine(self) -> RuleEngine:
        schema = self.schema if self.exact is None else self.exact.put_into(self.schema)
        return RuleEngine(schema, self.params, models=self.models)

    def stream(self, draw: Draw) -> Iterator[Chunk]:
        """The records asked for.

        Raises:
            ConfigError: a condition was given, for which rules have parameters; or the schema has no rules.
            SchemaError: some columns have no rule.
        """
        if draw.condition is not None:
            raise ConfigError(
                "--where conditions a fitted model; a rule schema takes --set PARAMETER=VALUE, and "
                "--prevalence COLUMN=COUNT"
            )
        if not _has_rules(self.schema):
            raise ConfigError(
                f"schema {self.schema.info.name} describes records and has no rules to make any; learn from "
                "real ones with `synthrec fit`, and draw from the model"
            )
        for records in self._engine.stream(draw.rows, streams=draw.streams, chunk_rows=draw.chunk_rows):
            yield Chunk(records, len(records[root_table(self.schema)]))


def _has_rules(schema: Schema) -> bool:
    tables = schema.tables.values()
    return any(spec.generate or any(column.generate for column in spec.columns.values()) for spec in tables)


def root_table(schema: Schema) -> str:
    """The table whose rows are counted: the first that has no parent."""
    return next(name for name, spec in schema.tables.items() if not spec.foreign_keys)
