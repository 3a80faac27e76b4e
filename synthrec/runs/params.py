"""Parameters given as text, typed by the values they override."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from synthrec.errors import ConfigError
from synthrec.schema.model import Scalar, Schema


def parse_params(schema: Schema, given: Mapping[str, str]) -> dict[str, Scalar]:
    """The given parameters, each of the type of the schema's own value.

    Raises:
        ConfigError: no such parameter, or a text that is not of its type.
    """
    return {name: _parse(schema, name, text) for name, text in given.items()}


def _parse(schema: Schema, name: str, text: str) -> Scalar:
    if name not in schema.params:
        close = difflib.get_close_matches(name, schema.params, n=1)
        known = f"did you mean {close[0]}?" if close else f"there are: {', '.join(schema.params) or 'none'}"
        raise ConfigError(f"schema {schema.info.name} has no parameter {name!r}; {known}")
    kind = type(schema.params[name])
    try:
        return TypeAdapter(kind).validate_strings(text)
    except ValidationError:
        raise ConfigError(f"parameter {name}: {text!r} is not of type {kind.__name__}") from None
