"""One extract for a card whose columns come from several models: sources, claims and lineage put together."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import Any

from synthrec.data.keys import Keys
from synthrec.digests import canonical
from synthrec.release import card as parts

POST_PROCESSING = (
    "What rules made beside and from the learned columns read no real record: it is post-processing, and "
    "nothing was charged to the ledger for these records."
)


def distinct(fitted: Iterable[parts.FittedPart]) -> tuple[parts.FittedPart, ...]:
    """One part for each model."""
    return tuple({part.generator.model_digest: part for part in reversed(tuple(fitted))}.values())[::-1]


def source_of(fitted: Sequence[parts.FittedPart], keys: Keys) -> parts.Source:
    """The real records behind all models: their terms joined, and one keyed digest of all fingerprints."""
    sources = [part.source for part in distinct(fitted)]
    if len(sources) == 1:
        return sources[0]
    texts = {name: _joined(getattr(source, name) for source in sources) for name in _TEXTS}
    lists = {name: _union(getattr(source, name) for source in sources) for name in ("obligations", "terms")}
    fingerprints = canonical([source.fingerprint for source in sources])
    return parts.Source(
        **texts,
        **lists,
        agreement=_agreement([source.agreement for source in sources if source.agreement is not None]),
        fingerprint=f"hmac-sha256:{hmac.digest(keys.fingerprint, fingerprints, 'sha256').hex()}",
        key_id=keys.key_id,
        rows=None,
        persons=None,
        holdout=min((source.holdout for source in sources), key=("none", "given", "split").index),
    )


_TEXTS = ("name", "period", "custodian", "licence", "confidentiality")


def _agreement(agreements: Sequence[parts.AgreementPart]) -> parts.AgreementPart | None:
    """All references, under the earliest of their ends."""
    if not agreements:
        return None
    days = [agreement.expires for agreement in agreements if agreement.expires is not None]
    references = dict.fromkeys(agreement.reference for agreement in agreements)
    return parts.AgreementPart(reference="; ".join(references), expires=min(days, default=None))


def privacy_of(fitted: Sequence[parts.FittedPart], units: dict[str, parts.UnitOfPrivacy]) -> parts.Privacy:
    """What is claimed for persons behind all models: a claim only where every model has one."""
    stated = [part.privacy for part in distinct(fitted)]
    claims = [privacy.guarantee for privacy in stated if privacy.guarantee is not None]
    claim = _composed(claims) if len(claims) == len(stated) else None
    heads = [privacy.ledger_head for privacy in stated if privacy.ledger_head is not None]
    statement = parts.NO_CLAIM if claim is None else claim.sentence()
    return parts.Privacy(
        claim="none" if claim is None else "differential_privacy",
        statement=f"{statement} {POST_PROCESSING}",
        guarantee=claim,
        ledger_head=max(heads, key=lambda head: head.sequence, default=None),
        fits=max((privacy.fits for privacy in stated if privacy.fits is not None), default=None),
        units=units,
    )


def _composed(claims: Sequence[parts.Guarantee]) -> parts.Guarantee:
    """The guarantee for a person who is behind all models: basic composition (Dwork and Roth 2014, 3.16)."""
    if len(claims) == 1:
        return claims[0]
    populations: dict[str, list[parts.Guarantee]] = {}
    for claim in claims:
        populations.setdefault(claim.population, []).append(claim)

    def spent(amount: Callable[[parts.Guarantee], str | int]) -> Decimal:
        """The account of each population at its newest, summed over populations."""
        return _sum(max(Decimal(amount(one)) for one in same) for same in populations.values())

    return parts.Guarantee(
        epsilon=f"{_sum(Decimal(claim.epsilon) for claim in claims):f}",
        delta=f"{_sum(Decimal(claim.delta) for claim in claims):f}",
        adjacency=claims[0].adjacency,
        max_rows_per_person=sum(claim.max_rows_per_person for claim in claims),
        accountant=claims[0].accountant,
        mechanisms=tuple(mechanism for claim in claims for mechanism in claim.mechanisms),
        population="; ".join(populations),
        population_epsilon=f"{spent(lambda claim: claim.population_epsilon):f}",
        population_delta=f"{spent(lambda claim: claim.population_delta):f}",
        looks_without_claim=int(spent(lambda claim: claim.looks_without_claim)),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, rounded up where it has more digits than a decimal holds."""
    with localcontext(rounding=ROUND_CEILING):
        return sum(amounts, Decimal(0))


def lineage_of(fitted: Sequence[parts.FittedPart]) -> parts.Lineage:
    """As far from real records as the farthest model, and as much made of them as the closest."""
    lineages = [part.lineage for part in fitted]
    return parts.Lineage(
        generation_depth=max(lineage.generation_depth for lineage in lineages),
        parents=_union(lineage.parents for lineage in lineages),
        real_fraction=max(lineage.real_fraction for lineage in lineages),
    )


def ends(fitted: Iterable[parts.FittedPart]) -> Iterator[str]:
    """The last days of use of the records that the models make."""
    return (part.use.expires for part in fitted if part.use.expires is not None)


def _joined(texts: Iterable[str | None]) -> str | None:
    """Each text once; what one source states is not told of another that states nothing."""
    told = dict.fromkeys(text or "not stated" for text in texts)
    return None if set(told) == {"not stated"} else "; ".join(told)


def _union(lists: Iterable[Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(item for items in lists for item in items))
