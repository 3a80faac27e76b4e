"""The files of an export as they lie there, each hashed once at most."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from synthrec.digests import digest_file
from synthrec.release.signing.statement import ENVELOPE


class Contents:
    """Everything in the folder of an export but the envelope, by path within it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._digests: dict[str, str] = {}

    @cached_property
    def files(self) -> frozenset[str]:
        """The regular files, in folders within, too."""
        return frozenset(name for name, mode in self._modes.items() if stat.S_ISREG(mode)) - {ENVELOPE}

    @cached_property
    def odd(self) -> frozenset[str]:
        """Links, devices and other things that are no files; they are neither followed nor read."""
        return frozenset(name for name, mode in self._modes.items() if not stat.S_ISREG(mode))

    def is_file(self, name: str) -> bool:
        """Whether a regular file of this name is there, without a look at the others."""
        try:
            return stat.S_ISREG((self.folder / name).lstat().st_mode)
        except OSError:
            return False

    def holds(self, name: str) -> bool:
        """Whether anything of this name is there, without a look at the others."""
        return os.path.lexists(self.folder / name)

    def sha256(self, name: str) -> str:
        """SHA-256 of a file, in hexadecimal."""
        if name not in self._digests:
            self._digests[name] = digest_file(self.folder / name).removeprefix("sha256:")
        return self._digests[name]

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return (self.folder / name).stat().st_size

    @cached_property
    def _modes(self) -> dict[str, int]:
        return dict(_entries(self.folder))


def _entries(folder: Path) -> Iterator[tuple[str, int]]:
    """Name and mode of everything but folders.

    Raises:
        OSError: a folder cannot be read, and might hide something.
    """
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        for name in sorted((*folders, *names)):
            path = Path(parent) / name
            mode = path.lstat().st_mode
            if not stat.S_ISDIR(mode):
                yield path.relative_to(folder).as_posix(), mode


def _refuse(error: OSError) -> NoReturn:
    raise error
