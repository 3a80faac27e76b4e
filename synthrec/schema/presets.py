"""Sizes that a rule schema names: `presets:` with the number of root records and the params that go with it.

Numbers in presets choose what to make; they describe nothing, and cite nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from synthrec.schema.faults import suggestion
from synthrec.schema.model import Preset, Scalar, Schema, label

Problem = tuple[tuple[str | int, ...], str, str]


def problems(schema: Schema) -> Iterator[Problem]:
    """Presets of a schema without rules, and values for params that are not there or of another type."""
    if schema.presets and not schema.is_rule_schema:
        yield ("presets",), "presets, but no rules for every column", "remove them, or add generate: to all"
    for name, preset in schema.presets.items():
        for param, value in preset.params.items():
            path = ("presets", name, "set", param)
            if param not in schema.params:
                yield path, f"no param {param!r}", suggestion(param, schema.params)
            elif not _fits(value, schema.params[param]):
                kind = type(schema.params[param]).__name__
                yield path, f"{label(value)!r} is not of type {kind}", f"give a value of type {kind}"


def _fits(value: Scalar, own: Scalar) -> bool:
    """Whether a value can stand for the schema's own; a whole number can for any number."""
    return type(value) is type(own) or (type(value) is int and type(own) is float)


def in_words(name: str, preset: Preset) -> str:
    """One line for people."""
    given = "".join(f", {param} = {label(value)}" for param, value in preset.params.items())
    return f"preset {name}: {preset.rows:,} root records{given}" + (
        f" ({preset.says})" if preset.says else ""
    )
