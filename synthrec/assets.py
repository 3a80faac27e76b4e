"""Where the reviewed assets are: `schemas/`, `scenarios/`, `privacy/`, `validation/`, `sample_data/`.

An installed wheel carries them in `synthrec/_assets`; a checkout has them beside the package. The folder
beside it is believed only where `pyproject.toml` stands too: a stray folder is never read as a policy.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from synthrec.errors import ConfigError, InternalError

Kind = Literal["schemas", "scenarios", "privacy", "validation", "sample_data"]

_PACKAGE = Path(__file__).resolve().parent
_RESERVED = "terminologies"
_SOURCES = "sources.yaml"
"""Where the schemas of a folder keep the sources that they share."""


def asset(kind: Kind, relative: str) -> Path:
    """The file of an asset, for example ``asset("privacy", "policies/default.yaml")``.

    Raises:
        ConfigError: there is no such file; the message suggests a near name and lists what exists.
        InternalError: the installation holds no assets.
    """
    names = list_assets(kind)
    if relative not in names:
        raise ConfigError(unknown_name(f"file in {kind}/", relative, names))
    return _folder(kind) / relative


def list_assets(kind: Kind) -> tuple[str, ...]:
    """Names of all files of a kind, relative to its folder, with forward slashes, sorted.

    Raises:
        InternalError: the installation holds no assets.
    """
    folder = _folder(kind)
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return tuple(sorted(name.as_posix() for name in files if not _hidden(name)))


def schema_names() -> dict[str, str]:
    """Short names of the shipped schemas and their files: ``{"inpatient": "healthcare/inpatient.yaml"}``."""
    files = (Path(name) for name in list_assets("schemas") if Path(name).suffix == ".yaml")
    named = (path for path in files if path.parts[0] != _RESERVED and path.name != _SOURCES)
    return {path.stem: path.as_posix() for path in named}


def find_schema(name: str) -> Path:
    """The file of a shipped schema by its short name, for example ``inpatient``.

    Raises:
        ConfigError: no schema has that name; the message suggests a near name and lists what exists.
    """
    names = schema_names()
    if name not in names:
        raise ConfigError(unknown_name("file or shipped schema", name, tuple(names)))
    return asset("schemas", names[name])


def unknown_name(what: str, name: str, names: Sequence[str]) -> str:
    """The message on a name that nothing has: a near one, and what there is."""
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"no {what} named {name!r}{hint} There are: {', '.join(names) or 'none'}"


def _folder(kind: Kind) -> Path:
    packed = _PACKAGE / "_assets" / kind
    if packed.is_dir():
        return packed
    beside = _PACKAGE.parent / kind
    if beside.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return beside
    raise InternalError(f"the installation of synthrec holds no {kind}/; install synthrec again")


def _hidden(name: Path) -> bool:
    return any(part.startswith((".", "__")) for part in name.parts)
