"""YAML text to plain values with the line and column of every key, within limits.

Only the plain part of YAML 1.2 is read: mappings with distinct keys, lists, texts, numbers, booleans, null
and ISO 8601 dates. Tags, anchors and aliases are refused, so that no text can name a Python type or expand.
The text is read event by event; nothing is built beyond the limits.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLStreamError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from synthrec.errors import Fault, SchemaError
from synthrec.schema.yaml_events import events

MAX_BYTES = 1_000_000
MAX_DEPTH = 30
MAX_FAULTS = 100
MAX_NODES = 50_000
"""Values that a file may hold, lists and mappings included."""
LONGEST = 600
"""Characters of what was found, and of a repair, that a fault shows."""
MAX_INTEGER = 2**53 - 1
"""Largest integer that canonical JSON, and with it a digest, can hold."""

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[-+]\d{2}:\d{2})?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Mark:
    """A place in the file: 1-based line and column."""

    line: int
    column: int


class Problem(NamedTuple):
    """Something wrong at a path of the document; `mark` where a place inside the value is known."""

    path: Path
    found: str
    repair: str
    mark: Mark | None = None


@dataclass
class YamlSource:
    """The values of a YAML text and where they stand."""

    file: str
    document: Any = None
    keys: dict[Path, Mark] = field(default_factory=dict)
    """Place of every key and list item."""
    values: dict[Path, Mark] = field(default_factory=dict)
    """Place of the first character of every single value."""
    plain: dict[Path, str] = field(default_factory=dict)
    """The text of every value written without quotes."""
    faults: list[Fault] = field(default_factory=list)
    spoilt: set[Path] = field(default_factory=set)
    """Paths whose values could not be read; faults below them say nothing new."""

    def fault(self, path: Path, found: str, repair: str, mark: Mark | None = None) -> Fault:
        """A fault at a key, or at the nearest key above it that the file holds."""
        known = next((path[:n] for n in range(len(path), 0, -1) if path[:n] in self.keys), ())
        place = mark or self.keys.get(known, Mark(1, 1))
        return Fault(self.file, place.line, place.column, dotted(path)[:LONGEST], short(found), short(repair))


def short(text: str) -> str:
    """A text within `LONGEST` characters."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def dotted(path: Path) -> str:
    """A path as text: ``tables.patient.constraints[0].expr``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def is_below(path: Path, others: Collection[Path]) -> bool:
    """Whether a path is one of the others or lies below one."""
    return any(path[:n] in others for n in range(1, len(path) + 1))


def read_yaml(text: str, file: str) -> YamlSource:
    """Read a YAML text.

    Faults that leave the rest readable (double keys, tags, anchors, bad values) are listed in the result.

    Raises:
        SchemaError: the text is too large or too deep, or is not YAML.
    """
    size = len(text.encode(errors="replace"))
    if size > MAX_BYTES:
        raise _refusal(file, Mark(1, 1), f"{size:,} bytes", f"keep schema files within {MAX_BYTES:,} bytes")
    source = YamlSource(file)
    try:
        _Reader(source, text).read()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)
        raise SchemaError([*source.faults, _not_yaml(file, place, error.problem or "not YAML")]) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SchemaError([_not_yaml(file, Mark(line, 1), "a control character")]) from None
    except (YAMLError, YAMLStreamError, ValueError, RecursionError) as error:
        raise SchemaError([_not_yaml(file, Mark(1, 1), type(error).__name__)]) from None
    return source


def _refusal(file: str, mark: Mark, found: str, repair: str) -> SchemaError:
    return SchemaError([Fault(file, mark.line, mark.column, "", found, repair)])


def _not_yaml(file: str, mark: Mark, problem: str) -> Fault:
    repair = "check indentation (spaces only), colons, quotes and brackets near this line"
    return Fault(file, mark.line, mark.column, "", f"not YAML: {problem}", repair)


class _Reader:
    """Builds values from the events of one text."""

    def __init__(self, source: YamlSource, text: str) -> None:
        self.source = source
        self.events: Iterator[Event] = events(text)
        self.nodes = 0

    def read(self) -> None:
        """The single document of the text."""
        for event in self.events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if self.source.document is not None:
                raise _refusal(
                    self.source.file, _mark(event), "a second document", "keep one schema per file"
                )
            self.source.document = self.value(next(self.events), ())

    def value(self, event: Event, path: Path) -> Any:
        """The value that begins with an event."""
        self.refuse_extras(event, path)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            found = f"more than {MAX_NODES:,} values"
            raise _refusal(self.source.file, _mark(event), found, "split the schema by extends")
        if len(path) >= MAX_DEPTH and not isinstance(event, ScalarEvent):
            raise _refusal(
                self.source.file, _mark(event), f"nesting deeper than {MAX_DEPTH}", "flatten the file"
            )
        match event:
            case MappingStartEvent():
                return self.mapping(path)
            case SequenceStartEvent():
                return self.sequence(path)
            case ScalarEvent():
                return self.scalar(event, path)
            case _:
                return None

    def refuse_extras(self, event: Event, path: Path) -> None:
        """List tags, anchors and aliases as faults."""
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, AliasEvent):
            self.spoil(event, path, f"the alias *{anchor}", "write the value out")
            return
        if anchor:
            self.add(event, path, f"the anchor &{anchor}", "write values out where they are used")
        if tag:
            self.spoil(event, path, f"the tag {tag[:60]}", "write plain values, in quotes if they are text")

    def mapping(self, path: Path) -> dict[str, Any]:
        """Entries up to the end of a mapping; the first of double keys counts."""
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise _refusal(self.source.file, _mark(event), "a key that is not text", "use a plain name")
            self.refuse_extras(event, path)
            self.entry(entries, event, path)
        return entries

    def entry(self, entries: dict[str, Any], key: ScalarEvent, path: Path) -> None:
        """One key and its value; the value of a double key is read over."""
        name = key.value
        if name in entries:
            first = self.source.keys[*path, name].line
            self.add(key, (*path, name), f"the key '{name}' again, first on line {first}", "keep one of them")
            skipped = _Reader(YamlSource(self.source.file), "")
            skipped.events = self.events
            skipped.value(next(self.events), (*path, name))
            return
        self.source.keys[*path, name] = _mark(key)
        self.refuse_unwritable(key, (*path, name), name)
        entries[name] = self.value(next(self.events), (*path, name))

    def sequence(self, path: Path) -> list[Any]:
        """Items up to the end of a list."""
        items: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            here = (*path, len(items))
            self.source.keys[here] = _mark(event)
            items.append(self.value(event, here))
        return items

    def scalar(self, event: ScalarEvent, path: Path) -> Any:
        """A single value; unquoted texts are numbers, booleans, null or dates where they look so."""
        text: str = event.value
        self.source.values[path] = _text_mark(event)
        self.refuse_unwritable(event, path, text)
        if event.style is not None:
            return text
        self.source.plain[path] = text
        try:
            return plain_value(text)
        except ValueError as error:
            self.spoil(event, path, str(error), "write a value in range, or put text in quotes")
            return None

    def refuse_unwritable(self, event: Event, path: Path, text: str) -> None:
        """Characters that no text file holds have no place in records."""
        if _SURROGATE.search(text):
            self.spoil(event, path, "half of a surrogate pair", "write the character itself")
        if "\0" in text:
            self.spoil(event, path, "a zero character", "leave it out: no text file holds it")

    def spoil(self, event: Event, path: Path, found: str, repair: str) -> None:
        """A fault that leaves the value unreadable."""
        self.source.spoilt.add(path)
        self.add(event, path, found, repair)

    def add(self, event: Event, path: Path, found: str, repair: str) -> None:
        """A fault at an event."""
        self.source.faults.append(self.source.fault(path, found, repair, _mark(event)))
        if len(self.source.faults) >= MAX_FAULTS:
            raise SchemaError(self.source.faults)


def plain_value(text: str) -> bool | int | float | dt.date | str | None:
    """The value of an unquoted text: YAML 1.2 core schema, and ISO 8601 dates.

    Raises:
        ValueError: a number out of range, or a date that does not exist.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
        return _finite(text)
    if _DATE.fullmatch(text):
        return _existing(dt.date.fromisoformat, text)
    if _DATETIME.fullmatch(text):
        return _existing(dt.datetime.fromisoformat, text)
    return text


def _integer(text: str) -> int:
    base = {"0x": 16, "0o": 8}.get(text[:2], 10)
    digits = text[2:] if base != 10 else text
    number = int(digits, base) if len(digits) <= 20 else MAX_INTEGER + 1
    if abs(number) > MAX_INTEGER:
        raise ValueError("an integer beyond 2**53")
    return number


def _finite(text: str) -> float:
    number = float(text) if _FLOAT.fullmatch(text) else float("inf")
    if abs(number) == float("inf"):
        raise ValueError("a number that is not finite")
    return number


def _existing(parse: Any, text: str) -> dt.date:
    try:
        moment: dt.date = parse(text)
    except ValueError:
        raise ValueError(f"{text} is not a date of the calendar") from None
    return moment


def _mark(event: Event) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _text_mark(event: ScalarEvent) -> Mark:
    """Where the text of a value begins: after the quote, or on the line after a block sign."""
    mark = _mark(event)
    if event.style in {"'", '"'}:
        return Mark(mark.line, mark.column + 1)
    if event.style in {"|", ">"}:
        return Mark(mark.line + 1, _indent(event))
    return mark


def _indent(event: ScalarEvent) -> int:
    """1-based column of the first line of a block text."""
    buffer: str = event.start_mark.buffer or ""
    start = buffer.find("\n", event.start_mark.pointer) + 1
    return len(buffer) - start - len(buffer[start:].lstrip(" ")) + 1 if start else 1
