"""`synthrec completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from synthrec.cli.lazy import ConfiguredCommand


@click.command(cls=ConfiguredCommand)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    For bash: eval "$(synthrec completion bash)" in ~/.bashrc.
    """
    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(script(context.find_root().command, {}, "synthrec", "_SYNTHREC_COMPLETE").source())
