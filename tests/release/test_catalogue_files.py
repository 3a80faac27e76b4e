"""What files for catalogues tell of a release, and what they do not: made from cards alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthrec.digests import digest_bytes
from synthrec.release.card import Card, Subject, card_bytes, identified, read_card
from synthrec.release.card_build import Release, build_card
from synthrec.release.interop.catalogues import FILES, catalogue_files
from synthrec.release.interop.croissant import column_id
from synthrec.release.interop.files import json_file
from synthrec.schema.load import parse_schema

BOTH = ("croissant", "frictionless")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
RARE = "Zanzibar-7731"
"""A category that only the real records have."""

LEARNED = f"""
synthrec: 1
schema: {{name: clinic, version: 1.2.0}}
tables:
  patient:
    person: patient_id
    max_rows_per_person: 1
    columns:
      patient_id: {{kind: id, role: key}}
      age: {{kind: integer, domain: {{min: 0, max: 110, source: public}}}}
      weight: {{kind: integer, domain: {{min: 318873344, max: 918873344, source: learned}}}}
      town: {{kind: category, domain: {{values: [{RARE}, Elsewhere], source: learned}}}}
      cost: {{kind: decimal, scale: 2, domain: {{min: 432112345, max: 876554321, source: public}}}}
"""


@pytest.fixture
def release(learned_release: Release) -> Release:
    """A release of a model that read the domain of ``cost`` from the records, whatever its schema says."""
    subjects = (
        Subject(name="patient.parquet", sha256="2" * 64, bytes=1, rows=9),
        Subject(name="patient.csv", sha256="4" * 64, bytes=2, rows=9),
    )
    schema = parse_schema(LEARNED)
    return replace(learned_release, schema=schema, subjects=subjects, catalogues=BOTH)


@pytest.fixture
def catalogued(learned_release: Release) -> Card:
    """A card of learned records that asks for both files."""
    return build_card(replace(learned_release, catalogues=BOTH))


def written(card: Card) -> dict[str, Any]:
    return {name: json.loads(content) for name, content in catalogue_files(card).items()}


def constraints(card: Card) -> dict[str, dict[str, Any]]:
    (resource,) = written(card)["datapackage.json"]["resources"]
    return {field["name"]: field["constraints"] for field in resource["schema"]["fields"]}


def test_a_domain_that_was_learned_is_not_told(release):
    card = build_card(release)
    assert constraints(card) == {
        "patient_id": {"required": True},
        "age": {"required": True, "minimum": 0, "maximum": 110},
        "weight": {"required": True},
        "town": {"required": True},
        "cost": {"required": True},
    }
    for content in (card_bytes(card), *catalogue_files(card).values()):
        assert not any(
            text in content for text in (RARE.encode(), b"18873344", b"432112345", b"876554321", b"Elsewhere")
        )


def test_a_domain_that_the_schema_declares_is_told_where_no_model_learned_it(release):
    learned = replace(release.learned, columns={})
    told = constraints(build_card(replace(release, learned=learned)))
    assert told["cost"] == {"required": True, "minimum": 432112345.0, "maximum": 876554321.0}
    assert told["weight"] == {"required": True}


def test_of_real_records_it_tells_what_the_card_tells(catalogued):
    card, stated = catalogued, written(catalogued)["croissant.json"]
    schema, real = stated["prov:wasDerivedFrom"]
    assert schema["@id"].endswith(card.record_schema.digest)
    assert real == {
        "@type": "prov:Entity",
        "@id": f"urn:synthrec:fingerprint:{card.source.fingerprint}",
        "name": "Visits register",
        "temporalCoverage": "2014-01-01/2023-12-31",
        "license": "Internal",
        "prov:wasAttributedTo": {"@type": "prov:Agent", "name": "A clinic"},
        "conditionsOfAccess": "agreement DUA 17/2024",
    }
    assert [term["url"] for term in stated["usageInfo"]] == [
        "http://purl.obolibrary.org/obo/DUO_0000006",
        "http://purl.obolibrary.org/obo/DUO_0000018",
    ]
    assert not any(b"30,162" in content or b"30162" in content for content in catalogue_files(card).values())


def test_responsible_use_is_that_of_the_card(catalogued):
    stated = written(catalogued)["croissant.json"]
    assert stated["rai:dataUseCases"] == ["Testing of software"]
    assert stated["rai:dataBiases"] == ["Old persons visit more often than others"]
    assert stated["rai:dataLimitations"][:2] == ["Not for: Decisions about persons", "Visits only"]
    assert stated["rai:dataReleaseMaintenancePlan"].startswith("For use until 2030-06-30.")
    assert (
        "No differential privacy claim; protected by audit only."
        in stated["rai:personalSensitiveInformation"]
    )


def test_records_that_rules_made_go_back_to_no_real_ones(learned_release):
    card = build_card(replace(learned_release, learned=None, catalogues=BOTH))
    stated = written(card)["croissant.json"]
    assert len(stated["prov:wasDerivedFrom"]) == 1
    assert "usageInfo" not in stated
    assert stated["synthrec:generationDepth"] == 0
    assert stated["rai:dataCollection"].startswith("Nothing was collected")


def test_parents_are_named_by_the_digests_of_their_cards(learned_release):
    parent = "sha256:" + "8" * 64
    learned = replace(learned_release.learned, generation=2, parents=(parent,), real_fraction=0.5)
    stated = written(build_card(replace(learned_release, learned=learned, catalogues=BOTH)))["croissant.json"]
    assert stated["prov:wasDerivedFrom"][-1]["@id"] == f"urn:synthrec:card-digest:{parent}"
    assert (stated["synthrec:generationDepth"], stated["synthrec:realFraction"]) == (2, 0.5)


def test_nobody_asks_and_nothing_is_written(learned_card):
    assert learned_card.interop is None
    assert catalogue_files(learned_card) == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(text=TEXTS)
def test_any_text_comes_through_and_does_nothing(catalogued, tmp_path, text):
    card = identified(renamed(catalogued, text))
    files = catalogue_files(card)
    (tmp_path / "card.json").write_bytes(card_bytes(card))
    assert catalogue_files(read_card(tmp_path / "card.json")) == files
    for content in files.values():
        assert not {*b"<>&\x7f"} & {*content}
        assert content.isascii()
    stated, package = (json.loads(files[name]) for name in FILES.values())
    (field,) = stated["recordSet"][0]["field"]
    assert (field["name"], field["source"]["extract"]["column"]) == (text, text)
    assert not any(character.isspace() for character in field["@id"])
    assert package["resources"][0]["schema"]["fields"][0]["name"] == text
    assert package["synthrec:card"]["hash"] == digest_bytes(card_bytes(card))


def renamed(card: Card, text: str) -> Card:
    """The card with one column, and one text wherever catalogues show what a user wrote."""
    (table,) = card.interop.tables
    column = table.columns[0].model_copy(update={"name": text, "description": text, "unit": text})
    told = table.model_copy(update={"columns": (column,), "primary_key": (text,), "description": text})
    summary = card.record_schema.columns["patient"]["patient_id"]
    return card.model_copy(
        update={
            "interop": card.interop.model_copy(update={"tables": (told,), "description": text}),
            "record_schema": card.record_schema.model_copy(
                update={"title": text, "columns": {"patient": {text: summary}}}
            ),
            "use": card.use.model_copy(
                update=dict.fromkeys(("intended", "out_of_scope", "licence", "contact"), text)
                | {"limits": (text,), "biases": (text,)}
            ),
            "source": card.source.model_copy(
                update=dict.fromkeys(("name", "period", "custodian", "licence"), text)
            ),
        }
    )


@given(names=st.lists(TEXTS, unique=True, min_size=2, max_size=2))
def test_identifiers_of_columns_are_as_distinct_as_their_names(names):
    first, second = (column_id("patient", name) for name in names)
    assert first != second


@given(value=st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_inert_json_is_the_same_json(value):
    assert json.loads(json_file({"key": value})) == {"key": value}
