"""Drift: new real records against a model, which says how far from its reality it was when it was made.

A model holds no real record to compare with. Without a claim its manifest holds its misfit: how far the
holdout was from rows drawn from the model, per column and jointly, as upper limits in steps of 0.01. Under a
claim nothing measured on real records is kept beside the model, so that stated tolerances stand in: the test
is then relative to the model, and finds only what is far from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from synthrec.data.identity import row_digests
from synthrec.data.persons import person_ids
from synthrec.data.table import Table
from synthrec.errors import Fault, InputError
from synthrec.generators.bank import BankSpentError
from synthrec.generators.manifest import MisfitPart
from synthrec.release.gate import Decision
from synthrec.release.judge import absent, usable_p
from synthrec.rng import Streams
from synthrec.runs.context import Run
from synthrec.runs.inputs import read_untrusted
from synthrec.runs.looks import enter_files
from synthrec.runs.makers import Draw, LearnedMaker
from synthrec.runs.models import OpenModel
from synthrec.runs.reports import AuditReport
from synthrec.runs.terms_of_use import refuse_ended_agreement
from synthrec.runs.trial import judge
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.drift import COLUMNS, DRAWN, Misfit, drift, misfit, moved, tolerated
from synthrec.validation.quality.ground import Rows, synthetic_persons
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Finding, Verdict

TOLERATED = 0.1
"""Distance of a column that is no drift where no misfit is kept; our own choice: a tenth of the rows."""
TOLERATED_AUC = 0.8
"""The same of the joint test: in four of five pairs a classifier tells which row is new."""

_RELATIVE = (
    "the model keeps no misfit, as one with a claim may not, so that the test is relative to the model: "
    f"columns count as moved only beyond a distance of {TOLERATED:g}, and all together beyond an AUC of "
    f"{TOLERATED_AUC:g}"
)


def kept_misfit(maker: LearnedMaker, real: RealData) -> MisfitPart | None:
    """The misfit of a new model without a claim, for its manifest; None without a holdout."""
    if not len(real.holdout) or not real.holdout.spec.modelled:
        return None
    found = misfit(_in_fixed_order(real.holdout), _drawn(maker))
    return MisfitPart(columns=dict(found.columns), joint=found.joint, rows=found.rows)


def against_new(model: OpenModel, files: Sequence[Path], run: Run) -> AuditReport:
    """Whether new real records have moved away from a model; the ledger knows of the look.

    Raises:
        ConfigError: the agreement on the real records is over.
        InputError: the files cannot be read, or hold no rows.
    """
    manifest, schema = model.stored.manifest, model.stored.schema
    refuse_ended_agreement(schema)
    name, spec = schema.only_table
    enter_files(files, manifest.population, "validate", f"drift of {schema.info.name}", run)
    reading = read_untrusted(files, name, spec, run.text)
    if not len(reading.table):
        raise InputError([Fault(str(files[0]), 0, 0, "", "no rows to compare", "give files with records")])
    keeps = judge(schema, [{name: reading.table}], None, run)
    allowed = _allowed(manifest.misfit, spec.modelled)
    notes = reading.notes if manifest.misfit is not None else (*reading.notes, _RELATIVE)
    results = drift(_rows(reading.table), _drawn(model.maker), allowed) if spec.modelled else ()
    findings = tuple(_finding(result, run.policy.evidence.alpha) for result in results) or (absent(COLUMNS),)
    return AuditReport(_decision(keeps, findings), notes)


def _allowed(kept: MisfitPart | None, columns: tuple[str, ...]) -> Misfit:
    if kept is None:
        return tolerated(columns, TOLERATED, TOLERATED_AUC)
    return Misfit(kept.columns, kept.joint, kept.rows)


def _drawn(maker: LearnedMaker) -> Rows:
    """The same rows of the model whenever it is compared; all of them where it is a bank of fewer."""
    name, _ = maker.schema.only_table
    parts: list[Table] = []
    with suppress(BankSpentError):
        parts.extend(chunk.records[name] for chunk in maker.stream(Draw(DRAWN, Streams(AUDIT_SEED))))
    return _rows(Table.concat(parts))


def _in_fixed_order(table: Table) -> Rows:
    """The rows ordered by what they hold, so that their order in the file does not change a model."""
    ordered = table.take(np.lexsort(row_digests(table).T))
    first, persons = np.unique(person_ids(ordered), return_index=True, return_inverse=True)[1:]
    return Rows(ordered, np.argsort(np.argsort(first))[persons])


def _rows(table: Table) -> Rows:
    return Rows(table, synthetic_persons(table))


def _finding(result: CheckResult, alpha: float) -> Finding:
    """Drift is told where Holm's procedure finds it at the policy's level."""
    if result.not_applicable is not None:
        reason = f"{result.check} is inconclusive: it did not run, because {result.not_applicable}."
        return Finding(result, Verdict.INCONCLUSIVE, blocking=True, limit=None, reason=reason)
    if not usable_p(result.p_value):
        return absent(result.check)
    if result.p_value is None or result.p_value > alpha:
        reason = f"{result.check} passes: nothing has moved beyond the misfit of the model."
        return Finding(result, Verdict.PASS, blocking=True, limit=None, reason=reason)
    names = moved(result, alpha) if result.check == COLUMNS else ("what columns have in common",)
    reason = (
        f"{result.check} fails: {', '.join(names)} moved beyond the misfit of the model, all tests counted; "
        "fit again on present records, or limit the use of the model to the time it stands for."
    )
    return Finding(result, Verdict.FAIL, blocking=True, limit=None, reason=reason)


def _decision(keeps: Decision, findings: tuple[Finding, ...]) -> Decision:
    """The worse of both answers: do the records keep the schema, and are they still those of the model?"""
    together = keeps.findings + findings
    verdicts = {keeps.verdict, *(finding.verdict for finding in findings)}
    if verdicts == {Verdict.PASS}:
        reason = "The records keep the schema, and have not moved beyond the misfit of the model."
        return Decision(Verdict.PASS, together, (reason,))
    earlier = keeps.reasons if keeps.verdict is not Verdict.PASS else ()
    others = tuple(finding.reason for finding in findings if finding.verdict is not Verdict.PASS)
    worst = Verdict.FAIL if Verdict.FAIL in verdicts else Verdict.INCONCLUSIVE
    return Decision(worst, together, (*earlier, *others))
