"""A commented draft of a schema from a data file, for a steward to finish.

Kinds, roles and missing codes are guessed; bounds and categories are learned by person and marked so. The
draft loads as a schema, and the file reads under it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa

from synthrec.data.drafting.domains import with_domain
from synthrec.data.drafting.kinds import guess, guess_text
from synthrec.data.drafting.missing import split_codes
from synthrec.data.drafting.roles import role_of
from synthrec.data.drafting.source import Dialect, read_columns
from synthrec.data.drafting.texts import Texts
from synthrec.data.drafting.yaml import ColumnDraft, Line, render, text
from synthrec.data.learn import MIN_PERSONS, round_step
from synthrec.data.parse import Parsed, parse
from synthrec.data.table import to_vector
from synthrec.schema.model import Column, Null
from synthrec.schema.vector import IntArray


@dataclass(frozen=True, eq=False)
class Observed:
    """A column of the file, what it was taken for, and what the steward should know."""

    texts: Texts
    parsed: Parsed
    column: Column
    notes: Mapping[str, str]


def infer_schema(
    path: Path, *, name: str | None = None, delimiter: str | None = None, encoding: str | None = None
) -> str:
    """A commented YAML draft of a schema with one table.

    Args:
        path: A CSV (also gzip) or Parquet file.
        name: Name of the schema and its table; from the file's name by default.
        delimiter: Of a CSV file; detected where not stated.
        encoding: Of a CSV file; detected where not stated.

    Raises:
        InputError: the file cannot be read as a table with names and rows.
        ConfigError: delimiter or encoding cannot be one.
    """
    cells = read_columns(Path(path), Dialect(delimiter, encoding))
    observed = {column: _observe(column, array) for column, array in cells.items()}
    person = _person(observed)
    rows = len(next(iter(cells.values())))
    persons = np.arange(rows) if person is None else _ids(observed[person])
    drafts = {column: _draft(seen, persons) for column, seen in observed.items()}
    return render(_identifier(name or Path(path).name), _table_lines(observed, person, persons), drafts)


def _observe(name: str, array: pa.Array) -> Observed:
    """What a column seems to be; labels or texts where typed cells do not fit what their texts suggest."""
    texts = Texts.of(name, array)
    codes, doubtful = split_codes(texts)
    texts = texts.without(codes)
    column, note = guess(texts)
    parsed = parse(array, _open(column, codes))
    if parsed.reasons.any():
        column, note = guess_text(texts)
        parsed = parse(array, _open(column, codes))
    role, reason = role_of(texts, column)
    notes = {"role": reason} | ({"kind": note} if note else {})
    if doubtful:
        listed = ", ".join(f'"{code}"' for code in doubtful)
        notes["null"] = f"{{allowed: true, codes: [{listed}]}}  if these mean missing"
    null = Null(allowed=parsed.array.null_count > 0, codes=codes)
    return Observed(texts, parsed, column.model_copy(update={"role": role, "null": null}), notes)


def _open(column: Column, codes: tuple[str, ...]) -> Column:
    return column.model_copy(update={"null": Null(allowed=True, codes=codes)})


def _draft(seen: Observed, persons: IntArray) -> ColumnDraft:
    if seen.column.is_minted:
        return ColumnDraft(seen.column, seen.notes)
    return ColumnDraft(
        with_domain(seen.column, to_vector(seen.parsed.array, seen.column), persons), seen.notes
    )


def _person(observed: Mapping[str, Observed]) -> str | None:
    """The identifier that names a person, if its name says so."""
    names = (
        name
        for name, seen in observed.items()
        if seen.column.kind == "id" and seen.texts.names_person and not seen.column.null.allowed
    )
    return next(names, None)


def _ids(seen: Observed) -> IntArray:
    ids: IntArray = seen.parsed.array.indices.to_numpy().astype(np.int64)
    return ids


def _table_lines(observed: Mapping[str, Observed], person: str | None, persons: IntArray) -> Iterator[Line]:
    keys = [name for name, seen in observed.items() if seen.column.kind == "id" and seen.texts.is_unique]
    if keys:
        yield Line("primary_key", f"[{text(keys[0])}]", "every row has its own")
    if person is None:
        question = "confirm; else name the person column (person: …) and check again what is listed below"
        yield Line("one_row_per_person", "true", question)
    else:
        yield Line("person", text(person), "the unit of privacy; confirm that it names a person")
        bound = _rows_bound(persons)
        yield Line("max_rows_per_person", str(bound), "rounded up; of more rows, some are left out at random")
    yield Line("# target", "…", "the column that users will predict, if there is one")


def _rows_bound(persons: IntArray) -> int:
    """Rows of the person with the eleventh most, rounded up."""
    counts = np.sort(np.bincount(persons))[::-1]
    return int(round_step(Decimal(int(counts[min(MIN_PERSONS, len(counts)) - 1]))))


def _identifier(name: str) -> str:
    """A schema name from any text."""
    stem = re.sub(r"\.(csv|tsv|txt|parquet|pq)(\.gz)?$", "", name.lower())
    words = re.sub(r"[^a-z0-9]+", "_", stem).strip("_")[:80] or "records"
    return words if words[0].isalpha() else f"t_{words}"[:80]
