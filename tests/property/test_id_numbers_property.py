"""Identifiers against oracles written from the standards, digit by digit, and against ranges in use."""

from __future__ import annotations

import ipaddress
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthrec.errors import SchemaError
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.rules.id_numbers import FORMS
from synthrec.rules.permutation import Permutation
from synthrec.schema.model import Schema


def luhn_holds(text: str) -> bool:
    total = 0
    for place, mark in enumerate(reversed(text)):
        value = int(mark) * (2 if place % 2 else 1)
        total += sum(int(digit) for digit in str(value))
    return total % 10 == 0


def spelt(text: str) -> str:
    return "".join(str(int(mark, 36)) for mark in text)


def vin_holds(text: str) -> bool:
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", map(int, "12345678" "12345" "7" "9" "23456789" "0123456789"), strict=True))  # noqa: E501  # fmt: skip
    weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
    rest = sum(values[mark] * weight for mark, weight in zip(text, weights, strict=True)) % 11
    return text[8] == ("X" if rest == 10 else str(rest))


def aba_holds(text: str) -> bool:
    d = [int(mark) for mark in text]
    return (3 * (d[0] + d[3] + d[6]) + 7 * (d[1] + d[4] + d[7]) + d[2] + d[5] + d[8]) % 10 == 0


HOLDS = {
    "pan": luhn_holds,
    "npi": lambda text: luhn_holds("80840" + text),
    "iban": lambda text: int(spelt(text[4:] + text[:4])) % 97 == 1,
    "aba": aba_holds,
    "lei": lambda text: int(spelt(text)) % 97 == 1,
    "isin": lambda text: luhn_holds(spelt(text)),
    "vin": vin_holds,
}

PUBLISHED = {
    "pan": "4111111111111111",
    "npi": "1234567893",
    "iban": "GB82WEST12345698765432",
    "aba": "011000015",
    "lei": "5493001KJTIIGC8Y1R12",
    "isin": "US0378331005",
    "vin": "1M8GDM9AXKP042788",
}
"""Examples printed by the bodies that assign them."""

SAFE = {
    "pan": r"9999\d{12}",
    "npi": r"9\d{9}",
    "ssn_like": r"9\d\d-(0[1-9]|[1-4]\d)-(?!0000)\d{4}",
    "us_phone": r"(?!8(.)\1|88)[2-9][0-8]\d-555-01\d\d",
    "iban": r"XX\d{20}",
    "aba": r"5\d{8}",
    "email": r"u\d{12}@example\.(com|org|net)",
    "lei": r"0000\d{16}",
    "isin": r"ZZ\d{10}",
    "vin": r"000\d{5}[\dX]AA\d{6}",
    "ndc": r"99999-\d{4}-\d\d",
    "ip": r"2001:db8:[0-9a-f]{4}:[0-9a-f]{4}::[0-9a-f]{4}",
}


@pytest.mark.parametrize("kind", HOLDS)
def test_the_oracles_hold_for_published_numbers_and_for_no_neighbour(kind):
    text = PUBLISHED[kind]
    assert HOLDS[kind](text)
    other = text[:-1] + str((int(text[-1]) + 1) % 10)
    assert not HOLDS[kind](other)


@pytest.mark.parametrize("kind", FORMS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_number_is_valid_and_nobodys(kind, data):
    form = FORMS[kind]
    numbers = data.draw(st.lists(st.integers(0, form.capacity - 1), min_size=1, max_size=20, unique=True))
    texts = form.write(np.array([0, form.capacity - 1, *numbers]))
    assert len(set(texts[2:])) == len(numbers)
    for text in texts:
        assert re.fullmatch(SAFE[kind], text)
        assert HOLDS.get(kind, bool)(text)


def test_addresses_are_for_documentation():
    for text in FORMS["ip"].write(np.array([0, 2**48 - 1, 123_456_789_012])):
        assert ipaddress.ip_address(text) in ipaddress.ip_network("2001:db8::/32")


def test_area_codes_for_services_are_left_out():
    areas = {text[:3] for text in FORMS["us_phone"].write(np.arange(FORMS["us_phone"].capacity))}
    services = {"800", "833", "844", "855", "866", "877", "888", "900", "911", "211", "880", "500", "555"}
    assert not areas & services
    assert {"212", "415", "907"} <= areas


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, 3_000), seed=st.integers(0, 2**32))
def test_a_permutation_hits_every_place_once(size, seed):
    places = Permutation.of(size, np.random.default_rng(seed)).at(np.arange(size))
    assert sorted(places.tolist()) == list(range(size))


@pytest.mark.parametrize("kind", ["us_phone", "ssn_like", "ndc"])
def test_no_text_stands_for_two_numbers(kind):
    capacity = min(FORMS[kind].capacity, 300_000)
    assert len(set(FORMS[kind].write(np.arange(capacity)))) == capacity


def schema(kind):
    columns = {"x": {"kind": "id", "role": "key", "generate": {"id_number": {"type": kind}}}}
    tables = {"t": {"one_row_per_person": True, "columns": columns}}
    return Schema.model_validate({"synthrec": 1, "schema": {"name": "s"}, "tables": tables})


def made(kind, n, seed=1):
    chunks = RuleEngine(schema(kind)).stream(n, streams=Streams(seed))
    return [text for chunk in chunks for text in chunk["t"].data["x"].to_pylist()]


@pytest.mark.parametrize("kind", ["pan", "us_phone"])
def test_a_run_has_no_number_twice_and_begins_like_a_longer_one(kind):
    long = made(kind, 9_000)
    assert len(set(long)) == 9_000
    assert made(kind, 500) == long[:500]
    assert made(kind, 500, seed=2) != long[:500]


def test_all_numbers_can_be_used_up_and_one_more_is_an_error_with_both():
    capacity = FORMS["us_phone"].capacity
    assert len(set(made("us_phone", capacity))) == capacity
    with pytest.raises(SchemaError, match=f"{capacity + 1} rows, and {capacity} numbers"):
        made("us_phone", capacity + 1)
