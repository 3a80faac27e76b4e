"""Parse and check the `generate:` parts of a schema.

`faults` is what the schema loader calls; `rule_tables` is what `synthrec.rules` executes.
"""

from __future__ import annotations

from synthrec.schema.generate_model import Path
from synthrec.schema.model import Schema

Problem = tuple[Path, str, str]
"""Path of keys into the schema file, what was found, how to repair it."""


def faults(schema: Schema) -> list[Problem]:
    """Everything wrong with the `generate:` parts of a schema; empty when there is nothing."""
    return []
