"""synthrec asserts nothing under any law: no text that it ships says the word, but for titles it cites."""

import re
from pathlib import Path

import pytest

from synthrec.release.card import AssertionPart
from synthrec.release.card_files import card_files
from synthrec.release.card_methods import methods
from synthrec.release.policy import parse_policy

ROOT = Path(__file__).parents[2]
SHIPPED = ("synthrec", "schemas", "scenarios", "privacy", "validation", "sample_data", "docs", "README.md")
SUFFIXES = {".py", ".md", ".yaml", ".j2", ".css", ".json"}
WORD = re.compile(r"anonym", re.IGNORECASE)
CITED = re.compile(r"Anonymeter|on\s+anonymisation\s+techniques|anonymisation\s+techniques\s+\(WP216\)")


def shipped() -> list[Path]:
    found = [
        path
        for name in SHIPPED
        for path in ((ROOT / name).rglob("*") if (ROOT / name).is_dir() else [ROOT / name])
    ]
    return sorted(path for path in found if path.suffix in SUFFIXES)


def said(text: str) -> list[str]:
    return WORD.findall(CITED.sub("", text))


def test_no_shipped_text_says_it() -> None:
    files = shipped()
    assert len(files) > 200
    assert [str(path.relative_to(ROOT)) for path in files if said(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "text", ["These records are anonymous.", "title: Anonymised", "an anonymisation that"]
)
def test_the_word_would_be_found(text) -> None:
    assert said(text)


def test_no_page_of_a_card_says_it(learned_card, claimed_card, rules_card) -> None:
    for card in (learned_card, claimed_card, rules_card):
        assert not any(said(content.decode()) for content in card_files(card).values())


def test_what_somebody_asserts_stands_under_the_name_of_who_does(learned_card) -> None:
    claim = AssertionPart(regime="GDPR", basis="anonymous under recital 26", assertion_by="the controller")
    card = learned_card.model_copy(update={"regulatory": (claim,)})
    pages = card_files(card)
    for name in ("card.md", "card.html"):
        lines = [line for line in pages[name].decode().splitlines() if said(line)]
        assert lines
        assert all("asserted by the controller" in line for line in lines)
    assert not said(methods(card))


def test_a_policy_may_state_what_its_authority_asserts(policy_text) -> None:
    stated = parse_policy(
        policy_text + "regulatory: [{regime: HIPAA, basis: report, assertion_by: an expert}]\n"
    )
    assert stated.regulatory[0].assertion_by == "an expert"
    assert stated.digest != parse_policy(policy_text).digest
