"""`synthrec card`."""

from __future__ import annotations

from pathlib import Path

import click

import synthrec
from synthrec.cli.console import show_document
from synthrec.cli.lazy import ConfiguredGroup
from synthrec.cli.options import PATH
from synthrec.cli.output import Output, output_options


@click.group(cls=ConfiguredGroup)
def card() -> None:
    """Show provenance cards."""


@card.command()
@click.argument("path", type=PATH, metavar="CARD_OR_FOLDER")
@output_options
def show(output: Output, path: Path) -> None:
    """Print the card of an export.

    CARD_OR_FOLDER is a card.json or the folder of an export. Works without keys and without a network.
    """
    read = synthrec.read_card(path)
    show_document(output, read.model_dump(mode="json"), synthrec.render_markdown(read))
