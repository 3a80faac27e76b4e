"""Parameters given as text, typed by the values they override."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from synthrec.errors import ConfigError
from synthrec.schema.model import Scalar, Schema


def parse_params(schema: Schema, given: Mapping[str, str]) -> dict[str, Scalar]:
    """The given parameters, each of the type of the schema's own value.

    Raises:
        ConfigError: no such parameter, or a text that is not of its type.
    """
    return {name: _parse(schema, name, text) for name, text in given.items()}


@dataclass(frozen=True)
class Size:
    """How many root records a rule schema makes, with which parameters."""

    rows: int
    params: dict[str, Scalar]


def size(schema: Schema, rows: int | None, preset: str | None, given: Mapping[str, str]) -> Size:
    """The size that is asked for: by number or by preset, whose parameters the given ones override.

    Raises:
        ConfigError: neither or both are given, no such preset, or a parameter that cannot be used.
    """
    params = parse_params(schema, given)
    if preset is None:
        return Size(number_of(rows, preset), params)
    if rows is not None:
        raise ConfigError("--rows and --preset both say how many records: give one of them")
    if preset not in schema.presets:
        close = difflib.get_close_matches(preset, schema.presets, n=1)
        known = f"there are: {', '.join(schema.presets) or 'none'}"
        hint = f"did you mean {close[0]}? {known}" if close else known
        raise ConfigError(f"schema {schema.info.name} has no preset {preset!r}; {hint}")
    chosen = schema.presets[preset]
    own = {name: _like(schema.params[name], value) for name, value in chosen.params.items()}
    return Size(chosen.rows, own | params)


def _like(own: Scalar, value: Scalar) -> Scalar:
    """A whole number as a number with a point where the schema's own value is one."""
    return float(value) if type(own) is float and type(value) is int else value


def number_of(rows: int | None, preset: str | None) -> int:
    """The number of records where nothing but a number can say it.

    Raises:
        ConfigError: a preset, or no number.
    """
    if preset is not None:
        raise ConfigError("presets belong to rule schemas; of a model, say how many records with --rows")
    if rows is None:
        raise ConfigError("how many records? give --rows, or --preset of a rule schema")
    return rows


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
