"""The command line: parse, call `api`, print. Commands are loaded by name, so that help is quick."""

from __future__ import annotations

from synthrec.cli.app import main

__all__ = ["main"]
