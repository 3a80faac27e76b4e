"""The files of an export as they lie there, each hashed once at most."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from synthrec.digests import digest_file
from synthrec.release.signing.statement import ENVELOPE


class Contents:
    """Everything in the folder of an export but the envelope, by path within it.

    Attributes:
        folder: The folder.
        files: The regular files.
        odd: Links, devices and other things that are no files; they are neither followed nor read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        found = dict(_entries(folder))
        self.files = frozenset(
            name for name, mode in found.items() if stat.S_ISREG(mode) and name != ENVELOPE
        )
        self.odd = frozenset(name for name, mode in found.items() if not stat.S_ISREG(mode))
        self._digests: dict[str, str] = {}

    def sha256(self, name: str) -> str:
        """SHA-256 of a file, in hexadecimal."""
        if name not in self._digests:
            self._digests[name] = digest_file(self.folder / name).removeprefix("sha256:")
        return self._digests[name]

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return (self.folder / name).stat().st_size


def _entries(folder: Path) -> Iterator[tuple[str, int]]:
    """Name and mode of everything but folders."""
    for parent, folders, names in os.walk(folder):
        for name in sorted((*folders, *names)):
            path = Path(parent) / name
            mode = path.lstat().st_mode
            if not stat.S_ISDIR(mode):
                yield path.relative_to(folder).as_posix(), mode
