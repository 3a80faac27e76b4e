"""Fit a model, audit a trial sample of it, and keep it with what the gate said."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from synthrec import __version__
from synthrec.codec.codec import Codec
from synthrec.data.fingerprint import salted
from synthrec.data.keys import Keys, open_keys
from synthrec.errors import ConfigError
from synthrec.generators.base import Fitted
from synthrec.generators.manifest import Manifest
from synthrec.generators.registry import generator
from synthrec.generators.store import MANIFEST, write_model
from synthrec.privacy.entries import Entry
from synthrec.release.approval import Terms, sign, write_approval
from synthrec.release.card_build import approved_results
from synthrec.release.figures import band
from synthrec.release.gate import Decision
from synthrec.release.policy import Policy
from synthrec.release.signing.approvals import endorse
from synthrec.release.signing.keys import SigningKey
from synthrec.rng import Streams
from synthrec.runs.claims import (
    OpenCharge,
    PlannedFit,
    claim_of,
    enter_look,
    head_of,
    learn_privately,
)
from synthrec.runs.context import Run
from synthrec.runs.drift import kept_misfit
from synthrec.runs.inputs import Data, RealInput, modelled_table
from synthrec.runs.lineage import REAL, Descent
from synthrec.runs.looks import enter_opening
from synthrec.runs.makers import Draw, LearnedMaker
from synthrec.runs.recipe import Recipe, settings_of
from synthrec.runs.stewards import REPORT, beside, tell_steward
from synthrec.runs.trial import judge_draw
from synthrec.schema.model import Schema
from synthrec.staged import refuse_parent, staged
from synthrec.validation.real import RealData

CLAIM_ROWS = 20_000
"""Rows of the audited trial under a claim, where none are asked for: the number of real rows is private."""


@dataclass(frozen=True)
class Kept:
    """A model that was written."""

    decision: Decision
    digest: str


@dataclass(frozen=True, eq=False)
class NewModel:
    """A model that is fitted and not yet on disk."""

    schema: Schema
    manifest: Manifest
    codec: Codec
    fitted: Fitted


def open_fit(schema: Schema, data: Data, holdout: Data | None, recipe: Recipe, run: Run) -> Entry:
    """Let the ledger know of a fit without a claim, before a record is read."""
    return enter_opening((data, holdout), _population(schema, recipe), "fit", f"fit {schema.info.name}", run)


def _population(schema: Schema, recipe: Recipe) -> str | None:
    return recipe.population or schema.info.source.population


def fit_model(
    schema: Schema,
    given: RealInput,
    opening: Entry,
    recipe: Recipe,
    run: Run,
    descent: Descent = REAL,
) -> NewModel:
    """Learn codec and density from the training records, without a claim, of which the ledger knows."""
    keys, (name, spec) = open_keys(run.home, create=False), modelled_table(schema)
    entered = enter_look(given, opening, f"fit {recipe.generator} {schema.info.name}", run)
    codec = Codec.build(spec, name, given.real.train)
    learner = generator(recipe.generator, **settings_of(schema, recipe))
    fitted = learner.fit(codec.encode(given.real.train), streams=Streams.fresh())
    manifest = _manifest(schema, given, codec, fitted, keys).model_copy(
        update={
            "lineage": descent.ancestry(given.rows, run.policy.card.minimum_cell),
            "population": _population(schema, recipe),
            "persons": _persons(given.real, run.policy),
            "ledger_head": entered.head,
            "fits": entered.fits,
        }
    )
    return NewModel(schema, manifest, codec, fitted)


def fit_under_claim(
    planned: PlannedFit,
    charge: OpenCharge,
    given: RealInput,
    keys: Keys,
    run: Run,
    descent: Descent = REAL,
) -> NewModel:
    """Learn codec and density through noised answers alone; nothing else of the records is in the model."""
    ancestry = descent.ancestry(given.rows, run.policy.card.minimum_cell)
    codec, fitted = learn_privately(planned, charge, given, run)
    claim = claim_of(planned, charge)
    charge.ledger.look(planned.population, "audit", f"trial of {planned.label}", source=given.fingerprint)
    salt = secrets.token_hex(16)
    hidden = partial(salted, salt=salt, key=keys.fingerprint)
    holdout = given.holdout.fingerprint and hidden(given.holdout.fingerprint)
    schema = _with_table(planned.schema, codec)
    manifest = _manifest(schema, given, codec, fitted, keys).model_copy(
        update={
            "lineage": ancestry,
            "population": planned.population,
            "claim": claim,
            "source_fingerprint": hidden(given.fingerprint),
            "fingerprint_salt": salt,
            "holdout": given.holdout.model_copy(update={"fingerprint": holdout}),
            "ledger_head": head_of(charge.ledger),
        }
    )
    return NewModel(schema, manifest, codec, fitted)


def _with_table(schema: Schema, codec: Codec) -> Schema:
    """The schema with the domains that were found under the claim, where there were any to find."""
    if codec.spec == schema.tables[codec.name]:
        return schema
    table = codec.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return Schema.model_validate({**schema.document(), "tables": {codec.name: table}})


def _manifest(schema: Schema, given: RealInput, codec: Codec, fitted: Fitted, keys: Keys) -> Manifest:
    return Manifest(
        synthrec=__version__,
        generator=fitted.name,
        parameters=dict(fitted.parameters),
        codec=codec.document(),
        table=given.real.name,
        schema_digest=schema.digest,
        key_id=keys.key_id,
        source_fingerprint=given.fingerprint,
        holdout=given.holdout,
        created=dt.datetime.now(dt.UTC).date(),
    )


@dataclass(frozen=True)
class Shelf:
    """Where a model goes, how many rows its trial has, and what its report says beside the findings."""

    out: Path
    release_rows: int | None
    notes: tuple[str, ...] = ()
    force: bool = False
    """Whether a model that stands there is replaced."""
    signer: SigningKey | None = None
    """The key that signs the approval, if any."""


def store(model: NewModel, real: RealData, shelf: Shelf, keys: Keys, run: Run) -> Kept:
    """Audit the first rows of a fresh seed, write model and report, and mark the model with the verdict."""
    claimed = model.manifest.claim is not None
    draw = Draw(shelf.release_rows or (CLAIM_ROWS if claimed else len(real.train)), Streams.fresh())
    maker = LearnedMaker(model.schema, model.codec, model.fitted)
    decision = judge_draw(maker, draw, real, run)
    misfit = None if claimed else kept_misfit(maker, real)
    manifest = model.manifest.model_copy(update={"misfit": misfit})
    with staged(shelf.out, partial(refuse_place, force=shelf.force)) as stage:
        digest = write_model(stage.new, manifest, model.schema, model.fitted)
        terms = Terms(
            model_digest=digest,
            schema_digest=model.schema.digest,
            policy_digest=run.policy.digest,
            profile_digest=run.profile.digest,
            seed=draw.streams.seed,
            rows=draw.rows,
            verdict=decision.verdict,
            under_claim=claimed,
            results=approved_results(decision, run.profile),
        )
        approval = sign(terms, keys)
        write_approval(stage.new, approval)
        if shelf.signer is not None:
            endorse(stage.new, approval, shelf.signer)
        subject = f"the trial of a model of {model.schema.info.name}"
        report = tell_steward(stage.folder / REPORT, subject, decision, shelf.notes, run)
        stage.put_in_place({report: beside(stage.out)})
    return Kept(decision, digest)


def _persons(real: RealData, policy: Policy) -> str:
    """The number of training persons as closely as the policy lets it be told."""
    low, high = band(int(real.train_persons.max()) + 1, policy.card.minimum_cell)
    return f"{low:,} to {high:,}"


def refuse_place(out: Path, *, force: bool) -> None:
    """Before any work is done: the place of the model must be free, or hold a model that may be replaced.

    Raises:
        UserError: something else stands there, or there is no folder to put it in.
    """
    refuse_parent(out)
    report = beside(out)
    if report.is_symlink() or report.is_dir():
        raise ConfigError(
            f"{report} is not a report, and one goes there; remove it, or choose another folder"
        )
    if report.exists() and not force:
        raise ConfigError(f"{report} exists; choose another folder for the model, or replace it with --force")
    if not out.exists() and not out.is_symlink():
        return
    if not force:
        raise ConfigError(f"{out} exists; choose another folder, or replace the model with --force")
    if out.is_symlink() or not (out / MANIFEST).is_file():
        raise ConfigError(
            f"{out} is not a model of synthrec, so --force does not replace it; choose another folder"
        )
