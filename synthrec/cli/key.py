"""`synthrec key`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

import synthrec
from synthrec.cli.console import show_document
from synthrec.cli.lazy import ConfiguredGroup
from synthrec.cli.options import FILE
from synthrec.cli.output import Output, output_options
from synthrec.cli.passphrases import ask
from synthrec.errors import ConfigError

if TYPE_CHECKING:
    from synthrec.api import Keyring, PublicKey


@click.group(cls=ConfiguredGroup)
def key() -> None:
    """Make, show and trust the keys that sign cards and approvals.

    They lie in SYNTHREC_HOME/signing and SYNTHREC_HOME/trusted. A private key is encrypted with a passphrase,
    which is asked for, or comes from SYNTHREC_KEY_PASSPHRASE; SYNTHREC_SIGNING_KEY holds a whole one in PEM.
    """


@key.command()
@click.argument("name")
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Last day (UTC) on which its signatures count; none where not given.",
)
@output_options
def new(output: Output, name: str, expires: dt.datetime | None) -> None:
    """Make an Ed25519 key to sign with, and trust it here."""
    ring = synthrec.Keyring()
    ring.refuse_name(name)
    passphrase = ring.passphrase() or ask("Passphrase of the new key", confirm=True)
    made = ring.new(name, passphrase, expires=None if expires is None else expires.date())
    show_document(output, made.document(), "\n".join(_lines(made, "made")))


@key.command()
@click.argument("name", required=False)
@click.option("--public", is_flag=True, help="Print the file to hand over to those who shall trust the key.")
@output_options
def show(output: Output, name: str | None, public: bool) -> None:
    """Print one key, or all that sign or are trusted here."""
    ring = synthrec.Keyring()
    if name is not None:
        found = ring.public(name)
        text = found.content.decode() if public else "\n".join(_lines(found, _role(ring, found)))
        show_document(output, found.document(), text)
        return
    if public:
        raise ConfigError("name the key whose public file you want: synthrec key show NAME --public")
    keys = ring.known()
    texts = [line for one in keys for line in _lines(one, _role(ring, one))] or ["no keys yet"]
    show_document(output, [one.document() | {"role": _role(ring, one)} for one in keys], "\n".join(texts))


@key.command()
@click.argument("file", type=FILE)
@click.option("--name", metavar="N", help="What to call the key here; its owner's name for it by default.")
@output_options
def trust(output: Output, file: Path, name: str | None) -> None:
    """Let the signatures of a key count here.

    FILE is what `synthrec key show NAME --public` of its owner wrote. Compare the id that is printed with
    what the owner tells you over another channel.
    """
    found = synthrec.Keyring().trust(file, name)
    show_document(output, found.document(), "\n".join(_lines(found, "trusted")))


@key.command()
@click.argument("name")
@output_options
def distrust(output: Output, name: str) -> None:
    """Let the signatures of a key count no longer."""
    found = synthrec.Keyring().distrust(name)
    show_document(output, found.document(), "\n".join(_lines(found, "no longer trusted")))


def _role(ring: Keyring, key: PublicKey) -> str:
    signs = key.name in ring.own() and ring.public(key.name).key_id == key.key_id
    trusted = ring.find(key.key_id) is not None
    return {
        (True, True): "signs here, and is trusted",
        (True, False): "signs here, and is not trusted",
        (False, True): "trusted",
        (False, False): "not trusted",
    }[signs, trusted]


def _lines(key: PublicKey, role: str) -> Iterator[str]:
    last = f"good until {key.not_after}" if key.not_after else "without a last day"
    yield f"{key.name}: {role}, {last}"
    yield f"  {key.key_id}"
