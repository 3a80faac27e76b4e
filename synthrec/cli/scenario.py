"""`synthrec scenario`."""

from __future__ import annotations

from typing import Any

import click

import synthrec
from synthrec.cli.console import finish, show_document, working
from synthrec.cli.lazy import ConfiguredGroup
from synthrec.cli.options import NEW, SEED, Setting, forced, judged, signed, written
from synthrec.cli.output import Output, output_options


@click.group(cls=ConfiguredGroup)
def scenario() -> None:
    """Write rare events into rule-made records, exactly as often as asked for, with ground truth.

    NAME is a file, else the short name of a shipped scenario; SCHEMA likewise.
    """


@scenario.command(name="list")
@output_options
def list_(output: Output) -> None:
    """List the shipped scenarios, the schemas they are for, and their tiers of severity."""
    documents = {name: synthrec.scenario_document(name) for name in synthrec.scenario_names()}
    width = max(map(len, documents), default=0)
    lines = [f"{name:<{width}}  {_line(document)}" for name, document in documents.items()]
    show_document(output, documents, "\n".join(lines))


def _line(document: dict[str, Any]) -> str:
    tiers = ", ".join(document["severity"]["tiers"])
    return f"{document['targets']['schema']}: {document['scenario']['title']} ({tiers})"


@scenario.command()
@click.argument("name")
@output_options
def show(output: Output, name: str) -> None:
    """Print what a scenario does: who has it, how it varies, which rows it makes or changes."""
    document = synthrec.scenario_document(name)
    show_document(output, document, synthrec.describe_scenario(document))


@scenario.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.argument("schema")
@click.option(
    "-n", "--rows", type=click.IntRange(min=1), required=True, help="How many root records to draw."
)
@click.option("--count", type=click.IntRange(min=0), help="Instances of each scenario, exactly.")
@click.option("--rate", type=click.FloatRange(0, 1), help="Or instances per unit, to the nearest one.")
@click.option("--severity", metavar="TIER", help="How hard it shows; each scenario has a default.")
@click.option(
    "--companions/--no-companions",
    default=True,
    show_default=True,
    help="Write the harmless look-alikes that a scenario names, too.",
)
@click.option(
    "--design",
    type=click.Choice(["sobol", "random", "grid"]),
    help="How parameters are spread over instances; each scenario has a default.",
)
@click.option("--set", "params", type=Setting(), multiple=True, help="Override a parameter; repeatable.")
@click.option("--seed", type=SEED, help="Seed of the draw; a fresh one where not given.")
@written
@judged
@signed("Name of the key that signs the export; see `synthrec key`.")
@forced("an export")
@click.option("-o", "--out", type=NEW, required=True, help="Folder of the export.")
@output_options
def run(
    output: Output, names: tuple[str, ...], schema: str, params: tuple[tuple[str, str], ...], **options: Any
) -> None:
    """Draw records with scenarios in them, check them, and export them with labels and a card.

    Which rows belong to which instance stands in labels.parquet, by the key of the record's table, and never
    in the records. To ask for more instances than there are eligible units is an error.
    """
    with working(output) as progress:
        report = synthrec.run_scenarios(
            names, schema, params=dict(params) or None, **options, progress=progress
        )
    finish(output, report, {"records": report.out, "card": report.card}, refused="no data file was written")
