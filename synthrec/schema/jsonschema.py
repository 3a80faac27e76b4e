"""The JSON Schema of the schema language, for editors; ``python -m synthrec.schema.jsonschema`` writes it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from synthrec.schema.model import Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PUBLISHED = Path("docs") / "schema.schema.json"
"""Where the repository keeps it."""


def schema_json_schema() -> dict[str, Any]:
    """The schema language, format version 1, as JSON Schema draft 2020-12."""
    body = _closed(Schema.model_json_schema(by_alias=True, mode="validation"))
    title = {"$schema": DIALECT, "title": "synthrec schema, format version 1"}
    return {**title, **{key: value for key, value in body.items() if key != "title"}}


def _closed(node: Any) -> Any:
    """The same JSON Schema, with names that do not match a pattern refused."""
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    return {**closed, "additionalProperties": False} if "patternProperties" in node else closed


def rendered() -> str:
    """The published text."""
    return json.dumps(schema_json_schema(), indent=2, ensure_ascii=False) + "\n"


def main(target: Path = PUBLISHED) -> None:
    """Write the published text."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(rendered(), "utf-8")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
