"""Does an export still hold what its card says, and who vouches for that? Every breach is told at once.

Without a signature, what is found is what was changed, lost or added without the card: whoever can rewrite
the card can make it agree with anything. With one, it is whatever differs from what the key's holder signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthrec import __version__
from synthrec.errors import Breach, BreachKind, InputError, VerificationError
from synthrec.home import synthrec_home
from synthrec.release.card import Card, read_card
from synthrec.release.export import CARD
from synthrec.release.signing.approvals import named
from synthrec.release.signing.check import (
    Signed,
    differences,
    disagreements,
    expired_key,
    signed_statement,
)
from synthrec.release.signing.contents import Contents
from synthrec.release.signing.dsse import Find
from synthrec.release.signing.keyring import Keyring
from synthrec.release.signing.keys import PublicKey, read_bounded, today
from synthrec.release.signing.statement import ENVELOPE, ApprovalPart
from synthrec.runs.card_checks import card_breaches
from synthrec.runs.model_checks import ModelAtHand, ledger_breaches, model_breaches, of_this_house

NOT_SIGNED = "not signed: whoever can change these files could have changed the card with them"
PROVES = (
    "that proves: the holder of this key vouched for exactly these files, and none was changed, added or "
    "removed since. It does not prove that the records are private or true, when it was signed, or whose key "
    "it is"
)


@dataclass(frozen=True)
class VerifyReport:
    """What was found to be as the card says, and who signed it."""

    card: Path
    verified: tuple[str, ...]
    signed: Signed | None = None
    """None where the export has no signature."""
    remarks: tuple[str, ...] = ()
    """What could not be checked here."""

    def document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "card": str(self.card),
            "verified": list(self.verified),
            "signature": self._signature(),
            "remarks": list(self.remarks),
        }

    def lines(self) -> Iterator[str]:
        """The report as text."""
        yield from (f"verified: {what}" for what in self.verified)
        yield from (f"not checked: {what}" for what in self.remarks)
        if self.signed is None:
            yield NOT_SIGNED
            return
        key, when = self.signed.key, self.signed.statement.predicate.signed
        yield f"signed by: {key.name}, key {key.key_id}, {when} by the signer's clock"
        yield PROVES

    def _signature(self) -> dict[str, Any] | None:
        if self.signed is None:
            return None
        return self.signed.key.document() | {"signed": self.signed.statement.predicate.signed}


def verify_export(
    path: str | Path,
    *,
    model: str | Path | None = None,
    signed: bool = False,
    key: str | Path | None = None,
    home: Path | None = None,
) -> VerifyReport:
    """Hold an export against its signature and its card: data, pages, and its Great Expectations project.

    Args:
        path: The folder of an export, or its card.
        model: The model that the records were drawn from; its approval is then checked, too.
        signed: Whether an export without a signature is refused.
        key: File of a public key, which alone may have signed; the trusted keys by default.
        home: Folder of root secret and trusted keys; ``SYNTHREC_HOME`` by default.

    Raises:
        InputError: there is no card, or it is not one, and no signature either.
        VerificationError: what is not as it was signed, or not as the card says; one line for each breach.
        KeyMissingError: neither the root secret of the model nor a signature of its approval is here.
    """
    card = Path(path) / CARD if Path(path).is_dir() else Path(path)
    home = home or synthrec_home()
    find = Keyring(home).find if key is None else only(Path(key))
    found = _Found(card, Contents(card.parent), home, find)
    return found.report(None if model is None else Path(model), signed=signed or key is not None)


def refuse_broken(path: Path, home: Path) -> Card:
    """The card of an export that is as its card says, whoever signed it.

    Raises:
        InputError: there is no card, or it is not one.
        VerificationError: the export is not as its card says.
    """
    card = read_card(path)
    breaches = [*card_breaches(card, path, Contents(path.parent)), *ledger_breaches(card, home)]
    if breaches:
        raise VerificationError(breaches=breaches)
    return card


def approved(card: Card, model: Path, home: Path) -> ApprovalPart | None:
    """The approval that a card rests on.

    Raises:
        VerificationError: the records are of another model, or its approval does not cover them.
        KeyMissingError: neither the root secret of the model nor a signature of its approval is here.
    """
    opened = ModelAtHand.at(model, home, Keyring(home).find)
    breaches = tuple(model_breaches(card, opened, None))
    if breaches:
        raise VerificationError(breaches=breaches)
    return None if opened.approval is None else named(opened.approval)


def only(file: Path) -> Find:
    """One key, in a file, as the only one that is trusted.

    Raises:
        ConfigError: it is no public key file.
        VerificationError: it was changed.
    """
    key = PublicKey.parse(read_bounded(file), str(file))
    return {key.key_id: key}.get


class _Found:
    """One verification: what was found so far."""

    def __init__(self, path: Path, contents: Contents, home: Path, find: Find) -> None:
        self._path, self._contents, self._home, self._find = path, contents, home, find
        self._breaches: list[Breach] = []

    def report(self, model: Path | None, *, signed: bool) -> VerifyReport:
        envelope = self._signed(required=signed)
        card = self._card(envelope)
        opened = None if model is None else self._model(model)
        if card is not None:
            self._breaches += card_breaches(card, self._path, self._contents)
            self._breaches += ledger_breaches(card, self._home)
        if card is not None and opened is not None:
            approved = None if envelope is None else envelope.statement.predicate.approval
            self._breaches += model_breaches(card, opened, approved)
        if envelope is not None:
            told = {(breach.kind, breach.where) for breach in self._breaches}
            against = self._against(envelope, card)
            self._breaches += [breach for breach in against if (breach.kind, breach.where) not in told]
        if card is None or self._breaches:
            raise VerificationError(breaches=self._breaches)
        remarks = _remarks(card, opened, self._home)
        return VerifyReport(self._path, tuple(_verified(card, opened, envelope)), envelope, tuple(remarks))

    def _signed(self, *, required: bool) -> Signed | None:
        try:
            found = signed_statement(self._path.parent, self._find)
        except VerificationError as error:
            self._breaches += error.breaches
            return None
        if found is None and required:
            told = "no signature, and one was demanded"
            self._breaches.append(Breach(BreachKind.UNSIGNED, ENVELOPE, told))
        return found

    def _card(self, envelope: Signed | None) -> Card | None:
        if self._path.exists() and not self._path.is_file():
            self._breaches.append(Breach(BreachKind.CHANGED_CARD, CARD, "not a plain file"))
            return None
        try:
            return read_card(self._path)
        except InputError as error:
            if not (self._path.parent / ENVELOPE).exists() or self._is_as_signed(envelope):
                raise
            kind = BreachKind.CHANGED_CARD if self._path.exists() else BreachKind.MISSING_FILE
            self._breaches += [Breach(kind, CARD, f"not a card: {fault.found}") for fault in error.faults[:1]]
            return None

    def _is_as_signed(self, envelope: Signed | None) -> bool:
        """Whether the card is the one that was signed, though this version cannot read it."""
        signed = None if envelope is None else envelope.statement.digests[CARD]
        return self._contents.is_file(CARD) and self._contents.sha256(CARD) == signed

    def _model(self, folder: Path) -> ModelAtHand | None:
        try:
            return ModelAtHand.at(folder, self._home, self._find)
        except VerificationError as error:
            self._breaches += error.breaches
            return None

    def _against(self, envelope: Signed, card: Card | None) -> Iterator[Breach]:
        yield from expired_key(envelope.key, ENVELOPE, today())
        yield from differences(envelope.statement, self._contents)
        if card is not None:
            yield from disagreements(envelope.statement, card)


def _verified(card: Card, model: ModelAtHand | None, envelope: Signed | None) -> Iterator[str]:
    if envelope is not None:
        yield f"{_several(len(envelope.statement.subject), 'file')} under the signature, and no others"
    yield _several(len(card.subjects), "data file")
    if card.expectations is not None:
        count = sum(suite.evaluated for suite in card.expectations.suites)
        suites = _several(len(card.expectations.suites), "suite")
        yield f"{_several(count, 'expectation')} of {suites}, and the checkpoint"
    if model is not None:
        yield "the model" if card.coverage.kind == "very_output" else "the model and its approval"
        if model.signed is not None:
            yield f"the approval is signed by {model.signed.key.name}, key {model.signed.key.key_id}"
    if card.tool.version == __version__:
        yield "the pages of the card"


def _remarks(card: Card, model: ModelAtHand | None, home: Path) -> Iterator[str]:
    if model is not None and model.keys is None and card.coverage.kind == "approved_prefix":
        yield "that the seed is the approved one, which needs the root secret of the custodian"
    if model is not None and card.coverage.kind == "very_output":
        yield "the audit of these very records: no approval tells of it, the card alone does"
    if card.tool.version != __version__:
        yield f"the pages of the card against it, which synthrec {card.tool.version} made"
    if card.privacy.ledger_head is not None and not of_this_house(card, home):
        yield "the ledger, which its custodian alone has"


def _several(number: int, of: str) -> str:
    return f"{number} {of}" if number == 1 else f"{number} {of}s"
