from __future__ import annotations

import pytest

from synthrec.schema.model import Column, Domain
from synthrec.validation.attacks.detectors import iban_checks, identifiers, is_open, luhn, national_provider

# Examples that the standards and registries publish themselves.
FOUND = {
    "write to Jo.Doe+x@Mail.Example.org.": ("e-mail address", "jo.doe+x@mail.example.org"),
    "call +49 30 1234567 now": ("telephone number", "49301234567"),
    "call 0049-30-1234567": ("telephone number", "49301234567"),
    "(212) 555-0143": ("telephone number", "2125550143"),
    "IBAN GB82 WEST 1234 5698 7654 32.": ("IBAN", "GB82WEST12345698765432"),
    "de89370400440532013000": ("IBAN", "DE89370400440532013000"),
    "4111 1111 1111 1111": ("payment card number", "4111111111111111"),
    "378282246310005": ("payment card number", "378282246310005"),
    "SSN 219-09-9999": ("US social security number", "219099999"),
    "NPI: 1234567893": ("US provider number", "1234567893"),
    "from 192.0.2.235,": ("IPv4 address", "192.0.2.235"),
    "MRN: 00123456": ("medical record number", "MRN00123456"),
}
NOT_FOUND = [
    "someone@nowhere",
    "GB82 WEST 1234 5698 7654 33",
    "4111 1111 1111 1112",
    "666-12-3456",
    "900-12-3456",
    "123-00-4567",
    "1234567890",
    "256.1.1.1",
    "1.2.3.4.5",
    "2024-01-31",
    "MRN pending",
    "J45.909",
    "",
    "12345",
    "3.14159265358979",
]


@pytest.mark.parametrize("text", FOUND)
def test_an_identifier_is_found_in_one_spelling(text):
    assert list(identifiers(text)) == [FOUND[text]]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_one_is_not(text):
    assert list(identifiers(text)) == []


def test_several_in_one_text():
    assert {name for name, _ in identifiers("a@b.org, 192.0.2.1 and c@d.net")} == {
        "e-mail address",
        "IPv4 address",
    }


def test_every_single_wrong_digit_breaks_a_checksum():
    for good, check in (("4111111111111111", luhn), ("1234567893", national_provider)):
        assert check(good)
        for place, digit in enumerate(good):
            wrong = [good[:place] + other + good[place + 1 :] for other in "0123456789" if other != digit]
            assert not any(map(check, wrong))


def test_an_iban_with_two_neighbours_exchanged_is_not_valid():
    good = "DE89370400440532013000"
    assert iban_checks(good)
    swapped = {good[:i] + good[i + 1] + good[i] + good[i + 2 :] for i in range(4, len(good) - 1)} - {good}
    assert not any(map(iban_checks, swapped))


def test_a_long_text_of_one_sign_is_read_at_once():
    for sign in "1a@.+ -(":
        assert list(identifiers(sign * 50_000 + "@1")) == []


@pytest.mark.parametrize(
    ("column", "answer"),
    [
        (Column(kind="text"), True),
        (Column(kind="category"), True),
        (Column(kind="category", domain=Domain(source="learned")), True),
        (Column(kind="category", domain=Domain(values=("a",), source="public")), False),
        (Column(kind="code", domain=Domain(source="public")), True),
        (Column(kind="integer"), False),
    ],
)
def test_texts_that_nobody_published_are_read(column, answer):
    assert is_open(column) is answer
