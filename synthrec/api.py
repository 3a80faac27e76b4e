"""The main path, as functions: start reading here.

    schema, data ─► fit ─► model, marked with the gate's verdict ─► sample ─► records with a card

`fit` learns from real records and audits a trial; `sample` draws, checks, gates and exports; `audit`
measures any synthetic files against real ones; `validate` checks files against a schema. Every function
returns a frozen report, raises a typed error (see `synthrec.errors`), and leaves nothing half-written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from synthrec.assets import asset, schema_names
from synthrec.data.csv_format import CsvProfile
from synthrec.data.infer import infer_schema
from synthrec.data.keys import open_keys
from synthrec.errors import ConfigError
from synthrec.progress import SILENT, Progress
from synthrec.release.card import Card, card_json_schema
from synthrec.release.card_blocks.interop import Catalogue
from synthrec.release.card_render import render_markdown
from synthrec.release.export import refuse_taken
from synthrec.release.gate import Decision
from synthrec.release.signing.keyring import Keyring
from synthrec.release.signing.keys import PublicKey, SigningKey
from synthrec.rng import Streams
from synthrec.runs.audits import against_files, against_model, files_alone
from synthrec.runs.cards import diff_cards, read_card
from synthrec.runs.claims import PlanReport, charged, foretold, parse_budget, planned_fit
from synthrec.runs.code_tables import TermsEntry, terms_add, terms_list
from synthrec.runs.context import Run, TextFormat
from synthrec.runs.drift import against_new
from synthrec.runs.exact import parse_exact
from synthrec.runs.export import Backing, Place, export
from synthrec.runs.export import draft as write_draft
from synthrec.runs.filled import open_blocks
from synthrec.runs.filled_export import draft_filled, export_filled
from synthrec.runs.fitting import Shelf, fit_model, fit_under_claim, open_fit, refuse_place, store
from synthrec.runs.inputs import DEFAULT_SHARE, Data, RealInput, read_real
from synthrec.runs.ledgers import LedgerReport, ledger_export, ledger_show, ledger_verify
from synthrec.runs.lineage import descent_of
from synthrec.runs.looks import enter_files
from synthrec.runs.makers import Draw, RuleMaker, parse_prevalence
from synthrec.runs.models import OpenModel, approved_backing, audited_backing, is_model
from synthrec.runs.params import number_of, size
from synthrec.runs.preview import Preview
from synthrec.runs.recipe import AUTO, Recipe, refuse_bounds_without_claim
from synthrec.runs.repair import export_audited, export_repaired, refuse_repair
from synthrec.runs.reports import AuditReport, DemoReport, FitReport, SampleReport
from synthrec.runs.scenarios import describe_scenario, run_scenarios, scenario_document, scenario_names
from synthrec.runs.schemas import (
    as_schema,
    export_schema,
    graph,
    import_schema,
    lint,
    load_schema,
    preview,
)
from synthrec.runs.signing import sign_export
from synthrec.runs.stewards import beside, refuse_report, tell_steward
from synthrec.runs.verification import VerifyReport, verify_export
from synthrec.schema.fitted_checks import models
from synthrec.schema.interop.exchange import Exchange, Format
from synthrec.schema.lint import Hint
from synthrec.schema.model import Schema
from synthrec.schema.show import describe
from synthrec.validation.result import Finding, Verdict

__all__ = [
    "AuditReport",
    "Card",
    "Decision",
    "DemoReport",
    "Exchange",
    "Finding",
    "FitReport",
    "Format",
    "Hint",
    "Keyring",
    "LedgerReport",
    "PlanReport",
    "Preview",
    "PublicKey",
    "SampleReport",
    "Schema",
    "SigningKey",
    "TermsEntry",
    "Verdict",
    "VerifyReport",
    "audit",
    "card_json_schema",
    "demo",
    "describe",
    "describe_scenario",
    "diff_cards",
    "export_schema",
    "fit",
    "graph",
    "import_schema",
    "infer",
    "ledger_export",
    "ledger_show",
    "ledger_verify",
    "lint",
    "load_schema",
    "plan",
    "preview",
    "read_card",
    "render_markdown",
    "run_scenarios",
    "sample",
    "scenario_document",
    "scenario_names",
    "schema_names",
    "sign_export",
    "terms_add",
    "terms_list",
    "validate",
    "verify_export",
]


def infer(
    data: str | Path,
    *,
    name: str | None = None,
    population: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    home: Path | None = None,
) -> str:
    """A commented draft of a schema for a data file, every bound and category marked ``learned``.

    The ledger knows of the look: under the population, where it is named.
    """
    run = Run.under("default", "default", home=home)
    enter_files([Path(data)], population, "infer", "draft a schema", run)
    return infer_schema(Path(data), name=name, delimiter=delimiter, encoding=encoding)


def fit(
    schema: Schema | str | Path,
    data: Data,
    *,
    out: str | Path,
    generator: str = AUTO,
    epsilon: float | str | None = None,
    delta: float | str | None = None,
    dp_bounds: bool = False,
    stratify: bool = False,
    holdout: Data | None = None,
    holdout_share: float = DEFAULT_SHARE,
    release_rows: int | None = None,
    policy: str | Path = "default",
    profile: str | Path = "default",
    population: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    allow_synthetic_source: bool = False,
    force: bool = False,
    sign: SigningKey | None = None,
    home: Path | None = None,
    progress: Progress = SILENT,
) -> FitReport:
    """Learn a generator from real records, audit a trial sample, and keep the model with the verdict.

    Args:
        schema: What the records are; file, short name or `Schema`.
        data: Real records of its one table: files or a frame.
        out: Folder of the model.
        generator: Name in the registry, or ``auto``.
        epsilon: Make a differential privacy claim of at most this epsilon for a person; no claim by default.
        delta: Of the claim; 1e-6 by default.
        dp_bounds: Under a claim, find learned bounds and categories by noised counts, which the budget pays.
        stratify: Fit each level of the table's target apart.
        holdout: Real records of other persons that judge the model; else a share of persons is set aside.
        holdout_share: That share.
        release_rows: Rows that the approval shall cover; the number of training rows by default.
        policy: Name or file of the policy that judges the risk.
        profile: Name or file of the profile that judges the quality.
        population: Whose privacy is at stake; the schema's by default.
        delimiter: Of text files; detected by default.
        encoding: Of text files; detected by default.
        allow_synthetic_source: Learn from records that are known to be synthetic, too.
        force: Replace a model that stands at `out`.
        sign: Key that signs the approval, so that it can be checked where the root secret is not.
        home: Folder of the root secret; ``SYNTHREC_HOME`` by default.
        progress: Hears of the steps.

    Returns:
        Where the model is, and what the gate said; a model that is not approved is kept and marked so.

    Raises:
        UserError: schema, data or options cannot be used; all faults at once.
        OSError: the disk is full or fails; no model appears then.
    """
    run = Run.under(policy, profile, home=home, text=TextFormat(delimiter, encoding), progress=progress)
    schema = as_schema(schema)
    refuse_place(Path(out), force=force)
    if sign is not None:
        sign.refuse_expired()
    is_claimed = epsilon is not None
    descent = descent_of(data, holdout, run.home, allowed=allow_synthetic_source, claimed=is_claimed)
    keys = open_keys(run.home, create=True)
    recipe = Recipe(generator, stratify, population, release_rows, dp_bounds)

    def read() -> RealInput:
        progress.step("read")
        return read_real(schema, data, holdout, share=holdout_share, keys=keys, text=run.text)

    if epsilon is None:
        refuse_bounds_without_claim(dp_bounds=dp_bounds)
        opening = open_fit(schema, data, holdout, recipe, run)
        given = read()
        recipe, why = recipe.resolved(schema, len(given.real.train))
        progress.step(f"fit {recipe.generator}")
        model, notes = fit_model(schema, given, opening, recipe, run, descent), (*why, *given.notes)
        kept = store(model, given.real, Shelf(Path(out), release_rows, notes, force, sign), keys, run)
    else:
        recipe, why = recipe.resolved(schema, None)
        planned = planned_fit(schema, recipe, parse_budget(epsilon, delta))
        with charged(planned, run) as charge:
            given = read()
            progress.step(f"fit {recipe.generator}")
            model, notes = fit_under_claim(planned, charge, given, keys, run, descent), (*why, *given.notes)
            kept = store(model, given.real, Shelf(Path(out), release_rows, notes, force, sign), keys, run)
            charge.ledger.commit(charge.receipt, kept.digest)
    return FitReport(kept.decision, notes, Path(out), beside(Path(out)))


def plan(
    schema: Schema | str | Path,
    *,
    epsilon: float | str,
    delta: float | str | None = None,
    generator: str = AUTO,
    dp_bounds: bool = False,
    stratify: bool = False,
    population: str | None = None,
    policy: str | Path = "default",
    home: Path | None = None,
) -> PlanReport:
    """What a fit under a claim would charge, and what would remain; no data is read and nothing is charged.

    Raises:
        UserError: schema, budget or options cannot be used.
        BudgetExceededError: the policy's ceiling does not leave that much.
    """
    run = Run.under(policy, "default", home=home)
    schema = as_schema(schema)
    asked = Recipe(generator, stratify, population, dp_bounds=dp_bounds)
    recipe, why = asked.resolved(schema, None)
    return foretold(planned_fit(schema, recipe, parse_budget(epsilon, delta)), why, run)


def sample(
    source: Schema | str | Path,
    rows: int | None = None,
    *,
    out: str | Path,
    preset: str | None = None,
    where: str | None = None,
    prevalence: str | None = None,
    params: Mapping[str, str] | None = None,
    seed: int | None = None,
    real: Data | None = None,
    holdout: Data | None = None,
    formats: Sequence[str] = ("parquet",),
    csv_profile: CsvProfile = "plain",
    chunk_rows: int = 65_536,
    draft: bool = False,
    gx: bool = False,
    exports: Sequence[Catalogue] = (),
    repair: bool = False,
    policy: str | Path = "default",
    profile: str | Path = "default",
    force: bool = False,
    sign: SigningKey | None = None,
    home: Path | None = None,
    progress: Progress = SILENT,
) -> SampleReport:
    """Draw records, check them, and export them with a card; nothing appears unless the gate says yes.

    Args:
        source: Model folder, schema file, short name of a shipped schema, or `Schema` with rules.
        rows: Root records to draw.
        out: Folder of the export.
        preset: Name of a size of a rule schema, in place of `rows`.
        where: Draw only records for which this expression holds (models only).
        prevalence: ``EXPR=RATE`` or ``EXPR=COUNT``: exactly so many of the records satisfy it; of a rule
            schema ``COLUMN=COUNT`` or ``COLUMN=RATE``, of the column's own table.
        params: Parameters of a rule schema to override, as text.
        seed: Of the draw; a model's approved seed, or a fresh one, by default.
        real: The real records behind the model, to audit this very draw; needed beyond the approval.
        holdout: The holdout that the model was fitted with, where one was given.
        formats: ``parquet`` and ``csv``, one file per table each.
        csv_profile: ``spreadsheet`` disarms text that a spreadsheet would run as a formula.
        chunk_rows: Rows held in memory at a time; changes no byte of the output.
        draft: Write learned records without checks and card, for the steward's eyes only.
        gx: Make a Great Expectations project beside the records; an expectation that is not met refuses them.
        exports: ``croissant`` and ``frictionless``: describe the export in these words, too.
        repair: Draw rows again that made an audit against `real` refuse, and audit anew.
        policy: Name or file of the policy.
        profile: Name or file of the profile.
        force: Replace an export that stands at `out`.
        sign: Key that signs the export; see `Keyring`.
        home: Folder of the root secret; ``SYNTHREC_HOME`` by default.
        progress: Hears of the steps.

    Returns:
        The export; or, where the gate refused, its decision and no files.

    Raises:
        PolicyRefusedError: the approval does not cover this draw and no real records were given.
        UserError: source, options or real records cannot be used.
        VerificationError: the model or its approval was changed.
        KeyMissingError: the root secret under which the model was made is not here.
    """
    run = Run.under(policy, profile, home=home, progress=progress)
    place = Place(Path(out), tuple(formats), csv_profile, force, gx, sign, tuple(exports))
    progress.step("draw, check and export")
    if draft and (gx or repair or sign or exports):
        raise ConfigError("a draft is not checked: leave --gx, --repair, --sign and --export out")
    if isinstance(source, Schema) or not is_model(Path(source)):
        schema = as_schema(source)
        is_filled = bool(models(schema))
        _refuse_beside_rules(real=real, holdout=holdout, draft=draft and not is_filled, repair=repair)
        exact = None if prevalence is None else parse_exact(schema, prevalence)
        chosen = size(schema, rows, preset, params or {})
        draw = Draw(chosen.rows, Streams.fresh() if seed is None else Streams(seed), where, chunk_rows)
        maker = RuleMaker(schema, chosen.params, exact)
        limits = () if exact is None else (exact.sentence,)
        if not is_filled:
            return export(maker, draw, place, Backing(limits=limits, settings=maker.settings), run)
        blocks = open_blocks(source, schema, run)
        if draft:
            return draft_filled(maker, blocks, draw, place, run)
        return export_filled(maker, blocks, draw, place, limits, run)
    if params:
        raise ConfigError("--set overrides parameters of a rule schema; condition a model with --where")
    number = number_of(rows, preset)
    model = OpenModel.at(Path(source), run.home)
    draw = Draw(number, model.streams(seed), where, chunk_rows, parse_prevalence(prevalence, number))
    if draft:
        return write_draft(model.maker, draw, place, run)
    if repair:
        refuse_repair(model, draw, audited=real is not None)
    if real is None:
        return export(model.maker, draw, place, approved_backing(model, draw, run), run)
    refuse_taken(place.out, force=force)
    backing, attempt = audited_backing(model, draw, real, holdout, run)
    audited = export_repaired if repair else export_audited
    return audited(model, draw, place, backing, attempt, run)


def audit(
    source: str | Path | Sequence[str | Path],
    *,
    schema: Schema | str | Path | None = None,
    real: Data | None = None,
    train: Data | None = None,
    holdout: Data | None = None,
    policy: str | Path = "default",
    profile: str | Path = "default",
    delimiter: str | None = None,
    encoding: str | None = None,
    report: str | Path | None = None,
    home: Path | None = None,
    progress: Progress = SILENT,
) -> AuditReport:
    """Measure quality and re-identification risk of a model, or of synthetic files that any tool made.

    Args:
        source: Model folder, or files of one table.
        schema: What the files hold; a model brings its own.
        real: Real records behind a model, split by person as they were at its fit.
        train: Real records that the maker of the files saw.
        holdout: Real records of persons it never saw.
        policy: Name or file of the policy.
        profile: Name or file of the profile.
        delimiter: Of text files; detected by default.
        encoding: Of text files; detected by default.
        report: File for the steward's report, which shows figures of the real records.
        home: Folder of the root secret; ``SYNTHREC_HOME`` by default.
        progress: Hears of the steps.

    Raises:
        UserError: the inputs do not fit together; all faults at once.
    """
    run = Run.under(policy, profile, home=home, text=TextFormat(delimiter, encoding), progress=progress)
    paths, records = _paths(source), train if real is None else real
    if records is None or (real is not None and train is not None):
        raise ConfigError("give either --real RECORDS of a model, or --train RECORDS with --holdout RECORDS")
    place = None if report is None else Path(report)
    refuse_report(place)
    progress.step("audit")
    if len(paths) == 1 and is_model(paths[0]):
        found = against_model(OpenModel.at(paths[0], run.home), records, holdout, run)
    else:
        found = against_files(*_foreign(schema, paths, holdout), records, run)
    if place is not None and found.decision is not None:
        tell_steward(place, ", ".join(path.name for path in paths), found.decision, found.notes, run)
    return found


def _foreign(
    schema: Schema | str | Path | None, paths: list[Path], holdout: Data | None
) -> tuple[Schema, list[Path], Data]:
    """What an audit of files needs, all of it given."""
    if schema is None:
        raise ConfigError("files need --schema; a model folder brings its own")
    if holdout is None:
        raise ConfigError(
            "files do not say which records their maker saw, and copies of all of them would look like "
            "chance: give those records with --train, and with --holdout records of persons that it never saw"
        )
    return as_schema(schema), paths, holdout


def validate(
    files: str | Path | Sequence[str | Path],
    schema: Schema | str | Path | None = None,
    *,
    against: str | Path | None = None,
    policy: str | Path = "default",
    profile: str | Path = "default",
    delimiter: str | None = None,
    encoding: str | None = None,
    gx: bool = False,
    home: Path | None = None,
    progress: Progress = SILENT,
) -> AuditReport:
    """Check files against a schema: types, domains, keys and row constraints; no cell value is shown.

    Files of a schema with several tables are told apart by their names: ``patient.csv`` is table patient.
    With `gx`, Great Expectations says yes or no to the suite of each table, too, and nothing of that is kept.
    With `against`, a model's folder, they hold new real records of its schema: has the reality that it was
    fitted on moved, in any column or jointly?

    Raises:
        UserError: files, schema or model cannot be used; all faults at once.
    """
    run = Run.under(policy, profile, home=home, text=TextFormat(delimiter, encoding), progress=progress)
    progress.step("validate")
    if against is not None:
        if schema is not None or gx:
            raise ConfigError("--against takes the schema that the model brings; leave --schema and --gx out")
        return against_new(OpenModel.at(Path(against), run.home), _paths(files), run)
    if schema is None:
        raise ConfigError("files need --schema; or --against MODEL, which brings its own")
    return files_alone(as_schema(schema), _paths(files), run, gx=gx)


def demo(out: str | Path = "demo_out", *, progress: Progress = SILENT) -> DemoReport:
    """The whole path on sample data: fit, audit, gate, sample, export, all in one folder."""
    from synthrec.runs.demo import prepared  # noqa: PLC0415

    folder = prepared(Path(out))
    schema = load_schema("admissions_flat")
    data = asset("sample_data", "admissions_flat.csv.gz")
    fitted = fit(schema, data, out=folder / "model", home=folder / "home", progress=progress)
    if not fitted.approved:
        return DemoReport(fitted.decision, fitted.notes, None, None, (), 0, 0, fitted.model)
    made = sample(
        fitted.model,
        10_000,
        out=folder / "export",
        formats=("parquet", "csv"),
        home=folder / "home",
        progress=progress,
    )
    return DemoReport(
        fitted.decision,
        made.notes,
        made.out,
        made.card,
        made.files,
        made.rows,
        made.rows_reached,
        fitted.model,
    )


def _refuse_beside_rules(**options: object) -> None:
    given = [f"--{name}" for name, value in options.items() if value is not None and value is not False]
    if given:
        raise ConfigError(
            f"{' and '.join(given)}: for fitted models; a rule schema is not audited against real records"
        )


def _paths(given: str | Path | Sequence[str | Path]) -> list[Path]:
    return [Path(given)] if isinstance(given, str | Path) else [Path(item) for item in given]
