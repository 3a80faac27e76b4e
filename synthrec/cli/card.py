"""`synthrec card`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

import synthrec
from synthrec.cli.console import show_document
from synthrec.cli.lazy import ConfiguredGroup
from synthrec.cli.options import FILE, PATH, forced
from synthrec.cli.output import Output, output_options
from synthrec.cli.passphrases import opened


@click.group(cls=ConfiguredGroup)
def card() -> None:
    """Show, compare, sign and verify provenance cards."""


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
@click.argument("before", type=PATH, metavar="A")
@click.argument("after", type=PATH, metavar="B")
@output_options
def diff(output: Output, before: Path, after: Path) -> None:
    """Tell what changed from one release to another.

    A and B are cards, or folders of exports. Claim, policy, decision, schema, source and results come first.
    The exit code is 0 whether they differ or not; ``same`` of --json says which.
    """
    found = synthrec.diff_cards(before, after)
    show_document(output, found.document(), found.text())


@card.command()
def schema() -> None:
    """Print the JSON Schema of cards (draft 2020-12)."""
    click.echo(json.dumps(synthrec.card_json_schema(), indent=2, ensure_ascii=False))


@card.command()
@click.argument("folder", type=PATH, metavar="FOLDER")
@click.option(
    "--key", "name", required=True, metavar="NAME", help="The key to sign with; see `synthrec key`."
)
@click.option("--model", type=PATH, help="Folder of the model, whose approval the signature then names.")
@forced("a signature")
@output_options
def sign(output: Output, folder: Path, name: str, **options: Any) -> None:
    """Sign an export: every file in its folder, once it is found to be as its card says.

    The signature is card.dsse.json, a DSSE envelope with an in-toto statement.
    """
    report = synthrec.sign_export(folder, opened(name), **options)
    text = f"signed: {report.files} files, in {report.envelope}\nkey: {report.key.name}, {report.key.key_id}"
    show_document(output, report.document(), text)


@card.command()
@click.argument("path", type=PATH, metavar="CARD_OR_FOLDER")
@click.option("--model", type=PATH, help="Folder of the model, to check its approval, too.")
@click.option("--signed", is_flag=True, help="Refuse an export without a signature.")
@click.option(
    "--key", type=FILE, help="File of the one public key that may have signed; trusted keys by default."
)
@output_options
def verify(output: Output, path: Path, **options: Any) -> None:
    """Hold an export against its signature and its card: data, pages, Great Expectations project.

    Every fault is one line, and the exit code is then 5. Works without a network. A signature counts where
    its key is trusted (`synthrec key trust`). The approval of a model needs its root secret, or a signature.
    """
    report = synthrec.verify_export(path, **options)
    show_document(output, report.document(), "\n".join(report.lines()))
