"""`synthrec schema`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import synthrec
from synthrec.cli.console import show_document
from synthrec.cli.lazy import ConfiguredGroup
from synthrec.cli.options import FILE, NEW, SEED, Setting, forced, read_as
from synthrec.cli.output import Output, output_options
from synthrec.cli.written import refuse_out, write_text
from synthrec.errors import SchemaError

if TYPE_CHECKING:
    from synthrec.api import Exchange, Format

FORMATS = ("sdv", "sdv-v1", "frictionless", "jsonschema")


@click.group(cls=ConfiguredGroup)
def schema() -> None:
    """Check, show, draft and list schemas.

    SCHEMA is a file, else the short name of a shipped schema.
    """


@schema.command()
@click.argument("source", metavar="SCHEMA")
@output_options
def check(output: Output, source: str) -> None:
    """Read a schema and report all of its faults at once, each with its line and a repair."""
    checked = synthrec.load_schema(source)
    document = {
        "schema": checked.info.name,
        "tables": list(checked.tables),
        "digest": checked.digest,
        "faults": [],
    }
    show_document(output, document, f"{checked.info.name}: no faults in {len(checked.tables)} table(s)")


@schema.command()
@click.argument("source", metavar="SCHEMA")
@output_options
def show(output: Output, source: str) -> None:
    """Print the tables, columns, domains and constraints of a schema."""
    loaded = synthrec.load_schema(source)
    show_document(output, loaded.model_dump(mode="json"), synthrec.describe(loaded))


@schema.command()
@click.argument("source", metavar="SCHEMA")
@click.option("--strict", is_flag=True, help="Exit with 2 on any hint, not on contradictions alone.")
@output_options
def lint(output: Output, source: str, strict: bool) -> None:
    """Look for what is sound but hardly meant.

    Contradicting bounds, values and states that cannot occur, helpers and params that nothing uses, numbers
    without a source. Exits with 2 where no row can satisfy the schema.
    """
    hints = synthrec.lint(source)
    if faults := [hint.fault for hint in hints if strict or hint.kind == "contradiction"]:
        raise SchemaError(faults)
    document = [{"kind": hint.kind, **asdict(hint.fault)} for hint in hints]
    show_document(output, document, "\n".join(map(str, hints)) or "no hints")


@schema.command()
@click.argument("source", metavar="SCHEMA")
@click.option(
    "-n", "--rows", type=click.IntRange(1, 1_000), default=10, show_default=True, help="Of each table."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the draw.")
@click.option("--set", "params", type=Setting(), multiple=True, help="Override a parameter of the schema.")
@output_options
def preview(output: Output, source: str, rows: int, seed: int, params: tuple[tuple[str, str], ...]) -> None:
    """Show some rows of each table that a rule schema makes: a small draw of its own.

    A column that is true in an exact number of rows may need a smaller number here: --set cases=5.
    """
    made = synthrec.preview(source, rows=rows, seed=seed, params=dict(params))
    show_document(output, made.document(), made.text())


@schema.command()
@click.argument("source", metavar="SCHEMA")
@forced("a file")
@click.option("-o", "--out", type=NEW, help="Write to a file instead of stdout.")
@output_options
def graph(output: Output, source: str, force: bool, out: Path | None) -> None:
    """Draw tables, references and what each column is made from, as SVG."""
    refuse_out(out, source, force=force)
    drawing = synthrec.graph(source)
    if out is None:
        show_document(output, {"svg": drawing}, drawing)
        return
    write_text(out, drawing, force=force)
    show_document(output, {"out": str(out)}, f"graph: {out}")


@schema.command()
@click.argument("data", type=FILE)
@click.option("--name", help="Name of the schema and its table; the name of the file where not given.")
@click.option("--population", metavar="NAME", help="Whose records these are, for the ledger.")
@read_as
@forced("a file")
@click.option("-o", "--out", type=NEW, help="Write to a file instead of stdout.")
@output_options
def infer(output: Output, data: Path, force: bool, out: Path | None, **options: Any) -> None:
    """Draft a schema from a data file, to be finished by hand.

    Every bound and category is marked `learned`: bounds are widened, and categories of fewer than 11 persons
    are not listed.
    """
    refuse_out(out, data, force=force)
    text = synthrec.infer(data, **options)
    if out is None:
        show_document(output, {"schema": text}, text)
        return
    write_text(out, text, force=force)
    show_document(output, {"out": str(out)}, f"schema: {out}")


@schema.command(name="import")
@click.argument("file", type=FILE)
@forced("a file")
@click.option("-o", "--out", type=NEW, help="Write to a file instead of stdout.")
@output_options
def import_(output: Output, file: Path, force: bool, out: Path | None) -> None:
    """Read SDV metadata (V1, V2), a Frictionless data package or table schema, or a JSON Schema of records.

    What has no place in a schema is listed on stderr. Bounds and categories are marked `learned`.
    """
    refuse_out(out, file, force=force)
    _exchanged(output, synthrec.import_schema(file), out, force=force)


@schema.command()
@click.argument("source", metavar="SCHEMA")
@click.option("--to", type=click.Choice(FORMATS), required=True, help="The format to write.")
@forced("a file")
@click.option("-o", "--out", type=NEW, help="Write to a file instead of stdout.")
@output_options
def export(output: Output, source: str, to: Format, force: bool, out: Path | None) -> None:
    """Write a schema in the format of another tool.

    What the format cannot hold is listed on stderr; a Frictionless data package holds all.
    """
    refuse_out(out, source, force=force)
    _exchanged(output, synthrec.export_schema(source, to), out, force=force)


def _exchanged(output: Output, exchange: Exchange, out: Path | None, *, force: bool) -> None:
    for loss in exchange.lost:
        output.say(f"lost: {loss}")
    document = {"text": exchange.text, "lost": [str(loss) for loss in exchange.lost]}
    if out is None:
        show_document(output, document, exchange.text)
        return
    write_text(out, exchange.text, force=force)
    show_document(output, {"out": str(out), "lost": document["lost"]}, f"schema: {out}")


@schema.command(name="list")
@output_options
def list_(output: Output) -> None:
    """List the shipped schemas by the short names that other commands take."""
    names = synthrec.schema_names()
    width = max(map(len, names), default=0)
    show_document(output, names, "\n".join(f"{name:<{width}}  {file}" for name, file in names.items()))
