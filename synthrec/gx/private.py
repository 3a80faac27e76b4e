"""Expectations on records that may be real: nothing is kept, and no more is said than yes or no.

An ephemeral context writes no file, the result format is BOOLEAN_ONLY, there are no Data Docs, and neither
exception texts nor log lines, which may quote cells, leave this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthrec.gx.expectation import Expectation, Suite
from synthrec.gx.library import own_context
from synthrec.gx.project import BATCH, CHECKPOINT

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ColumnVerdict:
    """Whether one expectation was met; one that could not be evaluated was not."""

    rule: str
    """Of the schema, e.g. ``domain: age``."""
    type: str
    met: bool


def check_private(suite: Suite, frame: pd.DataFrame) -> tuple[ColumnVerdict, ...]:
    """Whether a frame of records meets a suite, expectation by expectation.

    Args:
        suite: From `suite_of`.
        frame: The records, in the types of ``pandas.read_parquet(..., dtype_backend="numpy_nullable")``.

    Raises:
        ConfigError: Great Expectations is not installed.
    """
    with own_context(mode="ephemeral") as (gx, context):
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_pandas(CHECKPOINT)
        asset = source.add_dataframe_asset(suite.table)
        batch = asset.add_batch_definition_whole_dataframe(BATCH)
        expected = context.suites.add(gx.ExpectationSuite(name=suite.table, expectations=_built(suite, gx)))
        definition = gx.ValidationDefinition(name=suite.table, data=batch, suite=expected)
        context.validation_definitions.add(definition)
        result = definition.run(batch_parameters={"dataframe": frame}, result_format="BOOLEAN_ONLY")
    met = {item.expectation_config.meta["place"]: bool(item.success) for item in result.results}
    return tuple(
        ColumnVerdict(item.rule, item.type, met.get(place, False))
        for place, item in enumerate(suite.expectations)
    )


def _built(suite: Suite, gx: Any) -> list[Any]:
    return [_one(item, place, gx) for place, item in enumerate(suite.expectations)]


def _one(item: Expectation, place: int, gx: Any) -> Any:
    name = "".join(word.capitalize() for word in item.type.split("_"))
    return getattr(gx.expectations, name)(**item.kwargs, meta={"place": place})
