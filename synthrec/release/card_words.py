"""What a card says in words: the answers of its first screen, made from its fields alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from synthrec.release.card import Card, GeneratorPart, Result, RowBand, Source
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
"""A label and what stands beside it."""


def first_screen(card: Card) -> tuple[tuple[str, tuple[Item, ...]], ...]:
    """The questions that a reader has first, each with its answers; answers of one label stand together."""
    return (
        ("What is it?", _together(_what(card))),
        ("May I use it?", _together(use(card))),
        ("Who says so?", _together(_who(card))),
        ("What was measured?", _together(_measured(card))),
        ("What is claimed, and what is not?", _together(_claimed(card))),
    )


def _together(items: Iterable[Item]) -> tuple[Item, ...]:
    texts: dict[str, list[str]] = {}
    for label, text in items:
        texts.setdefault(label, []).append(text)
    return tuple((label, _list(same)) for label, same in texts.items())


def _list(texts: list[str]) -> str:
    """Texts in a row; a full stop stands at the end only."""
    return "; ".join([*(text.removesuffix(".") for text in texts[:-1]), texts[-1]])


def unclaimed(card: Card) -> Iterator[str]:
    """What is claimed, and what is not."""
    yield card.privacy.statement
    if card.source is not None:
        yield f"{_audited(card)} synthrec asserts nothing under any law."
    yield from waivers(card)


def _audited(card: Card) -> str:
    """What the audit looked at, and whom it says nothing of."""
    if card.lineage.parents:
        return (
            "The audit compared these records with those learned from, synthetic ones among them: it says "
            "nothing of any persons behind the synthetic ones."
        )
    return "The audit read the real records, and so did the decision to release."


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
    yield "for", card.use.intended or "not stated"
    yield "not for", card.use.out_of_scope or "not stated"
    if card.use.expires is not None:
        yield "until", card.use.expires
    yield "licence", card.use.licence or "not stated"
    if card.source is not None:
        yield "of the source", f"licence: {card.source.licence or 'not stated'}"
        yield from (("obligations", obligation) for obligation in card.source.obligations)
        yield from (("of the source", term_in_words(term)) for term in card.source.terms)
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


def models(card: Card) -> tuple[str, ...]:
    """Names of the generators that learned, each once."""
    names = [part.generator.name for part in card.fitted] or [card.generator.name]
    return tuple(dict.fromkeys(names))


def settings(generator: GeneratorPart) -> Iterator[str]:
    """What a model or the rules were set to, by name."""
    given = ((name, value) for name, value in sorted(generator.parameters.items()) if value is not None)
    return (f"{name} = {value}" for name, value in given)


def counted_rows(card: Card) -> dict[str, int]:
    """Rows by table, each table once in however many formats it stands."""
    stems = ((subject.name.partition(".")[0], subject.rows) for subject in card.subjects)
    return {table: rows for table, rows in stems if table in card.record_schema.columns}


def _what(card: Card) -> Iterator[Item]:
    tables = ", ".join(f"{rows:,} rows of {table}" for table, rows in counted_rows(card).items())
    yield "synthetic", tables or "no table of the schema"
    yield "made", f"{card.created[:10]} by {card.tool.name} {card.tool.version}"
    if card.source is None:
        yield "from", "the rules of the schema; no real records were used"
    else:
        made = "the rules of the schema and models that fill columns" if card.fitted else "a model"
        yield "from", f"{made} ({', '.join(models(card))}) that learned from records"
        yield "learned from", _learned_from(card.source)
    if card.lineage.parents:
        depth, share = card.lineage.generation_depth, card.lineage.real_fraction
        yield "generation", f"{depth}; at most {share:.0%} of what was learned from was real"
    if card.conditional is not None:
        yield "only where", card.conditional.where
    if card.scenarios is not None:
        names = dict.fromkeys(item.scenario for item in card.scenarios.scenarios)
        yield "on purpose", ", ".join(names)


def _learned_from(source: Source) -> str:
    """Whose records, from when, and how many as far as it may be told."""
    told = (
        source.name,
        source.period,
        source.rows and f"{band(source.rows)} rows",
        source.persons and f"{source.persons} persons",
        f"custodian: {source.custodian or 'not stated'}",
    )
    return "; ".join(part for part in told if part)


def _who(card: Card) -> Iterator[Item]:
    yield from (("the gate", reason) for reason in card.decision.reasons)
    yield from (("waived", sentence) for sentence in waivers(card))
    for item in card.regulatory:
        yield item.regime, f"asserted by {item.assertion_by}; basis: {item.basis}"
    yield "signed", "see synthrec card verify; a page cannot vouch for itself"


def _measured(card: Card) -> Iterator[Item]:
    labels = ("risk", "likeness", "schema")
    for label, (_, results) in zip(labels, by_kind(card.results), strict=True):
        if results:
            yield label, _tally(results)
    yield "on", coverage(card)
    yield from (("warning", warning) for warning in card.warnings)


def vacuous(result: Result) -> bool:
    """Whether a check passed since there was nothing to measure."""
    return result.verdict == "pass" and result.measure is None


def passes(results: list[Result]) -> str:
    """How many measures passed, and which checks had nothing to measure."""
    measured = [result for result in results if not vacuous(result)]
    passed = sum(result.verdict == "pass" for result in measured)
    told = [f"{passed} of {len(measured)} measures passed"] if measured else []
    empty = ", ".join(dict.fromkeys(result.check for result in results if vacuous(result)))
    return "; ".join([*told, f"nothing to measure for {empty}"] if empty else told)


def _tally(results: list[Result]) -> str:
    told = passes(results)
    missed = sorted({result.check for result in results if result.verdict != "pass"})
    return f"{told}; not {', '.join(missed)}" if missed else told


def coverage(card: Card) -> str:
    """Which rows the decision was made on."""
    rows = f"{card.coverage.audited_rows:,}"
    if card.coverage.kind == "very_output":
        return "all of these records"
    if card.coverage.kind == "under_claim":
        return f"a trial of the model when it was fitted; of these {rows} rows, whether they keep the schema"
    if card.fitted:
        return f"what models gave {rows} rows, all among those audited when the models were fitted"
    return f"{rows} rows, all among those audited when the model was fitted"


def _claimed(card: Card) -> Iterator[Item]:
    yield "claim", card.privacy.statement
    if card.source is not None:
        yield "not covered", _audited(card)
    others = "what others assert is named here" if card.regulatory else "nobody does on this card"
    yield "law", f"synthrec asserts nothing under any law; {others}."
    yield from (("limits", limit) for limit in card.use.limits)
    yield from (("biases", bias) for bias in card.use.biases)
