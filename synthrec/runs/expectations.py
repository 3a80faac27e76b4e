"""The Great Expectations project of an export: made in its staging folder, judged, and told on its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from synthrec.gx.expectation import Suite
from synthrec.gx.run import ProjectRun, SuiteRun, make_project
from synthrec.gx.stored import checkpoint_digest, stored_suite
from synthrec.gx.suite import Made, suites_of
from synthrec.release.card import BesidePart, ExpectationsPart, SuitePart
from synthrec.release.gate import Decision, Origin
from synthrec.release.judge import conformity_of
from synthrec.schema.model import Schema
from synthrec.validation.result import CheckResult, Finding, Measure, Verdict


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
    return _part(folder, suites, run, decision), _judged(decision, run)


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


def _judged(decision: Decision, run: ProjectRun) -> Decision:
    """The decision, with a blocking finding for each suite that was not met."""
    unmet = tuple(map(_finding, (suite for suite in run.suites if suite.evaluated != suite.successful)))
    if not unmet:
        return decision
    reasons = tuple(finding.reason for finding in unmet)
    return replace(decision, verdict=Verdict.FAIL, findings=(*unmet, *decision.findings), reasons=reasons)


def _finding(run: SuiteRun) -> Finding:
    missed = run.evaluated - run.successful
    measure = Measure(
        "unmet",
        missed,
        missed,
        missed,
        run.evaluated,
        None,
        "expectations not met; counted by Great Expectations",
    )
    title = f"Does Great Expectations find {run.table} as its suite says?"
    result = CheckResult(f"expectations.{run.table}", title, (measure,), bound="unmet")
    rules = "; ".join(run.unmet)
    reason = f"{missed} of {run.evaluated} expectations of {run.table} were not met: {rules}."
    return Finding(result, Verdict.FAIL, blocking=True, limit=0, reason=reason, measure="unmet")
