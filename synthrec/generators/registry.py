"""Generators by name, imported on first use."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Any, cast

from synthrec.errors import ConfigError
from synthrec.generators.base import Fitted, Generator

_BUILT_IN = {"copula": ("synthrec.generators.copula", "CopulaGenerator", "CopulaFitted")}
"""Name → module, generator class, fitted class."""


def names() -> tuple[str, ...]:
    """Names of the generators, sorted."""
    return tuple(sorted(_BUILT_IN))


def generator(name: str, **settings: Any) -> Generator:
    """The generator of that name with the given settings.

    Raises:
        ConfigError: no generator has that name, or it has no such setting.
    """
    make = _load(name, 1)
    try:
        return cast("Generator", make(**settings))
    except TypeError:
        given = ", ".join(sorted(settings)) or "none"
        raise ConfigError(f"generator {name} does not take these settings: {given}; see its help") from None


def restore(name: str) -> type[Fitted]:
    """The class that restores what the generator of that name has fitted.

    Raises:
        ConfigError: no generator has that name.
    """
    return cast("type[Fitted]", _load(name, 2))


def _load(name: str, part: int) -> Any:
    if name not in _BUILT_IN:
        close = difflib.get_close_matches(name, _BUILT_IN, n=1)
        repair = f"did you mean {close[0]}?" if close else f"choose one of {', '.join(names())}"
        raise ConfigError(f"there is no generator named {name!r}; {repair}")
    entry = _BUILT_IN[name]
    return getattr(import_module(entry[0]), entry[part])
