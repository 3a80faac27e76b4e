"""Identifiers that can be told by their form: patterns with the checksums that their standards define.

A pattern alone takes many numbers for identifiers; a checksum lets one wrong number in ten, or in ninety-
seven, through. What is found is brought to one spelling, so that ``+49 30 1234567`` and ``0049-30-1234567``
are the same telephone number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from synthrec.schema.model import LABEL_KINDS, Column

LONGEST = 10_000
"""Characters of one text that are looked at."""


@dataclass(frozen=True)
class Detector:
    """One kind of identifier: how it is written, its one spelling, and what makes it valid."""

    name: str
    pattern: re.Pattern[str]
    spelt: Callable[[str], str]
    valid: Callable[[str], bool]

    def find(self, text: str) -> Iterator[str]:
        """The identifiers in a text, each in its one spelling."""
        for match in self.pattern.finditer(text):
            spelling = self.spelt(match[0])
            if self.valid(spelling):
                yield spelling


def luhn(digits: str) -> bool:
    """Whether the last digit is right by the Luhn formula (ISO/IEC 7812-1, annex B)."""
    doubled = (
        sum(divmod(2 * int(digit), 10)) if place % 2 else int(digit)
        for place, digit in enumerate(reversed(digits))
    )
    return sum(doubled) % 10 == 0


def iban_checks(iban: str) -> bool:
    """Whether an IBAN leaves 1 modulo 97 (ISO 13616-1, by ISO/IEC 7064 MOD 97-10)."""
    moved = iban[4:] + iban[:4]
    return 15 <= len(iban) <= 34 and int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def national_provider(digits: str) -> bool:
    """Whether an NPI's check digit is right: Luhn with the prefix 80840 (45 CFR 162.406)."""
    return luhn("80840" + digits)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _bare(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def _dialled(text: str) -> str:
    return _digits(text).removeprefix("00")


def _is_octets(text: str) -> bool:
    return all(int(octet) <= 255 for octet in text.split("."))


def _always(_text: str) -> bool:
    return True


DETECTORS = (
    Detector(
        "e-mail address",
        re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])"),
        str.lower,
        _always,
    ),
    Detector(
        "telephone number",
        re.compile(
            r"(?<![\w.-])(?:(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){6,13}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?![\w-])"
        ),
        _dialled,
        _always,
    ),
    Detector(
        "IBAN", re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,30}(?!\w)"), _bare, iban_checks
    ),
    Detector(
        "payment card number", re.compile(r"(?<![\w.+-])[2-6](?:[ -]?\d){12,18}(?![\w-])"), _digits, luhn
    ),
    Detector(
        "US social security number",
        re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"),
        _digits,
        _always,
    ),
    Detector(
        "US provider number", re.compile(r"(?<![\w.+-])[12]\d{9}(?![\w.-])"), _digits, national_provider
    ),
    Detector("IPv4 address", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"), str, _is_octets),
    Detector(
        "medical record number",
        re.compile(r"(?<!\w)MRN[ :#-]{0,3}(?=[A-Z-]{0,4}\d)[A-Z0-9-]{5,12}(?![\w-])", re.IGNORECASE),
        _bare,
        _always,
    ),
)


def is_published(column: Column) -> bool:
    """Whether the schema lists the values of a column, from a public or a declared source."""
    domain = column.domain
    return domain is not None and domain.source in {"public", "declared"} and domain.values is not None


def is_open(column: Column) -> bool:
    """Whether a column holds texts that nobody has published in advance."""
    return column.kind in LABEL_KINDS and not is_published(column)


def identifiers(text: str) -> Iterator[tuple[str, str]]:
    """Name of the detector and one spelling of every identifier in a text."""
    if not any(sign.isdigit() or sign == "@" for sign in text):
        return
    for detector in DETECTORS:
        for spelling in detector.find(text[:LONGEST]):
            yield detector.name, spelling
