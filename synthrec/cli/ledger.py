"""`synthrec ledger`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import synthrec
from synthrec.cli.console import show_document
from synthrec.cli.lazy import ConfiguredGroup
from synthrec.cli.options import NEW, PATH, forced
from synthrec.cli.output import Output, output_options
from synthrec.cli.written import write_text

STATES = {
    "reserved": "reserved, nothing read yet",
    "read": "read, not committed: running or broken off, charged in full",
    "released": "given back unread",
}


@click.group(cls=ConfiguredGroup)
def ledger() -> None:
    """Show, verify and export the ledger of privacy spent.

    It lies in SYNTHREC_HOME/ledger, or in the folder that SYNTHREC_LEDGER names.
    """


@ledger.command()
@click.option("--population", metavar="NAME", help="Of one population only.")
@click.option(
    "--policy",
    default="default",
    show_default=True,
    metavar="NAME|FILE",
    help="Risk policy whose budget is the ceiling.",
)
@output_options
def show(output: Output, **options: Any) -> None:
    """Print who charged what, when and for which model, and what remains.

    Readings without a claim are listed as looks. The ledger is verified first.
    """
    report = synthrec.ledger_show(**options)
    document = report.document()
    _remark(output, report.warnings)
    accounts = [_account(one) for one in document["accounts"]] or ["nothing was entered yet"]
    show_document(output, document, "\n\n".join(accounts))


@ledger.command()
@click.option("--card", type=PATH, help="A card.json, or the folder of an export.")
@click.option("--model", type=PATH, help="The folder of a model.")
@output_options
def verify(output: Output, **options: Any) -> None:
    """Check every entry, and that nothing was deleted or set back.

    A card or model remembers how far the ledger had come when it was made; give the newest there is. The exit
    code is 5 where the ledger does not verify.
    """
    report = synthrec.ledger_verify(**options)
    _remark(output, report.warnings)
    head = report.head
    text = f"verified: {head.sequence} entries" + (f", the newest of hash {head.hash}" if head.hash else "")
    show_document(output, report.document(), text)


@ledger.command()
@forced("a file")
@click.option("-o", "--out", type=NEW, help="Write to a file instead of stdout.")
@output_options
def export(output: Output, force: bool, out: Path | None) -> None:
    """Print every entry as a line of JSON with its hashes.

    The hash of an entry is the SHA-256 of the canonical JSON (RFC 8785) of its line without hash and mac.
    """
    lines = synthrec.ledger_export()
    if out is None:
        show_document(output, [json.loads(line) for line in lines.splitlines()], lines)
        return
    write_text(out, lines, force=force)
    show_document(output, {"out": str(out)}, f"ledger: {out}")


def _remark(output: Output, warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        output.say(f"warning: {warning}")


def _account(account: dict[str, Any]) -> str:
    return "\n".join(_lines(account))


def _lines(account: dict[str, Any]) -> Iterator[str]:
    yield "population " + ", also named ".join(account["populations"])
    spent = _amount(account["spent"]) if account["spent"] else "nothing"
    yield f"  spent {spent}; {_amount(account['remaining'])} remain"
    lines = [(one["sequence"], _charge(one)) for one in account["charges"]]
    lines += [(one["sequence"], _look(one)) for one in account["looks"]]
    yield from (text for _, text in sorted(lines))


def _charge(charge: dict[str, Any]) -> str:
    model = charge["model_digest"]
    state = STATES.get(charge["state"]) or f"committed, model {model}"
    return f"{_said(charge)}: {_amount(charge)}; {state}"


def _look(look: dict[str, Any]) -> str:
    became = "" if look["used"] else ", refused or broken off before a record was used"
    return f"{_said(look)}: {look['look']} without a claim{became}"


def _said(entry: dict[str, Any]) -> str:
    return f"  {entry['sequence']:>4}  {entry['time']}  {entry['who']}  {entry['label']}"


def _amount(amount: dict[str, str]) -> str:
    return f"epsilon {amount['epsilon']}, delta {amount['delta']}"
