"""One extract for a card of several models: a claim only where all have one, and the sum of all spending."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from synthrec.release.card import (
    NO_CLAIM,
    AgreementPart,
    FittedPart,
    GeneratorPart,
    Guarantee,
    LedgerHeadPart,
    Lineage,
    Privacy,
    Source,
    UsePart,
    card_bytes,
)
from synthrec.release.card_build import Fitted, build_card
from synthrec.release.card_fitted import distinct, lineage_of, privacy_of, source_of
from synthrec.release.card_render import render_html, render_markdown
from synthrec.release.card_words import first_screen

SOURCE = Source(
    name=None,
    period=None,
    custodian="town hall",
    licence="internal",
    agreement=None,
    confidentiality=None,
    fingerprint="hmac-sha256:" + "1" * 64,
    key_id="k" * 16,
    rows=None,
    persons="2,000 to 4,999",
    holdout="split",
)
USE = UsePart(intended=None, out_of_scope=None, licence=None, expires=None, contact=None)


def guarantee(epsilon="0.5", delta="0.000001", population="one town", spent="0.5", rows=1, looks=0):
    return Guarantee(
        epsilon=epsilon,
        delta=delta,
        adjacency="add_remove_person",
        max_rows_per_person=rows,
        accountant="pld",
        mechanisms=(),
        population=population,
        population_epsilon=spent,
        population_delta=delta,
        looks_without_claim=looks,
    )


def part(number, claim=None, table="patient", block="b", source=SOURCE, use=USE, **lineage):
    """A block that model number `number` filled."""
    privacy = Privacy(
        claim="none" if claim is None else "differential_privacy",
        statement=NO_CLAIM if claim is None else claim.sentence(),
        guarantee=claim,
        ledger_head=LedgerHeadPart(sequence=number, hash=f"h{number}"),
        fits=None if claim else number,
        units={},
    )
    return FittedPart(
        table=table,
        block=block,
        columns={"age": "age"},
        generator=GeneratorPart(name="copula", parameters={}, model_digest=f"sha256:{number:064d}"),
        seed=None,
        source=source,
        privacy=privacy,
        covered="under_claim" if claim else "approved_prefix",
        lineage=Lineage(**{"generation_depth": 1, "real_fraction": 1.0, **lineage}),
        use=use,
    )


def test_one_model_stands_for_itself_however_many_blocks_it_fills(keys):
    claim = guarantee()
    parts = (part(1, claim), part(1, claim, block="c"))
    assert len(distinct(parts)) == 1
    assert privacy_of(parts, {}).guarantee == claim
    assert privacy_of(parts, {}).statement.startswith(claim.sentence())
    assert source_of(parts, keys) == SOURCE


def test_claims_of_several_models_add_up():
    first = guarantee("0.5", "1e-6", spent="0.5", rows=1, looks=1)
    second = guarantee("0.25", "2e-6", spent="0.75", rows=2, looks=1)
    third = guarantee("1.5", "1e-6", population="one county", spent="4", rows=3, looks=2)
    found = privacy_of((part(1, first), part(2, second), part(3, third)), {})
    claim = found.guarantee
    assert (claim.epsilon, claim.delta, claim.max_rows_per_person) == ("2.25", "0.000004", 6)
    # The account of one town at its newest, 0.75, and that of one county, 4.
    assert (claim.population, claim.population_epsilon) == ("one town; one county", "4.75")
    assert claim.looks_without_claim == 3
    assert (found.claim, found.ledger_head.sequence) == ("differential_privacy", 3)
    assert "(2.25, 0.000004)-differential privacy" in found.statement


def test_one_model_without_a_claim_leaves_none():
    found = privacy_of((part(1, guarantee()), part(4)), {})
    assert (found.claim, found.guarantee, found.fits) == ("none", None, 4)
    assert found.statement.startswith(NO_CLAIM)


def test_terms_of_several_sources_are_joined_and_hold_together(keys):
    agreement = AgreementPart(reference="A-7", expires="2030-01-01")
    other = SOURCE.model_copy(
        update={
            "custodian": "county",
            "obligations": ("cite us",),
            "agreement": agreement,
            "holdout": "given",
            "fingerprint": "hmac-sha256:" + "2" * 64,
        }
    )
    found = source_of((part(1), part(2, source=other)), keys)
    assert (found.custodian, found.licence, found.obligations) == (
        "town hall; county",
        "internal",
        ("cite us",),
    )
    assert (found.agreement, found.holdout, found.persons) == (agreement, "given", None)
    assert found.fingerprint not in {SOURCE.fingerprint, other.fingerprint}
    assert source_of((part(1), part(3, source=SOURCE)), keys).fingerprint != found.fingerprint


def test_what_one_source_states_is_not_told_of_another(keys):
    silent = SOURCE.model_copy(update={"licence": None, "confidentiality": None, "custodian": None})
    found = source_of((part(1), part(2, source=silent)), keys)
    assert found.licence == "internal; not stated"
    assert found.custodian == "town hall; not stated"
    assert source_of((part(1, source=silent), part(2, source=silent)), keys).licence is None


def test_lineage_is_that_of_the_farthest_and_the_most_real():
    parents = ("sha256:" + "a" * 64,)
    found = lineage_of((part(1), part(2, generation_depth=3, real_fraction=0.2, parents=parents)))
    assert found == Lineage(generation_depth=3, real_fraction=1.0, parents=parents)


@pytest.mark.parametrize("claim", [None, guarantee()], ids=["audited", "claimed"])
def test_a_card_tells_all_models_and_ends_with_the_first_of_them(learned_release, keys, claim):
    parts = (
        part(1, claim),
        part(2, claim, block="c", use=USE.model_copy(update={"expires": "2031-05-01"})),
    )
    release = replace(learned_release, learned=None, fitted=Fitted(parts, {"patient": ("age",)}, keys))
    card = build_card(release)
    assert card_bytes(card)
    assert card.fitted == parts
    assert card.record_schema.columns["patient"]["age"].domain == "learned"
    assert card.seed.kind == "plain"
    assert dt.date.fromisoformat(card.use.expires) == dt.date(2031, 5, 1)
    assert first_screen(card)
    for page in (render_markdown(card), render_html(card)):
        assert all(f"sha256:{number:064d}" in page for number in (1, 2))
