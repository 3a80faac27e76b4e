"""Who makes the records: a fitted model or a rule schema, behind one interface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Protocol

from synthrec.codec.codec import Codec
from synthrec.data.table import Records
from synthrec.errors import ConfigError
from synthrec.generators.base import Fitted
from synthrec.generators.sampler import LearnedSampler
from synthrec.release.gate import Origin
from synthrec.rng import SEED_BITS, Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema.model import Scalar, Schema


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

    def __post_init__(self) -> None:
        """Refuse what is no number of rows, and seeds that no card can hold.

        Raises:
            ConfigError: a number is not whole, or outside its range.
        """
        _refuse_number("rows", self.rows, 1)
        _refuse_number("chunk_rows", self.chunk_rows, 1)
        _refuse_number("seed", self.streams.seed, 0)


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
        drawn = sampler.stream(draw.rows, streams=draw.streams, where=draw.where, chunk_rows=draw.chunk_rows)
        for part in drawn:
            yield Chunk({name: part.table}, part.proposed)


@dataclass(frozen=True, eq=False)
class RuleMaker:
    """Draws from the rules of a schema."""

    schema: Schema
    params: Mapping[str, Scalar]
    origin: Origin = Origin.RULES

    @cached_property
    def _engine(self) -> RuleEngine:
        return RuleEngine(self.schema, self.params)

    def stream(self, draw: Draw) -> Iterator[Chunk]:
        """The records asked for.

        Raises:
            ConfigError: a condition was given, for which rules have parameters; or the schema has no rules.
            SchemaError: some columns have no rule.
        """
        if draw.where is not None:
            raise ConfigError("--where conditions a fitted model; a rule schema takes --set PARAMETER=VALUE")
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
