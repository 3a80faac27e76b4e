"""Identifiers with check digits, from ranges that can belong to no one.

| type | form | why nobody has it |
|---|---|---|
| pan | 9999 and 11 digits, Luhn | ISO/IEC 7812: 9 and a country; 999 is user-assigned (ISO 3166-1) |
| npi | 9 and 8 digits, Luhn over 80840 and it | an NPI begins with 1 or 2 |
| ssn_like | 9xx-01…49-0001…9999 | the SSA issues no area of 900 or more; ITINs have groups from 50 on |
| us_phone | 555-0100…0199 | kept for fiction in every geographic area code; toll-free ones are left out |
| iban | XX, mod 97-10, 18 digits | XX is a user-assigned country |
| aba | 50…59, weights 3-7-1 | no Federal Reserve prefix |
| email | at example.com, .org, .net | RFC 2606 |
| lei | 0000, 14 digits, mod 97-10 | no issuer has the prefix 0000 |
| isin | ZZ, 9 digits, Luhn of the letters' numbers | ZZ is a user-assigned country |
| vin | 000, check digit in the ninth place | no region begins with 0 |
| ndc | labeler 99999, 5-4-2 | not assigned |
| ip | 2001:db8::/32 | RFC 3849, documentation |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.rules.amounts import impossible
from synthrec.rules.children import root_of
from synthrec.rules.permutation import Permutation
from synthrec.rules.rows import Rows
from synthrec.schema.id_number_spec import IdNumber, IdType
from synthrec.schema.vector import IntArray, Vector

Digits = NDArray[np.int64]
"""Digits of shape (n, width), most significant first."""


def digits(numbers: IntArray, width: int) -> Digits:
    """The last `width` decimal digits of each number."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return np.asarray(numbers[:, None] // powers % 10)


def luhn(body: Digits) -> Digits:
    """The check digit after each body, shape (n, 1) (ISO/IEC 7812-1, annex B)."""
    doubled = body.copy()
    doubled[:, ::-2] = DOUBLED[doubled[:, ::-2]]
    return np.asarray(-doubled.sum(axis=1, keepdims=True) % 10)


DOUBLED = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9])
"""The sum of the digits of twice each digit."""


def mod_97_10(body: Digits) -> Digits:
    """The two check digits after each body, shape (n, 2) (ISO/IEC 7064)."""
    rest = np.zeros(len(body), np.int64)
    for column in body.T:
        rest = (rest * 10 + column) % 97
    return digits(98 - rest * 100 % 97, 2)


def texts(*parts: str | Digits) -> tuple[str, ...]:
    """The texts of fixed parts and digits side by side; digits from 10 on are the letters a to f."""
    count = next(len(part) for part in parts if not isinstance(part, str))
    letters = np.frombuffer(b"0123456789abcdef", np.uint8)
    columns = [
        np.broadcast_to(np.frombuffer(part.encode(), np.uint8), (count, len(part)))
        if isinstance(part, str)
        else letters[part]
        for part in parts
    ]
    codes = np.ascontiguousarray(np.concatenate(columns, axis=1), dtype=np.uint32)
    return tuple(codes.view(f"U{codes.shape[1]}").ravel().tolist())


def _with(prefix: tuple[int, ...], body: Digits) -> Digits:
    return np.concatenate((np.broadcast_to(np.array(prefix), (len(body), len(prefix))), body), axis=1)


def _pan(numbers: IntArray) -> tuple[str, ...]:
    body = digits(numbers, 11)
    return texts("9999", body, luhn(_with((9, 9, 9, 9), body)))


def _npi(numbers: IntArray) -> tuple[str, ...]:
    body = _with((9,), digits(numbers, 8))
    return texts(body, luhn(_with((8, 0, 8, 4, 0), body)))


SERIALS, GROUPS = 9_999, 49


def _ssn_like(numbers: IntArray) -> tuple[str, ...]:
    rest, serial = np.divmod(numbers, SERIALS)
    area, group = np.divmod(rest, GROUPS)
    return texts("9", digits(area, 2), "-", digits(group + 1, 2), "-", digits(serial + 1, 4))


AREAS = np.array(
    [area for area in range(201, 990) if area // 10 % 10 not in {9, area % 10} and area // 10 != 88]
)
"""Geographic area codes: the second digit is not 9; equal last digits and 88x are kept for services."""


def _us_phone(numbers: IntArray) -> tuple[str, ...]:
    area, line = np.divmod(numbers, 100)
    return texts(digits(AREAS[area], 3), "-555-01", digits(line, 2))


def _iban(numbers: IntArray) -> tuple[str, ...]:
    body = digits(numbers, 18)
    country = np.broadcast_to(np.array([3, 3, 3, 3]), (len(body), 4))
    return texts("XX", mod_97_10(np.concatenate((body, country), axis=1)), body)


def _aba(numbers: IntArray) -> tuple[str, ...]:
    body = _with((5,), digits(numbers, 7))
    check = -(body * np.array([3, 7, 1, 3, 7, 1, 3, 7])).sum(axis=1, keepdims=True) % 10
    return texts(body, check)


def _email(numbers: IntArray) -> tuple[str, ...]:
    """Three domains take turns by the number, which stands in the name in full."""
    names = texts("u", digits(numbers, 12), "@example.")
    ends = ("com", "org", "net")
    return tuple(name + ends[which] for name, which in zip(names, (numbers % 3).tolist(), strict=True))


def _lei(numbers: IntArray) -> tuple[str, ...]:
    body = digits(numbers, 14)
    return texts("0000", body, mod_97_10(body))


def _isin(numbers: IntArray) -> tuple[str, ...]:
    body = digits(numbers, 9)
    return texts("ZZ", body, luhn(_with((3, 5, 3, 5), body)))


VIN_WEIGHTS = np.array([5, 4, 3, 2, 10, 7, 6, 5, 4, 3, 2])
"""Of the fourth to eighth place and of the twelfth to last (49 CFR 565.15)."""
VIN_YEAR_AND_PLANT = 1 * 9 + 1 * 8
"""A, of value 1, in the tenth and the eleventh place."""


def _vin(numbers: IntArray) -> tuple[str, ...]:
    body = digits(numbers, 11)
    rest = ((body * VIN_WEIGHTS).sum(axis=1) + VIN_YEAR_AND_PLANT) % 11
    marks = np.frombuffer(b"0123456789X", np.uint8)[rest]
    left, right = texts("000", body[:, :5]), texts("AA", body[:, 5:])
    return tuple(a + mark + b for a, mark, b in zip(left, map(chr, marks.tolist()), right, strict=True))


def _ndc(numbers: IntArray) -> tuple[str, ...]:
    body = digits(numbers, 6)
    return texts("99999-", body[:, :4], "-", body[:, 4:])


def _ip(numbers: IntArray) -> tuple[str, ...]:
    nibbles = numbers[:, None] >> np.arange(44, -1, -4) & 15
    return texts("2001:db8:", nibbles[:, :4], ":", nibbles[:, 4:8], "::", nibbles[:, 8:])


@dataclass(frozen=True)
class Form:
    """How many identifiers of a type there are, and the text of each."""

    capacity: int
    write: Callable[[IntArray], tuple[str, ...]]
    """Numbers below the capacity to texts, one to one."""


FORMS: Mapping[IdType, Form] = {
    "pan": Form(10**11, _pan),
    "npi": Form(10**8, _npi),
    "ssn_like": Form(100 * GROUPS * SERIALS, _ssn_like),
    "us_phone": Form(100 * len(AREAS), _us_phone),
    "iban": Form(10**18, _iban),
    "aba": Form(10**7, _aba),
    "email": Form(10**12, _email),
    "lei": Form(10**14, _lei),
    "isin": Form(10**9, _isin),
    "vin": Form(10**11, _vin),
    "ndc": Form(10**6, _ndc),
    "ip": Form(2**48, _ip),
}


def id_numbers(make: IdNumber, first: int, rows: Rows, rng: np.random.Generator, where: str) -> Vector:
    """The identifiers of rows `first` on (0-based); `rng` gives the keys, the same for all rows of a run.

    Raises:
        SchemaError: there are fewer identifiers of the type than rows.
    """
    form = FORMS[make.type]
    needed = first + int((root_of(rows) < rows.run.wanted).sum())
    if needed > form.capacity:
        found = f"{needed} rows, and {form.capacity} numbers of type {make.type} that nobody has"
        raise impossible(where, found, "make fewer rows, or use a sequence")
    numbers = np.arange(first, first + rows.count) % form.capacity
    written = form.write(Permutation.of(form.capacity, rng).at(numbers))
    return Vector.full(np.arange(rows.count, dtype=np.int32), written)
