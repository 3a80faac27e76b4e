"""Files that appear whole or not at all: written under a passing name, put on disk, then renamed.

A passing name is random and new, so that no link that somebody laid there is followed. Where anything fails,
an interrupt included, the passing file goes, and what stood in the place of the file stays.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE = 0o600
"""Mode of a file that only its owner may read."""

SHARED = 0o666
"""Mode of a file that everybody may read whom the umask lets."""

_OWNER = 0o700


def write_whole(path: Path, content: bytes, *, mode: int = PRIVATE, folder: Path | None = None) -> None:
    """Write a file in the place of an older one; a link that stands there is replaced, not followed.

    Args:
        path: The file.
        content: All of it.
        mode: Its permissions; the umask takes from others and never from the owner.
        folder: Where the unfinished file lies, on the same disk; the folder of `path` by default.

    Raises:
        OSError: the disk is full or fails; an older file then stays.
    """
    with passing(path, content, mode=mode, folder=folder) as unfinished:
        unfinished.replace(path)
    sync_folder(path.parent)


@contextmanager
def passing(path: Path, content: bytes, *, mode: int = PRIVATE, folder: Path | None = None) -> Iterator[Path]:
    """A file that is on disk under a passing name, for the body to put at `path`; gone afterwards.

    Raises:
        OSError: the disk is full or fails.
    """
    unfinished = (folder or path.parent) / f".{path.name}.{secrets.token_hex(8)}"
    try:
        write_new(unfinished, content, mode=mode)
        yield unfinished
    finally:
        with suppress(OSError):
            unfinished.unlink()


def write_new(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Write a file where none is, and put it on disk.

    Raises:
        FileExistsError: something stands there, be it a link that leads nowhere.
        OSError: the disk is full or fails; part of the file may be there then.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, os.fstat(handle).st_mode | mode & _OWNER)
        file.write(content)
        file.flush()
        os.fsync(handle)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk."""
    sync(folder)


def sync(path: Path) -> None:
    """Put a file, or the names in a folder, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
