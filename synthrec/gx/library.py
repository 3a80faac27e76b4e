"""The one door to Great Expectations: imported when asked for, without telemetry and without noise."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from synthrec.errors import ConfigError

EXTRA = "Great Expectations is not installed: pip install 'synthrec[gx]'"


def library_version() -> str:
    """The installed version.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return version("great-expectations")
    except PackageNotFoundError:
        raise ConfigError(EXTRA) from None


def library() -> Any:
    """The module, with its telemetry off before it is imported.

    Raises:
        ConfigError: it is not installed.
    """
    library_version()
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with quiet():
        import great_expectations  # noqa: PLC0415

    return great_expectations


@contextmanager
def own_context(**options: Any) -> Iterator[tuple[Any, Any]]:
    """The library and a context of ours; that of the process, if it has one, is current again afterwards.

    Args:
        options: Of ``great_expectations.get_context``.

    Raises:
        ConfigError: Great Expectations is not installed.
    """
    gx = library()
    manager = gx.data_context.data_context.context_factory.project_manager
    try:
        before = manager.get_current_project()
    except gx.exceptions.DataContextRequiredError:
        before = None
    with quiet():
        try:
            yield gx, gx.get_context(**options)
        finally:
            manager.set_project(before)


@contextmanager
def quiet() -> Iterator[None]:
    """Neither warnings nor log lines of Great Expectations: both may quote cells."""
    logger, silence = logging.getLogger("great_expectations"), logging.NullHandler()
    propagates = logger.propagate
    logger.addHandler(silence)
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.propagate = propagates
        logger.removeHandler(silence)
