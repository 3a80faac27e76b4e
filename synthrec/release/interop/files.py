"""The data files of an export by table, and JSON that stays inert wherever it is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synthrec.release.card import Card, Subject

INERT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\x7f": "\\u007f"})
"""Catalogues put such files into pages: no text in them can end a script element or begin a tag."""


@dataclass(frozen=True)
class DataFile:
    """A data file of an export."""

    subject: Subject
    stem: str
    """The table that it holds, or the name of a side file."""
    form: str
    """``parquet`` or ``csv``."""


def data_files(card: Card) -> Iterator[DataFile]:
    """The data files in the order of the card."""
    for subject in card.subjects:
        stem, _, form = subject.name.partition(".")
        yield DataFile(subject, stem, form)


def json_file(document: Mapping[str, Any]) -> bytes:
    """A document as ASCII JSON in which no character of markup stands."""
    return (json.dumps(document, indent=2, allow_nan=False).translate(INERT) + "\n").encode("ascii")


def stated(items: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that have a value: nothing is told as null or as an empty list."""
    return {key: value for key, value in items.items() if value not in (None, [], {})}
