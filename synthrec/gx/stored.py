"""What the files of a project demand, read back without Great Expectations.

Whoever relies on a verdict can so see whether the demands are still those that were made: an expectation that
was dropped, a suite that the checkpoint passes over, a file that it reads in place of another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthrec.digests import digest
from synthrec.gx.expectation import suite_digest
from synthrec.gx.project import CHECKPOINT, FOLDER

MAX_BYTES = 16 * 1024 * 1024
"""Of one file of a project."""


@dataclass(frozen=True)
class StoredSuite:
    """The demands of one stored suite."""

    table: str
    expectations: int
    digest: str


def stored_suite(export: Path, table: str) -> StoredSuite:
    """The suite of a table in the project of an export.

    Raises:
        OSError: its file is not there.
        ValueError: its file is no suite.
    """
    entries = _object(export / FOLDER / "expectations" / f"{table}.json").get("expectations")
    if not isinstance(entries, list):
        raise ValueError("not a suite")
    return StoredSuite(table, len(entries), suite_digest(entries))


def checkpoint_digest(export: Path, tables: tuple[str, ...]) -> str:
    """``sha256:…`` of what the checkpoint runs: the validations by table, their suites, and their files.

    Raises:
        OSError: a file of the project is not there.
        ValueError: a file is not what it should be.
    """
    folder = export / FOLDER
    sources = _yaml(folder / "great_expectations.yml").get("fluent_datasources")
    validations = [_object(folder / "validation_definitions" / f"{table}.json") for table in tables]
    return digest(
        {
            "source": sources.get(CHECKPOINT) if isinstance(sources, dict) else None,
            "checkpoint": _object(folder / "checkpoints" / f"{CHECKPOINT}.json"),
            "validations": validations,
        }
    )


def _object(path: Path) -> dict[str, Any]:
    document = json.loads(_text(path))
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    return document


def _yaml(path: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML, YAMLError  # noqa: PLC0415

    try:
        document = YAML(typ="safe", pure=True).load(_text(path))
    except YAMLError:
        raise ValueError("not YAML") from None
    if not isinstance(document, dict):
        raise ValueError("not a YAML mapping")
    return document


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("larger than any such file")
    return path.read_text(encoding="utf-8")
