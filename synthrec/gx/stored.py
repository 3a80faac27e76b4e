"""What the files of a project demand, read back without Great Expectations.

Whoever relies on a verdict can so see whether the demands are still those that were made: an expectation that
was dropped, a suite that the checkpoint passes over, a file that it reads in place of another.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthrec.digests import digest
from synthrec.errors import SchemaError
from synthrec.gx.expectation import suite_digest
from synthrec.gx.project import CHECKPOINT, FOLDER, RESULTS
from synthrec.schema.yaml_source import read_yaml
from synthrec.strict_json import read_json

STORES = (
    "stores",
    "expectations_store_name",
    "validation_results_store_name",
    "checkpoint_store_name",
)
"""Keys of the configuration that say where suites and checkpoints lie."""

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
    match _object(export / FOLDER / "expectations" / f"{table}.json").get("expectations", []):
        case list(entries):
            return StoredSuite(table, len(entries), suite_digest(entries))
        case _:
            raise ValueError("not a list of stored expectations")


def checkpoint_digest(export: Path, tables: Iterable[str]) -> str:
    """``sha256:…`` of what the checkpoint runs: the validations of tables, their suites, and their files.

    Raises:
        OSError: a file of the project is not there.
        ValueError: a file is not what it should be.
    """
    folder = export / FOLDER
    configuration = _yaml(folder / "great_expectations.yml")
    sources = configuration.get("fluent_datasources")
    validations = [_object(folder / "validation_definitions" / f"{table}.json") for table in sorted(tables)]
    return digest(
        {
            "stores": {key: configuration.get(key) for key in STORES},
            "source": sources.get(CHECKPOINT) if isinstance(sources, dict) else None,
            "checkpoint": _object(folder / "checkpoints" / f"{CHECKPOINT}.json"),
            "validations": validations,
        }
    )


def stored_counts(export: Path, run_name: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Table, and expectations evaluated and met, of every stored result of a named run.

    Raises:
        ValueError: a file is no result.
    """
    for path in sorted((export / FOLDER / RESULTS).glob(f"*/{glob.escape(run_name)}/*/*.json")):
        match _object(path):
            case {
                "suite_name": str(table),
                "statistics": {"evaluated_expectations": int(evaluated), "successful_expectations": int(met)},
            }:
                yield table, (evaluated, met)
            case _:
                raise ValueError("not a result")


def _object(path: Path) -> dict[str, Any]:
    return _mapping(read_json(path))


def _yaml(path: Path) -> dict[str, Any]:
    """Plain YAML, as schemas are read: nothing that unfolds to more than stands there."""
    try:
        source = read_yaml(_text(path), path.name)
    except SchemaError:
        raise ValueError("not YAML") from None
    if source.faults:
        raise ValueError("not plain YAML: a double key, an alias, a tag or a value that cannot be")
    return _mapping(source.document)


def _mapping(document: Any) -> dict[str, Any]:
    match document:
        case dict():
            return document
        case _:
            raise ValueError("not a mapping")


def _text(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise ValueError("not a plain file")
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("larger than any such file")
    return path.read_text(encoding="utf-8")
