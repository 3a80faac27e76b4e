"""Passphrases, asked for on the terminal and never shown; and the keys that they open."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

import synthrec
from synthrec.errors import ConfigError

if TYPE_CHECKING:
    from synthrec.api import SigningKey


def opened(name: str) -> SigningKey:
    """The key of that name, with its passphrase from the environment or the terminal."""
    ring = synthrec.Keyring()
    if not ring.wants_passphrase():
        return ring.key(name)
    ring.public(name)
    return ring.key(name, ask(f"Passphrase of {name}"))


def ask(prompt: str, *, confirm: bool = False) -> str:
    """A passphrase from the terminal.

    Raises:
        ConfigError: there is no terminal to ask on.
    """
    if not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask for the passphrase; set SYNTHREC_KEY_PASSPHRASE")
    return str(click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True))
