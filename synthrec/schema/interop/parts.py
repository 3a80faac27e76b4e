"""What all formats share: a document that is read piece by piece, and the list of what was lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from synthrec.errors import Fault, SchemaError
from synthrec.schema.yaml_source import MAX_BYTES, MAX_DEPTH

Document = dict[str, Any]
LEARNED = "learned"
"""Bounds and categories of other tools are often read from data, so they count as learned."""


@dataclass(frozen=True, order=True)
class Loss:
    """Something that did not come along."""

    where: str
    what: str

    def __str__(self) -> str:
        """Render as ``where: what``."""
        return f"{self.where}: {self.what}"


@dataclass
class Taking:
    """A foreign document from which known keys are taken; the rest is lost and said to be."""

    lost: list[Loss] = field(default_factory=list)

    def rest(self, where: str, node: Mapping[str, Any]) -> None:
        """List what is left of a mapping whose known keys were popped."""
        self.lost += [Loss(f"{where}.{key}" if where else key, "no place for it") for key in node]

    def say(self, where: str, what: str) -> None:
        """List one loss."""
        self.lost.append(Loss(where, what))


def read_json(text: str, file: str) -> Document:
    """A JSON object, within limits.

    Raises:
        SchemaError: too large or deep, double keys, numbers that are not finite, or no object.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise _refusal(file, 1, 1, "a file too large", f"keep it within {MAX_BYTES:,} bytes")
    try:
        document = json.loads(text, object_pairs_hook=_distinct, parse_constant=_finite)
    except json.JSONDecodeError as error:
        raise _refusal(file, error.lineno, error.colno, f"not JSON: {error.msg.lower()}", "mend it") from None
    except (ValueError, RecursionError) as error:
        found = str(error) if isinstance(error, ValueError) else "nesting without end"
        raise _refusal(file, 1, 1, found[:120], "mend it") from None
    if not isinstance(document, dict) or _depth(document) > 4 * MAX_DEPTH:
        raise _refusal(file, 1, 1, "no JSON object of reasonable depth", "give a metadata file")
    return document


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Loss]:
    """What a trip through another format does to a schema document, key by key."""
    for path, value in _leaves(before, ()):
        other = _at(after, path)
        if other != value:
            became = "is not kept" if other is None else "changes"
            yield Loss(".".join(map(str, path)), became)


def mapping(value: Any, where: str, file: str) -> Document:
    """A mapping that the format demands.

    Raises:
        SchemaError: it is something else.
    """
    if not isinstance(value, dict):
        raise refused(file, where, f"{type(value).__name__} in place of an object")
    return value


def refused(file: str, where: str, found: str) -> SchemaError:
    """A fault of a foreign file."""
    return SchemaError([Fault(file, 0, 0, where, found, "give a file as its own tool writes it")])


def _leaves(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The keys of a schema document at which it is told what was lost."""
    is_whole = len(path) >= 4 and path[-1] not in {"domain", "null"} and len(path) != 4
    is_whole = is_whole or path[-1:] in {("generate",), ("params",), ("sources",), ("distributions",)}
    if not isinstance(node, Mapping) or is_whole or not node:
        yield path, node
        return
    for key, value in node.items():
        yield from _leaves(value, (*path, str(key)))


def _at(node: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _distinct(pairs: list[tuple[str, Any]]) -> Document:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a key that stands twice in one object")
    return document


def _finite(text: str) -> float:
    raise ValueError(f"{text} is not a number of JSON")


def _depth(node: Any) -> int:
    """Nesting, read without recursion."""
    deepest, open_ = 0, [(node, 1)]
    while open_:
        value, depth = open_.pop()
        deepest = max(deepest, depth)
        if isinstance(value, dict | list):
            open_ += [(one, depth + 1) for one in (value.values() if isinstance(value, dict) else value)]
    return deepest


def _refusal(file: str, line: int, column: int, found: str, repair: str) -> SchemaError:
    return SchemaError([Fault(file, line, column, "", found, repair)])
