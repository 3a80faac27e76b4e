"""What changed between two cards, block by block, in plain sentences: the claim first, the machine last."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synthrec.release.card import Card

BLOCKS = {
    "privacy": "Claim",
    "policy": "Policy",
    "profile": "Quality profile",
    "decision": "Decision",
    "record_schema": "Schema",
    "source": "Real records",
    "results": "Results",
    "lineage": "Lineage",
    "generator": "Generator",
    "fitted": "Fitted columns",
    "seed": "Seed",
    "coverage": "What the decision was made on",
    "conditional": "Condition",
    "repair": "Repair",
    "scenarios": "Scenarios",
    "expectations": "Great Expectations",
    "interop": "Catalogue files",
    "use": "Use",
    "regulatory": "Assertions",
    "warnings": "Warnings",
    "subjects": "Files",
    "digital_source_type": "Kind of source",
    "tool": "Tool",
    "environment": "Environment",
}
"""Keys of a card in the order in which a reader asks for changes; id, date and name of the draw are none."""

NAMES = (
    ("check", "measure"),
    ("table", "block"),
    ("table", "rule"),
    ("scenario", "table"),
    ("scenario", "parameter"),
    ("scenario",),
    ("name",),
    ("regime", "assertion_by"),
    ("table",),
)
"""What tells the entries of a list apart: the first of these that they all have."""

LONGEST = 160
"""Characters of a value in a sentence; the JSON document has all of it."""

DIGEST = 12
"""Digits of a digest that a sentence tells."""


@dataclass(frozen=True)
class Change:
    """One difference between two cards; None stands for what a card does not state."""

    block: str
    path: tuple[str, ...]
    before: Any
    after: Any

    @property
    def sentence(self) -> str:
        """The change in words."""
        subject = " of ".join(part.replace("_", " ") for part in reversed(self.path)) or BLOCKS[self.block]
        if self.before is None:
            return f"{subject}, new: {_told(self.after)}."
        if self.after is None:
            return f"{subject}, gone: {_told(self.before)}."
        return f"{subject} was {_told(self.before)} and is now {_told(self.after)}."

    def document(self) -> dict[str, Any]:
        """The change as JSON values."""
        told = {"block": self.block, "path": list(self.path), "before": self.before, "after": self.after}
        return {**told, "sentence": self.sentence}


@dataclass(frozen=True)
class CardDiff:
    """Two cards and all that differs between them beyond id and date."""

    before: Card
    after: Card
    changes: tuple[Change, ...]

    @property
    def is_same(self) -> bool:
        """Whether the cards say the same but for id and date."""
        return not self.changes

    def document(self) -> dict[str, Any]:
        """The difference as JSON values."""
        told = {"a": _identity(self.before), "b": _identity(self.after), "same": self.is_same}
        return {**told, "changes": [change.document() for change in self.changes]}

    def text(self) -> str:
        """The difference for people."""
        lines = [f"A: {_named(self.before)}", f"B: {_named(self.after)}"]
        if self.is_same:
            return "\n".join((*lines, "", "The cards say the same but for id and date."))
        block = ""
        for change in self.changes:
            if change.block != block:
                block = change.block
                lines += ["", BLOCKS[block]]
            lines.append(f"  {change.sentence}")
        return "\n".join(lines)


def diff_cards(before: Card, after: Card) -> CardDiff:
    """All changes from one card to another, in the order of `BLOCKS`."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    changes = tuple(
        Change(block, *found) for block in BLOCKS for found in _changes(old.get(block), new.get(block), ())
    )
    return CardDiff(before, after, changes)


def _changes(before: Any, after: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Paths at which two JSON values differ, each with both values."""
    before, after = _keyed(before), _keyed(after)
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            yield from _changes(before.get(key), after.get(key), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from ((path, item, None) for item in before if item not in after)
        yield from ((path, None, item) for item in after if item not in before)
        if sorted(map(str, before)) == sorted(map(str, after)):
            yield path, before, after
    else:
        yield path, before, after


def _keyed(value: Any) -> Any:
    """A list of objects as an object of them by name; what is empty as None."""
    if value in ([], {}):
        return None
    if not (isinstance(value, list) and all(isinstance(item, dict) for item in value)):
        return value
    for names in NAMES:
        keys = [
            " ".join(str(item[name]) for name in names if item.get(name) is not None)
            for item in value
            if {*names} <= {*item}
        ]
        if len(set(keys)) == len(value):
            return dict(zip(keys, value, strict=True))
    return value


def _told(value: Any) -> str:
    """A value in a sentence: short, on one line, and in quotation marks where it has several words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}" if abs(value) >= 10_000 else str(value)
        case float():
            return f"{value:g}"
        case str():
            return _quoted(_HEX.sub(lambda found: found[0][:DIGEST], value))
        case Mapping():
            stated = {name: item for name, item in value.items() if item not in (None, [], {})}
            return _cut(", ".join(f"{name.replace('_', ' ')} {_told(item)}" for name, item in stated.items()))
        case _:
            return _cut(", ".join(map(_told, value)))


_HEX = re.compile(r"\b[0-9a-f]{32,}\b")
"""Digests, keyed digests and ids."""


def _quoted(text: str) -> str:
    return f"“{_cut(text)}”" if " " in text else _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} …"


def _identity(card: Card) -> dict[str, str]:
    schema = card.record_schema
    return {
        "card_id": card.card_id,
        "created": card.created,
        "schema": schema.name,
        "version": schema.version,
    }


def _named(card: Card) -> str:
    return f"{card.record_schema.name} {card.record_schema.version}, {card.created}, card {card.card_id}"
