"""Texts that stand for missing."""

from __future__ import annotations

from decimal import Decimal

import pyarrow.compute as pc

from synthrec.data.drafting.texts import Texts
from synthrec.data.learn import MIN_PERSONS
from synthrec.schema.model import Column

PLAIN_CODES = ("?", "N/A", "n/a", "#N/A")
"""Mean missing in any column."""
WORD_CODES = ("NA", "NaN", "nan", "null", "NULL", "None", "none", "-", ".", "unknown", "Unknown", "UNKNOWN")
"""Mean missing where all other cells are numbers, dates or times; may be values of a category."""
NUMBER_CODES = ("-9", "-99", "-999", "-9999", "-99999")
"""May mean missing where all other numbers are positive or zero."""


def split_codes(texts: Texts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The codes that stand for missing, and those that may: the steward says."""
    labels = set(texts.labels.to_pylist())
    plain = tuple(code for code in PLAIN_CODES if code in labels)
    words = tuple(code for code in WORD_CODES if code in labels)
    if words and _is_measured(texts.without({*plain, *words})):
        return (*plain, *words), ()
    return plain, (*words, *_negative(texts.without({*plain, *words})))


def _is_measured(texts: Texts) -> bool:
    """Whether all cells are numbers, dates or datetimes."""
    kinds = (Column(kind="float"), Column(kind="date"), Column(kind="datetime"))
    return len(texts.labels) > 0 and any(texts.reads_as(kind) for kind in kinds)


def _negative(texts: Texts) -> tuple[str, ...]:
    found = [code for code in NUMBER_CODES if pc.index(texts.labels, code).as_py() >= 0]
    if not found or not texts.reads_as(Column(kind="float")):
        return ()
    numbers = [
        (Decimal(text), int(count))
        for text, count in zip(texts.labels.to_pylist(), texts.counts.tolist(), strict=True)
    ]
    rest = [number for number, _ in numbers if str(number) not in found]
    frequent = all(count >= MIN_PERSONS for number, count in numbers if str(number) in found)
    return tuple(found) if frequent and rest and min(rest) >= 0 else ()
