"""One paragraph for the methods section of a paper: figures and names of the card, nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from synthrec.release.card import Card, CitationsPart, GeneratorPart, Lineage, Result, Seed, Source
from synthrec.release.card_words import (
    QUALITY,
    band,
    by_kind,
    counted_rows,
    coverage,
    passes,
    settings,
    vacuous,
)
from synthrec.release.pages import WORDS

SHORT = 12
"""Hexadecimal digits of a digest that are told; the card has all of them."""


def methods(card: Card) -> str:
    """The paragraph. Digests stand with their first twelve digits; the id of the card pins the rest."""
    return " ".join(_sentences(card))


def _sentences(card: Card) -> Iterator[str]:
    tables = ", ".join(f"{table} ({rows:,} rows)" for table, rows in counted_rows(card).items())
    named = f"schema {card.record_schema.name} {card.record_schema.version}"
    yield (
        f"Synthetic records of {named} ({_short(card.record_schema.digest)}), {tables}, were made with "
        f"{card.tool.name} {card.tool.version} on {card.created[:10]}."
    )
    if card.fitted:
        yield from _filled(card)
    else:
        yield from _rules(card) if card.source is None else _model(card, card.source)
    yield from _selection(card)
    yield card.privacy.statement
    yield from _judged(card)
    yield f"The provenance card of the records has the id {card.card_id}."


def _rules(card: Card) -> Iterator[str]:
    told = ", ".join((_seed(card.seed), *settings(card.generator)))
    yield f"They were drawn from the rules of the schema with {told}; no real records were used."
    cited = card.record_schema.citations
    if cited is not None and cited.figures:
        yield _cited(cited)


def _cited(cited: CitationsPart) -> str:
    if cited.assumed == cited.figures:
        return f"All {cited.figures:,} numbers in its rules and params are assumptions of its author."
    own = f"{cited.assumed:,} are assumptions of its author"
    told = f"Of {cited.figures:,} numbers in its rules and params {own}"
    entries = (item for _, item in sorted(cited.sources.items()))
    sources = "; ".join(
        ", ".join(str(part) for part in (item.publisher, item.title, item.year) if part is not None)
        for item in entries
    )
    return f"{told}; the others are from {sources}." if sources else f"{told}."


def _model(card: Card, source: Source) -> Iterator[str]:
    model = _generator(card.generator)
    yield f"They were drawn from a model ({model}) that was fitted to {_records(source)}."
    yield HOLDOUTS[source.holdout]
    yield from _generation(card.lineage)


def _filled(card: Card) -> Iterator[str]:
    """Rules whose columns were filled by models: every model with what it learned from."""
    told = ", ".join((_seed(card.seed), *settings(card.generator)))
    yield f"They were drawn from the rules of the schema with {told}."
    for part in card.fitted:
        columns = f"the columns {', '.join(sorted(part.columns))} of {part.table}"
        model = f"{_generator(part.generator)}, fitted to {_records(part.source)}"
        yield f"A model filled {columns} ({model}). {HOLDOUTS[part.source.holdout]}"
        yield from _generation(part.lineage)


def _seed(seed: Seed) -> str:
    return f"seed {seed.value}" if seed.kind == "plain" else "a seed to which the card holds a commitment"


def _generator(generator: GeneratorPart) -> str:
    """Name, settings and digest of a model."""
    told = [generator.name, *settings(generator)]
    if generator.model_digest is not None:
        told.append(_short(generator.model_digest))
    return ", ".join(told)


def _generation(lineage: Lineage) -> Iterator[str]:
    if lineage.parents:
        told = f"generation {lineage.generation_depth}, at most {lineage.real_fraction:.4g} of them real"
        yield f"Among the records that were learned from are synthetic ones: {told}."


def _records(source: Source) -> str:
    told = (
        source.name,
        source.custodian and f"custodian {source.custodian}",
        source.period,
        source.rows and f"{band(source.rows)} rows",
        source.persons and f"{source.persons} persons",
    )
    stated = ", ".join(part for part in told if part)
    return f"records ({stated})" if stated else "records of which nothing is stated"


HOLDOUTS = {
    "split": "A holdout was split off by person before the fit and used for the audit only.",
    "given": "Records given as a holdout were used for the audit only.",
    "none": "There was no holdout.",
}


def _selection(card: Card) -> Iterator[str]:
    asked = card.conditional
    if asked is not None and asked.satisfying is None:
        reached = f"{asked.reached:,} of {asked.requested:,} asked for"
        yield f"Only records with {asked.where} were drawn, {reached}."
    elif asked is not None:
        yield f"Of {asked.reached:,} records, {asked.satisfying:,} have {asked.where}, by design."
    if card.repair is not None:
        yield f"Rows that repeated a single real person were drawn again ({', '.join(card.repair.checks)})."
    if card.scenarios is not None:
        told = (
            f"{item.scenario} {item.version} ({item.realised:,} instances)"
            for item in card.scenarios.scenarios
        )
        yield f"Scenarios were written into the records: {', '.join(told)}."


def _judged(card: Card) -> Iterator[str]:
    policy, profile = card.policy, card.profile
    yield (
        f"Policy {policy.name} {policy.version} ({_short(policy.digest)}) and quality profile {profile.name} "
        f"{profile.version} ({_short(profile.digest)}) decided on {coverage(card)}; the decision was "
        f"{card.decision.verdict}."
    )
    groups = zip(KINDS, by_kind(card.results), strict=True)
    for name, results in ((name, results) for name, (_, results) in groups if results):
        yield f"{name}: {_tally(results)}."
    figures = [
        _figure(one) for one in card.results if one.check.startswith(QUALITY) and one.value is not None
    ]
    if figures:
        yield f"Measured likeness: {'; '.join(figures)}."


KINDS = ("Re-identification", "Likeness to the real records", "Conformity to the schema")
"""Names of what `by_kind` asks, in its order."""


def _tally(results: list[Result]) -> str:
    """How many measures passed, and of which checks; those that did not pass by name."""
    others = (f"{_measured(one)} {WORDS[one.verdict]}" for one in results if one.verdict != "pass")
    checks = ", ".join(dict.fromkeys(one.check for one in results if not vacuous(one)))
    asked = f"{checks}: " if checks else ""
    return "; ".join((f"{asked}{passes(results)}", *others))


def _figure(result: Result) -> str:
    limit = "" if result.limit is None else f" (required at least {result.limit:.4g})"
    return f"{_measured(result)} {result.value:.4g}{limit}"


def _measured(result: Result) -> str:
    return f"{result.check} {result.measure or ''}".strip()


def _short(digest: str) -> str:
    kind, _, digits = digest.partition(":")
    return f"{kind}:{digits[:SHORT]}"
