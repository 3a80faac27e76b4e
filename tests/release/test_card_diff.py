"""Two cards compared: every difference in one sentence, the claim first, id and date in none."""

import json
from copy import deepcopy
from dataclasses import replace

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from synthrec import diff_cards
from synthrec.cli.app import root
from synthrec.cli.output import Output
from synthrec.errors import InputError
from synthrec.release.card import AssertionPart, Card, card_bytes, identified
from synthrec.release.card_build import build_card
from synthrec.release.card_diff import BLOCKS
from synthrec.release.card_diff import diff_cards as difference


def sentences(before: Card, after: Card) -> list[str]:
    return [change.sentence for change in difference(before, after).changes]


def changed(card: Card, block: str, **update: object) -> Card:
    part = getattr(card, block)
    return identified(card.model_copy(update={block: part.model_copy(update=update)}))


def test_every_block_of_a_card_is_compared() -> None:
    assert set(BLOCKS) == set(Card.model_fields) - {"schema_version", "card_id", "created", "draw"}
    assert list(BLOCKS)[:7] == [
        "privacy", "policy", "profile", "decision", "record_schema", "source", "results",
    ]  # fmt: skip


def test_two_cards_of_one_release_say_the_same(learned_release) -> None:
    first = build_card(learned_release)
    second = identified(first.model_copy(update={"created": "2030-01-01T00:00:00Z"}))
    assert first.card_id != second.card_id
    assert difference(first, second).is_same
    assert "The cards say the same" in difference(first, second).text()


def test_the_claim_comes_first(learned_card, claimed_card) -> None:
    told = sentences(learned_card, claimed_card)
    assert told[0] == "claim was none and is now differential_privacy."
    assert any(line.startswith("guarantee, new: epsilon 1.25, delta 1E-6") for line in told)
    assert "name was copula and is now copula_dp." in told
    assert "domain of cost of patient of columns was learned and is now none." not in told


def test_a_change_in_each_kind_of_part(learned_card) -> None:
    subject = learned_card.subjects[0].model_copy(update={"rows": 10})
    assert sentences(learned_card, learned_card.model_copy(update={"subjects": (subject,)})) == [
        "rows of patient.parquet was 26,048 and is now 10."
    ]
    result = learned_card.results[2].model_copy(update={"verdict": "fail", "value": 0.9})
    results = (*learned_card.results[:2], result, *learned_card.results[3:])
    assert sentences(learned_card, learned_card.model_copy(update={"results": results})) == [
        "verdict of fidelity.columns mean was pass and is now fail.",
        "value of fidelity.columns mean was 0.95 and is now 0.9.",
    ]
    assert sentences(learned_card, changed(learned_card, "use", limits=("Visits only", "No children"))) == [
        "limits, gone: “Costs are drawn smoothly within bins.”.",
        "limits, new: “No children”.",
    ]
    assert sentences(learned_card, changed(learned_card, "use", expires=None)) == [
        "expires, gone: 2030-06-30."
    ]
    other = AssertionPart(regime="GDPR", basis="opinion 3", assertion_by="B")
    added = learned_card.model_copy(update={"regulatory": (*learned_card.regulatory, other)})
    assert sentences(learned_card, added) == ["GDPR B, new: regime GDPR, basis “opinion 3”, assertion by B."]


def test_a_column_that_came_and_a_digest_that_changed(learned_release, rules_card) -> None:
    before = build_card(replace(learned_release, learned=None))
    columns = before.record_schema.columns["patient"]
    fewer = {"patient": {name: column for name, column in columns.items() if name != "age"}}
    after = changed(before, "record_schema", columns=fewer, digest="sha256:" + "9" * 64)
    told = sentences(before, after)
    assert told[0].startswith("digest was sha256:") or told[0].startswith("age of patient")
    assert (
        "age of patient of columns, gone: kind integer, role quasi_identifier, domain public, made ruled."
        in told
    )
    assert any(line.endswith("and is now sha256:999999999999.") for line in told)


def test_a_change_anywhere_is_told_in_its_block(claimed_card) -> None:
    """Each leaf of the card is changed alone, wherever another value of its kind makes a card."""
    document = claimed_card.model_dump(mode="json")
    tried = 0
    for path in paths({block: document[block] for block in BLOCKS}):
        other = with_another_leaf(document, path)
        if other is not None:
            tried += 1
            found = difference(claimed_card, other).changes
            assert {change.block for change in found} == {path[0]}, path
    assert tried > 100


def with_another_leaf(document, path) -> Card | None:
    copied = deepcopy(document)
    part = copied
    for key in path[:-1]:
        part = part[key]
    old = part[path[-1]]
    for new in (
        not old if isinstance(old, bool) else "x",
        f"{old}0",
        17,
        f"{str(old)[:-1]}0",
        f"{str(old)[:-1]}1",
    ):
        part[path[-1]] = new
        try:
            card = Card.model_validate(copied)
        except ValidationError:
            continue
        if card.model_dump(mode="json") != document:
            return card
    return None


def paths(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from paths(item, (*path, position))
    else:
        yield path


# --- the command ------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path, learned_card, rules_card):
    for name, card in (("a", learned_card), ("b", rules_card)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "card.json").write_bytes(card_bytes(card))
    return tmp_path


def run(*arguments: object):
    return CliRunner().invoke(root, ["card", "diff", *map(str, arguments)], obj=Output(json=False))


def test_the_command_tells_and_ends_well_either_way(files) -> None:
    told = run(files / "a", files / "b" / "card.json")
    assert told.exit_code == 0
    assert "\nReal records\n" in told.output
    assert told.output.index("Claim") < told.output.index("Real records") < told.output.index("Files")
    same = run(files / "a", files / "a")
    assert (same.exit_code, "The cards say the same" in same.output) == (0, True)


def test_the_json_document_has_every_change(files) -> None:
    document = json.loads(run(files / "a", files / "b", "--json").output)
    assert document["same"] is False
    assert {change["block"] for change in document["changes"]} >= {"source", "generator", "subjects", "seed"}
    assert all(
        set(change) == {"block", "path", "before", "after", "sentence"} for change in document["changes"]
    )


def test_what_is_no_card_is_refused(files) -> None:
    (files / "b" / "card.json").write_text("{}")
    with pytest.raises(InputError):
        diff_cards(files / "a", files / "b")
