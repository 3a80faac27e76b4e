"""Great Expectations beside the gate: a project for an export, told on its card; yes or no of other files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from synthrec.data.table import Records, Table
from synthrec.gx.expectation import Suite
from synthrec.gx.private import check_private
from synthrec.gx.run import ProjectRun, SuiteRun, make_project
from synthrec.gx.stored import checkpoint_digest, stored_suite
from synthrec.gx.suite import Made, suite_of, suites_of
from synthrec.release.card import BesidePart, ExpectationsPart, SuitePart
from synthrec.release.gate import Decision, Origin
from synthrec.release.judge import conformity_of
from synthrec.schema.model import Schema
from synthrec.validation.result import CheckResult, Finding, Measure, Verdict

if TYPE_CHECKING:
    import pandas as pd


def expect(
    folder: Path, schema: Schema, origin: Origin, rows: Mapping[str, int], decision: Decision
) -> tuple[ExpectationsPart, Decision]:
    """Write the project into a staged export, run it, and let its verdict count as the gate's does.

    Args:
        folder: The staged export; it holds ``<table>.parquet`` for each table.
        schema: What the records are.
        origin: What they were made from.
        rows: Number of rows per table.
        decision: What the gate said; its conformity checks counted the rules that no suite states.

    Returns:
        What the card tells, and the decision: a fail where an expectation was not met.

    Raises:
        ConfigError: Great Expectations is not installed.
    """
    suites = suites_of(schema, Made(origin.value), rows)
    run = make_project(folder, suites, f"{schema.info.name}-{schema.info.version}")
    part = _part(folder, suites, run, decision)
    return part, decision if run.success else _judged(decision, run.suites)


def expect_privately(schema: Schema, records: Records, decision: Decision) -> Decision:
    """Hold records that may be real against their suites; nothing of them is kept or shown.

    Returns:
        The decision with one more finding per table: a fail where an expectation was not met.

    Raises:
        ConfigError: Great Expectations is not installed.
    """
    runs = tuple(_private_run(suite_of(schema, name), table) for name, table in records.items())
    return _judged(decision, runs)


def _private_run(suite: Suite, table: Table) -> SuiteRun:
    verdicts = check_private(suite, _frame(table))
    unmet = tuple(verdict.rule for verdict in verdicts if not verdict.met)
    return SuiteRun(suite.table, len(verdicts), len(verdicts) - len(unmet), unmet)


def _frame(table: Table) -> pd.DataFrame:
    """The records in the types that our Parquet files have when pandas reads them."""
    import pandas as pd  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    nullable = {pa.int64(): pd.Int64Dtype(), pa.float64(): pd.Float64Dtype(), pa.bool_(): pd.BooleanDtype()}
    frame: pd.DataFrame = table.data.to_pandas(types_mapper=nullable.get)
    return frame


def _part(folder: Path, suites: tuple[Suite, ...], run: ProjectRun, decision: Decision) -> ExpectationsPart:
    tables = tuple(suite.table for suite in suites)
    return ExpectationsPart(
        version=run.version,
        run_name=run.run_name,
        suites=tuple(_suite(folder, outcome) for outcome in run.suites),
        checkpoint=checkpoint_digest(folder, tables),
        beside=tuple(
            BesidePart(table=suite.table, rule=rule, broken=_broken(decision, suite.table, rule))
            for suite in suites
            for rule in suite.beside
        ),
        unstated={suite.table: suite.unstated for suite in suites if suite.unstated},
    )


def _suite(folder: Path, run: SuiteRun) -> SuitePart:
    stored = stored_suite(folder, run.table)
    return SuitePart(
        table=run.table, evaluated=run.evaluated, successful=run.successful, digest=stored.digest
    )


def _broken(decision: Decision, table: str, rule: str) -> int:
    """How often a rule was broken, as the conformity check of its table counted."""
    check = conformity_of(table)
    result = next(item.result for item in decision.findings if item.result.check == check)
    return int(str((result.steward or {})[rule]))


def _judged(decision: Decision, runs: tuple[SuiteRun, ...]) -> Decision:
    """The decision with a blocking finding per suite; a fail where one of them was not met."""
    findings = tuple(map(_finding, runs))
    unmet = tuple(finding.reason for finding in findings if finding.verdict is Verdict.FAIL)
    every = (*findings, *decision.findings)
    if not unmet:
        return replace(decision, findings=every)
    others = decision.reasons if decision.verdict is not Verdict.PASS else ()
    return replace(decision, verdict=Verdict.FAIL, findings=every, reasons=(*unmet, *others))


def _finding(run: SuiteRun) -> Finding:
    missed = run.evaluated - run.successful
    method = "expectations not met; counted by Great Expectations"
    measure = Measure("unmet", missed, missed, missed, run.evaluated, None, method)
    title = f"Does Great Expectations find {run.table} as its suite says?"
    result = CheckResult(f"expectations.{run.table}", title, (measure,), bound="unmet")
    reason = f"All {run.evaluated} expectations of {run.table} were met."
    if missed:
        rules = "; ".join(run.unmet)
        reason = f"{missed} of {run.evaluated} expectations of {run.table} were not met: {rules}."
    verdict = Verdict.FAIL if missed else Verdict.PASS
    return Finding(result, verdict, blocking=True, limit=0, reason=reason, measure="unmet")
