"""What a card says in words: the answers of its first screen, made from its fields alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthrec.release.card import Card, Result, RowBand
from synthrec.release.card_terms import term_in_words
from synthrec.release.judge import CONFORMITY

ANSWERS = {
    "pass": "These records may be used within the terms below.",
    "fail": "These records may not be used: the gate refused them.",
    "inconclusive": "These records may not be used: the audit could not tell whether they are safe.",
}

QUALITY = ("fidelity.", "quality.")
"""Front parts of the ids of checks that ask how good records are; their measures have lower limits."""

MANY = 3
"""Keys that a sentence lists; of more it tells the number."""

Item = tuple[str, str]
"""A label, empty where none is needed, and what stands beside it."""


def first_screen(card: Card) -> tuple[tuple[str, tuple[Item, ...]], ...]:
    """The questions that a reader has first, each with its answers."""
    return (
        ("What is it?", tuple(_what(card))),
        ("May I use it?", tuple(use(card))),
        ("Who says so?", tuple(_who(card))),
        ("What was measured?", tuple(_measured(card))),
        ("What does it not say?", tuple(("", sentence) for sentence in _unsaid(card))),
    )


def unclaimed(card: Card) -> Iterator[str]:
    """What is claimed, and what is not."""
    yield card.privacy.statement
    if card.source is not None:
        yield (
            "The audit read the real records, and so did the decision to release. "
            "synthrec asserts nothing about the records under any law."
        )
    yield from waivers(card)


def waivers(card: Card) -> Iterator[str]:
    """Where policy and profile allow what those that synthrec ships do not, and who answers for it."""
    for rules, kind in ((card.policy, "policy"), (card.profile, "profile")):
        keys = rules.looser_than_default
        if keys:
            where = ", ".join(keys) if len(keys) <= MANY else f"{len(keys)} keys, listed on the card"
            why = f" ({rules.loosened_by}: {rules.loosened_because})" if rules.loosened_by else ""
            yield f"The {kind} is looser than the one synthrec ships, at {where}.{why}"


def use(card: Card) -> Iterator[Item]:
    """What the records are for, until when, under which terms, and whom to ask."""
    yield "intended", card.use.intended or "not stated"
    yield "out of scope", card.use.out_of_scope or "not stated"
    if card.use.expires is not None:
        yield "until", card.use.expires
    yield "licence", card.use.licence or "not stated"
    if card.source is not None:
        yield "licence of the source", card.source.licence or "not stated"
        yield from (("obligation", obligation) for obligation in card.source.obligations)
        yield from (("term of the source", term_in_words(term)) for term in card.source.terms)
    if card.use.contact is not None:
        yield "contact", card.use.contact


def by_kind(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    """Results by what they ask: risk, likeness, conformity to the schema."""
    schema = [one for one in results if one.check.startswith(CONFORMITY)]
    quality = [one for one in results if one.check.startswith(QUALITY)]
    yield "Could somebody be re-identified?", [one for one in results if one not in [*schema, *quality]]
    yield "Are they like the real ones?", quality
    yield "Do they keep their schema?", schema


def band(rows: RowBand) -> str:
    """A number of real rows as it may be told."""
    return f"{rows.low:,}" if rows.low == rows.high else f"{rows.low:,} to {rows.high:,}"


def counted_rows(card: Card) -> dict[str, int]:
    """Rows by table, each table once in however many formats it stands."""
    stems = ((subject.name.partition(".")[0], subject.rows) for subject in card.subjects)
    return {table: rows for table, rows in stems if table in card.record_schema.columns}


def _what(card: Card) -> Iterator[Item]:
    tables = ", ".join(f"{table} ({rows:,} rows)" for table, rows in counted_rows(card).items())
    yield "synthetic records", tables or "no table of the schema"
    yield "made", f"{card.created[:10]} by {card.tool.name} {card.tool.version}"
    if card.source is None:
        yield "from", "the rules of the schema; no real records were used"
    else:
        yield "from", f"a model ({card.generator.name}) that learned from records; {_learned_from(card)}"
    if card.conditional is not None:
        yield "only where", card.conditional.where
    if card.scenarios is not None:
        names = dict.fromkeys(item.scenario for item in card.scenarios.scenarios)
        yield "rare events on purpose", ", ".join(names)


def _learned_from(card: Card) -> str:
    """Whose records, from when and how many; and whether some of them were synthetic themselves."""
    source, lineage = card.source, card.lineage
    if source is None:
        return ""
    told = [
        source.name and f"name: {source.name}",
        f"custodian: {source.custodian or 'not stated'}",
        source.period and f"period: {source.period}",
        source.rows and f"rows: {band(source.rows)}",
        source.persons and f"persons: {source.persons}",
    ]
    if lineage.generation_depth > 1:
        told.append(f"generation {lineage.generation_depth}: {lineage.real_fraction:.0%} of them were real")
    return "; ".join(part for part in told if part)


def _who(card: Card) -> Iterator[Item]:
    yield from (("the gate", reason) for reason in card.decision.reasons)
    yield from (("waived", sentence) for sentence in waivers(card))
    for item in card.regulatory:
        yield item.regime, f"asserted by {item.assertion_by}; basis: {item.basis}"
    yield (
        "signature",
        "not on this page; synthrec card verify tells whether the export is signed, and by whom",
    )


def _measured(card: Card) -> Iterator[Item]:
    for question, results in by_kind(card.results):
        if results:
            yield question, _tally(results)
    claim = card.privacy.guarantee
    if claim is not None:
        yield "differential privacy", f"epsilon {claim.epsilon}, delta {claim.delta}"
    yield "measured on", coverage(card)
    yield from (("warning", warning) for warning in card.warnings)


def _tally(results: list[Result]) -> str:
    passed = sum(result.verdict == "pass" for result in results)
    told = f"{passed} of {len(results)} measures passed"
    open_ = sorted({result.check for result in results if result.verdict != "pass"})
    return f"{told}; not {', '.join(open_)}" if open_ else told


def coverage(card: Card) -> str:
    """Which rows the decision was made on."""
    rows = f"{card.coverage.audited_rows:,}"
    if card.coverage.kind == "very_output":
        return f"these very rows, {rows}"
    if card.coverage.kind == "under_claim":
        return f"a trial of the model when it was fitted; of these {rows} rows, whether they keep the schema"
    return f"{rows} rows, all among those audited when the model was fitted"


def _unsaid(card: Card) -> Iterator[str]:
    yield card.privacy.statement
    if card.source is not None:
        yield "The audit read the real records, and so did the decision to release."
    yield "synthrec asserts nothing about the records under any law; who asserts something is named here."
    yield from card.use.limits
    yield from (f"Known bias: {bias}" for bias in card.use.biases)
