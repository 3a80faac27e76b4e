"""The bytes of a card: RFC 8785 with its traps, the way back, the id, the version, and what made it."""

import json
import math
import re
import tomllib
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from synthrec import __version__
from synthrec.digests import canonical
from synthrec.errors import InputError, InternalError
from synthrec.release.card import (
    Card,
    GeneratorPart,
    Lineage,
    card_bytes,
    card_id,
    card_json_schema,
    identified,
    read_card,
)
from synthrec.release.card_build import build_card
from synthrec.release.card_environment import PACKAGES, environment, licence, tool

ROOT = Path(__file__).parents[2]
LARGEST = 2**53 - 1

SETTINGS = [HealthCheck.function_scoped_fixture]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXTS
NUMBERS = st.floats(-1e15, 1e15)
VALUES = st.recursive(
    SCALARS | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def with_parameters(card: Card, parameters: dict[str, object]) -> Card:
    generator = card.generator.model_copy(update={"parameters": parameters})
    return identified(card.model_copy(update={"generator": generator}))


def parsed(content: bytes, folder: Path) -> Card:
    (folder / "card.json").write_bytes(content)
    return read_card(folder / "card.json")


# --- there and back ---------------------------------------------------------------------------------------


@given(parameters=st.dictionaries(TEXTS, VALUES, max_size=4), text=TEXTS, amount=NUMBERS)
@settings(max_examples=25, suppress_health_check=SETTINGS, deadline=None)
def test_a_card_comes_back_as_it_was(tmp_path, learned_card, parameters, text, amount) -> None:
    result = learned_card.results[0].model_copy(update={"reason": text, "value": amount})
    card = with_parameters(
        learned_card.model_copy(update={"results": (result,), "warnings": (text,)}), parameters
    )
    written = card_bytes(card)
    again = parsed(written, tmp_path)
    assert again == card
    assert card_bytes(again) == written
    assert card_id(json.loads(written)) == again.card_id


@pytest.mark.parametrize("kind", ["learned", "claimed", "rules"])
def test_the_id_is_that_of_the_content(request, kind) -> None:
    card = request.getfixturevalue(f"{kind}_card")
    document = json.loads(card_bytes(card))
    assert card.card_id == card_id(document)
    other = identified(card.model_copy(update={"warnings": ("another",)}))
    assert other.card_id != card.card_id
    assert other.card_id == card_id(json.loads(card_bytes(other)))


def test_every_card_keeps_the_published_schema(learned_card, claimed_card, rules_card) -> None:
    published = Draft202012Validator(json.loads((ROOT / "docs" / "card.schema.json").read_text("utf-8")))
    for card in (learned_card, claimed_card, rules_card):
        assert list(published.iter_errors(json.loads(card_bytes(card)))) == []


# --- the traps of RFC 8785 --------------------------------------------------------------------------------


def test_large_integers_stand_as_texts(learned_release) -> None:
    given_ = {"id": 2**63, "edge": LARGEST, "whole": 2.0**53, "deep": [{"low": -(2**60)}], "yes": True}
    learned = replace(learned_release.learned, parameters=given_)
    card = build_card(replace(learned_release, learned=learned))
    assert card.generator.parameters == {
        "id": "9223372036854775808",
        "edge": LARGEST,
        "whole": "9007199254740992",
        "deep": [{"low": "-1152921504606846976"}],
        "yes": True,
    }
    assert b'"id":"9223372036854775808"' in card_bytes(card)


def test_a_seed_is_a_text_whatever_its_size(learned_release) -> None:
    card = build_card(replace(learned_release, learned=None, seed=2**127))
    assert json.loads(card_bytes(card))["seed"] == {"kind": "plain", "value": str(2**127)}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), 2**53, -(2**53)])
def test_what_canonical_json_has_no_form_for_is_refused(learned_card, number) -> None:
    with pytest.raises(InternalError, match="canonical"):
        card_bytes(with_raw(learned_card, number))
    with pytest.raises(ValidationError):
        GeneratorPart(name="copula", parameters={"deep": [number]}, model_digest=None)
    result = learned_card.results[0].model_copy(update={"value": number})
    if not math.isfinite(number):
        with pytest.raises(InternalError):
            card_bytes(learned_card.model_copy(update={"results": (result,)}))
    with pytest.raises(ValidationError):
        Lineage(generation_depth=1, real_fraction=number)


def with_raw(card: Card, number: float) -> Card:
    generator = card.generator.model_copy(update={"parameters": {"deep": [number]}})
    return card.model_copy(update={"generator": generator})


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity", "9007199254740993"])
def test_a_number_that_overflows_is_no_card(tmp_path, learned_card, number) -> None:
    content = card_bytes(with_parameters(learned_card, {"x": 17}))
    with pytest.raises(InputError):
        parsed(content.replace(b'"x":17', f'"x":{number}'.encode()), tmp_path)


def test_a_lone_surrogate_is_no_card(tmp_path, learned_card) -> None:
    content = card_bytes(learned_card).replace(b'"Visits only"', b'"\\ud800"')
    with pytest.raises(InputError):
        parsed(content, tmp_path)


def test_without_a_claim_there_is_no_epsilon_at_all(learned_card, claimed_card) -> None:
    """Infinity has no form in JSON, and any number in its place could be read as a claim."""
    privacy = json.loads(card_bytes(learned_card))["privacy"]
    assert (privacy["claim"], privacy["guarantee"]) == ("none", None)
    assert "epsilon" not in card_bytes(learned_card).decode()
    assert json.loads(card_bytes(claimed_card))["privacy"]["guarantee"]["epsilon"] == "1.25"


def test_numbers_are_written_as_the_rfc_has_them(learned_card) -> None:
    written = card_bytes(with_parameters(learned_card, {"a": 1.0, "b": 1e21, "c": 0.1, "d": -0.0, "é": 1e-7}))
    assert '"parameters":{"a":1,"b":1e+21,"c":0.1,"d":0,"é":1e-7}'.encode() in written
    assert canonical(json.loads(written)) == written


# --- versions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "found", "repair"),
    [
        ("1.1", "version 1.1, this synthrec reads 1.0", "upgrade synthrec"),
        ("2.0", "version 2.0, this synthrec reads 1.0", "upgrade synthrec"),
        (2, "version 2, this synthrec reads 1.0", "upgrade synthrec"),
        ("0.9", "version 0.9, older than 1.0", "make the export again"),
        (0, "version 0, older than 1.0", "make the export again"),
        (1, "version 1, older than 1.0", "make the export again"),
        ("one", "no version of a card", "give the card.json"),
        (None, "no version of a card", "give the card.json"),
        ("9" * 400, "no version of a card", "give the card.json"),
    ],
)
def test_another_version_is_refused_with_its_repair(tmp_path, learned_card, version, found, repair) -> None:
    document = json.loads(card_bytes(learned_card)) | {"schema_version": version, "unknown": 1}
    with pytest.raises(InputError) as caught:
        parsed(json.dumps(document).encode(), tmp_path)
    (fault,) = caught.value.faults
    assert (fault.where, fault.found) == ("schema_version", found)
    assert repair in fault.repair


# --- what made it -----------------------------------------------------------------------------------------


def test_all_that_the_package_needs_is_told_with_licences() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert tuple(re.split("[<>=]", line)[0] for line in project["dependencies"]) == PACKAGES
    told = environment().packages
    assert set(told) == set(PACKAGES)
    assert told["numpy"].version == distribution("numpy").version
    assert [name for name, package in told.items() if package.licence is None] == []
    assert licence(distribution("numpy")) == told["numpy"].licence


def test_the_tool_tells_its_source() -> None:
    assert tool().version == __version__
    assert re.fullmatch("sha256:[0-9a-f]{64}", tool().code)
    assert tool() is tool()


def test_the_published_schema_describes_its_fields() -> None:
    parts = card_json_schema()["$defs"]
    assert parts["Source"]["properties"]["fingerprint"]["description"].startswith("Keyed")
