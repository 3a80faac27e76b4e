"""An approval: what the gate said of one model and one sample of it, bound by a MAC; no figure inside.

Without a claim it covers rows 0 to `rows` of the sample that `seed` names, unconditioned, under the policy
and profile it was given under. Sampling is prefix-stable, so fewer rows of the same seed are rows that were
audited. Under a differential privacy claim, which further draws do not weaken, it covers every draw.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from synthrec.data.keys import Keys
from synthrec.digests import canonical
from synthrec.errors import PolicyRefusedError, VerificationError
from synthrec.release.card import Result
from synthrec.release.policy import Policy
from synthrec.strict_json import read_json
from synthrec.validation.result import Verdict
from synthrec.whole_files import write_whole

FILE = "approval.json"

Sha256 = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Natural = Annotated[int, Field(ge=0, lt=2**53)]


class Gap(StrEnum):
    """Why an approval does not cover a draw."""

    REFUSED = "refused"
    OTHER_POLICY = "other_policy"
    OTHER_PROFILE = "other_profile"
    OTHER_SEED = "other_seed"
    MORE_ROWS = "more_rows"
    CONDITIONED = "conditioned"


@dataclass(frozen=True)
class Coverage:
    """Whether an approval covers a draw; true where there is no gap."""

    gaps: tuple[Gap, ...]
    reasons: tuple[str, ...]
    """One sentence per gap, with what to do."""

    def __bool__(self) -> bool:
        """Whether the draw is covered."""
        return not self.gaps


class Terms(BaseModel):
    """What an approval is about: the model, the rules it was judged by, and the rows that were audited."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model_digest: Sha256
    schema_digest: Sha256
    policy_digest: Sha256
    profile_digest: Sha256
    seed: Natural
    rows: Natural
    verdict: Annotated[Verdict, Field(strict=False)]
    under_claim: bool = False
    """Whether the model has a differential privacy claim, under which every draw costs nothing more."""
    results: Annotated[tuple[Result, ...], Field(strict=False)] = ()
    """Verdict and limit per check, for the card; no figure."""
    attempt: Annotated[int, Field(ge=1, lt=2**53)] = 1
    """The how-manieth audit of this model led here."""


class Approval(Terms):
    """Terms under a MAC: HMAC-SHA256 with the approval key over the RFC 8785 bytes of all other fields."""

    format: Literal[1] = 1
    created: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    mac: Annotated[str, Field(pattern=r"^hmac-sha256:[0-9a-f]{64}$")]

    def covers(
        self, rows: int, seed: int, where: str | None, policy_digest: str, profile_digest: str
    ) -> Coverage:
        """Whether the approval allows `rows` rows of a seed under a policy and profile, `where` or all."""
        gaps = dict(self._gaps(rows, seed, where, policy_digest, profile_digest))
        return Coverage(tuple(gaps), tuple(gaps.values()))

    def _gaps(
        self, rows: int, seed: int, where: str | None, policy_digest: str, profile_digest: str
    ) -> Iterator[tuple[Gap, str]]:
        """The gaps with their reasons, the gravest first."""
        audit = "give --real to audit the very output"
        if self.verdict is not Verdict.PASS:
            why = "`synthrec audit` of the model with --real says why"
            yield Gap.REFUSED, f"the audit of this model ended with {self.verdict}; {why}, or {audit}"
        if policy_digest != self.policy_digest:
            yield Gap.OTHER_POLICY, f"the approval was given under another policy; {audit}"
        if profile_digest != self.profile_digest:
            yield Gap.OTHER_PROFILE, f"the approval was given under another profile; {audit}"
        if self.under_claim:
            return
        covered = f"the approval covers the first {self.rows:,} rows of seed {self.seed}"
        if seed != self.seed:
            yield Gap.OTHER_SEED, f"{covered}; you asked for seed {seed}: {audit}"
        if rows > self.rows:
            yield Gap.MORE_ROWS, f"{covered}; you asked for {rows:,}: {audit}"
        if where is not None:
            yield Gap.CONDITIONED, f"{covered}, unconditioned; you asked for some of them only: {audit}"


def sign(terms: Terms, keys: Keys) -> Approval:
    """The approval of some terms, dated now, under the approval key."""
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    unsigned = {"format": 1, **terms.model_dump(mode="json"), "created": now, "key_id": keys.key_id}
    return Approval.model_validate({**unsigned, "mac": _mac(unsigned, keys)})


def verify(approval: Approval, keys: Keys, *, model_digest: str) -> None:
    """Check that the approval is ours, unchanged, and about this very model.

    Raises:
        VerificationError: another key, another model, or a changed field.
    """
    if approval.key_id != keys.key_id:
        raise VerificationError(
            f"the approval was made under key {approval.key_id}, the key here is {keys.key_id}; "
            "set SYNTHREC_HOME to the folder of that key"
        )
    expected = _mac(approval.model_dump(mode="json", exclude={"mac"}), keys)
    if not hmac.compare_digest(expected, approval.mac):
        raise VerificationError("the approval was changed after it was signed; restore a copy, or fit again")
    if not hmac.compare_digest(model_digest, approval.model_digest):
        raise VerificationError("the approval is about another model; restore a copy, or fit again")


def next_attempt(previous: Approval | None, policy: Policy, entered: int = 0) -> int:
    """The number of the audit that is about to start on a model.

    Args:
        previous: The newest approval at hand; an older one may have been put back.
        policy: With the most attempts.
        entered: Audits of the model that the ledger knows of, its trial among them.

    Raises:
        PolicyRefusedError: the policy allows no further audit of this model.
    """
    done = max(entered, 0 if previous is None else previous.attempt)
    if done >= policy.attempts.limit:
        raise PolicyRefusedError(
            f"this model was audited {done} times, and policy {policy.policy.name} allows "
            f"{policy.attempts.limit}: trying until it passes is not passing; fit another model"
        )
    return done + 1


def write_approval(folder: Path, approval: Approval) -> None:
    """Write ``approval.json`` (mode 0600) into a model folder, whole or not at all.

    The unfinished file lies beside the folder: a model folder holds nothing but a model.
    """
    folder = folder.absolute()
    write_whole(folder / FILE, canonical(approval.model_dump(mode="json")), folder=folder.parent)


def read_approval(folder: Path, keys: Keys, *, model_digest: str) -> Approval | None:
    """The verified approval in a model folder, or None where there is none.

    Raises:
        VerificationError: the file is not an approval, was changed, or belongs to another key or model.
    """
    approval = parse_approval(folder)
    if approval is not None:
        verify(approval, keys, model_digest=model_digest)
    return approval


def parse_approval(folder: Path) -> Approval | None:
    """The approval in a model folder, not verified; None where there is none.

    Raises:
        VerificationError: the file is not an approval.
    """
    try:
        return Approval.model_validate(read_json(folder / FILE))
    except FileNotFoundError:
        return None
    except ValueError:
        raise VerificationError(
            f"{FILE} is not an approval of this version; restore a copy, or fit again"
        ) from None


def _mac(document: dict[str, Any], keys: Keys) -> str:
    return "hmac-sha256:" + hmac.digest(keys.approval, canonical(document), "sha256").hex()
