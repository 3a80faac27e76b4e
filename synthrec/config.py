"""`synthrec.toml`: defaults for the options of commands, one table per command.

    [fit]
    generator = "copula"
    holdout-share = 0.25

    [schema.infer]
    delimiter = ";"

Flags win over `SYNTHREC_<COMMAND>_<OPTION>` in the environment, which wins over this file. A name that no
command or option has is an error: a misspelt `policy` must never pass unread.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from synthrec.errors import ConfigError

FILE = "synthrec.toml"


def read_config(path: Path, commands: Iterable[str]) -> dict[str, Any]:
    """The tables of a configuration file, or none where there is no file.

    Raises:
        ConfigError: the file is not TOML, or a table names no command.
    """
    if not path.is_file():
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file: {error}") from None
    known = tuple(commands)
    faults = [_fault(path, name, "command", known) for name in tables if name not in known]
    faults += [
        f"{path}: {name!r} stands outside a table; write it under the table of a command, e.g. [fit]"
        for name, value in tables.items()
        if name in known and not isinstance(value, dict)
    ]
    if faults:
        raise ConfigError("\n".join(faults))
    return tables


def option_defaults(table: Any, command: str, options: Mapping[str, str], path: Path) -> dict[str, Any]:
    """Values of one command's table by parameter name.

    Args:
        table: what stands under ``[command]`` or ``command``.
        command: dotted name of the command, for the message.
        options: parameter name by option name, ``{"holdout-share": "holdout_share"}``.
        path: the configuration file, for the message.

    Raises:
        ConfigError: a key is no option of the command, with its line and a near name; or there is no table.
    """
    if not isinstance(table, Mapping):
        line = _line_of(path, command.rpartition(".")[2])
        raise ConfigError(f"{path}{line}: {command} is a table; write [{command}]")
    unknown = [key for key in table if key not in options]
    if unknown:
        what = f"option of [{command}]"
        raise ConfigError("\n".join(_fault(path, key, what, tuple(options)) for key in unknown))
    return {options[key]: _as_typed(value) for key, value in table.items()}


def _as_typed(value: Any) -> Any:
    """The value as it would stand on the command line, so that the option itself reads and refuses it."""
    if isinstance(value, list):
        return [_as_typed(item) for item in value]
    return value if isinstance(value, bool) else str(value)


def unknown_variables(environment: Iterable[str], prefix: str, known: Iterable[str]) -> str | None:
    """A message on the variables that begin with a command's prefix but set none of its options."""
    names = tuple(known)
    strays = sorted(name for name in environment if name.startswith(prefix) and name not in names)
    faults = [f"environment: no option for {name}{near(name, names)}" for name in strays]
    return "\n".join(faults) or None


def near(name: str, known: Iterable[str]) -> str:
    """A suggestion to end a message with, or nothing: ``; did you mean 'policy'?``."""
    matches = difflib.get_close_matches(name, tuple(known), n=1)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def _fault(path: Path, name: str, what: str, known: tuple[str, ...]) -> str:
    line = _line_of(path, name)
    return f"{path}{line}: no {what} named {name!r}{near(name, known)}"


def _line_of(path: Path, name: str) -> str:
    """``:<line>`` of the first line that names a key or table, or nothing; TOML parsers keep no places."""
    word = re.compile(rf"^\s*\[*[\w.\"'-]*{re.escape(name)}\b")
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((f":{number}" for number, line in enumerate(lines, 1) if word.match(line)), "")
