"""From what a release knows to its card: what may be told is told, the rest stays."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from synthrec.data.keys import Keys
from synthrec.digests import canonical, digest_file
from synthrec.release import card as parts
from synthrec.release.card_blocks.interop import Catalogue
from synthrec.release.card_environment import environment, tool
from synthrec.release.card_fitted import ends, lineage_of, privacy_of, source_of
from synthrec.release.figures import band, round_down, round_up
from synthrec.release.gate import Decision, passed
from synthrec.release.interop.told import told
from synthrec.release.judge import CONFORMITY
from synthrec.release.loosening import looser_policy, looser_profile
from synthrec.release.policy import Policy
from synthrec.schema import citations
from synthrec.schema.asset_model import RulesInfo
from synthrec.schema.model import Column, Reference, Schema, SchemaInfo, TableSpec
from synthrec.validation.profile import Profile
from synthrec.validation.result import Finding, Verdict

SAFE_INTEGER = 2**53 - 1
"""The largest integer that RFC 8785 has a form for."""


@dataclass(frozen=True)
class Learned:
    """What a release knows of the model behind it and of the real records behind the model."""

    generator: str
    parameters: Mapping[str, Any]
    model_digest: str
    columns: Mapping[str, tuple[str, ...]]
    """By table: the columns whose domain was read from the real records."""
    fingerprint: str
    keys: Keys
    holdout: Literal["split", "given", "none"]
    rows: int | None = None
    """Real rows, train and holdout together; the card bands them as the policy says."""
    persons: str | None = None
    """Training persons as a band."""
    generation: int = 1
    parents: tuple[str, ...] = ()
    """Digests of the cards of the synthetic records that the model learned from."""
    real_fraction: float = 1.0
    """Share of real records among those learned from."""
    guarantee: parts.Guarantee | None = None
    """The differential privacy claim of the model."""
    ledger_head: parts.LedgerHeadPart | None = None
    fits: int | None = None
    """Models that were fitted to these records so far, this one included."""


@dataclass(frozen=True)
class Fitted:
    """What a release knows of the models that filled columns of a rule schema."""

    parts: tuple[parts.FittedPart, ...]
    learned: Mapping[str, tuple[str, ...]]
    """By table: the columns whose domain was read from real records."""
    keys: Keys


@dataclass(frozen=True)
class Release:
    """Everything a card is made from; `learned` or `fitted` where a model made records or columns of them."""

    schema: Schema
    policy: Policy
    profile: Profile
    decision: Decision
    subjects: tuple[parts.Subject, ...]
    seed: int
    draw: str
    """Name of the draw."""
    coverage: parts.CoveragePart
    learned: Learned | None = None
    fitted: Fitted | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """What was set for rules, beside schema, seed and number of rows."""
    approved: tuple[parts.Result, ...] = ()
    """Findings of the earlier audit that the decision rests on, where an approval covers the records."""
    conditional: parts.Conditional | None = None
    repair: parts.RepairPart | None = None
    expectations: parts.ExpectationsPart | None = None
    scenarios: parts.ScenariosPart | None = None
    catalogues: tuple[Catalogue, ...] = ()
    """Standards in whose words the export is described, too."""
    limits: tuple[str, ...] = ()
    """Sentences on what the codec and generator cannot keep."""
    warnings: tuple[str, ...] = ()


def subject(path: Path, rows: int) -> parts.Subject:
    """A data file as it lies in the staging folder."""
    sha256 = digest_file(path).removeprefix("sha256:")
    return parts.Subject(name=path.name, sha256=sha256, bytes=path.stat().st_size, rows=rows)


def build_card(release: Release) -> parts.Card:
    """The card of a release, dated now, under the id of its content."""
    learned, fitted, results = release.learned, release.fitted, _results(release)
    read = fitted.learned if fitted else learned.columns if learned else {}
    records = _schema(release, read)
    card = parts.Card(
        card_id="0" * 32,
        created=dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        tool=tool(),
        digital_source_type=parts.TRAINED if learned or fitted else parts.ALGORITHMIC,
        draw=release.draw,
        subjects=release.subjects,
        record_schema=records,
        policy=_rules(release.policy.policy, release.policy.digest, looser_policy(release.policy)),
        profile=_rules(release.profile.profile, release.profile.digest, looser_profile(release.profile)),
        generator=generator_part(learned, is_filled=fitted is not None, settings=release.settings),
        fitted=fitted.parts if fitted else (),
        seed=seed_part(release.seed, learned),
        source=_source(release),
        privacy=_privacy(release),
        results=results,
        decision=_decision(release, results),
        coverage=release.coverage,
        conditional=release.conditional,
        expectations=release.expectations,
        scenarios=release.scenarios,
        interop=told(release.schema, records, release.catalogues),
        repair=release.repair,
        lineage=lineage_of(fitted.parts) if fitted else lineage_part(learned),
        use=_use(release),
        regulatory=_assertions(release),
        environment=environment(),
        warnings=(*_warnings(results), *release.warnings),
    )
    return parts.identified(card)


def approved_results(decision: Decision, profile: Profile) -> tuple[parts.Result, ...]:
    """The findings as an approval keeps them: verdicts and stated limits, no figure."""
    return tuple(_without_figures(finding, profile) for finding in decision.findings)


def seed_commitment(seed: int, model_digest: str, keys: Keys) -> str:
    """SHA-256 over a salt and the decimal digits of the seed.

    The salt is HMAC-SHA256 under the approval key of model and seed: whoever holds the key can open the
    commitment later, and nobody else can try seeds against it.
    """
    purpose = {"purpose": "seed commitment", "model": model_digest, "seed": str(seed)}
    salt = hmac.digest(keys.approval, canonical(purpose), "sha256")
    return hashlib.sha256(salt + str(seed).encode()).hexdigest()


def _results(release: Release) -> tuple[parts.Result, ...]:
    """The findings on these records, and of the earlier audit those that were not looked at again.

    Under a claim no figure is told: what the audit measured on real records is not covered by it.
    """
    if release.learned is not None and release.learned.guarantee is not None:
        return release.approved or approved_results(release.decision, release.profile)
    own = tuple(_result(finding, release.profile) for finding in release.decision.findings)
    looked_at = {result.check for result in own}
    return own + tuple(result for result in release.approved if result.check not in looked_at)


def _decision(release: Release, results: tuple[parts.Result, ...]) -> parts.DecisionPart:
    verdict, reasons = release.decision.verdict, release.decision.reasons
    if verdict is Verdict.PASS:
        checks = {result.check for result in results if result.blocking}
        reasons = (passed(len(checks), release.policy, release.profile),)
    return parts.DecisionPart(verdict=verdict.value, reasons=reasons)


def _warnings(results: tuple[parts.Result, ...]) -> Iterator[str]:
    return (result.reason for result in results if not result.blocking and result.verdict != "pass")


def _schema(release: Release, learned: Mapping[str, tuple[str, ...]]) -> parts.SchemaPart:
    schema, modelled = release.schema, _modelled(release)
    columns = {
        table: {
            name: _column(
                column, is_learned=name in learned.get(table, ()), is_modelled=(table, name) in modelled
            )
            for name, column in spec.columns.items()
        }
        for table, spec in schema.tables.items()
    }
    info = schema.info
    return parts.SchemaPart(
        name=info.name,
        version=info.version,
        title=info.title,
        licence=info.license,
        digest=schema.digest,
        columns=columns,
        targets={table: spec.target for table, spec in schema.tables.items() if spec.target is not None},
        citations=_citations(schema, citations.figures(schema) if release.learned is None else ()),
    )


def _modelled(release: Release) -> frozenset[tuple[str, str]]:
    """Tables and columns that a model drew, minted ones among them where it drew all."""
    if release.learned is not None:
        return frozenset(
            (table, name) for table, spec in release.schema.tables.items() for name in spec.columns
        )
    filled = release.fitted.parts if release.fitted else ()
    return frozenset((part.table, name) for part in filled for name in part.columns)


def _citations(schema: Schema, made_from: Iterable[citations.Figure]) -> parts.CitationsPart | None:
    """Sources of the numbers and code systems; None where there are neither."""
    systems, figures = citations.systems_used(schema), tuple(made_from)
    if not (systems or figures):
        return None
    return parts.CitationsPart(
        sources=_cited(citations.sources_used(schema) if figures else {}),
        code_systems=_cited(systems),
        figures=len(figures),
        assumed=sum(not figure.cites for figure in figures),
        assumed_in=citations.assumed_in(figures),
    )


def _cited(entries: Mapping[str, Reference]) -> dict[str, parts.CitedPart]:
    return {name: parts.CitedPart(**entry.model_dump(exclude={"detail"})) for name, entry in entries.items()}


def _column(column: Column, *, is_learned: bool, is_modelled: bool) -> parts.ColumnSummary:
    stated = column.domain.source if column.domain else "none"
    return parts.ColumnSummary(
        kind=column.kind,
        role=column.role,
        domain="learned" if is_learned else stated,
        made="minted" if column.is_minted else "modelled" if is_modelled else "ruled",
    )


def _rules(info: RulesInfo, digest: str, looser: tuple[str, ...]) -> parts.Rules:
    explained = info.loosened if looser else None
    return parts.Rules(
        name=info.name,
        version=info.version,
        digest=digest,
        looser_than_default=looser,
        loosened_by=explained.by if explained else None,
        loosened_because=explained.reason if explained else None,
    )


def generator_part(
    learned: Learned | None, *, is_filled: bool = False, settings: Mapping[str, str] = MappingProxyType({})
) -> parts.GeneratorPart:
    """A model, or rules as they were set, with or without models that fill columns."""
    if learned is None:
        name = "rules with fitted columns" if is_filled else "rules"
        return parts.GeneratorPart(name=name, parameters=dict(settings), model_digest=None)
    return parts.GeneratorPart(
        name=learned.generator, parameters=_safe(learned.parameters), model_digest=learned.model_digest
    )


def _safe(value: Any) -> Any:
    """JSON values whose whole numbers RFC 8785 has a form for: larger ones stand as texts of their digits."""
    match value:
        case Mapping():
            return {name: _safe(item) for name, item in value.items()}
        case list() | tuple():
            return [_safe(item) for item in value]
        case int() if abs(value) > SAFE_INTEGER:
            return str(value)
        case float() if value.is_integer() and abs(value) > SAFE_INTEGER:
            return str(int(value))
        case _:
            return value


def lineage_part(learned: Learned | None) -> parts.Lineage:
    """How far the records of a model, or of rules, are from real ones."""
    if learned is None:
        return parts.Lineage(generation_depth=0, real_fraction=0.0)
    return parts.Lineage(
        generation_depth=learned.generation, parents=learned.parents, real_fraction=learned.real_fraction
    )


def seed_part(seed: int, learned: Learned | None) -> parts.Seed:
    """The seed of rules, or a commitment to that of a model."""
    if learned is None:
        return parts.Seed(kind="plain", value=str(seed))
    return parts.Seed(kind="commitment", value=seed_commitment(seed, learned.model_digest, learned.keys))


def _source(release: Release) -> parts.Source | None:
    if release.fitted is not None:
        return source_of(release.fitted.parts, release.fitted.keys)
    return source_part(release.schema, release.policy, release.learned) if release.learned else None


def source_part(schema: Schema, policy: Policy, learned: Learned) -> parts.Source:
    """The real records behind a model of a schema."""
    source = schema.info.source
    stated = source.model_dump(mode="json", exclude={"population"})
    return parts.Source(
        **stated,
        fingerprint=learned.fingerprint,
        key_id=learned.keys.key_id,
        rows=None if learned.rows is None else _rows(learned.rows, policy),
        persons=learned.persons,
        holdout=learned.holdout,
    )


def _rows(rows: int, policy: Policy) -> parts.RowBand:
    rules = policy.card
    exact = rules.row_counts == "exact" and rows >= rules.minimum_cell
    low, high = (rows, rows) if exact else band(rows, rules.minimum_cell)
    return parts.RowBand(low=low, high=high)


def _privacy(release: Release) -> parts.Privacy:
    own = privacy_part(release.schema, release.learned)
    return own if release.fitted is None else privacy_of(release.fitted.parts, own.units)


def privacy_part(schema: Schema, learned: Learned | None) -> parts.Privacy:
    """What is claimed for the persons behind a model of a schema, or of rules."""
    claim = learned.guarantee if learned else None
    statement = parts.NO_CLAIM if learned else parts.NO_PERSONS
    if claim is not None:
        statement = claim.sentence()
    units = {
        table: parts.UnitOfPrivacy(person=_person(spec), max_rows_per_person=_max_rows(spec))
        for table, spec in schema.tables.items()
    }
    return parts.Privacy(
        claim="none" if claim is None else "differential_privacy",
        statement=statement,
        guarantee=claim,
        ledger_head=learned.ledger_head if learned else None,
        fits=learned.fits if learned else None,
        units=units,
    )


def _person(spec: TableSpec) -> str:
    if spec.person is None:
        return "one row per person" if spec.one_row_per_person else "each row taken as one person"
    return spec.person if isinstance(spec.person, str) else f"the person of {spec.person.via}"


def _max_rows(spec: TableSpec) -> int | None:
    return 1 if spec.one_row_per_person else spec.max_rows_per_person


def _result(finding: Finding, profile: Profile) -> parts.Result:
    result = finding.result
    public = result.check.startswith(CONFORMITY) or finding.measure in profile.limits_for(result.check)
    value, limit = _figures(finding) if public else (None, finding.limit)
    return parts.Result(
        check=result.check,
        title=result.title,
        verdict=finding.verdict.value,
        blocking=finding.blocking,
        measure=finding.measure,
        limit=limit,
        value=value,
        reason=finding.reason,
    )


def _without_figures(finding: Finding, profile: Profile) -> parts.Result:
    """A finding whose quality is not told, nor a threshold that real records have lowered."""
    result = _result(finding, profile)
    limit = profile.limits_for(finding.result.check).get(finding.measure or "")
    if limit is None:
        return result.model_copy(update={"value": None})
    outcome = {"pass": "reached", "fail": "missed"}.get(result.verdict, "could not be held against")
    reason = f"{finding.measure} of {finding.result.check} {outcome} its limit when the model was audited."
    return result.model_copy(update={"value": None, "limit": limit.least, "reason": reason})


def _figures(finding: Finding) -> tuple[float | None, float | None]:
    """Value and limit as shown: a quality is cut, and its limit raised where the quality failed it."""
    values = [measure.value for measure in finding.result.measures if measure.name == finding.measure]
    if not values or finding.limit is None or finding.verdict is Verdict.INCONCLUSIVE:
        return None, finding.limit
    if finding.result.check.startswith(CONFORMITY):
        return values[0], finding.limit
    rounded = round_up if finding.verdict is Verdict.FAIL else round_down
    return round_down(values[0]), rounded(finding.limit)


def _use(release: Release) -> parts.UsePart:
    info, fitted = release.schema.info, release.fitted
    own = use_part(info, release.limits, is_learned=release.learned is not None)
    days = [day for day in (own.expires, *ends(fitted.parts if fitted else ())) if day is not None]
    return own.model_copy(update={"expires": min(days, default=None)})


def use_part(info: SchemaInfo, limits: tuple[str, ...], *, is_learned: bool) -> parts.UsePart:
    """What records of a schema are for, and where they end."""
    stated = info.use.model_dump(mode="json", exclude={"limits", "expires"})
    last = last_day(info, is_learned=is_learned)
    return parts.UsePart(**stated, limits=(*info.use.limits, *limits), expires=last)


def last_day(info: SchemaInfo, *, is_learned: bool) -> str | None:
    """The earlier end of the records' use and of the agreement on the real ones that were learned from."""
    agreement = info.source.agreement if is_learned else None
    days = [info.use.expires, agreement.expires if agreement is not None else None]
    return min((day.isoformat() for day in days if day is not None), default=None)


def _assertions(release: Release) -> tuple[parts.AssertionPart, ...]:
    """What schema and policy say that somebody asserts."""
    asserted = (*release.schema.info.regulatory, *release.policy.regulatory)
    return tuple(parts.AssertionPart(**item.model_dump()) for item in asserted)
