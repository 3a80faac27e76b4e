"""`Codec`: a table to codes and back, column by column.

What is modelled becomes codes; keys, identifiers and free text are minted on the way back. Public and
declared domains make codecs without a look at the data; learned domains are learned from the training rows by
person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from synthrec.codec import label, numeric
from synthrec.codec.base import CodeArray, CodeDomain, Codes, ColumnCodec
from synthrec.codec.documents import restore_column
from synthrec.codec.evidence import allowed_levels, intersection, single_column_parts
from synthrec.codec.heaped import heap_limits
from synthrec.codec.label import BooleanCodec
from synthrec.codec.mint import Mint, build_mint
from synthrec.data.learn import MIN_PERSONS
from synthrec.data.persons import person_column, person_ids
from synthrec.data.table import Table, arrow_type, to_arrow
from synthrec.errors import ConfigError, Fault, InputError, InternalError, VerificationError
from synthrec.rng import Streams, blocks
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import BoolArray, IntArray, Vector

Built = TypeVar("Built")


@dataclass(frozen=True, eq=False)
class Codec:
    """The codecs of a table's modelled columns and the mints of the others, in the spec's order."""

    spec: TableSpec
    name: str
    columns: Mapping[str, ColumnCodec]
    mints: Mapping[str, Mint]

    @classmethod
    def build(cls, spec: TableSpec, name: str, train: Table) -> Codec:
        """The codec of a table; only learned domains look at the training rows.

        Raises:
            InputError: every column that cannot be coded, each with its repair.
        """
        faults = _key_faults(spec, name)
        persons = person_ids(train) if learned_columns(spec) else np.empty(0, dtype=np.int64)

        def attempt(column: str, make: Callable[[], Built]) -> Built | None:
            try:
                return make()
            except ValueError as error:
                faults.append(_fault(spec, name, column, str(error)))
                return None

        columns = {
            column: attempt(column, partial(_build_column, spec, column, train, persons))
            for column in spec.modelled
        }
        mints = {
            column: attempt(column, partial(build_mint, column, spec.columns[column]))
            for column in spec.minted
        }
        if faults:
            raise InputError(faults)
        return cls(spec, name, _complete(columns), _complete(mints))

    @classmethod
    def declared(cls, spec: TableSpec, name: str) -> Codec:
        """The codec of a table whose domains are all stated; no data is looked at.

        Raises:
            InputError: every column that cannot be coded, each with its repair.
        """
        fields = [(column, arrow_type(item)) for column, item in spec.columns.items()]
        return cls.build(spec, name, Table(name, spec, pa.schema(fields).empty_table()))

    @property
    def domain(self) -> CodeDomain:
        """The domain of the codes."""
        codecs = self.columns.values()
        return CodeDomain(
            tuple(self.columns),
            tuple(codec.size for codec in codecs),
            tuple(codec.ordered for codec in codecs),
            tuple(codec.has_missing for codec in codecs),
        )

    @property
    def learned(self) -> tuple[str, ...]:
        """Modelled columns whose domains were learned from the training rows."""
        return learned_columns(self.spec)

    def limits(self) -> tuple[str, ...]:
        """What the codec takes away from learned columns, one sentence per loss, for the card."""
        losses: dict[str, list[str]] = {}
        for column in self.learned:
            losses.setdefault(_loss(self.columns[column]), []).append(column)
        sentences = tuple(
            f"{'column' if len(names) == 1 else 'columns'} {', '.join(names)}: {loss}"
            for loss, names in losses.items()
        )
        return sentences + heap_limits(self.columns)

    def encode(self, table: Table) -> Codes:
        """The modelled columns as codes.

        Raises:
            InternalError: a value outside a domain that the door should have kept; the column is named.
        """
        codes: CodeArray = np.empty((len(table), len(self.columns)), dtype=np.int32, order="F")
        for place, (column, codec) in enumerate(self.columns.items()):
            try:
                codes[:, place] = codec.encode(table.vector(column))
            except InternalError as error:
                raise InternalError(f"column {column}: {error}") from None
        return Codes(codes, self.domain)

    def decode(self, codes: Codes, start: int, streams: Streams) -> Table:
        """Rows [start, start + n) of a sample: values drawn within their levels, keys minted by row number.

        The draws depend on the seed, the column and the row number alone, so any chunking gives equal rows.
        """
        rows = len(codes)
        arrays = {column: mint.mint(start, rows) for column, mint in self.mints.items()}
        for place, (column, codec) in enumerate(self.columns.items()):
            level = np.ascontiguousarray(codes.values[:, place])
            vector = _decoded(codec, level, column, start, streams)
            arrays[column] = to_arrow(vector, self.spec.columns[column])
        names = list(self.spec.columns)
        return Table(self.name, self.spec, pa.table([arrays[column] for column in names], names=names))

    def evidence(self, where: str) -> tuple[Mapping[str, BoolArray], Expression]:
        """The levels that a condition leaves possible, and the condition itself as the exact filter.

        Every row that satisfies the condition has allowed levels; the converse need not hold, so the caller
        keeps the decoded rows for which the expression is true.

        Raises:
            SchemaError: the condition is no valid expression over the modelled columns.
            ConfigError: it yields no truth value, or no value of some column satisfies its part of it.
        """
        columns = {column: self.spec.columns[column] for column in self.columns}
        exact = compile_expression(where, columns, file="--where")
        if exact.kind != "boolean":
            raise ConfigError(
                f"--where: {where} is a {exact.kind}, not true or false; compare it with a value"
            )
        levels: dict[str, list[BoolArray]] = {}
        for part in single_column_parts(where, columns):
            found = allowed_levels(part, columns[part.column], self.columns[part.column])
            levels.setdefault(part.column, []).append(found)
        allowed = {column: intersection(parts) for column, parts in levels.items()}
        for column, possible in allowed.items():
            if not possible.any():
                raise ConfigError(
                    f"--where: the model draws no value of {column} that satisfies the condition; check its "
                    "constants against the domain (synthrec schema show), whose rare ends may not be modelled"
                )
        return allowed, exact

    def document(self) -> dict[str, Any]:
        """JSON form of what the schema alone does not say."""
        return {"columns": {column: codec.document() for column, codec in self.columns.items()}}

    @classmethod
    def from_document(cls, spec: TableSpec, name: str, document: Any) -> Codec:
        """The codec of a document; the inverse of `document`.

        Raises:
            VerificationError: the document cannot come from a codec of this table.
        """
        columns = document.get("columns") if isinstance(document, dict) else None
        if not isinstance(columns, dict) or set(columns) != set(spec.modelled) or len(document) != 1:
            raise VerificationError(f"codec of table {name}: the columns are not those of the schema")
        try:
            restored = {
                column: restore_column(spec.columns[column], columns[column]) for column in spec.modelled
            }
            mints = {column: build_mint(column, spec.columns[column]) for column in spec.minted}
        except ValueError as error:
            raise VerificationError(f"codec of table {name}: {error}") from None
        return cls(spec, name, restored, mints)


def learned_columns(spec: TableSpec) -> tuple[str, ...]:
    """Modelled columns with a learned domain; a boolean has nothing to learn."""
    return tuple(
        name
        for name in spec.modelled
        if (column := spec.columns[name]).kind != "boolean"
        and column.domain
        and column.domain.source == "learned"
    )


def _build_column(spec: TableSpec, name: str, train: Table, persons: IntArray) -> ColumnCodec:
    column = spec.columns[name]
    if column.kind == "boolean":
        return BooleanCodec(column.null.allowed)
    if column.domain is None:
        raise ValueError("the column has no domain")
    if column.domain.source == "learned":
        learn = numeric.build_learned if column.is_numeric else label.build_learned
        return learn(column, column.domain, train.vector(name), persons)
    state = numeric.build_public if column.is_numeric else label.build_listed
    return state(column, column.domain)


def _decoded(codec: ColumnCodec, codes: CodeArray, column: str, start: int, streams: Streams) -> Vector:
    """Values of rows start, start + 1, …, each block of rows from its own stream."""
    parts, done = [], 0
    for block, first, end in blocks(start, start + len(codes)):
        rng = streams.sampling(f"decode:{column}", block)
        rng.bit_generator.advance(first)  # type: ignore[attr-defined]  # one draw per earlier row of the block
        parts.append(codec.decode(codes[done : done + end - first], rng))
        done += end - first
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return codec.decode(codes, streams.sampling(f"decode:{column}"))
    values = np.concatenate([part.values for part in parts])
    return Vector(values, np.concatenate([part.missing for part in parts]), parts[0].levels)


def _key_faults(spec: TableSpec, name: str) -> list[Fault]:
    """Persons and keys that would be modelled instead of minted."""
    person = person_column(spec)
    keys = {person} if person else set()
    keys |= set(spec.primary_key) if not set(spec.primary_key) & set(spec.minted) else set()
    return [
        Fault(name, 0, 0, f"columns.{key}", "a key or person that would be modelled", "give it role: key")
        for key in sorted(keys & set(spec.modelled))
    ]


def _fault(spec: TableSpec, name: str, column: str, found: str) -> Fault:
    if column in spec.minted:
        repair = "allow missing values (null: {allowed: true}), or give it another role or kind"
    elif spec.columns[column].is_numeric:
        repair = "declare the domain (min, max, source: public or declared) and a precision that fits it"
    else:
        repair = "declare the domain (values, source: public or declared)"
    return Fault(name, 0, 0, f"columns.{column}", found, repair)


def _loss(codec: ColumnCodec) -> str:
    if isinstance(codec, numeric.NumericCodec):
        return (
            f"bounds come from the {MIN_PERSONS}th most extreme person and are widened; "
            f"values beyond are cut to them, and bins of fewer than {MIN_PERSONS} persons are merged"
        )
    other = codec.other if isinstance(codec, label.LabelCodec) else None
    named = f"only categories of at least {MIN_PERSONS} persons are named"
    return f"{named}, the others are pooled as {other}" if other else named


def _complete(built: Mapping[str, Built | None]) -> dict[str, Built]:
    return {name: item for name, item in built.items() if item is not None}
