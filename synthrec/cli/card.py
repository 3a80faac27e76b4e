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
    """Show and verify provenance cards."""


@card.command()
@click.argument("path", type=PATH, metavar="CARD_OR_FOLDER")
@output_options
def show(output: Output, path: Path) -> None:
    """Print the card of an export.

    CARD_OR_FOLDER is a card.json or the folder of an export. Works without keys and without a network.
    """
    read = synthrec.read_card(path)
    show_document(output, read.model_dump(mode="json"), synthrec.render_markdown(read))


@card.command()
@click.argument("path", type=PATH, metavar="CARD_OR_FOLDER")
@click.option("--model", type=PATH, help="Folder of the model, to check its approval; needs its key.")
@output_options
def verify(output: Output, path: Path, model: Path | None) -> None:
    """Hold an export against its card: data files, pages, Great Expectations project.

    Every fault is one line, and the exit code is then 5. Works without a network, and without keys unless
    --model is given. The card is not signed: what is found is what was changed without it.
    """
    report = synthrec.verify_export(path, model=model)
    show_document(output, report.document(), "\n".join(f"verified: {what}" for what in report.verified))
