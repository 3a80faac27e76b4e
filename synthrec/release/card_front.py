"""The front matter of ``card.md``: YAML as Hugging Face reads it from a dataset card.

Keys and their words are those of the Hub's dataset card metadata. Every text of a user is a double-quoted
scalar in which all but letters, digits and plain punctuation is escaped: it is one value to a YAML reader,
and does nothing in a Markdown reader that takes the front matter for text.
"""

from __future__ import annotations

from collections.abc import Iterator

from synthrec.release.card import Card
from synthrec.release.card_words import counted_rows
from synthrec.release.pages import visible

HUB_LICENCES = {
    **{
        name.lower(): name.lower()
        for name in (
            "Apache-2.0",
            "MIT",
            "BSD-2-Clause",
            "BSD-3-Clause",
            "GPL-3.0",
            "CC0-1.0",
            "CC-BY-3.0",
            "CC-BY-4.0",
            "CC-BY-SA-3.0",
            "CC-BY-SA-4.0",
            "CC-BY-NC-4.0",
            "CC-BY-ND-4.0",
            "CC-BY-NC-ND-4.0",
            "CC-BY-NC-SA-4.0",
            "CDLA-Sharing-1.0",
            "CDLA-Permissive-1.0",
            "CDLA-Permissive-2.0",
        )
    },
    "odbl-1.0": "odbl",
    "pddl-1.0": "pddl",
}
"""By SPDX identifier in lower case: the Hub's name of a licence."""

SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B")
LARGER = ("10B<n<100B", "100B<n<1T", "n>1T")

TASKS = {
    "category": "tabular-classification",
    "code": "tabular-classification",
    "boolean": "tabular-classification",
}
"""By kind of target column; numbers and times are regressed."""

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;()/+-")


def front_matter(card: Card) -> str:
    """The YAML block between two lines of dashes."""
    return "\n".join(("---", *_lines(card), "---", ""))


def size_category(rows: int) -> str:
    """The Hub's word for a number of rows."""
    decades = max(0, len(str(rows)) - 3)
    return (*SIZES, *LARGER)[min(decades, len(SIZES) + len(LARGER) - 1)]


def quoted(text: str) -> str:
    """A text as a YAML double-quoted scalar in plain characters."""
    return '"' + "".join(map(_escaped, visible(text))) + '"'


def _lines(card: Card) -> Iterator[str]:
    yield f"pretty_name: {quoted(card.record_schema.title or card.record_schema.name)}"
    yield from _licence(card.use.licence)
    yield "task_categories:"
    yield from (f"- {task}" for task in _tasks(card))
    yield "size_categories:"
    yield f"- {size_category(sum(counted_rows(card).values()))}"
    yield "annotations_creators:"
    yield "- machine-generated"
    yield "tags:"
    yield from (f"- {tag}" for tag in _tags(card))
    yield "configs:"
    for table, file in _files(card).items():
        yield f"- config_name: {quoted(table)}"
        yield f"  data_files: {quoted(file)}"


def _licence(stated: str | None) -> Iterator[str]:
    if stated is None:
        yield "license: unknown"
        return
    known = HUB_LICENCES.get(stated.lower())
    yield f"license: {known or 'other'}"
    if known is None:
        yield f"license_name: {quoted(stated)}"


def _tasks(card: Card) -> list[str]:
    """What models of the records predict, where the schema names a target; else the Hub's ``other``."""
    columns, targets = card.record_schema.columns, card.record_schema.targets
    kinds = [columns[table][target].kind for table, target in targets.items()]
    return sorted({TASKS.get(kind, "tabular-regression") for kind in kinds}) or ["other"]


def _tags(card: Card) -> Iterator[str]:
    yield "synthetic"
    yield "tabular"
    yield "rule-based" if card.source is None else "learned"
    if card.privacy.guarantee is not None:
        yield "differential-privacy"


def _files(card: Card) -> dict[str, str]:
    """One file for each table, Parquet where there are several."""
    files: dict[str, str] = {}
    for name in sorted(
        (subject.name for subject in card.subjects), key=lambda name: name.endswith(".parquet")
    ):
        files[name.partition(".")[0]] = name
    return files


def _escaped(character: str) -> str:
    if character in PLAIN or (character.isalpha() and ord(character) > 0x7F):
        return character
    return f"\\x{ord(character):02X}" if ord(character) < 0x100 else f"\\U{ord(character):08X}"
