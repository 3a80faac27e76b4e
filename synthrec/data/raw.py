"""What a source held, before its cells are read."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from synthrec.data.reasons import Reasons
from synthrec.errors import Fault, InputError
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import IntArray

_SHOWN_NAMES = 10
MOST_COLUMNS = 10_000


@dataclass(frozen=True, eq=False)
class RawColumn:
    """The cells of one column, and why some were refused already (None: none was)."""

    array: pa.Array
    reasons: Reasons | None = None


@dataclass(frozen=True, eq=False)
class Raw:
    """The columns of the spec that one source holds, and what the user should know."""

    file: str
    columns: Mapping[str, RawColumn]
    rows: IntArray
    """Row numbers from 1 on, as the user counts them."""
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def check_names(file: str, names: Sequence[str], spec: TableSpec) -> tuple[str, ...]:
    """Notes on the column names of a source.

    Names are shown only where some are in the schema: otherwise the first line of a file is likely a record.

    Raises:
        InputError: columns are missing or there twice, or there are more than any schema can name.
    """
    refuse_width(file, len(names))
    if not set(names) & set(spec.columns):
        found = "none of the schema's columns is named"
        repair = "put the column names into the first line, and check the delimiter and the schema"
        raise InputError([Fault(file, 1, 0, "", found, repair)])
    counts = Counter(names)
    extra = [name for name in counts if name not in spec.columns]
    faults = [_twice(file, name, counts[name]) for name in spec.columns if counts[name] > 1]
    faults += [_absent(file, name, extra) for name in spec.columns if not counts[name]]
    if faults:
        raise InputError(faults)
    if not extra:
        return ()
    shown = ", ".join(extra[:_SHOWN_NAMES]) + (", …" if len(extra) > _SHOWN_NAMES else "")
    columns = "1 column that is" if len(extra) == 1 else f"{len(extra)} columns that are"
    return (f"{file}: left out {columns} not in the schema: {shown}",)


def refuse_width(file: str, width: int) -> None:
    """Refuse a source of more columns than `MOST_COLUMNS`. Raises InputError."""
    if width > MOST_COLUMNS:
        repair = f"give at most {MOST_COLUMNS:,} columns, and check the delimiter"
        raise InputError([Fault(file, 1, 0, "", f"{width:,} columns", repair)])


def _absent(file: str, name: str, extra: Sequence[str]) -> Fault:
    same = [other for other in extra if other.strip().casefold() == name.strip().casefold()]
    close = same or difflib.get_close_matches(name, extra, n=1, cutoff=0.8)
    repair = f"rename {close[0]} to {name}" if close else "add it to the file, or remove it from the schema"
    return Fault(file, 1, 0, name, "the column is missing", repair)


def _twice(file: str, name: str, count: int) -> Fault:
    return Fault(file, 1, 0, name, f"{count} columns have this name", "rename or remove all but one")
