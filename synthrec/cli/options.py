"""Options that several commands share, and the types of their values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from synthrec.cli.passphrases import opened
from synthrec.rng import SEED_BITS

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PATH = click.Path(exists=True, path_type=Path)
NEW = click.Path(path_type=Path)
SEED = click.IntRange(0, 2**SEED_BITS - 1)


class Choices(click.ParamType[tuple[str, ...]]):
    """Several names joined by commas, each one of a few."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.name = "|".join(names)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split at commas, refuse unknown names and repetitions."""
        parts = tuple(value.split(",")) if isinstance(value, str) else tuple(value)
        unknown = [part for part in parts if part not in self.names]
        if unknown or len(set(parts)) < len(parts):
            self.fail(
                f"write one or more of {', '.join(self.names)}, each once, joined by commas", param, ctx
            )
        return parts


class Setting(click.ParamType[tuple[str, str]]):
    """``name=value``."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split at the first equals sign."""
        name, equals, text = value if isinstance(value, tuple) else str(value).partition("=")
        if not (equals and name):
            self.fail("write name=value, for example start=2025-01-01", param, ctx)
        return name.strip(), text.strip()


def judged(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--policy`` and ``--profile``."""
    return _stack(
        command,
        click.option(
            "--policy",
            default="default",
            show_default=True,
            metavar="NAME|FILE",
            help="Risk policy: what re-identification risk is acceptable.",
        ),
        click.option(
            "--profile",
            default="default",
            show_default=True,
            metavar="NAME|FILE",
            help="Quality profile: what fidelity is required.",
        ),
    )


def written(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--format`` and ``--csv-profile``."""
    return _stack(
        command,
        click.option(
            "--format",
            "formats",
            type=Choices("parquet", "csv"),
            default="parquet",
            show_default=True,
            metavar="parquet,csv",
            help="Kinds of files, joined by commas.",
        ),
        click.option(
            "--csv-profile",
            type=click.Choice(["plain", "spreadsheet"]),
            default="plain",
            show_default=True,
            help="`spreadsheet` disarms text that a spreadsheet would run as a formula.",
        ),
    )


def read_as(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--delimiter`` and ``--encoding``."""
    return _stack(
        command,
        click.option("--delimiter", metavar="CHAR", help="Delimiter of CSV files; detected where not given."),
        click.option("--encoding", metavar="NAME", help="Encoding of CSV files; detected where not given."),
    )


def forced(what: str) -> Decorator:
    """Add ``--force``, which replaces what already stands at the output."""
    return click.option("--force", is_flag=True, help=f"Replace {what} that already exists.")


def records(flag: str, text: str) -> Decorator:
    """Add a repeatable option that names files of real records; None where it is not given."""
    return click.option(flag, type=FILE, multiple=True, callback=lambda *call: call[-1] or None, help=text)


def holdout(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--holdout``."""
    return click.option(
        "--holdout",
        type=FILE,
        help="Real records of other persons, kept from fitting; a random part of the same collection.",
    )(command)


def signed(text: str) -> Decorator:
    """Add ``--sign``; the command gets the opened key, or None where it is not given."""
    return click.option(
        "--sign", metavar="NAME", callback=lambda *call: call[-1] and opened(call[-1]), help=text
    )


def joined(
    ctx: click.Context, param: click.Parameter, values: tuple[tuple[str, ...], ...]
) -> tuple[str, ...]:
    """The choices of an option that was given several times, in one row."""
    del ctx, param
    return tuple(choice for value in values for choice in value)


def _stack(command: Callable[..., Any], *decorators: Decorator) -> Callable[..., Any]:
    for decorator in reversed(decorators):
        command = decorator(command)
    return command
