"""The kind of a column, from its texts and the words of its name."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthrec.data.drafting.texts import Texts
from synthrec.schema.model import Column

FEW_LABELS = 50
"""Texts of no more distinct values are a category."""
FEW_INTEGERS = 10
"""Integers of no more distinct values are codes of a category."""
MANY_LABELS = 1_000
"""A column named as an identifier is one where it has more distinct values."""
MONEY_SCALE = 4
LARGEST_MODELLED = 2**52
"""Integers beyond are not modelled as integers: they would not be exact in a schema or a lattice."""

IDENTIFIER_WORDS = frozenset(
    {"id", "ids", "nbr", "nr", "uuid", "guid", "key", "number", "mrn", "ssn", "iban"}
)
CODE_WORDS = frozenset(
    {"code", "zip", "zipcode", "postcode", "postal", "icd", "cpt", "ndc", "loinc", "naics"}
)
MONEY_WORDS = frozenset(
    {
        "amount",
        "amt",
        "price",
        "cost",
        "costs",
        "charge",
        "charges",
        "balance",
        "bal",
        "salary",
        "wage",
        "income",
    }
    | {"pay", "payment", "fee", "premium", "usd", "eur", "gbp", "bill", "limit", "paid", "revenue", "claim"}
)
TIME_WORDS = frozenset({"date", "day", "dob", "birthdate", "time", "timestamp", "datetime"})

DATE_FORMATS = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d-%b-%Y",
)
CLOCKS = ("%H:%M", "%H:%M:%S")
COMPACT_DATE = "%Y%m%d"

OPAQUE = r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{32,}"
_TRUTH = pa.array(["true", "false"])
_AWARE = r".*(Z|[+-]\d\d:?\d\d)"


def guess(texts: Texts) -> tuple[Column, str | None]:
    """The column with its kind and format only, and a note for the steward where the guess needs one."""
    if len(texts.labels) == 0:
        return Column(kind="category"), "every cell is empty; consider leaving the column out"
    if pc.all(pc.is_in(pc.utf8_lower(texts.labels), value_set=_TRUTH)).as_py():
        return Column(kind="boolean"), None
    if texts.words & TIME_WORDS and texts.reads_as(Column(kind="date", format=COMPACT_DATE)):
        return Column(kind="date", format=COMPACT_DATE), None
    if texts.reads_as(Column(kind="float")) and not texts.share_matching(r"\s*[+-]?0\d.*"):
        return _number(texts)
    found = list(_moments(texts))
    if found:
        formats = [column.format for column in found if column.format]
        note = f"also reads as {' or '.join(formats[1:])}: say which is meant" if formats[1:] else None
        return found[0], note
    return guess_text(texts)


def _number(texts: Texts) -> tuple[Column, str | None]:
    if not texts.reads_as(Column(kind="integer")):
        return _fraction(texts), None
    if _is_identifier(texts) or _is_running_number(texts):
        return Column(kind="id"), None
    if _largest(texts) > LARGEST_MODELLED:
        return Column(kind="id"), "integers too large to be amounts; kind: float where they measure something"
    if len(texts.labels) <= FEW_INTEGERS:
        return Column(
            kind="category"
        ), "few distinct integers; kind: integer if they count or measure something"
    coded = texts.words & CODE_WORDS or any(word.endswith("code") for word in texts.words)
    if coded or _is_named_identifier(texts):
        return Column(kind="code"), "integers that look like codes; kind: integer if they are amounts"
    return Column(kind="integer"), None


def _largest(texts: Texts) -> int:
    return max(abs(int(Decimal(text))) for text in texts.labels.to_pylist())


def _fraction(texts: Texts) -> Column:
    """Decimal where all numbers have few places and mean money, else float."""
    places = _places(texts)
    if places <= MONEY_SCALE and (texts.words & MONEY_WORDS or texts.share_matching(r"[+-]?\d*\.\d\d") == 1):
        column = Column(kind="decimal", scale=places)
        if texts.reads_as(column):
            return column
    return Column(kind="float")


def _places(texts: Texts) -> int:
    """The most digits after a decimal point; many where a number has an exponent."""
    if texts.share_matching(r".*[eE].*"):
        return 99
    fractions = pc.replace_substring_regex(texts.labels, r"^[^.]*\.?\s*", "")
    return int(pc.max(pc.utf8_length(pc.utf8_trim_whitespace(fractions))).as_py())


def _moments(texts: Texts) -> Iterator[Column]:
    """Every reading as dates or datetimes, the plainest first."""
    if texts.reads_as(Column(kind="date")):
        yield Column(kind="date")
    elif texts.reads_as(Column(kind="datetime")):
        yield Column(kind="datetime")
    elif texts.share_matching(_AWARE) == 1 and texts.reads_as(Column(kind="datetime", timezone="UTC")):
        yield Column(kind="datetime", timezone="UTC")
    for form in DATE_FORMATS:
        if texts.reads_as(Column(kind="date", format=form)):
            yield Column(kind="date", format=form)
        for clock in CLOCKS:
            if texts.reads_as(Column(kind="datetime", format=f"{form} {clock}")):
                yield Column(kind="datetime", format=f"{form} {clock}")


def guess_text(texts: Texts) -> tuple[Column, str | None]:
    """The kind of a column of labels or texts, and a note for the steward."""
    distinct, held = len(texts.labels), int(texts.counts.sum())
    if _is_identifier(texts):
        return Column(kind="id"), None
    if distinct <= FEW_LABELS and distinct * 2 <= held:
        return Column(kind="category"), None
    if distinct * 2 <= held:
        return Column(kind="code"), None
    wordy = texts.share_matching(r"\S+(\s+\S+){3,}") > 0.5
    note = "nearly every row has its own text: never modelled, always made anew"
    return Column(kind="text" if wordy else "string"), note


def _is_identifier(texts: Texts) -> bool:
    """By name; by the pattern of UUIDs and hashes; or one word with letters and digits for each row its own.

    A name that speaks of a person is enough: the identifiers of persons must not be taken for categories.
    """
    if _is_named_identifier(texts):
        many = len(texts.labels) > MANY_LABELS or len(texts.labels) * 10 >= int(texts.counts.sum())
        return many or texts.names_person
    if texts.share_matching(OPAQUE) == 1:
        return True
    labelled = texts.share_matching(r"\S*[A-Za-z]\S*\d\S*|\S*\d\S*[A-Za-z]\S*") == 1
    return texts.is_unique and texts.rows > FEW_LABELS and labelled


def _is_named_identifier(texts: Texts) -> bool:
    words = texts.ordered_words
    if not words:
        return False
    return words[-1] in IDENTIFIER_WORDS or words[0] == "id" or (len(words) == 1 and texts.names_person)


def _is_running_number(texts: Texts) -> bool:
    """Whether integers number the rows."""
    if not texts.is_unique or texts.rows <= FEW_LABELS:
        return False
    numbers = np.array([float(text) for text in texts.labels.to_pylist()])
    return bool(np.ptp(numbers) < 2 * texts.rows)
