"""The files of a Great Expectations project, as text: what a user of it finds in every ``gx/`` folder.

The project stands in the folder of an export, beside the Parquet files that it is about, and names them by
relative paths. It is written from the schema alone, with the same bytes for the same suites.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from synthrec.gx.expectation import Suite, stable_id

FOLDER = "gx"
CHECKPOINT = "synthrec"
"""Name of the checkpoint, and of the data source, of every project."""
BATCH = "whole file"
SITE = "uncommitted/data_docs/local_site"
RESULTS = "uncommitted/validations"

RESULT_FORMAT = {"result_format": "SUMMARY", "exclude_unexpected_values": True, "partial_unexpected_count": 0}
"""Counts and no cell: what a result may say of records that others will see."""


def project_files(suites: Iterable[Suite], version: str, *, base: str = ".") -> dict[str, str]:
    """The files by path in ``gx/``.

    Args:
        suites: One per table; ``<table>.parquet`` is the table's file.
        version: Of Great Expectations.
        base: Folder of the Parquet files; the working folder of whoever runs the checkpoint by default.
    """
    suites = tuple(suites)
    tables = [suite.table for suite in suites]
    documents: dict[str, Mapping[str, Any]] = {
        "great_expectations.yml": _configuration(tables, base),
        f"checkpoints/{CHECKPOINT}.json": _checkpoint(tables),
    }
    for suite in suites:
        documents[f"expectations/{suite.table}.json"] = suite.document(version)
        documents[f"validation_definitions/{suite.table}.json"] = _validation(suite.table)
    texts = {path: json.dumps(document, indent=2) + "\n" for path, document in documents.items()}
    return texts | {".gitignore": "\nuncommitted/\n", "uncommitted/config_variables.yml": "{}\n"}


def write_project(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files of a project, and the folders that each project has."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for empty in ("plugins", RESULTS, SITE):
        (folder / empty).mkdir(parents=True, exist_ok=True)


def _configuration(tables: Iterable[str], base: str) -> dict[str, Any]:
    """``great_expectations.yml``; JSON is YAML."""
    return {
        "config_version": 4.0,
        "config_variables_file_path": "uncommitted/config_variables.yml",
        "plugins_directory": "plugins/",
        "stores": {
            "expectations_store": _store("ExpectationsStore", "expectations/"),
            "validation_results_store": _store("ValidationResultsStore", f"{RESULTS}/"),
            "checkpoint_store": _store("CheckpointStore", "checkpoints/"),
            "validation_definition_store": _store("ValidationDefinitionStore", "validation_definitions/"),
        },
        "expectations_store_name": "expectations_store",
        "validation_results_store_name": "validation_results_store",
        "checkpoint_store_name": "checkpoint_store",
        "data_docs_sites": {"local_site": _site()},
        "analytics_enabled": False,
        "progress_bars": {"globally": False},
        "data_context_id": stable_id("context"),
        "fluent_datasources": {CHECKPOINT: _source(tables, base)},
    }


def _store(kind: str, folder: str) -> dict[str, Any]:
    backend = {
        "class_name": "TupleFilesystemStoreBackend",
        "base_directory": folder,
        "suppress_store_backend_id": True,
    }
    return {"class_name": kind, "store_backend": backend}


def _site() -> dict[str, Any]:
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": f"{SITE}/"},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }


def _source(tables: Iterable[str], base: str) -> dict[str, Any]:
    return {
        "type": "pandas_filesystem",
        "id": stable_id("source"),
        "base_directory": base,
        "assets": {table: _asset(table) for table in tables},
    }


def _asset(table: str) -> dict[str, Any]:
    path = {"regex": f"^{re.escape(table)}\\.parquet$", "param_names": []}
    return {
        "type": "parquet",
        "id": stable_id("asset", table),
        "connect_options": {"glob_directive": "*.parquet"},
        "dtype_backend": "numpy_nullable",
        "batch_definitions": {BATCH: {"id": stable_id("batch", table), "partitioner": path}},
    }


def _validation(table: str) -> dict[str, Any]:
    return {
        "data": {
            "asset": {"id": stable_id("asset", table), "name": table},
            "batch_definition": {"id": stable_id("batch", table), "name": BATCH},
            "datasource": {"id": stable_id("source"), "name": CHECKPOINT},
        },
        "id": stable_id("validation", table),
        "name": table,
        "suite": {"id": stable_id("suite", table), "name": table},
    }


def _checkpoint(tables: Iterable[str]) -> dict[str, Any]:
    return {
        "actions": [{"name": "docs", "site_names": [], "type": "update_data_docs"}],
        "id": stable_id("checkpoint"),
        "name": CHECKPOINT,
        "result_format": RESULT_FORMAT,
        "validation_definitions": [{"id": stable_id("validation", table), "name": table} for table in tables],
    }
