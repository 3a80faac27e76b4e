"""Folders that appear whole or not at all: made in a hidden folder beside their place, then renamed.

The hidden folder ``.NAME.partial-…`` is private (0700) and locked while its run lives, so that the next run
for the same name can tell the folders of dead runs and removes them. Inside, ``new`` becomes the folder, and
``replaced`` holds the old one for the moment between two renames; where a run died in it, the next puts the
old one back.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synthrec.errors import UserError
from synthrec.whole_files import sync_folder

Refuse = Callable[[Path], None]
"""Raises where a place is taken."""

_REPLACED = "replaced"


@dataclass(frozen=True)
class Staged:
    """The hidden folder in which another is made."""

    out: Path
    """Where the new folder will appear."""
    folder: Path
    """The locked private folder beside it."""
    refuse: Refuse

    @property
    def new(self) -> Path:
        """Where the new folder is to be made; nothing stands there at first."""
        return self.folder / "new"

    def put_in_place(self, beside: Mapping[Path, Path] | None = None) -> None:
        """Give the new folder its name; what stood there goes.

        Args:
            beside: Files made in the hidden folder, and the places beside `out` that they go to.

        Raises:
            UserError: something stands at the place and may not be replaced.
            OSError: the disk fails; all is as it was then.
        """
        with locked(self.out.parent):
            self.refuse(self.out)
            if self.out.exists():
                self.out.rename(self.folder / _REPLACED)
            self.new.rename(self.out)
            try:
                sync_folder(self.out.parent)
                for made, place in (beside or {}).items():
                    made.replace(place)
            except BaseException:
                self.out.rename(self.new)
                raise


@contextmanager
def staged(out: Path, refuse: Refuse) -> Iterator[Staged]:
    """A private place to make a folder in; unless it is put in place, nothing of it remains.

    Args:
        out: The folder that is to appear; its parent must exist.
        refuse: Called with the absolute `out` before anything is made, and again before it is put in place.

    Raises:
        UserError: `out` is taken, or in a folder that is absent or not writable.
    """
    out = out.absolute()
    refuse_parent(out)
    with locked(out.parent):
        for folder in _dead(out):
            _bury(folder, out)
        refuse(out)
        folder, lock = _make(out)
    try:
        yield Staged(out, folder, refuse)
    finally:
        _bury(folder, out)
        os.close(lock)


def refuse_parent(out: Path) -> None:
    """Before any work is done: is there a folder in which `out` can appear?

    Raises:
        UserError: there is none, or it is not writable.
    """
    if not out.name or out.name == "..":
        raise UserError(f"{out} does not name a new folder; give one, for example {out / 'export'}")
    parent = out.absolute().parent
    if not parent.is_dir():
        raise UserError(f"there is no folder {parent}; make it, or choose another place")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UserError(f"the folder {parent} is not writable; choose another place")


def _make(out: Path) -> tuple[Path, int]:
    """A new hidden folder, and the open handle that locks it."""
    folder = out.with_name(f"{_prefix(out)}{secrets.token_hex(8)}")
    folder.mkdir(mode=0o700)
    try:
        folder.chmod(0o700)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    except BaseException:
        folder.rmdir()
        raise
    return folder, lock


def _prefix(out: Path) -> str:
    return f".{out.name}.partial-"


def _dead(out: Path) -> list[Path]:
    """The hidden folders beside `out` and for it whose runs are gone."""
    ours = re.compile(re.escape(_prefix(out)) + "[0-9a-f]{16}")
    found = [path for path in out.parent.iterdir() if ours.fullmatch(path.name)]
    return [path for path in found if not path.is_symlink() and path.is_dir() and not _lives(path)]


def _lives(folder: Path) -> bool:
    """Whether a running process holds the lock of a hidden folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)


def _bury(folder: Path, out: Path) -> None:
    """Remove a hidden folder; an old one that it holds goes back if nothing took its place."""
    replaced = folder / _REPLACED
    if replaced.is_dir() and not out.exists():
        replaced.rename(out)
        sync_folder(out.parent)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder for a short while: one run at a time cleans up or renames in it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
