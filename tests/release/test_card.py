"""The card: what it tells, what it keeps, and that no name can break out of its pages."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from synthrec.assets import find_schema
from synthrec.errors import InputError, InternalError
from synthrec.release.card import (
    Seed,
    Subject,
    card_bytes,
    card_json_schema,
    read_card,
)
from synthrec.release.card_build import approved_results, build_card, seed_commitment, subject
from synthrec.release.card_files import card_files
from synthrec.release.card_render import render_html, render_markdown
from synthrec.release.card_schema import card_schema_text
from synthrec.release.gate import Origin, decide
from synthrec.schema.load import load_schema
from synthrec.validation.result import Measure

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"


@pytest.mark.parametrize("kind", ["learned", "claimed", "rules"])
def test_cards_do_not_change_unseen(request, kind) -> None:
    """To accept a change: write the new text into the file named here, and read the difference."""
    card = request.getfixturevalue(f"{kind}_card")
    document = json.dumps(json.loads(card_bytes(card)), indent=2, ensure_ascii=False) + "\n"
    assert document == (GOLDEN / f"card_{kind}.json").read_text("utf-8")
    assert card_files(card)["card.md"].decode() == (GOLDEN / f"card_{kind}.md").read_text("utf-8")


def test_sources_and_code_systems_stand_on_the_card(learned_release) -> None:
    schema = load_schema(find_schema("inpatient"))
    card = build_card(replace(learned_release, schema=schema, learned=None))
    cited = card.record_schema.citations
    assert cited is not None
    assert {"nchs_511", "hcup_248"} <= set(cited.sources) <= set(schema.sources)
    assert set(cited.code_systems) == {"icd_10_cm"}
    assert 0 < cited.assumed < cited.figures
    shown = render_markdown(card).replace("\\", "")
    for name, entry in cited.sources.items():
        assert f"source {name} | {entry.title}" in shown
    assert "code system icd" in shown
    assert f"of which {cited.assumed} are assumptions" in shown
    assert "region" in cited.assumed_in["patient"]
    assert {"_candidate", "died"} <= set(cited.assumed_in["admission"])
    assert not {"_pressure", "_diabetes", "patient_id"} & set(cited.assumed_in["patient"])
    assert "assumptions in admission | " in shown
    read = card_bytes(card)
    assert b"hcup_248" in read

    learned = build_card(replace(learned_release, schema=schema)).record_schema.citations
    assert learned is not None
    assert (learned.figures, learned.sources, set(learned.code_systems)) == (0, {}, {"icd_10_cm"})


def test_the_published_schema_is_current() -> None:
    assert (ROOT / "docs" / "card.schema.json").read_text("utf-8") == card_schema_text()
    Draft202012Validator.check_schema(card_json_schema())


def test_the_schema_knows_every_key_and_no_other() -> None:
    """Every object of the published schema is closed, except maps from names."""
    for name, part in {"Card": card_json_schema(), **card_json_schema()["$defs"]}.items():
        assert part["additionalProperties"] is False, name


def test_written_and_read_again(tmp_path, learned_card) -> None:
    (tmp_path / "card.json").write_bytes(card_bytes(learned_card))
    assert read_card(tmp_path / "card.json") == learned_card


def test_a_card_is_canonical_json(learned_card) -> None:
    written = card_bytes(learned_card)
    assert written == json.dumps(json.loads(written), separators=(",", ":"), sort_keys=True).encode()


def test_what_no_schema_allows_is_not_written(learned_card) -> None:
    wrong = learned_card.model_copy(update={"card_id": "short"})
    with pytest.raises(InternalError, match="card_id"):
        card_bytes(wrong)
    generator = learned_card.generator.model_copy(update={"parameters": {"big": 2**60}})
    with pytest.raises(InternalError, match="canonical"):
        card_bytes(learned_card.model_copy(update={"generator": generator}))


# --- what it keeps ----------------------------------------------------------------------------------------


def test_a_learned_card_does_not_tell_the_seed(learned_card, learned_release) -> None:
    assert learned_card.seed.kind == "commitment"
    assert str(learned_release.seed) not in json.dumps(learned_card.model_dump(mode="json"))


def test_the_seed_commitment_opens_with_the_key_only(learned_release, keys) -> None:
    learned, seed = learned_release.learned, learned_release.seed
    commitment = seed_commitment(seed, learned.model_digest, keys)
    assert commitment == seed_commitment(seed, learned.model_digest, keys)
    assert commitment != seed_commitment(seed + 1, learned.model_digest, keys)
    assert commitment != hashlib.sha256(str(seed).encode()).hexdigest()


def test_a_rule_card_tells_its_seed_and_has_no_source(rules_card) -> None:
    assert rules_card.seed == Seed(kind="plain", value="7")
    assert rules_card.source is None
    assert rules_card.digital_source_type.endswith("/algorithmicMedia")
    assert rules_card.lineage.generation_depth == 0


def test_what_attacks_measured_is_on_no_page(policy, profile, clean, learned_release) -> None:
    """Figures that can be recognised stand in every field of the risk results and come out nowhere."""
    marked = Measure("share", 0.0077215, 0.0027182, 0.0091415, 987_654, 0.0066431, "counted")
    risky = {"measures": (marked,), "bound": "share", "p_value": 0.6180339, "power": 0.9577350}
    results = tuple(
        type(result)(result.check, result.title, **risky) if result.check[0] == "P" else result
        for result in clean.values()
    )
    decision = decide(results, policy, profile, origin=Origin.LEARNED, tables=("patient",))
    card = build_card(type(learned_release)(**(vars(learned_release) | {"decision": decision})))
    for page in (card_bytes(card).decode(), render_markdown(card), render_html(card)):
        for digits in ("77215", "27182", "91415", "987654", "66431", "61803", "95773"):
            assert digits not in page.replace(",", "")


def test_quality_is_told_to_two_decimals(learned_card) -> None:
    told = {(item.check, item.measure): (item.value, item.limit) for item in learned_card.results}
    assert told["fidelity.columns", "mean"] == (0.95, 0.92)
    assert told["P1", "copied_share"] == (None, 0.01)


def test_an_approval_keeps_no_figure_of_quality(learned_release) -> None:
    kept = approved_results(learned_release.decision, learned_release.profile)
    assert all(result.value is None for result in kept)
    assert not any("0.95" in result.reason for result in kept)
    assert [result.verdict for result in kept] == [
        finding.verdict for finding in learned_release.decision.findings
    ]


def test_what_the_approval_rests_on_is_told_unless_it_was_looked_at_again(
    learned_release, policy, profile, clean
) -> None:
    approved = approved_results(learned_release.decision, profile)
    again = decide([clean["conformity.patient"]], policy, profile, origin=Origin.RULES, tables=("patient",))
    release = type(learned_release)(**(vars(learned_release) | {"decision": again, "approved": approved}))
    card = build_card(release)
    checks = [result.check for result in card.results]
    assert checks.count("conformity.patient") == 2
    assert checks.count("P1") == 1
    assert card.decision.reasons[0].startswith("All 6 required checks passed")


def test_real_rows_are_told_as_a_band(learned_card, learned_release) -> None:
    assert (learned_card.source.rows.low, learned_card.source.rows.high) == (20_000, 49_999)
    assert str(learned_release.learned.rows) not in card_bytes(learned_card).decode()


def test_learned_columns_are_named(learned_card) -> None:
    columns = learned_card.record_schema.columns["patient"]
    assert {name: column.domain for name, column in columns.items()} == {
        "patient_id": "none",
        "age": "public",
        "cost": "learned",
    }


def test_a_column_is_modelled_ruled_or_minted(learned_card, rules_card) -> None:
    made = [
        {name: column.made for name, column in card.record_schema.columns["patient"].items()}
        for card in (learned_card, rules_card)
    ]
    assert made == [
        {"patient_id": "minted", "age": "modelled", "cost": "modelled"},
        {"patient_id": "minted", "age": "ruled", "cost": "ruled"},
    ]


def test_a_looser_policy_is_named(learned_card) -> None:
    assert "conformity.measures.constraint_violations" in learned_card.policy.looser_than_default
    assert "checks.P4" in learned_card.policy.looser_than_default
    assert "looser" in render_markdown(learned_card)
    assert "looser" in render_html(learned_card)


def test_a_data_file_is_described(tmp_path) -> None:
    (tmp_path / "a.csv").write_bytes(b"abc")
    assert subject(tmp_path / "a.csv", 1) == Subject(
        name="a.csv", sha256=hashlib.sha256(b"abc").hexdigest(), bytes=3, rows=1
    )


# --- reading ----------------------------------------------------------------------------------------------


@pytest.fixture
def document(learned_card):
    return json.loads(card_bytes(learned_card))


def test_all_faults_of_a_card_at_once(tmp_path, document) -> None:
    document["verdict"] = "pass"
    document["decision"]["verdict"] = "yes"
    del document["seed"]
    (tmp_path / "card.json").write_text(json.dumps(document))
    with pytest.raises(InputError) as caught:
        read_card(tmp_path / "card.json")
    assert {fault.where for fault in caught.value.faults} == {"verdict", "decision.verdict", "seed"}


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000, '{"a": 1, "a": 2}', "NaN", "\ud800"])
def test_what_is_no_card_is_refused(tmp_path, content) -> None:
    (tmp_path / "card.json").write_text(content, errors="surrogatepass")
    with pytest.raises(InputError):
        read_card(tmp_path / "card.json")


def test_no_card_there(tmp_path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_card(tmp_path / "card.json")


@pytest.mark.parametrize("key", ["schema_version", "card_id"])
def test_another_version_is_refused(tmp_path, document, key) -> None:
    document[key] = 2
    (tmp_path / "card.json").write_text(json.dumps(document))
    with pytest.raises(InputError):
        read_card(tmp_path / "card.json")
