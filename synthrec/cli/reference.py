"""`python -m synthrec.cli.reference` prints the command reference from the help of every command."""

from __future__ import annotations

from collections.abc import Iterator

import click

from synthrec.cli.app import root

WIDTH = 100
INTRODUCTION = """# Command reference

Made by `python -m synthrec.cli.reference > docs/cli.md` from the help of every command; a test keeps it
so."""


def reference() -> str:
    """The reference as Markdown."""
    return "\n\n".join([INTRODUCTION, *_sections(root, None, "synthrec")]) + "\n"


def _sections(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    context = click.Context(
        command, parent=parent, info_name=name, terminal_width=WIDTH, **command.context_settings
    )
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from _sections(found, context, child)


if __name__ == "__main__":
    click.echo(reference(), nl=False)
