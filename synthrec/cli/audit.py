"""`synthrec audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import synthrec
from synthrec.cli.console import deliver, working
from synthrec.cli.lazy import ConfiguredCommand
from synthrec.cli.options import NEW, PATH, holdout, judged, read_as, records
from synthrec.cli.output import Output, output_options


@click.command(cls=ConfiguredCommand)
@click.argument("source", nargs=-1, required=True, type=PATH, metavar="MODEL|FILES...")
@click.option("--schema", metavar="SCHEMA", help="Schema of FILES; a model brings its own.")
@records("--real", "Real records behind a MODEL; repeatable.")
@records("--train", "Real records that the maker of FILES saw; repeatable.")
@holdout
@judged
@read_as
@click.option(
    "--report",
    type=NEW,
    help="Write the steward's report, with figures of real records, to this HTML file.",
)
@output_options
def audit(output: Output, source: tuple[Path, ...], **options: Any) -> None:
    """Measure fidelity and re-identification risk.

    Works on a model of synthrec (give --real), and on files that any tool made (give --train and --holdout).
    The result is for the steward: without differential privacy it is itself computed on real records.
    """
    with working(output) as progress:
        report = synthrec.audit(source, **options, progress=progress)
    deliver(output, report)
