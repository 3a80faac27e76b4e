"""Generators by name, imported on first use."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Any, cast

from synthrec.errors import ConfigError
from synthrec.generators.base import Fitted, Generator
from synthrec.generators.private import PrivateGenerator

_BUILT_IN = {
    "copula": ("synthrec.generators.copula", "CopulaGenerator", "CopulaFitted"),
    "ctgan": ("synthrec.generators.ctgan", "CtganGenerator", "CtganFitted"),
    "marginals": ("synthrec.generators.marginals", "MarginalsGenerator", "MarginalsFitted"),
    "sdv-ctgan": ("synthrec.generators.sdv", "SdvCtgan", "CtganBank"),
    "sdv-gaussian-copula": ("synthrec.generators.sdv", "SdvGaussianCopula", "GaussianCopulaBank"),
}
"""Name → module, generator class, fitted class."""

_PRIVATE = {
    "copula": ("synthrec.generators.copula_dp", "PrivateCopula"),
    "ctgan": ("synthrec.generators.ctgan_dp", "PrivateCtgan"),
    "marginals": ("synthrec.generators.marginals", "PrivateMarginals"),
}
"""Name → module, class of the generators that learn under differential privacy."""


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


def private_names() -> tuple[str, ...]:
    """Names of the generators that can learn under differential privacy, sorted."""
    return tuple(sorted(_PRIVATE))


def private_generator(name: str) -> PrivateGenerator:
    """The generator of that name under differential privacy; its settings go into its plan.

    Raises:
        ConfigError: no generator of that name learns under differential privacy.
    """
    if name not in _PRIVATE:
        close = difflib.get_close_matches(name, _PRIVATE, n=1)
        repair = f"did you mean {close[0]}?" if close else f"choose one of {', '.join(private_names())}"
        raise ConfigError(f"no generator named {name!r} learns under differential privacy; {repair}")
    module, maker = _PRIVATE[name]
    return cast("PrivateGenerator", getattr(import_module(module), maker)())


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
