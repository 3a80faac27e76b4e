"""`synthrec terms`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import synthrec
from synthrec.cli.console import show_document
from synthrec.cli.lazy import ConfiguredGroup
from synthrec.cli.options import FILE
from synthrec.cli.output import Output, output_options
from synthrec.errors import ConfigError

if TYPE_CHECKING:
    from synthrec.api import TermsEntry


@click.group(cls=ConfiguredGroup)
def terms() -> None:
    """Keep licensed code tables of your own for rule schemas to draw from.

    They lie in SYNTHREC_HOME/terminologies. A column uses one by `generate: {terms: {name: N, version: V}}`.
    """


@terms.command()
@click.argument("source", metavar="CSV", type=FILE)
@click.option("--name", required=True, help="Short name by which schemas call the table.")
@click.option("--version", required=True, help='Version of the table, for example "2024-09".')
@click.option("--title", help="Full name of the code system.")
@click.option("--licence", metavar="TEXT", help="Its licence: the text, or where it stands.")
@click.option("--licence-file", type=FILE, help="A file with the text of the licence.")
@output_options
def add(output: Output, source: Path, licence: str | None, licence_file: Path | None, **said: Any) -> None:
    """Keep the codes of a CSV file with the columns code, label and, where there is one, weight."""
    if (licence is None) == (licence_file is None):
        raise ConfigError("under which licence? give --licence TEXT or --licence-file FILE")
    text = licence if licence_file is None else licence_file.read_text("utf-8", errors="replace")
    made = synthrec.terms_add(source, licence=text or "", **said)
    show_document(output, made.document(), f"added: {_line(made)}")


@terms.command(name="list")
@output_options
def list_(output: Output) -> None:
    """Print name, version, number of codes and digest of each table."""
    found = synthrec.terms_list()
    lines = "\n".join(map(_line, found)) or "none; add one with `synthrec terms add`"
    show_document(output, {"terminologies": [entry.document() for entry in found]}, lines)


def _line(entry: TermsEntry) -> str:
    return f"{entry.name} {entry.version}: {entry.title}, {entry.codes:,} codes, {entry.digest}"
