"""`synthrec sample`."""

from __future__ import annotations

from typing import Any

import click

import synthrec
from synthrec.cli.console import finish, working
from synthrec.cli.lazy import ConfiguredCommand
from synthrec.cli.options import (
    NEW,
    SEED,
    Choices,
    Setting,
    forced,
    holdout,
    joined,
    judged,
    records,
    signed,
    written,
)
from synthrec.cli.output import Output, output_options


@click.command(cls=ConfiguredCommand)
@click.argument("source", metavar="MODEL_OR_SCHEMA")
@click.option("-n", "--rows", type=click.IntRange(min=1), help="How many root records to draw.")
@click.option("--preset", metavar="NAME", help="A size that the rule schema names, in place of --rows.")
@click.option("--where", metavar="EXPR", help='Draw only records for which this holds, e.g. "age >= 65".')
@click.option(
    "--prevalence",
    metavar="EXPR=RATE",
    help="Draw so that exactly this share of the records, or this number, satisfies EXPR: "
    '"age >= 65=0.2"; of a rule schema, EXPR is a column: "is_disputed=250".',
)
@click.option("--set", "params", type=Setting(), multiple=True, help="Override a parameter; repeatable.")
@click.option("--seed", type=SEED, help="Seed of the draw; the approved or a fresh one where not given.")
@records("--real", "Real records to audit this very draw; repeatable.")
@holdout
@written
@click.option(
    "--chunk-rows",
    type=click.IntRange(min=1),
    default=65_536,
    show_default=True,
    help="Rows held in memory at a time; changes no byte of the output.",
)
@click.option(
    "--draft", is_flag=True, help="Write learned records without a card, for the steward's eyes only."
)
@click.option(
    "--repair",
    is_flag=True,
    help="Where the audit against --real finds rows that repeat a person, draw these again and audit anew.",
)
@click.option(
    "--gx",
    is_flag=True,
    help="Make a Great Expectations project in the export; an unmet expectation refuses.",
)
@click.option(
    "--export",
    "exports",
    type=Choices("croissant", "frictionless"),
    multiple=True,
    callback=joined,
    metavar="croissant,frictionless",
    help="Describe the export for catalogues, too: croissant.json, datapackage.json.",
)
@signed("Name of the key that signs the export; see `synthrec key`.")
@judged
@forced("an export")
@click.option("-o", "--out", type=NEW, required=True, help="Folder of the export.")
@output_options
def sample(
    output: Output, source: str, rows: int | None, params: tuple[tuple[str, str], ...], **options: Any
) -> None:
    """Draw records, check them, and export them with a card.

    MODEL_OR_SCHEMA is a model folder or schema file, else the short name of a shipped schema. Records of a
    learned model are exported only within its approval, or after an audit against --real; columns of a
    schema that models fill, within their approvals alone. Where the policy refuses, nothing is written and
    the exit code is 3.
    """
    with working(output) as progress:
        report = synthrec.sample(source, rows, params=dict(params) or None, **options, progress=progress)
    finish(output, report, {"records": report.out, "card": report.card}, refused="no data file was written")
