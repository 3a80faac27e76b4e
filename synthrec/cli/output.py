"""How one run speaks: documents or text on stdout, words and progress on stderr."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from synthrec.cli.visible import visible


@dataclass
class Output:
    """What the user wants to hear; set while the command line is parsed."""

    json: bool = False
    quiet: bool = False

    def say(self, text: str) -> None:
        """A line on stderr, unless quiet."""
        if not self.quiet:
            click.echo(visible(text), err=True)


pass_output = click.make_pass_decorator(Output)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json`` and ``-q`` to a command and hand it the `Output`."""
    command = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_set_quiet,
        help="No progress and no remarks on stderr; errors only.",
    )(pass_output(command))
    return click.option(
        "--json",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_set_json,
        help="One JSON document on stdout instead of text.",
    )(command)


def _set_quiet(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.ensure_object(Output).quiet |= value


def _set_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.ensure_object(Output).json |= value
