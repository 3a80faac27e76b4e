"""All that a card says, in rows under headings: what stands below the first screen of its pages."""

from __future__ import annotations

from collections.abc import Iterator

from synthrec.release.card import Card
from synthrec.release.card_scenarios import scenario_items
from synthrec.release.card_terms import term_in_words
from synthrec.release.card_words import Item, band, coverage, settings


def details(card: Card) -> tuple[tuple[str, tuple[Item, ...]], ...]:
    """Headings, each with its rows of name and value."""
    return (
        ("How it was made", tuple(_made(card))),
        ("What it was made from", tuple(_source(card))),
        ("Persons and privacy", tuple(_persons(card))),
        ("Who judged it", tuple(_judges(card))),
        ("What it was made on", tuple(_machine(card))),
    )


def _made(card: Card) -> Iterator[Item]:
    yield "card", f"{card.card_id}, version {card.schema_version}, {card.created}"
    revision = f", commit {card.tool.revision}" if card.tool.revision else ""
    yield "tool", f"{card.tool.name} {card.tool.version}{revision}; its source: {card.tool.code}"
    yield "generator", ", ".join((card.generator.name, *settings(card.generator)))
    if card.generator.model_digest is not None:
        yield "model", card.generator.model_digest
    yield "schema", f"{card.record_schema.name} {card.record_schema.version}, {card.record_schema.digest}"
    yield "licence of the schema", card.record_schema.licence or "not stated"
    yield from _citations(card)
    yield from scenario_items(card.scenarios)
    yield f"seed ({card.seed.kind})", card.seed.value
    yield from _fitted(card)
    yield from _selection(card)
    yield from _lineage(card)
    yield "digital source type", card.digital_source_type


def _fitted(card: Card) -> Iterator[Item]:
    """Columns that models filled, and what stands behind each model."""
    for part in card.fitted:
        columns = ", ".join(f"{name} as {source}" for name, source in sorted(part.columns.items()))
        model = f"{part.generator.name}, {part.generator.model_digest}; {part.covered.replace('_', ' ')}"
        yield f"{part.block} of {part.table}", f"{columns}; model: {model}"
        yield f"records behind {part.block}", f"{part.source.fingerprint} under key {part.source.key_id}"
        yield f"claim of {part.block}", part.privacy.statement


def _selection(card: Card) -> Iterator[Item]:
    if card.conditional is not None:
        asked = card.conditional
        reached = f"{asked.reached:,} of {asked.requested:,} rows reached"
        if asked.satisfying is None:
            yield "only where", f"{asked.where}: {reached}"
        else:
            yield "prevalence by design", f"{asked.satisfying:,} rows with {asked.where}; {reached}"
    if card.repair is not None:
        found = f"found by {', '.join(card.repair.checks)}, audit {card.repair.attempts} of the model"
        yield "drawn again", f"rows that repeated a single person of train or holdout, {found}"


def _lineage(card: Card) -> Iterator[Item]:
    lineage = card.lineage
    share = f"{'at most ' if lineage.parents else ''}{lineage.real_fraction:.4g}"
    yield "generation", f"{lineage.generation_depth}; share of real records learned from: {share}"
    yield from (("card of the parent", parent) for parent in lineage.parents)


def _citations(card: Card) -> Iterator[Item]:
    cited = card.record_schema.citations
    if cited is None:
        return
    if cited.figures:
        own = f"{cited.assumed:,} are assumptions of its author"
        yield "numbers of the schema", f"{cited.figures:,} in rules and params, of which {own}"
    for table, names in cited.assumed_in.items():
        yield f"assumptions in {table}", ", ".join(names)
    for what, entries in (("source", cited.sources), ("code system", cited.code_systems)):
        for name, entry in entries.items():
            said = (entry.title, entry.publisher, entry.year, entry.address, entry.licence)
            yield f"{what} {name}", "; ".join(str(part) for part in said if part is not None)


def _source(card: Card) -> Iterator[Item]:
    source = card.source
    if source is None:
        yield "real records", "none were used"
        return
    yield "name", source.name or "not stated"
    yield "period", source.period or "not stated"
    yield "custodian", source.custodian or "not stated"
    yield "keyed fingerprint", f"{source.fingerprint} under key {source.key_id}"
    if source.rows is not None:
        yield "rows", band(source.rows)
    if source.persons is not None:
        yield "persons", source.persons
    yield "holdout", source.holdout
    yield "licence", source.licence or "not stated"
    if source.agreement is not None:
        yield "agreement", f"{source.agreement.reference}; until {source.agreement.expires or 'not stated'}"
    yield from (("obligation", obligation) for obligation in source.obligations)
    yield from (("term of use", term_in_words(term)) for term in source.terms)
    yield "confidentiality", source.confidentiality or "not stated"


def _persons(card: Card) -> Iterator[Item]:
    yield "claim", card.privacy.statement
    yield from _guarantee(card)
    for table, unit in card.privacy.units.items():
        limit = unit.max_rows_per_person
        most = "" if limit is None else f"; rows each, at most: {limit:,}"
        yield f"person in {table}", f"{unit.person}{most}"


def _guarantee(card: Card) -> Iterator[Item]:
    claim = card.privacy.guarantee
    if claim is not None:
        yield "epsilon, delta", f"{claim.epsilon}, {claim.delta}; one person added or removed"
        yield "charged by", "; ".join(f"{one.name}: {one.mechanism}" for one in claim.mechanisms)
        spent = f"epsilon {claim.population_epsilon}, delta {claim.population_delta}"
        yield "spent on the population so far", f"{claim.population}: {spent}"
        yield "readings without a claim", f"{claim.looks_without_claim:,} before, as far as the ledger knows"
    if card.privacy.fits is not None:
        yield "models fitted to these records", f"{card.privacy.fits:,}, this one included"
    if card.privacy.ledger_head is not None:
        yield "ledger", f"entry {card.privacy.ledger_head.sequence}; other ledgers are unknown to it"


def _judges(card: Card) -> Iterator[Item]:
    for kind, rules in (("policy", card.policy), ("profile", card.profile)):
        yield kind, f"{rules.name} {rules.version}, {rules.digest}"
        if rules.looser_than_default:
            yield f"waivers of the {kind}", ", ".join(rules.looser_than_default)
    yield "judged on", coverage(card)
    yield from _expectations(card)


def _expectations(card: Card) -> Iterator[Item]:
    """The Great Expectations project: what its suites came to, and what was checked beside them."""
    project = card.expectations
    if project is None:
        return
    for suite in project.suites:
        met = f"{suite.successful:,} of {suite.evaluated:,} met"
        yield f"expectations of {suite.table}", f"{met}; Great Expectations {project.version}, {suite.digest}"
    for rule in project.beside:
        counted = f"broken {rule.broken:,} times" if rule.broken else "kept by every row"
        yield f"checked beside those of {rule.table}", f"{rule.rule}: {counted}"
    for table, columns in project.unstated.items():
        yield f"domains of {table} that no suite tells", ", ".join(columns)


def _machine(card: Card) -> Iterator[Item]:
    machine = card.environment
    yield "machine", f"{machine.platform}, {machine.device}, {machine.threads} threads"
    yield "Python", machine.python
    for name, package in sorted(machine.packages.items()):
        yield name, f"{package.version}, {package.licence or 'licence not stated'}"
