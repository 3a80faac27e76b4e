"""`synthrec validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import synthrec
from synthrec.cli.console import deliver, working
from synthrec.cli.lazy import ConfiguredCommand
from synthrec.cli.options import FILE, PATH, judged, read_as
from synthrec.cli.output import Output, output_options


@click.command(cls=ConfiguredCommand)
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option(
    "--schema",
    metavar="SCHEMA",
    help="A file, else the short name of a shipped schema; a model brings its own.",
)
@click.option(
    "--against",
    type=PATH,
    metavar="MODEL",
    help="FILES are new real records: has the reality that this model was fitted on moved?",
)
@click.option(
    "--gx", is_flag=True, help="Ask Great Expectations, too: yes or no per expectation, nothing is kept."
)
@judged
@read_as
@output_options
def validate(output: Output, files: tuple[Path, ...], schema: str | None, **options: Any) -> None:
    """Check files against a schema and its constraints.

    Every column, key and row constraint is counted; no cell value is shown. With --against MODEL, new
    real records are compared with the model, too, column by column and jointly. Exit code 3 where a
    blocking check fails or the records have moved away from the model.
    """
    with working(output) as progress:
        report = synthrec.validate(files, schema, **options, progress=progress)
    deliver(output, report)
