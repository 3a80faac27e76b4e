"""Audits for the steward: of a model, of files that any tool made, and of files against a schema alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from synthrec.data.keys import open_keys
from synthrec.data.table import Records, Table
from synthrec.errors import ConfigError, Fault, InputError
from synthrec.rng import BLOCK
from synthrec.runs.claims import enter_look
from synthrec.runs.context import Run
from synthrec.runs.expectations import expect_privately
from synthrec.runs.inputs import DEFAULT_SHARE, Data, modelled_table, read_real, read_untrusted
from synthrec.runs.lineage import descent_of
from synthrec.runs.looks import enter_files, enter_opening
from synthrec.runs.makers import Draw
from synthrec.runs.models import OpenModel
from synthrec.runs.reports import AuditReport
from synthrec.runs.trial import judge, judge_draw
from synthrec.schema.model import Schema


def against_model(model: OpenModel, real: Data, holdout: Data | None, run: Run) -> AuditReport:
    """The audit of a model's approved rows, repeated: the same seed and number of rows."""
    if model.approval is None:
        raise ConfigError("the model has no approval, so it says no rows to audit; fit it again")
    label = f"audit {model.stored.schema.info.name}"
    opening = enter_opening((real, holdout), model.stored.manifest.population, "audit", label, run)
    given = model.read_real(real, holdout, run.text)
    enter_look(given, opening, label, run)
    draw = Draw(model.approval.rows, model.streams(None))
    return AuditReport(judge_draw(model.maker, draw, given.real, run), given.notes)


def against_files(schema: Schema, files: Sequence[Path], holdout: Data, train: Data, run: Run) -> AuditReport:
    """The audit of synthetic files against the records that their maker saw, and others that it did not."""
    name, spec = modelled_table(schema)
    descent_of(train, holdout, run.home, allowed=False, claimed=False)
    keys = open_keys(run.home, create=True)
    label = f"audit of files {schema.info.name}"
    opening = enter_opening((train, holdout), schema.info.source.population, "audit", label, run)
    given = read_real(schema, train, holdout, share=DEFAULT_SHARE, keys=keys, text=run.text)
    enter_look(given, opening, label, run)
    synthetic = read_untrusted(files, name, spec, run.text)
    chunks = _chunks({name: synthetic.table})
    decision = judge(schema, chunks, given.real, run)
    return AuditReport(decision, (*given.notes, *synthetic.notes))


def files_alone(schema: Schema, files: Sequence[Path], run: Run, *, gx: bool = False) -> AuditReport:
    """The conformity checks on files: domains, nulls, keys, references and row constraints.

    The ledger knows of the look, whatever the files are.
    """
    label = f"validate {schema.info.name}"
    enter_files(files, schema.info.source.population, "validate", label, run)
    readings = {
        name: read_untrusted(paths, name, schema.tables[name], run.text)
        for name, paths in _by_table(schema, files).items()
    }
    tables = {name: reading.table for name, reading in readings.items()}
    if not any(map(len, tables.values())):
        raise InputError([Fault(str(files[0]), 0, 0, "", "no rows to check", "give files with records")])
    notes = tuple(note for reading in readings.values() for note in reading.notes)
    decision = judge(schema, [tables], None, run)
    return AuditReport(expect_privately(schema, tables, decision) if gx else decision, notes)


def _by_table(schema: Schema, files: Sequence[Path]) -> dict[str, list[Path]]:
    """The files of each table: all of the only one, else told apart by name."""
    if len(schema.tables) == 1:
        return {next(iter(schema.tables)): list(files)}
    tables = {name: [path for path in files if path.name.split(".")[0] == name] for name in schema.tables}
    nobody = [path.name for path in files if path.name.split(".")[0] not in schema.tables]
    absent = [name for name, paths in tables.items() if not paths]
    if nobody or absent:
        raise ConfigError(
            f"files of several tables are told apart by name, like {next(iter(schema.tables))}.csv; "
            f"no file for: {', '.join(absent) or 'none'}; no table for: {', '.join(nobody) or 'none'}"
        )
    return tables


def _chunks(tables: dict[str, Table]) -> Iterator[Records]:
    """One table in pieces, so that checks keep their memory bounded."""
    ((name, table),) = tables.items()
    for start in range(0, max(len(table), 1), BLOCK):
        yield {name: table.slice(start, BLOCK)}
