"""The approval of a model under a signature, so that it counts where the root secret is not.

It stands beside the approval and replaces nothing of it: records are drawn only where the approval's MAC
verifies under the root secret. The signature lets others check what was approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synthrec.digests import canonical, digest
from synthrec.errors import BreachKind
from synthrec.release.approval import FILE, Approval, parse_approval
from synthrec.release.signing.check import read_envelope
from synthrec.release.signing.dsse import Find, refused, seal, unseal
from synthrec.release.signing.keys import PublicKey, SigningKey
from synthrec.release.signing.statement import ApprovalPart
from synthrec.whole_files import write_whole

ENDORSEMENT = "approval.dsse.json"
APPROVAL_TYPE = "application/vnd.synthrec.approval+json"


@dataclass(frozen=True)
class Endorsed:
    """An approval, and the trusted key that signed it."""

    approval: Approval
    key: PublicKey


def endorse(folder: Path, approval: Approval, key: SigningKey) -> None:
    """Sign the approval of a model; the unfinished file lies beside the model's folder."""
    content = seal(_bytes(approval), APPROVAL_TYPE, key)
    write_whole(folder / ENDORSEMENT, content, folder=folder.absolute().parent)


def withdraw(folder: Path) -> None:
    """Remove the signature of an approval that is about to be replaced."""
    (folder / ENDORSEMENT).unlink(missing_ok=True)


def endorsed(folder: Path, find: Find, *, model_digest: str) -> Endorsed | None:
    """The approval of a model as a trusted key signed it; None where it was not signed.

    Raises:
        VerificationError: the envelope cannot be relied on, the approval beside it is not what was signed, or
            it is about another model.
    """
    content = read_envelope(folder / ENDORSEMENT)
    if content is None:
        return None
    opened = unseal(content, APPROVAL_TYPE, find, ENDORSEMENT)
    approval = parse_approval(folder)
    if approval is None or _bytes(approval) != opened.payload:
        raise refused(BreachKind.CHANGED_APPROVAL, FILE, f"not the approval that {ENDORSEMENT} signs")
    if approval.model_digest != model_digest:
        raise refused(BreachKind.OTHER_MODEL, FILE, "about another model than the one it lies beside")
    return Endorsed(approval, opened.key)


def named(approval: Approval) -> ApprovalPart:
    """An approval as a statement names it."""
    return ApprovalPart(digest=digest(approval.model_dump(mode="json")), attempt=approval.attempt)


def _bytes(approval: Approval) -> bytes:
    return canonical(approval.model_dump(mode="json"))
