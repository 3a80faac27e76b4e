"""A schema file to a `Schema`, or every fault in it at once."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML

from synthrec.errors import Fault, SchemaError
from synthrec.schema.model import Schema


def load_schema(path: Path) -> Schema:
    """The schema in a YAML file.

    Raises:
        SchemaError: every fault of the file, each with line, column and repair.
    """
    return parse_schema(path.read_text("utf-8"), str(path))


def parse_schema(text: str, file: str = "<schema>") -> Schema:
    """The schema in a YAML text; `file` names it in faults.

    Raises:
        SchemaError: every fault of the text, each with line, column and repair.
    """
    try:
        return Schema.model_validate(YAML(typ="safe", pure=True).load(text))
    except ValidationError as error:
        raise SchemaError(
            Fault(file, 0, 0, ".".join(map(str, item["loc"])), item["msg"], "correct the key")
            for item in error.errors()
        ) from None
