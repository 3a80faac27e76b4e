"""Real records as a run needs them: typed, split by person, bounded per person."""

from __future__ import annotations

import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from synthrec.data.contribution import bounded
from synthrec.data.fingerprint import fingerprint
from synthrec.data.keys import Keys
from synthrec.data.sources import Reading, read_table
from synthrec.data.split import Split, given_holdout, split_by_person
from synthrec.data.table import Table
from synthrec.errors import ConfigError, Fault, InputError, UserError
from synthrec.generators.manifest import Holdout
from synthrec.rng import Streams
from synthrec.runs.context import TextFormat
from synthrec.runs.terms_of_use import refuse_ended_agreement
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.model import Null, Schema, TableSpec
from synthrec.schema.vector import BoolArray, IntArray
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.real import RealData
from synthrec.validation.repeats import likely_repeats

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

DEFAULT_SHARE = 0.2
"""Share of persons that a split sets aside."""
MOST_REPEATS = 0.1
"""Share of rows that may be there twice; real tables of four columns and more have up to 0.03 by chance."""
_DATA = "give a path, a list of paths, a pandas.DataFrame or a pyarrow.Table"
_NAME_THEM = "or name the column that says whose row it is (person: …)"

Data: TypeAlias = "str | Path | Sequence[str | Path] | pd.DataFrame | pa.Table"


@dataclass(frozen=True, eq=False)
class RealInput:
    """Real records split by person, and what the model and card say of them."""

    real: RealData
    holdout: Holdout
    fingerprint: str
    notes: tuple[str, ...]
    rows: int
    """Of the source, with those that a bound on rows per person has left out."""


def modelled_table(schema: Schema) -> tuple[str, TableSpec]:
    """Name and spec of the one table that a learned generator models.

    Raises:
        UserError: the schema has several tables.
    """
    if len(schema.tables) > 1:
        names = ", ".join(schema.tables)
        raise UserError(
            f"schema {schema.info.name} has several tables ({names}); learned generators model one table so "
            "far: join them into one with `person:` set, or fit each on its own"
        )
    return schema.only_table


def read_real(
    schema: Schema,
    data: Data,
    given: Data | None,
    *,
    share: float,
    keys: Keys,
    text: TextFormat,
) -> RealInput:
    """Read and split real records; `given` is a holdout of the user's own.

    Raises:
        UserError: the agreement on the records is over; or they cannot be read or split, or many of them are
            there twice.
    """
    refuse_ended_agreement(schema)
    name, spec = modelled_table(schema)
    reading = read_input(data, name, spec, text)
    whole = fingerprint(reading.table, keys.fingerprint)
    if given is None:
        split, notes = split_by_person(reading.table, keys.split, share=share), reading.notes
        holdout = Holdout(kind="split", share=share)
    else:
        other = read_input(given, name, spec, text)
        split, notes = given_holdout(reading.table, other.table), (*reading.notes, *other.notes)
        holdout = Holdout(kind="given", fingerprint=fingerprint(other.table, keys.fingerprint))
    real = _bounded(name, split, keys)
    _refuse_repeats(real, holdout)
    return RealInput(real, holdout, whole, notes, len(reading.table))


def _refuse_repeats(real: RealData, holdout: Holdout) -> None:
    """Refuse records that are there twice and name no person: no copy test would see a copy of them."""
    repeats, total = likely_repeats(real), len(real.train) + len(real.holdout)
    if holdout.kind == "given" and repeats.shared > MOST_REPEATS * len(real.holdout):
        found = f"rows of the holdout that are in the training data too: {repeats.shared:,}"
        raise InputError(
            [Fault(real.name, 0, 0, "", found, f"give a holdout of other persons, {_NAME_THEM}")]
        )
    if repeats.rows > MOST_REPEATS * total:
        found = f"rows that equal another one in every column and are near no other: {repeats.rows:,}"
        raise InputError([Fault(real.name, 0, 0, "", found, f"give each record once, {_NAME_THEM}")])


def given_files(data: Data) -> Sequence[Any]:
    """Each file or frame on its own."""
    source = _paths(data)
    return source if isinstance(source, list) else [source]


def read_input(data: Data, name: str, spec: TableSpec, text: TextFormat) -> Reading:
    """Read files or a frame as one table of the schema."""
    source = _paths(data)
    return read_table(source, name, spec, delimiter=text.delimiter, encoding=text.encoding)


def satisfying(real: RealData, where: str | None) -> RealData:
    """The real records that the quality of a conditional draw is measured against."""
    if where is None:
        return real
    condition = compile_expression(where, real.train.spec.columns)
    train, holdout = (table.take(_holds(condition, table)) for table in (real.train, real.holdout))
    return RealData(real.name, train, holdout)


def in_proportion(real: RealData, where: str, share: float) -> RealData:
    """The real records with so many left out that the others have the condition in this proportion."""
    condition = compile_expression(where, real.train.spec.columns)
    sides = (real.train, real.holdout)
    train, holdout = (table.take(_balanced(_holds(condition, table), share)) for table in sides)
    return RealData(real.name, train, holdout)


def _balanced(holds: BoolArray, share: float) -> IntArray:
    """Rows to keep, ascending: all of the kind there are too few of."""
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    ones, others = rng.permutation(np.flatnonzero(holds)), rng.permutation(np.flatnonzero(~holds))
    most = min(len(ones) / share, len(others) / (1 - share)) if share < 1 else len(ones)
    return np.sort(np.concatenate([ones[: round(most * share)], others[: round(most * (1 - share))]]))


def _holds(condition: Expression, table: Table) -> BoolArray:
    result = table.evaluate(condition)
    return result.values.astype(bool) & ~result.missing


def read_untrusted(data: Data, name: str, spec: TableSpec, text: TextFormat) -> Reading:
    """Read records that are to be checked: typed by the schema, kept where they break domains and nulls."""
    reading = read_input(data, name, _lenient(spec), text)
    return replace(reading, table=Table(name, spec, reading.table.data))


def _lenient(spec: TableSpec) -> TableSpec:
    """The spec with the same types, every cell nullable and no stated domain."""
    columns = {
        key: column.model_copy(update={"domain": None, "null": Null(allowed=True, codes=column.null.codes)})
        for key, column in spec.columns.items()
    }
    return spec.model_copy(update={"columns": columns, "person": None, "one_row_per_person": True})


def _paths(data: Data) -> Data:
    if isinstance(data, str | Path):
        return Path(data)
    if not isinstance(data, Sequence):
        return _frame(data)
    if not data or not all(isinstance(item, str | Path) for item in data):
        raise ConfigError(f"several records are given as paths of files; {_DATA}")
    paths = [Path(item) for item in data]
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise ConfigError("one file is given twice; give each file once")
    return paths


def _frame(data: pd.DataFrame | pa.Table) -> pd.DataFrame | pa.Table:
    if not (hasattr(data, "columns") and hasattr(data, "shape")):
        raise ConfigError(f"records cannot be read from a {type(data).__name__}; {_DATA}")
    return data


def _bounded(name: str, split: Split, keys: Keys) -> RealData:
    """Which rows of a person stay is as repeatable with the key as the split, and as unknown without."""
    word = hmac.digest(keys.split, b"contribution bound", "sha256")[:6]
    streams = Streams(int.from_bytes(word, "big"))
    return RealData(name, bounded(split.train, streams), bounded(split.holdout, streams))
