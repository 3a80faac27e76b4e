"""A model on disk, opened to be drawn from: its approval, its seed, and what stands behind its records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from synthrec.data.fingerprint import salted
from synthrec.data.keys import Keys, open_keys
from synthrec.errors import ConfigError, PolicyRefusedError, VerificationError
from synthrec.generators.base import FEW_COMPONENTS, Evidence, Limited, Weighed
from synthrec.generators.store import StoredModel, read_model
from synthrec.release.approval import Approval, Terms, read_approval, sign, write_approval
from synthrec.release.card import LedgerHeadPart
from synthrec.release.card_build import Learned
from synthrec.release.signing.approvals import named, withdraw
from synthrec.rng import Streams
from synthrec.runs.attempts import Attempt, begin_attempt, refuse_attempt
from synthrec.runs.claims import guarantee
from synthrec.runs.context import Run, TextFormat
from synthrec.runs.export import Backing
from synthrec.runs.inputs import Data, RealInput, read_real
from synthrec.runs.looks import enter_opening
from synthrec.runs.makers import Draw, LearnedMaker
from synthrec.staged import locked

NO_APPROVAL = "no approval, so nobody knows how often it was audited; fit it again"


def is_model(path: Path) -> bool:
    """Whether a path is meant as a model folder."""
    return path.is_dir()


@dataclass(frozen=True, eq=False)
class OpenModel:
    """A stored model with its keys and its verified approval."""

    folder: Path
    stored: StoredModel
    keys: Keys
    approval: Approval | None

    @classmethod
    def at(cls, folder: Path, home: Path) -> OpenModel:
        """Open a model folder.

        Raises:
            VerificationError: model or approval were changed.
            KeyMissingError: the root secret under which it was made is not in `home`.
        """
        stored = read_model(folder)
        keys = open_keys(home, create=False, expect=stored.manifest.key_id)
        return cls(folder, stored, keys, read_approval(folder, keys, model_digest=stored.digest))

    @property
    def maker(self) -> LearnedMaker:
        """What records are drawn from."""
        return LearnedMaker(self.stored.schema, self.stored.codec, self.stored.fitted)

    def streams(self, seed: int | None) -> Streams:
        """The streams of the seed asked for; else of the approved one; else of a fresh one."""
        if seed is not None:
            return Streams(seed)
        return Streams.fresh() if self.approval is None else Streams(self.approval.seed)

    def read_real(self, data: Data, holdout: Data | None, text: TextFormat) -> RealInput:
        """The real records behind the model, split as they were at the fit.

        Raises:
            ConfigError: the model was fitted with a given holdout and none is given now, or the reverse.
            VerificationError: these are not the records that the model was fitted on.
        """
        made = self.stored.manifest.holdout
        if made.kind == "given" and holdout is None:
            raise ConfigError(
                "the model was fitted with a holdout of its own; give the same one with --holdout"
            )
        if made.kind == "split" and holdout is not None:
            raise ConfigError("the model split its own holdout from the records; leave --holdout out")
        share = made.share or 0.5
        given = read_real(self.stored.schema, data, holdout, share=share, keys=self.keys, text=text)
        if self._shown(given.fingerprint) != self.stored.manifest.source_fingerprint:
            raise VerificationError(
                "these are not the records that the model was fitted on; give the same files with --real"
            )
        if self._shown(given.holdout.fingerprint) != made.fingerprint:
            raise VerificationError(
                "this is not the holdout that the model was fitted with; give the same file with --holdout"
            )
        return given

    def _shown(self, found: str | None) -> str | None:
        """A fingerprint as this model shows it: salted under a claim."""
        salt = self.stored.manifest.fingerprint_salt
        return found if found is None or salt is None else salted(found, salt, self.keys.fingerprint)

    def limits(self) -> tuple[str, ...]:
        """What codec and claim cannot keep, in sentences for the card."""
        claim, fitted = self.stored.manifest.claim, self.stored.fitted
        limits = self.stored.codec.limits() + (fitted.limits if isinstance(fitted, Limited) else ())
        if claim is None or claim.max_rows_per_person == 1:
            return limits
        weighted = "under the claim every person counts once, so frequencies are of persons and not of rows"
        return (*limits, weighted)

    def thin(self, where: str | None) -> tuple[str, ...]:
        """A sentence for the card where hardly any part of the model speaks for a condition."""
        fitted = self.stored.fitted
        if where is None or not isinstance(fitted, Weighed):
            return ()
        allowed, _ = self.stored.codec.evidence(where)
        speaking = fitted.effective_components(Evidence(allowed))
        if speaking >= FEW_COMPONENTS:
            return ()
        rare = (
            f"the condition is rare: about {speaking:.1f} components of the model speak for it, fewer than "
            f"{FEW_COMPONENTS}, so these records repeat them and may be less faithful than others"
        )
        return (rare,)

    def learned(self) -> Learned:
        """What the card says of the model and of the real records behind it."""
        manifest, head = self.stored.manifest, self.stored.manifest.ledger_head
        return Learned(
            generator=manifest.generator,
            parameters=manifest.parameters,
            model_digest=self.stored.digest,
            columns={manifest.table: self.stored.codec.learned},
            fingerprint=manifest.source_fingerprint or "",
            keys=self.keys,
            holdout=manifest.holdout.kind,
            persons=manifest.persons,
            generation=manifest.lineage.generation,
            parents=manifest.lineage.parents,
            real_fraction=manifest.lineage.real_fraction,
            guarantee=None if manifest.claim is None else guarantee(manifest.claim),
            fits=manifest.fits,
            ledger_head=None if head is None else LedgerHeadPart(sequence=head.sequence, hash=head.hash),
        )


def charge_attempt(model: OpenModel, number: int) -> OpenModel:
    """Write into the approval that the audit of this number did not pass, as the ledger knows already."""
    with locked(model.folder):
        newest = read_approval(model.folder, model.keys, model_digest=model.stored.digest)
        if newest is None:
            return model
        terms = Terms(**{name: getattr(newest, name) for name in Terms.model_fields})
        charged = sign(terms.model_copy(update={"attempt": max(terms.attempt, number)}), model.keys)
        withdraw(model.folder)
        write_approval(model.folder, charged)
    return replace(model, approval=charged)


def audited_backing(
    model: OpenModel, draw: Draw, real: Data, holdout: Data | None, run: Run
) -> tuple[Backing, Attempt]:
    """What an export of this draw rests on if the real records behind the model allow it; one attempt begins.

    Raises:
        PolicyRefusedError: the policy allows no further attempt, or the approval is gone, and with it the
            number of audits.
    """
    approval, digest = _approval(model), model.stored.digest
    limits = (*model.limits(), *model.thin(draw.condition))
    refuse_attempt(approval, digest, run)
    manifest, label = model.stored.manifest, f"sample {model.stored.schema.info.name}"
    opening = enter_opening((real, holdout), manifest.population, "audit", label, run)
    given = model.read_real(real, holdout, run.text)
    attempt = begin_attempt(approval, digest, given.fingerprint, opening, run)
    return Backing(model.learned(), given.real, limits=limits, approval=named(approval)), attempt


def approved_backing(model: OpenModel, draw: Draw, run: Run) -> Backing:
    """What an export of this draw rests on if the approval covers it.

    Raises:
        PolicyRefusedError: it does not, or there is none.
    """
    approval, limits = _approval(model), (*model.limits(), *model.thin(draw.condition))
    digests = (run.policy.digest, run.profile.digest)
    covered = approval.covers(draw.rows, draw.streams.seed, draw.condition, *digests)
    if not covered:
        raise PolicyRefusedError("\n".join(covered.reasons))
    return Backing(model.learned(), None, approval.results, limits, approval=named(approval))


def _approval(model: OpenModel) -> Approval:
    if model.approval is None:
        raise PolicyRefusedError(f"the model has {NO_APPROVAL}")
    return model.approval
