"""From and to other formats: one function each way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from synthrec.errors import Fault, SchemaError
from synthrec.schema.interop.frictionless import from_frictionless, to_frictionless
from synthrec.schema.interop.json_schema import from_json_schema, to_json_schema
from synthrec.schema.interop.parts import Document, Loss, Taking, changed, read_json, refused
from synthrec.schema.interop.sdv import from_sdv, to_sdv
from synthrec.schema.load import parse_schema
from synthrec.schema.model import Schema
from synthrec.schema.yaml_source import MAX_BYTES

Format = Literal["sdv", "sdv-v1", "frictionless", "jsonschema"]
FORMATS: tuple[Format, ...] = get_args(Format)
Reader = Callable[[Document, str, str, Taking], Document]

_READERS: Mapping[Format, Reader] = {
    "sdv": from_sdv,
    "sdv-v1": from_sdv,
    "frictionless": from_frictionless,
    "jsonschema": from_json_schema,
}


@dataclass(frozen=True)
class Exchange:
    """A schema in another form, and what did not come along."""

    text: str
    lost: tuple[Loss, ...]


def exported(schema: Schema, to: Format) -> Exchange:
    """The schema in another format; lost is all that would not come back from there."""
    document = schema.document()
    made = _written(document, to)
    back = _READERS[to](made, schema.info.name, "", Taking())
    return Exchange(json.dumps(made, indent=2, ensure_ascii=False) + "\n", tuple(changed(document, back)))


def _written(document: Document, to: Format) -> Document:
    match to:
        case "sdv":
            return to_sdv(document)
        case "sdv-v1":
            return to_sdv(document, "V1")
        case "frictionless":
            return to_frictionless(document)
        case "jsonschema":
            return to_json_schema(document)


def imported(path: Path) -> Exchange:
    """The YAML text of a schema from a file of another format, and what had no place in it.

    Raises:
        SchemaError: the file is none of the formats, or what it says is no schema.
    """
    text, file = _text(path), str(path)
    document, taking = read_json(text, file), Taking()
    name = re.sub(r"\W+", "_", path.name.split(".")[0].lower()).strip("_0123456789") or "imported"
    try:
        made = _READERS[recognised(document, file)](document, name, file, taking)
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise refused(file, "", f"a shape that the format does not have ({type(error).__name__})") from None
    made["schema"]["name"] = re.sub(r"\W+", "_", str(made["schema"]["name"]).lower()).strip("_") or name
    text = _yaml(made)
    parse_schema(text, "<imported>")
    return Exchange(text, tuple(taking.lost))


def recognised(document: Document, file: str) -> Format:
    """The format of a document.

    Raises:
        SchemaError: it is none that is known.
    """
    if "METADATA_SPEC_VERSION" in document or ("tables" in document and "relationships" in document):
        return "sdv"
    if "resources" in document or "fields" in document:
        return "frictionless"
    if "properties" in document:
        return "jsonschema"
    raise refused(file, "", "neither SDV metadata nor a Frictionless descriptor nor a JSON Schema of objects")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fault = Fault(
            str(path), 0, 0, "", f"unreadable ({type(error).__name__})", "give a file of UTF-8 text"
        )
        raise SchemaError([fault]) from None


def _yaml(document: Document) -> str:
    return "\n".join(_lines(document, 0)) + "\n"


def _lines(node: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Mappings down to columns as blocks, what is below as JSON, which is YAML, too."""
    for key, value in node.items():
        name = (
            key
            if re.fullmatch(r"[A-Za-z_]\w*", key) and key not in _WORDS
            else json.dumps(key, ensure_ascii=False)
        )
        if isinstance(value, dict) and value and depth < 4:
            yield f"{'  ' * depth}{name}:"
            yield from _lines(value, depth + 1)
        else:
            yield f"{'  ' * depth}{name}: {json.dumps(value, ensure_ascii=False)}"


_WORDS = frozenset({"null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"})
