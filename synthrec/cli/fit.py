"""`synthrec fit`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import synthrec
from synthrec.cli.console import finish, show_document, working
from synthrec.cli.lazy import ConfiguredCommand
from synthrec.cli.options import FILE, NEW, forced, holdout, judged, read_as, signed
from synthrec.cli.output import Output, output_options
from synthrec.errors import ConfigError


@click.command(cls=ConfiguredCommand)
@click.argument("schema")
@click.argument("data", nargs=-1, required=True, type=FILE)
@click.option("-g", "--generator", default="auto", show_default=True, metavar="NAME", help="How to learn.")
@click.option(
    "--epsilon",
    metavar="E",
    help="Make a differential privacy claim of at most this epsilon for a person; no claim where not given.",
)
@click.option("--delta", metavar="D", help="Delta of the claim; 1e-6 where not given.")
@click.option(
    "--plan", is_flag=True, help="Print what a claim would charge and what would remain; read no data."
)
@click.option(
    "--dp-bounds", is_flag=True, help="Under a claim, find learned bounds and categories by noised counts."
)
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
@signed("Name of the key that signs the approval, for those who have not the root secret.")
@judged
@read_as
@click.option(
    "--population", metavar="NAME", help="Whose privacy is at stake, where the schema does not say."
)
@click.option(
    "--allow-synthetic-source",
    is_flag=True,
    help="Learn from synthetic records, which lie beside their cards, too; the card tells of it.",
)
@forced("a model")
@click.option("-o", "--out", type=NEW, help="Folder of the model; needed unless --plan is given.")
@output_options
def fit(output: Output, schema: str, data: tuple[Path, ...], *, plan: bool, **options: Any) -> None:
    """Learn a generator from real records and audit a trial.

    SCHEMA is a file, else the short name of a shipped schema; DATA are CSV (also .gz) or Parquet files. The
    records are split by person, the generator learns from one part, and a trial sample is compared with both.
    A model that is not approved is kept and marked so, and the exit code is 3. A model is personal data: keep
    it as you keep the records.
    """
    if plan:
        _foretell(output, schema, options)
        return
    if options["out"] is None:
        raise ConfigError("give --out MODEL; only --plan, which reads no data, goes without")
    with working(output) as progress:
        report = synthrec.fit(schema, data, **options, progress=progress)
    finish(
        output,
        report,
        {"model": report.model, "steward's report": report.steward},
        refused=f"the model in {report.model} is kept, marked as not approved; why: {report.steward}",
    )


_PLANNED = ("epsilon", "delta", "generator", "dp_bounds", "stratify", "population", "policy")
"""Options that decide what a claim charges."""


def _foretell(output: Output, schema: str, options: dict[str, Any]) -> None:
    """Print what a claim would charge."""
    if options["epsilon"] is None:
        raise ConfigError("--plan tells what a claim would charge; give --epsilon E")
    asked = {name: options[name] for name in _PLANNED}
    report = synthrec.plan(schema, **asked)
    document = report.document()
    show_document(output, document, "\n".join(_told(document)))


def _told(document: dict[str, Any]) -> Iterator[str]:
    yield f"population {document['population']}: generator {document['generator']}"
    yield from document["why"]
    yield f"would charge epsilon {document['epsilon']}, delta {document['delta']}"
    rest = document["remaining"]
    yield f"would leave epsilon {rest['epsilon']}, delta {rest['delta']}"
    yield from _expected(document["expected_error"])
    for event in document["plan"]["events"]:
        yield f"  {event['name']}: {event['mechanism']}, noise multiplier {event['noise_multiplier']:.4g}"


def _expected(errors: dict[str, Any]) -> Iterator[str]:
    """How faithful the release can be, by the number of persons."""
    names = {"column_share": "share of a column", "pair_share": "share of a pair of columns"}
    for key, name in names.items():
        if key in errors:
            told = ", ".join(f"{share:.2g} of {int(n):,} persons" for n, share in errors[key].items())
            yield f"mean error of a {name}: {told}"
    if "persons_needed" in errors:
        yield (
            f"with fewer than about {errors['persons_needed']:,} persons the columns would be mostly noise: "
            "give a larger epsilon, model fewer columns, or make no claim"
        )
