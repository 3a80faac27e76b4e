"""Fit a model, audit a trial sample of it, and keep it with what the gate said."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synthrec import __version__
from synthrec.codec.codec import Codec
from synthrec.data.keys import Keys
from synthrec.errors import ConfigError
from synthrec.generators.base import Fitted
from synthrec.generators.manifest import Manifest
from synthrec.generators.registry import generator
from synthrec.generators.store import MANIFEST, write_model
from synthrec.release.approval import Terms, sign, write_approval
from synthrec.release.card_build import approved_results
from synthrec.release.export import sync_folder
from synthrec.release.figures import band
from synthrec.release.gate import Decision
from synthrec.release.policy import Policy
from synthrec.rng import Streams
from synthrec.runs.context import Run
from synthrec.runs.inputs import RealInput, modelled_table
from synthrec.runs.makers import Draw, LearnedMaker
from synthrec.runs.trial import judge_draw
from synthrec.schema.model import Schema
from synthrec.validation.real import RealData


@dataclass(frozen=True)
class Recipe:
    """How to learn."""

    generator: str
    stratify: bool
    population: str | None


@dataclass(frozen=True, eq=False)
class NewModel:
    """A model that is fitted and not yet on disk."""

    schema: Schema
    manifest: Manifest
    codec: Codec
    fitted: Fitted


def fit_model(schema: Schema, given: RealInput, recipe: Recipe, keys: Keys, run: Run) -> NewModel:
    """Learn codec and density from the training records."""
    name, spec = modelled_table(schema)
    codec = Codec.build(spec, name, given.real.train)
    learner = generator(recipe.generator, **_settings(schema, recipe))
    fitted = learner.fit(codec.encode(given.real.train), streams=Streams.fresh())
    manifest = Manifest(
        synthrec=__version__,
        generator=fitted.name,
        parameters=dict(fitted.parameters),
        codec=codec.document(),
        table=name,
        schema_digest=schema.digest,
        key_id=keys.key_id,
        source_fingerprint=given.fingerprint,
        holdout=given.holdout,
        created=dt.datetime.now(dt.UTC).date(),
        population=recipe.population or schema.info.source.population,
        persons=_persons(given.real, run.policy),
    )
    return NewModel(schema, manifest, codec, fitted)


def store(
    model: NewModel,
    real: RealData,
    out: Path,
    release_rows: int | None,
    keys: Keys,
    run: Run,
) -> Decision:
    """Audit the first rows of a fresh seed, write the model, and mark it with the verdict."""
    draw = Draw(release_rows or len(real.train), Streams.fresh())
    maker = LearnedMaker(model.schema, model.codec, model.fitted)
    decision = judge_draw(maker, draw, real, run)
    with _taking_the_place_of(out) as folder:
        digest = write_model(folder, model.manifest, model.schema, model.fitted)
        terms = Terms(
            model_digest=digest,
            schema_digest=model.schema.digest,
            policy_digest=run.policy.digest,
            profile_digest=run.profile.digest,
            seed=draw.streams.seed,
            rows=draw.rows,
            verdict=decision.verdict,
            results=approved_results(decision, run.profile),
        )
        write_approval(folder, sign(terms, keys))
    return decision


@contextmanager
def _taking_the_place_of(out: Path) -> Iterator[Path]:
    """A hidden path beside `out`; what the body makes there takes the place of `out`, or nothing changes."""
    out = out.absolute()
    hidden = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    new, old = hidden / "new", hidden / "old"
    try:
        yield new
        if out.exists():
            out.rename(old)
        new.rename(out)
        sync_folder(out.parent)
    finally:
        if old.exists() and not out.exists():
            old.rename(out)
        shutil.rmtree(hidden, ignore_errors=True)


def _persons(real: RealData, policy: Policy) -> str:
    """The number of training persons as closely as the policy lets it be told."""
    low, high = band(int(real.train_persons.max()) + 1, policy.card.minimum_cell)
    return f"{low:,} to {high:,}"


def _settings(schema: Schema, recipe: Recipe) -> dict[str, str]:
    if not recipe.stratify:
        return {}
    target = modelled_table(schema)[1].target
    if target is None:
        raise ConfigError(
            "--stratify fits each level of the target apart; name one: `target: COLUMN` in the table"
        )
    return {"stratify": target}


def refuse_place(out: Path, *, force: bool) -> None:
    """Before any work is done: the place of the model must be free, or hold a model that may be replaced.

    Raises:
        ConfigError: something else stands there, or there is no folder to put it in.
    """
    if not out.absolute().parent.is_dir():
        raise ConfigError(f"there is no folder {out.parent}; make it, or choose another place")
    if not out.exists() and not out.is_symlink():
        return
    if not force:
        raise ConfigError(f"{out} exists; choose another folder, or replace the model with --force")
    if out.is_symlink() or not (out / MANIFEST).is_file():
        raise ConfigError(
            f"{out} is not a model of synthrec, so --force does not replace it; choose another folder"
        )
