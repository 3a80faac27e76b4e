"""The params of a schema, overridden: known names, kinds kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from synthrec.errors import ConfigError
from synthrec.schema.faults import suggestion
from synthrec.schema.model import Scalar
from synthrec.schema.rule_tables import param_column
from synthrec.schema.scalars import constants
from synthrec.schema.vector import Vector


def overridden(own: Mapping[str, Scalar], given: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The schema's params with the given values in their place; text is read as the kind of the default.

    Raises:
        ConfigError: a name is unknown or a value has the wrong kind.
    """
    for name in given:
        if name not in own:
            raise ConfigError(f"unknown param {name!r}; {suggestion(name, own)}")
    return {
        name: _as_kind(name, given[name], default) if name in given else default
        for name, default in own.items()
    }


_READ: Mapping[type, Callable[[str], Scalar]] = {
    bool: lambda text: {"true": True, "false": False}[text.lower()],
    int: int,
    float: float,
    Decimal: Decimal,
    dt.datetime: dt.datetime.fromisoformat,
    dt.date: dt.date.fromisoformat,
    str: str,
}


def _as_kind(name: str, value: Scalar, default: Scalar) -> Scalar:
    """A value as the kind of the default."""
    try:
        return _READ[type(default)](str(value))
    except (ValueError, KeyError, InvalidOperation):
        kind = type(default).__name__
        raise ConfigError(f"param {name!r} is a {kind}; give it as in the schema's params") from None


def vectors(params: Mapping[str, Scalar]) -> dict[str, Vector]:
    """Each param as a vector of one row."""
    return {name: constants([value], param_column(value)) for name, value in params.items()}
