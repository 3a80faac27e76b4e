"""The card for people: one Markdown file, one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synthrec.release.card import Card, RowBand
from synthrec.release.pages import environment, html_page

ANSWERS = {
    "pass": "These records may be used as described under Use.",
    "fail": "These records may not be used: the gate refused them.",
    "inconclusive": "These records may not be used: the audit could not tell whether they are safe.",
}


def render_markdown(card: Card) -> str:
    """The card as GitHub-flavoured Markdown."""
    return environment("md").get_template("card.md.j2").render(_context(card))


def render_html(card: Card) -> str:
    """The card as one self-contained HTML page without scripts, under a policy that allows none."""
    return html_page("card.html.j2", ("card.css",), **_context(card))


def _context(card: Card) -> dict[str, Any]:
    return {
        "card": card,
        "answer": ANSWERS[card.decision.verdict],
        "unclaimed": tuple(unclaimed(card)),
        "use": tuple(use(card)),
        "origin": tuple(_origin(card)),
    }


def unclaimed(card: Card) -> Iterator[str]:
    """What is claimed, and what is not."""
    yield card.privacy.statement
    if card.source is not None:
        yield (
            "The audit read the real records, and so did the decision to release. "
            "No claim is made that the records are anonymous in the sense of any law."
        )
    for rules, kind in ((card.policy, "policy"), (card.profile, "profile")):
        if rules.looser_than_default:
            keys = ", ".join(rules.looser_than_default)
            why = f" ({rules.loosened_by}: {rules.loosened_because})" if rules.loosened_by else ""
            yield f"The {kind} is looser than the one synthrec ships, at {keys}.{why}"


def use(card: Card) -> Iterator[tuple[str, str]]:
    """What the records are for, and where they end."""
    yield "intended", card.use.intended or "not stated"
    yield "out of scope", card.use.out_of_scope or "not stated"
    yield from (("limit", limit) for limit in card.use.limits)
    if card.source is not None:
        yield "licence of the source", card.source.licence or "not stated"
        yield from (("obligation", obligation) for obligation in card.source.obligations)


def _origin(card: Card) -> Iterator[tuple[str, str]]:
    yield "made by", f"{card.tool.name} {card.tool.version}, {card.created}"
    yield "card", card.card_id
    yield "generator", ", ".join((card.generator.name, *_parameters(card)))
    if card.generator.model_digest is not None:
        yield "model", card.generator.model_digest
    yield "schema", card.record_schema.digest
    yield from _citations(card)
    yield from _scenarios(card)
    for kind, rules in (("policy", card.policy), ("profile", card.profile)):
        yield kind, f"{rules.name} {rules.version}, {rules.digest}"
    yield f"seed ({card.seed.kind})", card.seed.value
    yield "audited", _coverage(card)
    yield from _guarantee(card)
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
    yield from _expectations(card)
    yield from _source(card)
    for table, unit in card.privacy.units.items():
        most = (
            "" if unit.max_rows_per_person is None else f"; rows each, at most: {unit.max_rows_per_person:,}"
        )
        yield f"person in {table}", f"{unit.person}{most}"
    yield "generation", str(card.lineage.generation_depth)
    packages = (f"{name} {item.version}" for name, item in sorted(card.environment.packages.items()))
    yield "environment", ", ".join((f"Python {card.environment.python}", *packages))
    yield "digital source type", card.digital_source_type


def _citations(card: Card) -> Iterator[tuple[str, str]]:
    cited = card.record_schema.citations
    if cited is None:
        return
    if cited.figures:
        own = f"{cited.assumed:,} are assumptions of its author"
        yield "numbers of the schema", f"{cited.figures:,} in rules and params, of which {own}"
    for what, entries in (("source", cited.sources), ("code system", cited.code_systems)):
        for name, entry in entries.items():
            said = (entry.title, entry.publisher, entry.year, entry.address, entry.licence)
            yield f"{what} {name}", "; ".join(str(part) for part in said if part is not None)


def _scenarios(card: Card) -> Iterator[tuple[str, str]]:
    if card.scenarios is None:
        return
    for item in card.scenarios.scenarios:
        name = f"{item.scenario} {item.version}, {item.tier}"
        if item.unit is None:
            yield "scenario", f"{name}: changes params for all records; {item.digest}"
            continue
        asked = f"{item.realised:,} of {item.requested:,} instances realised"
        among = f"among {item.eligible:,} eligible of {item.units:,} rows of {item.unit}"
        rows = ", ".join(f"{number:,} {role}" for role, number in item.rows.items())
        yield "scenario", f"{name}: {asked}, {among}; rows: {rows or 'none'}; {item.digest}"
    for pairs in card.scenarios.pairs:
        met = f"{pairs.covered:,} of {pairs.feasible:,} feasible pairs of {pairs.factors} factors"
        yield f"coverage of {pairs.table}", f"{met}; {pairs.by_instances:,} on rows of {pairs.scenario}"


def _guarantee(card: Card) -> Iterator[tuple[str, str]]:
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


def _expectations(card: Card) -> Iterator[tuple[str, str]]:
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


def _source(card: Card) -> Iterator[tuple[str, str]]:
    source = card.source
    if source is None:
        yield "real records", "none were used"
        return
    yield "custodian of the real records", source.custodian or "not stated"
    yield "real records (keyed fingerprint)", f"{source.fingerprint} under key {source.key_id}"
    if source.rows is not None:
        yield "real rows", _band(source.rows)
    if source.persons is not None:
        yield "real persons", source.persons
    yield "holdout", source.holdout


def _parameters(card: Card) -> Iterator[str]:
    given = ((name, value) for name, value in sorted(card.generator.parameters.items()) if value is not None)
    return (f"{name} = {value}" for name, value in given)


def _coverage(card: Card) -> str:
    rows = f"{card.coverage.audited_rows:,}"
    if card.coverage.kind == "very_output":
        return f"these very rows, {rows}"
    if card.coverage.kind == "under_claim":
        return f"a trial of the model when it was fitted; of these {rows} rows, whether they keep the schema"
    return f"{rows} rows, all among those audited when the model was fitted"


def _band(rows: RowBand) -> str:
    return f"{rows.low:,}" if rows.low == rows.high else f"{rows.low:,} to {rows.high:,}"
