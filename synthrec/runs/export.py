"""Draw, check, gate and export in one pass over the records; nothing appears unless the gate says yes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, get_args

from synthrec.data.csv_format import CsvProfile
from synthrec.data.marks import UNNAMED, Mark
from synthrec.digests import digest
from synthrec.errors import ConfigError
from synthrec.gx.library import library_version
from synthrec.gx.project import FOLDER as PROJECT
from synthrec.release.card import (
    ALGORITHMIC,
    TRAINED,
    Conditional,
    CoveragePart,
    ExpectationsPart,
    RepairPart,
    Result,
    ScenariosPart,
)
from synthrec.release.card_blocks.interop import CATALOGUES, Catalogue
from synthrec.release.card_build import (
    Fitted,
    Learned,
    Release,
    build_card,
    generator_part,
    last_day,
    lineage_part,
    seed_part,
    subject,
)
from synthrec.release.card_files import card_files
from synthrec.release.card_fitted import lineage_of
from synthrec.release.export import CARD, staging
from synthrec.release.gate import Decision, Origin
from synthrec.release.signing.keys import SigningKey
from synthrec.release.signing.statement import ApprovalPart
from synthrec.runs.context import Run
from synthrec.runs.expectations import expect
from synthrec.runs.makers import Draw, Maker
from synthrec.runs.reports import SampleReport
from synthrec.runs.signing import sealed
from synthrec.runs.sinks import RecordSinks
from synthrec.runs.terms_of_use import refuse_ended_use
from synthrec.runs.trial import Tally, counted, judge
from synthrec.schema.model import Schema
from synthrec.staged import staged
from synthrec.validation.real import RealData
from synthrec.whole_files import PRIVATE, sync_folder

FORMATS = ("parquet", "csv")
DRAFT = Mark(source_type=TRAINED)
NOTABLE_REDRAWS = 0.01
"""Share of redrawn rows from which the card tells of them."""


@dataclass(frozen=True)
class Place:
    """Where and how records are written."""

    out: Path
    formats: Sequence[str] = ("parquet",)
    csv_profile: CsvProfile = "plain"
    force: bool = False
    gx: bool = False
    """Whether a Great Expectations project is made beside the records."""
    signer: SigningKey | None = None
    """The key that signs the export, if any."""
    exports: Sequence[Catalogue] = ()
    """Standards in whose words the export is described, too."""

    def __post_init__(self) -> None:
        """Refuse kinds of files that there are not.

        Raises:
            ConfigError: formats or profile are not among the known ones; what the project needs is absent; or
                the key has expired.
        """
        if (
            not self.formats
            or len(set(self.formats)) < len(self.formats)
            or not set(self.formats) <= {*FORMATS}
        ):
            raise ConfigError(f"formats must be a sequence of one or more of {', '.join(FORMATS)}, each once")
        if self.csv_profile not in get_args(CsvProfile):
            raise ConfigError(f"csv_profile must be one of {', '.join(get_args(CsvProfile))}")
        self._refuse_exports()
        if self.gx and "parquet" not in self.formats:
            raise ConfigError("a Great Expectations project reads Parquet files; add parquet to --format")
        if self.gx:
            library_version()
        if self.signer is not None:
            self.signer.refuse_expired()

    def _refuse_exports(self) -> None:
        if len(set(self.exports)) < len(self.exports) or not set(self.exports) <= {*CATALOGUES}:
            raise ConfigError(f"exports must be a sequence of {' and '.join(CATALOGUES)}, each once")
        if self.exports and "csv" in self.formats and self.csv_profile == "spreadsheet":
            raise ConfigError(
                "--export describes columns by their own names and values, which --csv-profile spreadsheet "
                "changes; leave one of them out"
            )


@dataclass(frozen=True, eq=False)
class Backing:
    """What stands behind records: the model, the real records at hand, and what was approved before."""

    learned: Learned | None = None
    real: RealData | None = None
    approved: tuple[Result, ...] | None = None
    """Findings of the audit that the approval rests on; None where the records themselves are audited."""
    limits: tuple[str, ...] = ()
    """Sentences for the card on what codec and generator cannot keep."""
    fitted: Fitted | None = None
    """The models that filled columns of a rule schema, if any."""
    repair: RepairPart | None = None
    """What was drawn again before these records, if anything."""
    approval: ApprovalPart | None = None
    """The approval of the model, for the signature."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What was set for rules, beside schema, seed and number of rows."""


@dataclass(frozen=True)
class Told:
    """What stands beside the records, and what the card tells of it."""

    files: Mapping[Path, int] = field(default_factory=dict)
    """Data files, already written, and their rows."""
    pages: Mapping[str, bytes] = field(default_factory=dict)
    """Other files by name."""
    scenarios: ScenariosPart | None = None


class Beside(Protocol):
    """Something that is known only when the records were drawn, and written beside them."""

    def write(self, folder: Callable[[str], Path], mark: Mark) -> Told:
        """Write data files, each at the place that `folder` gives to its name, and marked."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a draw came to."""

    draw: Draw
    tally: Tally
    sinks: RecordSinks
    decision: Decision
    expectations: ExpectationsPart | None = None
    """What a Great Expectations project came to, where one was asked for."""
    told: Told = Told()
    mark: Mark = UNNAMED
    exports: Sequence[Catalogue] = ()


def export(
    maker: Maker, draw: Draw, place: Place, backing: Backing, run: Run, beside: Beside | None = None
) -> SampleReport:
    """Write the records, what stands beside them, and their card; or nothing.

    Raises:
        UserError: the place is taken or not writable, or the last day of use of the records has passed.
        OSError: the disk is full or fails; nothing appears then.
    """
    tally, mark = Tally(), mark_of(maker.schema, draw, backing)
    with staging(place.out, force=place.force) as stage:
        with RecordSinks(stage.path, maker.schema, place.formats, place.csv_profile, mark) as sinks:
            records = counted(maker, draw, tally, run)
            decision = judge(maker.schema, sinks.passing(records), backing.real, run, draw)
        expectations = None
        if place.gx and decision.verdict == "pass":
            run.progress.step("run Great Expectations")
            folder = stage.path(PROJECT).parent
            expectations, decision = expect(folder, maker.schema, maker.origin, sinks.rows, decision)
        if decision.verdict != "pass":
            return SampleReport(decision, (), None, None, (), draw.rows, tally.reached)
        told = Told() if beside is None else beside.write(stage.path, mark)
        outcome = Outcome(draw, tally, sinks, decision, expectations, told, mark, place.exports)
        card = build_card(_release(maker.schema, outcome, backing, run))
        refuse_ended_use(card.use.expires)
        pages = {**told.pages, **card_files(card)}
        if place.signer is not None:
            pages |= sealed(stage.path(CARD).parent, pages, card, place.signer, backing.approval)
        stage.publish(pages)
    files = tuple(place.out / item.name for item in card.subjects)
    notes = _notes(draw, tally)
    return SampleReport(decision, notes, place.out, place.out / CARD, files, draw.rows, tally.reached)


def draft(maker: Maker, draw: Draw, place: Place, run: Run) -> SampleReport:
    """Write learned records without checks and card, for the steward's eyes only (folder 0700, files 0600).

    Raises:
        ConfigError: something stands at the place, or the last day of use of the records has passed.
        OSError: the disk is full or fails; nothing appears then.
    """
    refuse_ended_use(last_day(maker.schema.info, is_learned=maker.origin is Origin.LEARNED))
    tally = Tally()
    with staged(place.out, _refuse_draft) as stage:
        stage.new.mkdir(mode=0o700)
        with RecordSinks(stage.new.joinpath, maker.schema, place.formats, place.csv_profile, DRAFT) as sinks:
            for chunk in counted(maker, draw, tally, run):
                sinks.write(chunk)
        for path in sinks.files:
            path.chmod(PRIVATE)
        sync_folder(stage.new)
        stage.put_in_place()
    files = tuple(place.out / path.name for path in sinks.files)
    notes = ("a draft: no checks, no card; for the steward's eyes only", *_notes(draw, tally))
    return SampleReport(None, notes, place.out, None, files, draw.rows, tally.reached)


def _refuse_draft(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise ConfigError(f"{out} exists; give a new folder for a draft")


def mark_of(schema: Schema, draw: Draw, backing: Backing) -> Mark:
    """The mark of a draw: the same for the same schema, models, settings, seed, condition and rows."""
    filled = backing.fitted.parts if backing.fitted else ()
    lineage = lineage_of(filled) if filled else lineage_part(backing.learned)
    named = {
        "schema": schema.digest,
        "models": [part.generator.model_digest for part in filled],
        "generator": generator_part(backing.learned, settings=backing.settings).model_dump(mode="json"),
        "seed": seed_part(draw.streams.seed, backing.learned).value,
        "rows": draw.rows,
        "where": draw.condition,
        "satisfying": None if draw.prevalence is None else draw.prevalence.count,
        "repair": None if backing.repair is None else backing.repair.model_dump(mode="json"),
    }
    made = TRAINED if backing.learned or filled else ALGORITHMIC
    return Mark(digest(named).removeprefix("sha256:")[:32], made, lineage.generation_depth)


def _release(schema: Schema, outcome: Outcome, backing: Backing, run: Run) -> Release:
    draw, tally, sinks = outcome.draw, outcome.tally, outcome.sinks
    return Release(
        schema=schema,
        policy=run.policy,
        profile=run.profile,
        decision=outcome.decision,
        subjects=(
            *(subject(path, sinks.rows[table]) for path, table in sinks.files.items()),
            *(subject(path, rows) for path, rows in outcome.told.files.items()),
        ),
        seed=draw.streams.seed,
        draw=outcome.mark.draw,
        coverage=_coverage(backing, outcome),
        learned=backing.learned,
        fitted=backing.fitted,
        settings=backing.settings,
        approved=backing.approved or (),
        conditional=_conditional(draw, tally),
        expectations=outcome.expectations,
        scenarios=outcome.told.scenarios,
        catalogues=tuple(outcome.exports),
        repair=backing.repair,
        limits=backing.limits,
        warnings=_notes(draw, tally),
    )


def _coverage(backing: Backing, outcome: Outcome) -> CoveragePart:
    """How these rows were audited; how many more an approval covers would tell of the real ones."""
    if backing.approved is None:
        return CoveragePart(kind="very_output", audited_rows=outcome.tally.reached)
    if backing.fitted is not None:
        audited = [part.table for part in backing.fitted.parts if part.covered == "approved_prefix"]
        tables = audited or [part.table for part in backing.fitted.parts]
        rows = max(outcome.sinks.rows[table] for table in tables)
        return CoveragePart(kind="approved_prefix" if audited else "under_claim", audited_rows=rows)
    claimed = backing.learned is not None and backing.learned.guarantee is not None
    kind = "under_claim" if claimed else "approved_prefix"
    return CoveragePart(kind=kind, audited_rows=outcome.tally.reached)


def _conditional(draw: Draw, tally: Tally) -> Conditional | None:
    if draw.condition is None:
        return None
    exactly = None if draw.prevalence is None else draw.prevalence.count
    return Conditional(where=draw.condition, requested=draw.rows, reached=tally.reached, satisfying=exactly)


def _notes(draw: Draw, tally: Tally) -> tuple[str, ...]:
    """What a user of the records should know of the draw; computed on synthetic rows alone."""
    notes = []
    if tally.reached < draw.rows:
        notes.append(
            f"{tally.reached:,} of {draw.rows:,} records reached: the condition is too rare under the model"
        )
    redrawn = 1 - tally.reached / tally.proposed if tally.proposed else 0.0
    if redrawn >= NOTABLE_REDRAWS:
        notes.append(
            f"{redrawn:.0%} of the rows drawn did not satisfy constraints or condition and were redrawn"
        )
    return tuple(notes)
