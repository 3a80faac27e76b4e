"""Code tables of the user's own, in ``SYNTHREC_HOME/terminologies``: licensed, never part of the project.

A table is one JSON file with its name, version, title, licence, codes, and a digest over all of these.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synthrec.digests import digest
from synthrec.errors import Fault, InputError, VerificationError
from synthrec.home import make_private
from synthrec.strict_json import MAX_BYTES, read_json
from synthrec.whole_files import write_whole

FOLDER = "terminologies"
MAX_CODES = 100_000
MAX_CODE = 64
"""Characters of a code."""
MAX_TEXT = 20_000
"""Characters of a licence."""
_TOO_LARGE = f"more than {MAX_BYTES:,} bytes", "leave out codes that are not used, or shorten labels"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_COLUMNS = ("code", "label", "weight")


@dataclass(frozen=True)
class Code:
    """One code; its weight says how often it is drawn beside the others."""

    code: str
    label: str
    weight: float | None


@dataclass(frozen=True)
class Terminology:
    """A code table as it was added."""

    name: str
    version: str
    title: str
    licence: str
    """The text, or where it stands."""
    codes: tuple[Code, ...]

    def document(self) -> dict[str, Any]:
        """As plain JSON values, without the digest."""
        return {**asdict(self), "codes": [[item.code, item.label, item.weight] for item in self.codes]}

    @property
    def digest(self) -> str:
        """``sha256:…`` over name, version, title, licence and all codes."""
        return digest(self.document())

    @property
    def weights(self) -> dict[str, float] | None:
        """By code; None where the table has no weights."""
        given = {item.code: item.weight for item in self.codes if item.weight is not None}
        return given or None

    @property
    def words(self) -> str:
        """Title, version and digest, as they stand on a card."""
        return f"{self.title}, version {self.version} ({self.digest})"


def read_table(path: Path, *, name: str, version: str, title: str, licence: str) -> Terminology:
    """A code table from a CSV file with the columns code, label and, where there is one, weight.

    Raises:
        InputError: all that is wrong with the file and with what is said about it, none of it quoted.
    """
    said = list(_wrong_words(path, name=name, version=version, title=title, licence=licence))
    if not path.is_file():
        raise InputError([*said, _fault(path, 0, "there is no such file", "give a CSV file in UTF-8")])
    if path.stat().st_size > MAX_BYTES:
        raise InputError([*said, _fault(path, 0, *_TOO_LARGE)])
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(zip(range(2, MAX_CODES + 4), csv.DictReader(file), strict=False))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            [*said, _fault(path, 0, f"cannot be read: {type(error).__name__}", "give a CSV file in UTF-8")]
        ) from None
    faults = [*said, *_wrong_rows(path, rows)]
    if faults:
        raise InputError(faults)
    codes = tuple(Code(row["code"].strip(), row["label"].strip(), _weight(row)) for _, row in rows)
    table = Terminology(name, version, title, licence, codes)
    if len(_content(table)) > MAX_BYTES:
        raise InputError([_fault(path, 0, *_TOO_LARGE)])
    return table


def add(home: Path, table: Terminology) -> Path:
    """Keep a table; one of the same name and version is replaced.

    Raises:
        OSError: the folder cannot be written.
    """
    path = _path(home, table.name, table.version)
    make_private(path.parent)
    write_whole(path, _content(table))
    return path


def find(home: Path, name: str, version: str) -> Terminology | None:
    """A table that was added; None where there is none of that name and version.

    Raises:
        VerificationError: the file was changed since, or is no table.
    """
    if not (_NAME.fullmatch(name) and _VERSION.fullmatch(version)):
        return None
    path = _path(home, name, version)
    return _read(path) if path.is_file() else None


def listed(home: Path) -> tuple[Terminology, ...]:
    """All tables, by name and version.

    Raises:
        VerificationError: a file was changed since it was added, or is no table.
    """
    return tuple(_read(path) for path in sorted((home / FOLDER).glob("*@*.json")))


def _content(table: Terminology) -> bytes:
    document = {**table.document(), "digest": table.digest}
    return json.dumps(document, ensure_ascii=False, indent=0).encode()


def _path(home: Path, name: str, version: str) -> Path:
    return home / FOLDER / f"{name}@{version}.json"


def _read(path: Path) -> Terminology:
    try:
        document = read_json(path)
        stated = document.pop("digest")
        codes = tuple(Code(*item) for item in document.pop("codes"))
        table = Terminology(**document, codes=codes)
        if f"{table.name}@{table.version}.json" == path.name and table.digest == stated:
            return table
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise VerificationError(f"{path.name} is not as it was added: add it again with `synthrec terms add`")


def _wrong_words(path: Path, *, name: str, version: str, title: str, licence: str) -> Iterator[Fault]:
    if not _NAME.fullmatch(name):
        yield _fault(path, 0, "a name that cannot be used", "letters, digits, _ . - and a letter first")
    if not _VERSION.fullmatch(version):
        yield _fault(path, 0, "a version that cannot be used", "letters, digits, _ . -, for example 2024-09")
    if not (title.strip() and title.isprintable()):
        yield _fault(path, 0, "a title that cannot be shown", "give the full name of the code system")
    if not 0 < len(licence.strip()) <= MAX_TEXT:
        yield _fault(
            path, 0, f"a licence of {len(licence.strip()):,} characters", "give its text, or where it stands"
        )


Row = dict[str | Any, str | Any]
"""Cells by column; cells beyond the header stand under None."""


def _wrong_rows(path: Path, rows: list[tuple[int, Row]]) -> Iterator[Fault]:
    """Faults of the table; a code is never quoted, for it is licensed."""
    if not rows:
        repair = "give a header, code,label or code,label,weight, and a row for each code"
        yield _fault(path, 1, "no codes", repair)
        return
    header = tuple(name for name in rows[0][1] if name is not None)
    if header not in (_COLUMNS[:2], _COLUMNS):
        yield _fault(path, 1, f"{len(header)} other columns", "name them code,label or code,label,weight")
        return
    if len(rows) > MAX_CODES:
        found = f"more than {MAX_CODES:,} codes"
        yield _fault(path, MAX_CODES + 2, found, "leave out those that are not used")
        return
    seen: dict[str, int] = {}
    for line, row in rows:
        if wrong := _wrong_row(row, seen):
            yield _fault(path, line, *wrong)
        seen.setdefault(_code(row), line)
    if len(header) == len(_COLUMNS) and not sum(_weight(row) or 0 for _, row in rows):
        yield _fault(path, 1, "weights that are all 0", "give at least one code a weight")


def _wrong_row(row: Row, seen: Mapping[str, int]) -> tuple[str, str] | None:
    """What is wrong with a row, and the repair; `seen` has the line of each earlier code."""
    code = _code(row)
    if None in row:
        return "more cells than the header has", "put labels with a comma in quotes"
    if not code or len(code) > MAX_CODE or not (row["label"] or "").strip():
        return f"no code, no label, or a code beyond {MAX_CODE} characters", "give both"
    if not code.isprintable():
        return "a code that cannot be shown", "write it without control characters"
    if code in seen:
        return f"the code of line {seen[code]}", "give each code once"
    if "weight" in row and _weight(row) is None:
        return "a weight that is no number from 0 up", "give a number, or leave the column out"
    return None


def _code(row: Row) -> str:
    return (row["code"] or "").strip()


def _weight(row: Mapping[str, str | None]) -> float | None:
    try:
        value = float(row.get("weight") or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _fault(path: Path, line: int, found: str, repair: str) -> Fault:
    return Fault(path.name, line, 0, "", found, repair)
