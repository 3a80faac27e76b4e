"""The checkpoint of an export, for a pipeline that runs it: Airflow's ``GXValidateCheckpointOperator``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synthrec.errors import ConfigError, VerificationError
from synthrec.gx.project import CHECKPOINT
from synthrec.gx.stored import checkpoint_digest, stored_suite
from synthrec.strict_json import read_json

CARD = "card.json"


def configure_checkpoint(context: Any) -> Any:
    """The checkpoint of an export, once its suites are found to be those that its card tells of.

    Args:
        context: A file context of Great Expectations on the export, e.g.
            ``get_context(mode="file", project_root_dir=EXPORT)``.

    Returns:
        The checkpoint; it reads the records of the export, wherever the process works.

    Raises:
        ConfigError: the context is not that of an export.
        VerificationError: an expectation was dropped, added or altered, or the checkpoint runs others.
    """
    root = getattr(context, "root_directory", None)
    export = Path(root).parent if root else None
    if export is None or not (export / CARD).is_file():
        raise ConfigError(
            "the context is not that of an export: give get_context(mode='file', project_root_dir=EXPORT)"
        )
    _refuse_altered(export)
    checkpoint = context.checkpoints.get(CHECKPOINT)
    for validation in checkpoint.validation_definitions:
        _anchor(validation.data.data_asset.datasource, export)
    return checkpoint


def _refuse_altered(export: Path) -> None:
    try:
        stated = read_json(export / CARD)["expectations"]
        demands = {suite["table"]: (suite["evaluated"], suite["digest"]) for suite in stated["suites"]}
        found = {table: stored_suite(export, table) for table in demands}
        kept = {table: (suite.expectations, suite.digest) for table, suite in found.items()}
        same = kept == demands and checkpoint_digest(export, demands) == stated["checkpoint"]
    except (OSError, ValueError, KeyError, TypeError):
        same = False
    if not same:
        raise VerificationError(
            "the project does not demand what its card says; `synthrec card verify` names the faults"
        )


def _anchor(source: Any, export: Path) -> None:
    """Let a data source find the files of the export from every working folder, in memory only."""
    if not source.base_directory.is_absolute():
        source.base_directory = export / source.base_directory
        for asset in source.assets:
            source._build_data_connector(asset, **asset.connect_options)  # noqa: SLF001 - no public way
