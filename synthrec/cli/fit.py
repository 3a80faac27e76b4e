"""`synthrec fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import synthrec
from synthrec.cli.console import finish, working
from synthrec.cli.lazy import ConfiguredCommand
from synthrec.cli.options import FILE, NEW, forced, holdout, judged, read_as
from synthrec.cli.output import Output, output_options


@click.command(cls=ConfiguredCommand)
@click.argument("schema")
@click.argument("data", nargs=-1, required=True, type=FILE)
@click.option("-g", "--generator", default="copula", show_default=True, metavar="NAME", help="How to learn.")
@click.option("--stratify/--no-stratify", default=False, help="Fit each level of the schema's target apart.")
@holdout
@click.option(
    "--holdout-share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.2,
    show_default=True,
    help="Share of persons kept from fitting where no --holdout is given.",
)
@click.option(
    "--release-rows",
    type=click.IntRange(min=1),
    metavar="N",
    help="Rows that the approval shall cover; the number of training rows where not given.",
)
@judged
@read_as
@click.option(
    "--population", metavar="NAME", help="Whose privacy is at stake, where the schema does not say."
)
@forced("a model")
@click.option("-o", "--out", type=NEW, required=True, help="Folder of the model.")
@output_options
def fit(output: Output, schema: str, data: tuple[Path, ...], **options: Any) -> None:
    """Learn a generator from real records and audit a trial.

    SCHEMA is a file, else the short name of a shipped schema; DATA are CSV (also .gz) or Parquet files. The
    records are split by person, the generator learns from one part, and a trial sample is compared with both.
    A model that is not approved is kept and marked so, and the exit code is 3. A model is personal data: keep
    it as you keep the records.
    """
    with working(output) as progress:
        report = synthrec.fit(schema, data, **options, progress=progress)
    finish(
        output,
        report,
        {"model": report.model},
        refused=f"the model in {report.model} is kept, marked as not approved",
    )
