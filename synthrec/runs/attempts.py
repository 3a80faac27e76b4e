"""Audits of a model's draws against the real records: counted when they begin, given back where they pass.

Whoever could audit until it passes, or break an audit off when its figures look bad, would pick the luckiest
draw. The ledger counts by the digest of the model, so that an older approval that is put back resets nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from synthrec.data.keys import open_keys
from synthrec.privacy.entries import Entry, Kind
from synthrec.privacy.ledger import Ledger
from synthrec.release.approval import Approval, next_attempt
from synthrec.runs.context import Run

TRIAL = 1
"""The audit of the fit."""


@dataclass(frozen=True)
class Attempt:
    """An audit that the ledger knows of."""

    number: int
    """The how-manieth of its model, the trial at the fit included."""
    audit: Entry


def refuse_attempt(approval: Approval | None, model_digest: str, run: Run) -> None:
    """Before any record is read: may the model be audited again?

    Raises:
        PolicyRefusedError: it may not.
    """
    with Ledger.open(run.home, open_keys(run.home, create=False)) as ledger:
        next_attempt(approval, run.policy, TRIAL + ledger.attempts(model_digest))


def begin_attempt(
    approval: Approval | None, model_digest: str, fingerprint: str, earlier: Entry, run: Run
) -> Attempt:
    """Count an audit that is about to start; of several at once each is one more.

    Args:
        approval: Of the model, as it is at hand.
        model_digest: The model.
        fingerprint: Keyed fingerprint of the real records.
        earlier: The opening of their files, or the audit of the same records before this one.
        run: With the policy and the folder of the ledger.

    Raises:
        PolicyRefusedError: others that began in the meantime were the last ones allowed.
    """
    with Ledger.open(run.home, open_keys(run.home, create=False)) as ledger:
        audit = ledger.look(
            earlier.population,
            earlier.details()["look"],
            earlier.label,
            source=fingerprint,
            opening=earlier if earlier.kind == Kind.OPEN else None,
            model_digest=model_digest,
        )
        before = ledger.attempts(model_digest, before=audit.sequence)
        return Attempt(next_attempt(approval, run.policy, TRIAL + before), audit)


def give_back(attempt: Attempt, run: Run) -> None:
    """The audit passed: it does not count as a failed one."""
    with Ledger.open(run.home, open_keys(run.home, create=False)) as ledger:
        ledger.passed(attempt.audit)
