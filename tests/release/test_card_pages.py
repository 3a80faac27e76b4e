"""The pages of a card: what the first screen answers, and that no name can break out of them."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from synthrec.release.card import (
    AgreementPart,
    AssertionPart,
    Card,
    Conditional,
    PackagePart,
    Result,
    card_bytes,
    read_card,
)
from synthrec.release.card_files import card_files
from synthrec.release.card_front import size_category
from synthrec.release.card_methods import methods
from synthrec.release.card_render import markdown_file, render_html, render_markdown
from synthrec.release.card_terms import LABELS, term_in_words
from synthrec.release.card_words import first_screen, passes

SIZE = re.compile("^- (n<1K|10K<n<100K)$", re.MULTILINE)

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "[click](javascript:alert(1))",
    "![x](http://example.com/x.png)",
    "`code` | *bold* __bold__ ~~gone~~ <img src=x>",
    "# heading",
    "- item\n\n# heading\n<b>",
    "1. item",
    "\u202egnp.exe\u202c \u200b\x00\x07",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;script&gt;",
)


def renamed(card: Card, text: str) -> Card:
    """The card with one text in every place that a user can fill."""
    column = next(iter(card.record_schema.columns["patient"].values()))
    result = card.results[0].model_copy(
        update={"title": text, "check": text, "measure": text, "reason": text}
    )
    return card.model_copy(
        update={
            "subjects": (card.subjects[0].model_copy(update={"name": text}),),
            "record_schema": card.record_schema.model_copy(
                update={
                    "name": text,
                    "version": text,
                    "title": text,
                    "licence": text,
                    "targets": {text: text},
                }
                | {"columns": {text: {text: column}}}
            ),
            "policy": card.policy.model_copy(update={"name": text, "looser_than_default": (text,)}),
            "generator": card.generator.model_copy(update={"name": text, "parameters": {text: text}}),
            "source": card.source.model_copy(
                update=dict.fromkeys(("name", "period", "custodian", "licence", "persons"), text)
                | {"agreement": AgreementPart(reference=text, expires=None), "obligations": (text,)}
                | {"confidentiality": text, "terms": (text,)}
            ),
            "results": (result,),
            "decision": card.decision.model_copy(update={"reasons": (text,)}),
            "use": card.use.model_copy(
                update=dict.fromkeys(("intended", "out_of_scope", "licence", "contact"), text)
                | {"limits": (text,), "biases": (text,)}
            ),
            "regulatory": (AssertionPart(regime=text, basis=text, assertion_by=text),),
            "environment": card.environment.model_copy(
                update={"platform": text, "packages": {text: PackagePart(version=text, licence=text)}}
            ),
            "warnings": (text,),
        }
    )


class Page(HTMLParser):
    """The elements and attributes of a page, and the text of its body."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data) -> None:
        self.text.append(data)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_adds_an_element_to_the_html(learned_card, text) -> None:
    harmless, hostile = Page(render_html(learned_card)), Page(render_html(renamed(learned_card, text)))
    assert hostile.elements <= harmless.elements
    assert hostile.attributes <= harmless.attributes
    assert "script" not in hostile.elements


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_adds_markup_to_the_markdown(learned_card, text) -> None:
    plain = markdown_file(renamed(learned_card, "harmless")).splitlines()
    page = markdown_file(renamed(learned_card, text))
    assert len(page.splitlines()) == len(plain)
    for line, other in zip(page.splitlines(), plain, strict=True):
        assert re.findall(r"(?<!\\)\|", line) == re.findall(r"\|", other)
        assert re.match(r"(#+ |- |\*\*|)", line)[0] == re.match(r"(#+ |- |\*\*|)", other)[0]
    unescaped = re.sub(r"\\.", "", SIZE.sub("", page))
    assert not re.search(r"[<>`\[\]~]", unescaped)
    assert not re.search(r"- (#|-|\+|\d+[.)])", unescaped)


@given(text=st.text())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_text_at_all_breaks_out(learned_card, text) -> None:
    card = renamed(learned_card, text)
    assert "script" not in Page(render_html(card)).elements
    assert not re.search(r"[<>`]", re.sub(r"\\.", "", SIZE.sub("", markdown_file(card))))


def test_no_invisible_character_reaches_a_page(learned_card) -> None:
    card = renamed(learned_card, "a\u202eb\u200bc\u2066d\x00e\ufefff")
    for page in (render_html(card), render_markdown(card)):
        assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\x00\ufeff]", page)


def test_the_page_needs_nothing_and_allows_nothing(learned_card) -> None:
    page = render_html(learned_card)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    style = page.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not Page(page).attributes & {"src", "href", "style", "srcset", "action", "data"}
    assert "url(" not in style
    assert "@import" not in style


def test_the_first_screen_answers_in_words(learned_card, claimed_card, rules_card) -> None:
    for card in (learned_card, claimed_card, rules_card):
        for page in (render_markdown(card).replace("\\", ""), render_html(card)):
            top = page.split("For a methods section")[0]
            assert "These records may be used within the terms below." in top
            assert card.decision.reasons[0] in top
            assert card.privacy.statement in top
            for question, items in first_screen(card):
                assert question in top
                assert items
    refused = learned_card.model_copy(
        update={"decision": learned_card.decision.model_copy(update={"verdict": "fail"})}
    )
    assert "may not be used" in render_html(refused)


def test_who_asserts_something_is_named_with_it(learned_card) -> None:
    told = "asserted by Dr. A. Expert; basis: expert report 12, 45 CFR 164.514(b)(1)"
    assert told in render_html(learned_card)
    assert dict(dict(first_screen(learned_card))["Who says so?"])["HIPAA"] == told


def test_terms_of_the_source_are_told_in_words(learned_card, rules_card) -> None:
    use = first_screen(learned_card)[1][1]
    assert "health or medical or biomedical research (DUO:0000006)" in dict(use)["of the source"]
    assert ("until", "2030-06-30") in use
    assert ("until", "2031-12-31") in first_screen(rules_card)[1][1]
    assert term_in_words("odrl:research") == "odrl:research"
    assert all(re.fullmatch(r"DUO:\d{7}", term) for term in LABELS)


# --- the front matter -------------------------------------------------------------------------------------


def front(card: Card):
    _, block, _ = markdown_file(card).split("---\n", 2)
    return YAML(typ="safe", pure=True).load(block)


def test_the_front_matter_is_that_of_a_dataset_card(learned_card, claimed_card, rules_card) -> None:
    assert front(learned_card) == {
        "pretty_name": "Visits to a clinic",
        "license": "cc-by-4.0",
        "task_categories": ["other"],
        "size_categories": ["10K<n<100K"],
        "annotations_creators": ["machine-generated"],
        "tags": ["synthetic", "tabular", "learned"],
        "configs": [{"config_name": "patient", "data_files": "patient.parquet"}],
    }
    assert "differential-privacy" in front(claimed_card)["tags"]
    assert front(rules_card)["tags"] == ["synthetic", "tabular", "rule-based"]


def test_a_target_is_a_task_and_an_unknown_licence_has_a_name(learned_card) -> None:
    aimed = learned_card.record_schema.model_copy(update={"targets": {"patient": "cost"}})
    own = learned_card.use.model_copy(update={"licence": "LicenseRef-Clinic-3"})
    card = learned_card.model_copy(update={"record_schema": aimed, "use": own})
    assert front(card)["task_categories"] == ["tabular-regression"]
    assert (front(card)["license"], front(card)["license_name"]) == ("other", "LicenseRef-Clinic-3")
    silent = learned_card.use.model_copy(update={"licence": None})
    assert front(learned_card.model_copy(update={"use": silent}))["license"] == "unknown"


@pytest.mark.parametrize(
    "text", [*HOSTILE, "a: b", "'", "---\nlicense: mit", "\\x41", "é 漢 \U0001f600", "%", "no"]
)
def test_a_hostile_name_is_one_value_of_the_front_matter(learned_card, text) -> None:
    matter = front(renamed(learned_card, text))
    shown = re.sub("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+", " ", text)
    assert matter["pretty_name"] == shown
    assert matter["license_name"] == shown
    assert set(matter) == {*front(learned_card), "license_name"}


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1_000, "1K<n<10K"),
        (99_999, "10K<n<100K"),
        (10**6, "1M<n<10M"),
        (10**9, "1B<n<10B"),
        (10**12, "n>1T"),
        (10**15, "n>1T"),
    ],
)
def test_sizes_are_in_the_words_of_the_hub(rows, word) -> None:
    assert size_category(rows) == word


# --- the methods paragraph --------------------------------------------------------------------------------


def test_the_methods_paragraph_has_the_figures_of_the_card(learned_card, claimed_card, rules_card) -> None:
    told = methods(learned_card)
    for part in (
        "26,048 rows",
        "20,000 to 49,999",
        "fidelity.columns mean 0.95 (required at least 0.92)",
        "4 of 4 measures passed",
        learned_card.card_id,
    ):
        assert part in told
    assert learned_card.record_schema.digest[:19] in told
    assert "seed" not in told
    assert claimed_card.privacy.statement in methods(claimed_card)
    assert "0.95" not in methods(claimed_card)
    assert "with seed 7; no real records were used" in methods(rules_card)
    assert "\n" not in told


def test_the_methods_paragraph_tells_what_was_selected(learned_card) -> None:
    asked = Conditional(where="age > 65", requested=5_000, reached=4_321)
    told = methods(learned_card.model_copy(update={"conditional": asked}))
    assert "Only records with age > 65 were drawn, 4,321 of 5,000 asked for." in told
    by_design = asked.model_copy(update={"satisfying": 40})
    told = methods(learned_card.model_copy(update={"conditional": by_design}))
    assert "Of 4,321 records, 40 have age > 65, by design." in told
    parents = ("sha256:" + 64 * "0",)
    update = {"generation_depth": 2, "real_fraction": 0.25, "parents": parents}
    second = learned_card.lineage.model_copy(update=update)
    assert "synthetic ones: generation 2, at most 0.25 of them real." in methods(
        learned_card.model_copy(update={"lineage": second})
    )


@pytest.mark.parametrize("kind", ["learned", "claimed", "rules"])
def test_pages_of_a_card_that_was_read_again_say_the_same(request, tmp_path, kind) -> None:
    card = request.getfixturevalue(f"{kind}_card")
    (tmp_path / "card.json").write_bytes(card_bytes(card))
    again = card_files(read_card(tmp_path / "card.json"))
    for name, content in card_files(card).items():
        assert sorted(content.splitlines()) == sorted(again[name].splitlines())


def test_a_conditional_sample_says_so(learned_card) -> None:
    asked = Conditional(where="age > 65", requested=5_000, reached=4_321)
    page = render_markdown(learned_card.model_copy(update={"conditional": asked}))
    assert "age &gt; 65: 4,321 of 5,000 rows reached" in page


def test_a_result_that_did_not_run_is_shown_as_such(learned_card) -> None:
    result = Result(
        check="P1",
        title="Copies?",
        verdict="inconclusive",
        blocking=True,
        measure=None,
        limit=None,
        value=None,
        reason="P1 is inconclusive.",
    )
    page = render_markdown(learned_card.model_copy(update={"results": (result,)}))
    assert "| P1: Copies? | inconclusive | — | yes | — | — |" in page


def test_an_audit_against_synthetic_records_is_not_told_as_one_against_persons(learned_card) -> None:
    real = "The audit read the real records"
    assert real in render_markdown(learned_card)
    lineage = learned_card.lineage.model_copy(update={"parents": ("sha256:" + 64 * "0",)})
    page = render_markdown(learned_card.model_copy(update={"lineage": lineage}))
    assert real not in page
    assert "nothing of any persons behind the synthetic ones" in page


def test_a_check_that_had_nothing_to_measure_counts_as_no_measure(learned_card) -> None:
    risk = next(one for one in learned_card.results if one.check == "P1")
    empty = risk.model_copy(update={"check": "P11", "measure": None, "limit": None, "value": None})
    assert passes([risk, empty]) == "1 of 1 measures passed; nothing to measure for P11"
    assert passes([empty]) == "nothing to measure for P11"
    undecided = empty.model_copy(update={"verdict": "inconclusive"})
    assert passes([risk, undecided]) == "1 of 2 measures passed"
