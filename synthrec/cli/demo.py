"""`synthrec demo`."""

from __future__ import annotations

from pathlib import Path

import click

import synthrec
from synthrec.cli.console import finish, working
from synthrec.cli.lazy import ConfiguredCommand
from synthrec.cli.options import NEW
from synthrec.cli.output import Output, output_options


@click.command(cls=ConfiguredCommand)
@click.option("-o", "--out", type=NEW, default="demo_out", show_default=True, help="Folder for what is made.")
@output_options
def demo(output: Output, out: Path) -> None:
    """Run the whole path on sample data.

    Real-looking records become a fitted model, a sample, a verdict and an export with a card. What an earlier
    demo left in the folder is replaced.
    """
    with working(output) as progress:
        report = synthrec.demo(out, progress=progress)
    finish(output, report, {"model": report.model, "records": report.out, "card": report.card})
