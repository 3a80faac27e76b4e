"""Run the checkpoint of a project over the records beside it, and say what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthrec.errors import InternalError
from synthrec.gx.expectation import Suite
from synthrec.gx.library import library_version, own_context
from synthrec.gx.offline import make_offline
from synthrec.gx.project import CHECKPOINT, FOLDER, RESULTS, SITE, project_files, write_project


@dataclass(frozen=True)
class SuiteRun:
    """What one suite came to on one table."""

    table: str
    evaluated: int
    successful: int
    unmet: tuple[str, ...]
    """Rules of the schema whose expectations were not met."""


@dataclass(frozen=True)
class ProjectRun:
    """What a checkpoint came to."""

    version: str
    """Of Great Expectations."""
    run_name: str
    suites: tuple[SuiteRun, ...]

    @property
    def success(self) -> bool:
        """Whether every expectation of every suite was met."""
        return all(suite.evaluated == suite.successful for suite in self.suites)


def make_project(export: Path, suites: Iterable[Suite], run_name: str) -> ProjectRun:
    """Write the project of an export, run its checkpoint, and leave results and offline Data Docs.

    Args:
        export: Folder that holds ``<table>.parquet`` for each suite.
        suites: What to expect, table by table.
        run_name: Name of the run in results and Data Docs.

    Raises:
        ConfigError: Great Expectations is not installed.
        InternalError: a suite was not evaluated as it was written.
    """
    suites, version, folder = tuple(suites), library_version(), export / FOLDER
    write_project(folder, project_files(suites, version, base=str(export.absolute())))
    runs = run_checkpoint(export, run_name)
    _refuse_dropped(suites, runs)
    write_project(folder, project_files(suites, version))
    for path in sorted((folder / RESULTS).rglob("*.json")):
        _relocate(path)
    _refuse_lost_pages(folder, tuple(suite.table for suite in suites))
    make_offline(folder)
    return ProjectRun(version, run_name, runs)


def run_checkpoint(export: Path, run_name: str) -> tuple[SuiteRun, ...]:
    """The outcome per suite of the checkpoint in the project of an export."""
    with own_context(mode="file", project_root_dir=str(export)) as (gx, context):
        result = context.checkpoints.get(CHECKPOINT).run(
            run_id=gx.core.run_identifier.RunIdentifier(run_name=run_name)
        )
    return tuple(sorted(map(_suite_run, result.run_results.values()), key=lambda run: run.table))


def _suite_run(result: Any) -> SuiteRun:
    statistics = result.statistics
    unmet = tuple(_unmet(result.results))
    evaluated, successful = statistics["evaluated_expectations"], statistics["successful_expectations"]
    return SuiteRun(result.suite_name, evaluated, successful, unmet)


def _unmet(results: Iterable[Any]) -> Iterator[str]:
    for result in results:
        if not result.success:
            meta: Mapping[str, Any] = result.expectation_config.meta or {}
            yield str(meta.get("rule", result.expectation_config.type))


def _refuse_dropped(suites: tuple[Suite, ...], runs: tuple[SuiteRun, ...]) -> None:
    """Great Expectations drops what it cannot load with no more than a log line."""
    written = {suite.table: len(suite.expectations) for suite in suites}
    if written != {run.table: run.evaluated for run in runs}:
        raise InternalError("Great Expectations did not evaluate the suites as they were written")


def _refuse_lost_pages(folder: Path, tables: Iterable[str]) -> None:
    """Great Expectations goes on where a page of its Data Docs could not be written."""
    results = [path.relative_to(folder / RESULTS) for path in (folder / RESULTS).rglob("*.json")]
    pages = [Path("validations") / path for path in results]
    pages += [Path("expectations") / f"{table}.json" for table in tables]
    if not results or not all((folder / SITE / page).with_suffix(".html").is_file() for page in pages):
        raise InternalError(
            "Great Expectations could not write all of its Data Docs; look for room on the disk"
        )


def _relocate(path: Path) -> None:
    """Name the records by their file alone in a stored result: the folder was a passing one."""
    document = json.loads(path.read_text(encoding="utf-8"))
    spec = document["meta"]["batch_spec"]
    spec["path"] = Path(spec["path"]).name
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
