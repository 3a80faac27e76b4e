"""Is the card what the approval of its model allows, and is the ledger as far as the card says?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synthrec.data.keys import Keys, open_keys, recorded_id
from synthrec.errors import Breach, BreachKind, KeyMissingError, VerificationError
from synthrec.generators.store import read_model
from synthrec.privacy.entries import Head
from synthrec.privacy.ledger import ledger_folder
from synthrec.privacy.ledger_store import FILE as LEDGER
from synthrec.release.approval import FILE, Approval, read_approval
from synthrec.release.card import Card, FittedPart, Guarantee, Seed
from synthrec.release.card_build import seed_commitment
from synthrec.release.export import CARD
from synthrec.release.signing.approvals import ENDORSEMENT, Endorsed, endorsed, named
from synthrec.release.signing.check import expired_key
from synthrec.release.signing.dsse import Find
from synthrec.release.signing.keys import today
from synthrec.release.signing.statement import ApprovalPart
from synthrec.runs.claims import guarantee
from synthrec.runs.ledgers import opened


@dataclass(frozen=True, eq=False)
class ModelAtHand:
    """A model, and its approval as far as it can be verified here."""

    digest: str
    claim: Guarantee | None
    """What it was made under."""
    approval: Approval | None
    keys: Keys | None
    """None where the root secret is not here, and a trusted signature vouches for the approval."""
    signed: Endorsed | None

    @classmethod
    def at(cls, folder: Path, home: Path, find: Find) -> ModelAtHand:
        """Open the model in a folder.

        Raises:
            VerificationError: model or approval were changed, or their signature cannot be relied on.
            KeyMissingError: the root secret is not in `home`, and the approval has no signature.
        """
        with _told_as(BreachKind.CHANGED_MODEL, str(folder)):
            stored = read_model(folder)
        claim = None if stored.manifest.claim is None else guarantee(stored.manifest.claim)
        with _told_as(BreachKind.CHANGED_APPROVAL, FILE):
            signed = endorsed(folder, find, model_digest=stored.digest)
            try:
                keys = open_keys(home, create=False, expect=stored.manifest.key_id)
            except KeyMissingError:
                if signed is None:
                    raise
                return cls(stored.digest, claim, signed.approval, None, signed)
            approval = read_approval(folder, keys, model_digest=stored.digest)
            return cls(stored.digest, claim, approval, keys, signed)


@dataclass(frozen=True)
class Drawn:
    """What a card says was drawn from a model."""

    covered: str
    rows: int
    seed: Seed | None
    """None where it is not the model's own."""


@contextmanager
def _told_as(kind: BreachKind, where: str) -> Iterator[None]:
    """Give an error a kind and a place, where it does not tell breaches apart itself."""
    try:
        yield
    except VerificationError as error:
        raise VerificationError(breaches=error.breaches or [Breach(kind, where, str(error))]) from None


def model_breaches(card: Card, model: ModelAtHand, approved: ApprovalPart | None) -> Iterator[Breach]:
    """Whether the model is the one on the card, and its approval covers what the card says it covers.

    Args:
        card: The card.
        model: The model at hand.
        approved: The approval that a signature on the export names, where there is one.
    """
    if model.signed is not None:
        yield from expired_key(model.signed.key, ENDORSEMENT, today())
    filled = [part for part in card.fitted if part.generator.model_digest == model.digest]
    if card.generator.model_digest != model.digest and not filled:
        yield Breach(BreachKind.OTHER_MODEL, CARD, "the records are of another model")
        return
    if any(_bound(stated) != _bound(model.claim) for stated in _stated(card, filled)):
        found = "claims another differential privacy than the model was made under"
        yield Breach(BreachKind.CHANGED_CARD, CARD, found)
    if model.approval is None:
        found = "missing, so that nothing says whether the model was approved"
        yield Breach(BreachKind.CHANGED_APPROVAL, FILE, found)
        return
    told = (*_terms(card, _drawn(card, filled), model.approval, model.keys), *_age(model.approval, approved))
    yield from (Breach(BreachKind.CHANGED_APPROVAL, where, found) for where, found in told)


def _stated(card: Card, filled: Sequence[FittedPart]) -> list[Guarantee | None]:
    """What a card claims for the persons behind a model."""
    return [part.privacy.guarantee for part in filled] or [card.privacy.guarantee]


def _bound(claim: Guarantee | None) -> Guarantee | None:
    """A claim without its events, whose figures a card rounds."""
    return claim and claim.model_copy(update={"mechanisms": ()})


def _drawn(card: Card, filled: Sequence[FittedPart]) -> list[Drawn]:
    """The blocks that the model filled, or else all records."""
    whole = Drawn(card.coverage.kind, card.coverage.audited_rows, card.seed)
    return [_by_block(card, part) for part in filled] or [whole]


def _by_block(card: Card, part: FittedPart) -> Drawn:
    rows = [subject.rows for subject in card.subjects if subject.name.partition(".")[0] == part.table]
    return Drawn(part.covered, max(rows, default=0), part.seed)


def _terms(
    card: Card, drawn: Sequence[Drawn], approval: Approval, keys: Keys | None
) -> Iterator[tuple[str, str]]:
    if card.coverage.kind == "very_output":
        return
    if approval.verdict != "pass":
        yield FILE, f"the audit of the model ended with {approval.verdict}"
    if (approval.policy_digest, approval.profile_digest) != (card.policy.digest, card.profile.digest):
        yield FILE, "given under another policy or profile than the card names"
    if card.conditional is not None and card.coverage.kind == "approved_prefix":
        yield FILE, "covers no records that were drawn under a condition"
    for part in drawn:
        yield from _extent(part, approval, keys)


def _extent(part: Drawn, approval: Approval, keys: Keys | None) -> Iterator[tuple[str, str]]:
    """Whether the approval covers as many rows of that seed, or any under a claim."""
    if part.covered == "under_claim":
        if not approval.under_claim:
            yield FILE, "given without a claim, and the card says that a claim covers the records"
        return
    if part.rows > approval.rows:
        yield FILE, "covers fewer rows than the card says"
    if keys is not None and not _commits(part.seed, approval, keys):
        yield FILE, "given for another seed than the card commits to"


def _commits(seed: Seed | None, approval: Approval, keys: Keys) -> bool:
    commitment = seed_commitment(approval.seed, approval.model_digest, keys)
    return seed is not None and seed.value == commitment


def _age(approval: Approval, approved: ApprovalPart | None) -> Iterator[tuple[str, str]]:
    """An approval may be renewed by later audits, and never be older than one that was signed."""
    if approved is None or approval.attempt > approved.attempt:
        return
    if approval.attempt < approved.attempt:
        yield FILE, "older than the approval that the signature names: it was set back"
    elif named(approval) != approved:
        yield FILE, "not the approval that the signature names"


def ledger_breaches(card: Card, home: Path) -> Iterator[Breach]:
    """Where the records are of this very custodian: whether the ledger is as far as the card remembers.

    Raises:
        KeyMissingError: the root secret is damaged, or open to others.
    """
    head = card.privacy.ledger_head
    if head is None or not of_this_house(card, home):
        return
    if not (ledger_folder(home) / LEDGER).exists():
        yield Breach(BreachKind.LEDGER_ROLLBACK, LEDGER, "missing, although the card remembers its entries")
        return
    try:
        with opened(home) as ledger:
            ledger.verify(Head(head.sequence, head.hash))
    except VerificationError as error:
        yield Breach(BreachKind.LEDGER_ROLLBACK, LEDGER, str(error))


def of_this_house(card: Card, home: Path) -> bool:
    """Whether the real records behind a card were read under the root secret in a folder."""
    ours = card.source is not None and card.source.key_id == recorded_id(home)
    return ours and (home / "root.key").exists()
